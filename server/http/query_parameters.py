"""Query parameters of the API: what each list and report accepts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from core.approvals import ApprovalStatus
from core.model import Action, ExitReason, Quality, ReceiptStatus, Source
from core.notes import TAG_CUTS
from core.performance.cuts import CUT_TITLES, CUTS
from core.statements.row import BOOK_NAME
from server.deck.reports import WINDOWS
from server.deck.trade_windows import TRADE_WINDOWS
from server.http.routes import Parameter
from server.ledger.filters import MAX_TEXT
from server.ledger.queries import ASCENDING, MAX_LIMIT
from server.ledger.trade_lists import SORTED

DEFAULT_LIMIT = 50

_DAY_OR_TIME: Mapping[str, Any] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}


_SYMBOL = {"type": "string", "pattern": r"^([A-Za-z0-9_.^/-]{1,20}:)?[A-Za-z0-9_.^/-]{1,15}$"}


def _one_of(kind: type[StrEnum], **more: Any) -> Mapping[str, Any]:
    return {"type": "string", "enum": [each.value for each in kind], **more}


PAGING = (
    Parameter(
        name="limit",
        text="most items in one page",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    Parameter(
        name="cursor",
        text="next_cursor of the previous page, with the same filters; any other is 404",
        schema={"type": "string", "pattern": r"^[A-Za-z0-9_.:+~-]{1,200}$"},
    ),
)
ENTRY_FILTERS = (
    Parameter(name="decision", text="the action", schema=_one_of(Action)),
    Parameter(
        name="timeframe",
        text="in minutes, or as 15m, 4h, D",
        schema={"type": "string", "pattern": r"^([0-9]{0,5}[1-9][mhdwMHDW]?|[dwDW])$"},
    ),
    Parameter(name="quality", text="quality of the signal", schema=_one_of(Quality)),
    Parameter(
        name="symbol",
        text="the underlying, as SPY or BATS:SPY",
        schema=_SYMBOL,
    ),
    Parameter(name="source", text="source of the signal", schema=_one_of(Source)),
    Parameter(
        name="from", text="ISO 8601 time, or a date as the exchange's day, inclusive", schema=_DAY_OR_TIME
    ),
    Parameter(
        name="to", text="ISO 8601 time, or a date as the exchange's day, inclusive", schema=_DAY_OR_TIME
    ),
    Parameter(
        name="order",
        text="newest first, or most confident first",
        schema={"type": "string", "enum": ["time", "confidence"], "default": "time"},
    ),
)
RECEIPT_FILTERS = (
    Parameter(name="status", text="what became of it", schema=_one_of(ReceiptStatus)),
    *(p for p in ENTRY_FILTERS if p.name in ("symbol", "source", "from", "to")),
)
TIME_FILTERS = tuple(p for p in ENTRY_FILTERS if p.name in ("from", "to"))
APPROVAL_FILTERS = (
    Parameter(name="status", text="PENDING waits for a person", schema=_one_of(ApprovalStatus)),
    *(p for p in ENTRY_FILTERS if p.name in ("symbol", "from", "to")),
)


_DAY = {"type": "string", "format": "date"}
_WORDS = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"^[^\x00]*$"}
_ID = {"type": "string", "pattern": r"^[\x21-\x7e]{1,100}$"}
_TAG = {"type": "string", "pattern": r"^#?[A-Za-z][A-Za-z0-9_-]{0,31}$"}
_CUT = {"type": "string", "pattern": f"^({'|'.join(CUTS)})=[^\\x00-\\x1f]{{1,100}}$"}
_ORDERS = ("time", *SORTED, *(f"{name}{ASCENDING}" for name in SORTED))
_BOOK_PARAMETER = Parameter(
    name="book",
    text="name of a book: its trades in place of the engine's",
    schema={"type": "string", "pattern": f"^{BOOK_NAME}$"},
)
TRADE_QUERY = (
    _BOOK_PARAMETER,
    Parameter(
        name="window",
        text="today and 5d (sessions) with the trades still open; days of exits back from now; or all",
        schema={"type": "string", "enum": list(TRADE_WINDOWS), "default": "all"},
    ),
    Parameter(name="text", text="words of contract, setup, reason or notes", schema=_WORDS),
    Parameter(name="symbol", text="the underlying, as SPY or BATS:SPY", schema=_SYMBOL),
    Parameter(
        name="direction", text="side of the underlying", schema={"type": "string", "enum": ["LONG", "SHORT"]}
    ),
    Parameter(name="setup", text="setup of the trade", schema=_WORDS),
    Parameter(
        name="state", text="whether contracts are held", schema={"type": "string", "enum": ["open", "closed"]}
    ),
    Parameter(
        name="outcome",
        text="by its net P&L",
        schema={"type": "string", "enum": ["win", "loss", "flat", "open"]},
    ),
    Parameter(name="reason", text="reason of the last exit", schema=_one_of(ExitReason)),
    Parameter(name="tag", text="tag of a note on the trade", schema=_TAG),
    Parameter(name="day_tag", text="tag of a note on the day it closed", schema=_TAG),
    Parameter(name="day", text="exchange day on which it closed", schema=_DAY),
    Parameter(name="overnight", text="exchange day at whose end it was open", schema=_DAY),
    Parameter(name="since", text="first day of its close; open trades are included", schema=_DAY),
    Parameter(name="from", text="earliest close: ISO 8601 time or date", schema=_DAY_OR_TIME),
    Parameter(name="to", text="latest close: ISO 8601 time or date", schema=_DAY_OR_TIME),
    Parameter(
        name="untagged",
        text="trades whose notes, or those of their day, have no tag",
        schema={"type": "string", "enum": list(TAG_CUTS)},
    ),
    Parameter(name="tagged", text="only trades with a tag", schema={"type": "string", "enum": ["yes"]}),
    Parameter(name="cut", text="a group of a breakdown, as timeframe=15m", schema=_CUT),
    Parameter(
        name="counted",
        text="only the closed trades that the metrics measure",
        schema={"type": "string", "enum": ["yes"]},
    ),
    Parameter(name="id", text="id of the decision or the position", schema=_ID),
    Parameter(
        name="order",
        text="newest, or largest first; with .asc smallest",
        schema={"type": "string", "enum": list(_ORDERS), "default": "time"},
    ),
)
DAY_QUERY = (
    _BOOK_PARAMETER,
    Parameter(name="from", text="first day", schema=_DAY),
    Parameter(name="to", text="last day", schema=_DAY),
)
BOOK_QUERY = (
    Parameter(name="book", text="its name", schema={"type": "string", "pattern": f"^{BOOK_NAME}$"}),
)
NOTE_QUERY = (
    Parameter(name="position", text="id of the position of a trade", schema=_ID),
    Parameter(name="day", text="day that the note is about", schema=_DAY),
    Parameter(name="tag", text="tag of the note", schema=_TAG),
    Parameter(name="text", text="words of the note", schema=_WORDS),
    *TIME_FILTERS,
)

PERFORMANCE = (
    Parameter(
        name="window",
        text="days back from now, or every trade",
        schema={"type": "string", "enum": list(WINDOWS), "default": "all"},
    ),
    Parameter(
        name="cut",
        text="property by which the trades are grouped",
        schema={"type": "string", "enum": list(CUT_TITLES), "default": "setup"},
    ),
)
