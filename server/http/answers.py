"""Answers of the API as types, by name: the OpenAPI document is generated from them.

Answers are written from facts by orjson, without a model in between, so these models cost nothing when somebody
reads; tests check every answer against them. Their fields are those of the facts' own classes: a field that a fact
gains appears here by itself. This module imports learning, so it is imported only when the document is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from core.approvals import Approval
from core.decision.evidence import FROM_RECORD, FROM_VERDICT, VERDICT_FIELDS
from core.decision.why_no_trade import GateDistance, WhyNoTrade
from core.effects import StoreNote, StoreReceipt, StoreRiskEvent, StoreRules
from core.model import (
    Action,
    Context,
    Decision,
    DecisionRecord,
    ExitReason,
    MarketSnapshot,
    Reason,
    ReceiptStatus,
    RegimeFacts,
)
from core.performance import Bucket, Metrics
from core.positions import EntryFill, ExitRecord, Position
from core.risk_view import RiskView
from core.statements.row import Side
from server.deck.challenge_view import ChallengeView
from server.deck.day_view import DayView
from server.deck.offers import TakeOffer
from server.deck.position_detail import PositionDetail
from server.deck.reports import WINDOWS, LearningView
from server.deck.rows import PositionRow
from server.feeds.base import FeedStatus
from server.http.answer_models import Fields, always, fields_of, model, page
from server.http.engine_status import EngineStatus, ModeStatus
from server.ledger.entry_records import ShadowRecord, SignalRecord
from server.ledger.streamed import ExitEvent, FillEvent, ModeEvent
from server.runtime.ports import WebhookAnswer
from server.settings_view import SettingView

# --- parts of a ledger entry -----------------------------------------------------------------------------

_FAULT: Fields = {"fault": (str, None)}

FAULTY = model(
    "UnreadableRow", "A stored row that cannot be read; fault says why.", id=str, seq=int, fault=str
)
BREAKDOWN = model(
    "DecisionBreakdown",
    "The evidence of a decision. reasons holds blocks first, then notes, then the verdict's reasons.",
    verdict=model(
        "Verdict",
        "What gates and confidence alone say, before lateness, size and risk.",
        **always(fields_of(Decision, " ".join(VERDICT_FIELDS))),
    ),
    **always(fields_of(Decision, " ".join(FROM_VERDICT))),
    reasons=tuple[Reason, ...],
    **fields_of(DecisionRecord, " ".join(("blocks", *FROM_RECORD))),
)
ENTRY: Fields = {
    **always(
        fields_of(
            DecisionRecord,
            "id seq symbol source timeframe quality direction proposed_direction confidence code "
            "signal_id receipt_id position_id supersedes",
        )
    ),
    "created_at": datetime,
    "decision": Action,
    "action": Action,
    "confluence_score": float | None,
    "rules_fingerprint": str,
    "engine_version": str,
}
"""Columns of a ledger entry; ``decision`` and ``action`` are the same."""
INPUTS = model(
    "Inputs",
    "The inputs from which a decision can be decided again.",
    context=Context,
    market=MarketSnapshot,
)
_OUTCOME = model(
    "TradeOutcome",
    "How the decision's trade ended, or what of it is sold so far; net and gross P&L in $.",
    **always(fields_of(ExitRecord, "exit_time exit_reason pnl_gross pnl_net")),
)

# --- items of the lists ----------------------------------------------------------------------------------

DECISION_ITEM = model(
    "DecisionItem",
    "A decision with its evidence; outcome once its trade has sold contracts.",
    **ENTRY,
    decision_breakdown=BREAKDOWN | None,
    outcome=_OUTCOME | None,
    **_FAULT,
)
LEDGER_ITEM = model(
    "LedgerEntry",
    "A decision with what followed from it, and the inputs from which it can be decided again.",
    **ENTRY,
    signal=SignalRecord | None,
    decision_breakdown=BREAKDOWN | None,
    regime=RegimeFacts | None,
    execution=EntryFill | None,
    exit=ExitRecord | None,
    hypothetical=ShadowRecord | None,
    inputs=INPUTS | None,
    **_FAULT,
)
RECEIPT = model(
    "Receipt",
    "One webhook as it was received; http_status is what its sender was answered.",
    **always(
        fields_of(
            StoreReceipt,
            "id seq source symbol status http_status endpoint code reason duplicate_of notes",
        )
    ),
    received_at=datetime,
)
APPROVAL = model(
    "Approval",
    "A trade that waits, or waited, for a person; money in $ for all contracts, price in $ a share.",
    **always(
        fields_of(
            Approval,
            "id seq until status said_at ended_at symbol direction timeframe confidence contracts price "
            "premium planned_loss signal_id decision_id position_id author code",
        )
    ),
    asked_at=datetime,
    contract=str,
    occ=str,
    reason=str,
)
RISK_EVENT = model("RiskEvent", StoreRiskEvent.__doc__ or "", **always(fields_of(StoreRiskEvent)))
FEED = model("Feed", FeedStatus.__doc__ or "", id=str, **always(fields_of(FeedStatus)))

NOTE = model("Note", StoreNote.__doc__ or "", **always(fields_of(StoreNote)))
TRADE = model(
    "Trade",
    "One trade, open or closed: prices in $ a share, net, mae and mfe in $.",
    **always(fields_of(DecisionRecord, "id seq symbol direction timeframe quality confidence")),
    **always(fields_of(Position, "state opened_at")),
    **dict.fromkeys(("position_id", "contract"), str),
    **dict.fromkeys(("occ", "setup"), str | None),
    **dict.fromkeys(("opened_day", "closed_day"), date | None),
    **dict.fromkeys(("exit_price", "hold_seconds", "r", "net", "mae", "mfe"), float | None),
    closed_at=datetime | None,
    contracts=int,
    entry_price=float,
    reason=ExitReason | None,
    stale=bool,
    tags=list[str],
    notes=list[NOTE],  # type: ignore[valid-type]
)
BOOK_TRADE = model(
    "BookTrade",
    "A trade of a book, with the fields of a trade; net is of what is closed, in_open the money in what is open.",
    **dict.fromkeys(("id", "position_id", "book", "symbol", "direction", "contract", "state"), str),
    seq=int,
    side=Side,
    **dict.fromkeys(("occ", "setup", "reason"), str | None),
    opened_day=date,
    closed_day=date | None,
    **dict.fromkeys(("opened_at", "closed_at"), datetime | None),
    contracts=float,
    **dict.fromkeys(("entry_price", "exit_price", "hold_seconds", "r", "net"), float | None),
    in_open=float,
    fees=float,
    **dict.fromkeys(("timeframe", "quality", "confidence", "mae", "mfe"), None),
    stale=Literal[False],
    tags=list[str],
    notes=list[NOTE],  # type: ignore[valid-type]
)
_MONEY = model(
    "BookMoney", "Rows of one kind that are no trades, and their sum in $.", rows=int, amount=float
)
BOOK = model(
    "Book",
    "A book of imported trades: its last import, and its sums in $. net + in_open + orphaned is amounts, the sum of "
    "the statements' own rows.",
    **dict.fromkeys(("id", "book", "layout", "file", "told"), str),
    **dict.fromkeys(
        ("seq", "imports", "file_rows", "added", "unread", "rows", "closed", "open", "orphans"), int
    ),
    imported_at=datetime,
    **dict.fromkeys(("net", "in_open", "orphaned", "amounts"), float),
    without_opening=list[str],
    money=dict[str, _MONEY],  # type: ignore[valid-type]
)
TRADE_TOTALS = model(
    "TradeTotals",
    "Sums over every page: net in $; win_rate over closed, average_r over the with_r trades with a planned loss.",
    **dict.fromkeys(("closed", "open", "wins", "losses", "with_r"), int),
    net=float,
    win_rate=float | None,
    average_r=float | None,
)
DAY_SUMS = model(
    "DaySums",
    "An exchange day: its closed trades with net in $ and mean R, how many were opened, and its notes.",
    id=str,
    day=date,
    **dict.fromkeys(("trades", "wins", "losses", "with_r", "opened"), int),
    net=float,
    average_r=float | None,
    notes=list[NOTE],  # type: ignore[valid-type]
)
_GATE_DISTANCE = model(
    "GateDistance", GateDistance.__doc__ or "", **always(fields_of(GateDistance)), sentence=str
)
WHY_NO_TRADE = model(
    "WhyNoTrade",
    WhyNoTrade.__doc__ or "",
    distances=list[_GATE_DISTANCE],  # type: ignore[valid-type]
    **always(fields_of(WhyNoTrade, "together unknown")),
)

# --- whole answers ---------------------------------------------------------------------------------------

DECISION = model("Decision", "A decision with its evidence.", **ENTRY, decision_breakdown=BREAKDOWN)
DECISION_DETAIL = model(
    "DecisionDetail",
    "A decision with its evidence and its inputs.",
    **ENTRY,
    decision_breakdown=BREAKDOWN,
    inputs=INPUTS,
    why_no_trade=WHY_NO_TRADE | None,
)
METRICS = model(
    "Performance",
    "Metrics of the closed trades of a window, and of each bucket of one cut.",
    as_of=datetime,
    window=Literal[WINDOWS],
    assumed=bool,
    metrics=Metrics,
    cut=str,
    buckets=tuple[Bucket, ...],
)
LEARNING = model("LearningResults", LearningView.__doc__ or "", **always(fields_of(LearningView)))
_RULES_VERSION = model(
    "RulesVersion",
    "One rules version; changes are the numbers that differ from the version before.",
    id=str,
    **always(fields_of(StoreRules)),
    changes=str,
)
RULES = model(
    "Rules",
    "The rules in force, and every version that was, newest first.",
    in_force=model("RulesInForce", "Name and fingerprint.", name=str, fingerprint=str),
    versions=list[_RULES_VERSION],  # type: ignore[valid-type]
)
COMMAND_DONE = model(
    "CommandDone",
    "A command that was carried out, or accepted. The same command_id sent again has no effect.",
    ok=Literal[True],
    code=str,
    text=str,
    command_id=str,
)
HEALTH = model(
    "Health",
    "Whether the engine works. All but the status is for those who may read.",
    status=Literal["ok", "ready"],
    uptime_seconds=(float, None),
    queue=(int, None),
    last_commit_ms=(float | None, None),
    alarms=(tuple[str, ...], None),
    clock=(datetime | None, None),
)
WEBHOOK_ANSWER = model(
    "WebhookAnswer",
    "The answer to one receipt. reason and code say why it was not understood, or why nothing was traded.",
    **always(fields_of(WebhookAnswer, "receipt_id source symbol notes")),
    status=ReceiptStatus,
    decision=DECISION | None,
    reason=(str | None, None),
    code=(str | None, None),
)


class InvalidField(BaseModel):
    """A field of a body that is not accepted."""

    field: str
    message: str


class Problem(BaseModel):
    """A refusal (RFC 9457). Programs read the code, which never changes; people read title and detail."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str
    parameter: str | None = None
    errors: tuple[InvalidField, ...] | None = None
    command_id: str | None = None
    uptime_seconds: float | None = None
    queue: int | None = None
    last_commit_ms: float | None = None
    alarms: tuple[str, ...] | None = None
    clock: datetime | None = None


STREAM_EVENTS: Mapping[str, Any] = {
    "decision": model(
        "StreamDecision", "A decision with its evidence.", **ENTRY, decision_breakdown=BREAKDOWN | None
    ),
    "fill": FillEvent,
    "exit": ExitEvent,
    "approval": APPROVAL,
    "mode": ModeEvent,
    "alert": RISK_EVENT,
    "mark": PositionRow,
}
"""Data of the stream's events by their kind; a mark also has the instant ``at``."""


def stream_answer(kind: str) -> str:
    """Return the name of the type of a kind of event."""
    return f"Stream{kind.capitalize()}"


@cache
def answer_types() -> Mapping[str, Any]:
    """Return the type of each answer by its name in the routes."""
    return {
        "Decisions": page(DECISION_ITEM, "Decision"),
        "Decision": DECISION_DETAIL,
        "Ledger": page(LEDGER_ITEM, "Ledger"),
        "Receipts": page(RECEIPT | FAULTY, "Receipt"),
        "Approvals": page(APPROVAL | FAULTY, "Approval"),
        "Trades": page(TRADE | BOOK_TRADE, "Trade", totals=TRADE_TOTALS),
        "Books": page(BOOK, "Book"),
        "Days": page(DAY_SUMS, "Day"),
        "Notes": page(NOTE, "Note"),
        "RiskEvents": page(RISK_EVENT | FAULTY, "RiskEvent"),
        "Positions": page(PositionRow, "Position"),
        "Position": PositionDetail,
        "Metrics": METRICS,
        "Risk": RiskView,
        "Learning": LEARNING,
        "Rules": RULES,
        "Challenge": ChallengeView,
        "Day": DayView,
        "Config": page(SettingView, "Setting"),
        "Feeds": page(FEED, "Feed"),
        "Offers": page(TakeOffer, "Offer"),
        "Mode": ModeStatus,
        "EngineStatus": EngineStatus,
        "CommandDone": COMMAND_DONE,
        **{stream_answer(kind): model for kind, model in STREAM_EVENTS.items()},
        "Health": HEALTH,
        "WebhookAnswer": WEBHOOK_ANSWER,
        "WebhookAnswers": WEBHOOK_ANSWER | list[WEBHOOK_ANSWER | Problem],  # type: ignore[valid-type]
        "Problem": Problem,
    }


WITH_UNKNOWN_NUMBERS = ("PositionRow", "LevelDistance")
"""Facts whose numbers are null where a position cannot be valued (``fault`` says why)."""
