"""The past of a ledger file as facts: decisions, prices, ticks, commands and bodies, for a what-if or a replay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from core.approvals import Approval
from core.events import Event, MarketAnswered, PriceSeen, Received, Ticked
from core.from_json import read
from core.model import BY_HAND, Context, DecisionRecord
from core.options.quotes import OptionQuote
from server.ledger.codec import decode, loads
from server.ledger.compressed import expand
from server.ledger.entries import record_of
from server.ledger.path_quotes import PATHS, stored_quotes
from server.ledger.retention import first_input_at
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import instant, iso, micros


class Verdict(NamedTuple):
    """The action of one decision and the net P&L of its trade in dollars; ``None`` before the first exit."""

    id: str
    signal_id: str
    action: str
    net: float | None


def rules_versions(ledger: LedgerSnapshot) -> list[dict[str, Any]]:
    """Return every rules version that came into force, newest first; ``at`` as ISO 8601 text in UTC."""
    rows = ledger.mappings("SELECT * FROM rules_versions ORDER BY seq DESC")
    return [row | {"at": iso(row["at"])} for row in rows]


def rules_text(ledger: LedgerSnapshot) -> str | None:
    """Return the TOML text of the rules last in force; ``None`` in a ledger without any."""
    row = ledger.first("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1")
    return None if row is None else str(row[0])


def last_input_at(ledger: LedgerSnapshot) -> datetime | None:
    """Return the instant of the last input; ``None`` in an empty journal."""
    row = ledger.first("SELECT at FROM journal ORDER BY seq DESC LIMIT 1")
    return None if row is None else instant(row[0])


def first_input_of(ledger: LedgerSnapshot, at: datetime) -> int:
    """Return the seq of the first input at an instant or later, one after the last when there is none."""
    return ledger.read(lambda connection: first_input_at(connection, micros(at)))


def decision_record(ledger: LedgerSnapshot, decision_id: str) -> DecisionRecord | None:
    """Return a decision as the engine made it; ``None`` when there is none of this id."""
    rows = ledger.mappings("SELECT * FROM ledger_entries WHERE id = ?", (decision_id,))
    return next(map(record_of, rows), None)


def verdicts(ledger: LedgerSnapshot) -> Iterator[Verdict]:
    """Yield the action and outcome of every decision, oldest first."""
    sql = (
        "SELECT id, signal_id, decision, CAST(json_extract(exit, '$.pnl_net') AS DOUBLE PRECISION)"
        " FROM ledger_entries ORDER BY seq, id"
    )
    return map(Verdict._make, ledger.query(sql))


class DecisionInputs(NamedTuple):
    """The identity of one decision, and the context that it was made in."""

    signal_id: str
    receipt_id: str
    rules_fingerprint: str
    engine_version: str
    context: Context


def decision_inputs(ledger: LedgerSnapshot, seq: int) -> DecisionInputs | None:
    """Return the decision that was made at an input; ``None`` where its context cannot be read."""
    sql = (
        "SELECT signal_id, receipt_id, rules_fingerprint, engine_version, inputs"
        " FROM ledger_entries WHERE seq = ? ORDER BY id LIMIT 1"
    )
    row = ledger.first(sql, (seq,))
    if row is None:
        return None
    *made, inputs = row
    try:
        return DecisionInputs(made[0], made[1], made[2], made[3], read(Context, loads(inputs)["context"]))
    except (ValueError, KeyError, TypeError):
        return None


def market_answer(ledger: LedgerSnapshot, seq: int) -> MarketAnswered | None:
    """Return the market answer at an input; ``None`` where there is none."""
    row = ledger.first("SELECT payload FROM journal WHERE seq = ? AND kind = 'market'", (seq,))
    event = None if row is None else decode(expand(row[0]))
    return event if isinstance(event, MarketAnswered) else None


def has_market_answers(ledger: LedgerSnapshot) -> bool:
    """Return whether any market answer is stored."""
    return ledger.first("SELECT 1 FROM journal WHERE kind = 'market' LIMIT 1") is not None


def received(ledger: LedgerSnapshot, receipt_id: str) -> Received | None:
    """Return the body of a receipt as it arrived."""
    sql = "SELECT j.payload FROM receipts r JOIN journal j USING (seq) WHERE r.id = ?"
    row = ledger.first(sql, (receipt_id,))
    event = None if row is None else decode(expand(row[0]))
    return event if isinstance(event, Received) else None


_BODIES = "SELECT j.payload FROM receipts r JOIN journal j USING (seq) WHERE r.status = 'accepted'"


def accepted(ledger: LedgerSnapshot) -> Iterator[Received]:
    """Yield every body that was accepted, oldest first."""
    return _bodies(ledger, f"{_BODIES} ORDER BY r.seq")


def noted(ledger: LedgerSnapshot) -> Iterator[Received]:
    """Yield every accepted body that was answered with a note, oldest first: a request about positions always is."""
    return _bodies(ledger, f"{_BODIES} AND r.notes IS NOT NULL ORDER BY r.seq")


def _bodies(ledger: LedgerSnapshot, sql: str) -> Iterator[Received]:
    for (payload,) in ledger.query(sql):
        event = decode(expand(payload))
        assert isinstance(event, Received)
        yield event


def market_answers(ledger: LedgerSnapshot) -> Iterator[MarketAnswered]:
    """Yield every market answer, oldest first."""
    for (payload,) in ledger.query("SELECT payload FROM journal WHERE kind = 'market' ORDER BY seq"):
        event = decode(expand(payload))
        assert isinstance(event, MarketAnswered)
        yield event


def approvals(ledger: LedgerSnapshot) -> dict[str, Approval]:
    """Return the last approval that was asked for of each signal."""
    rows = ledger.query("SELECT payload FROM approvals ORDER BY seq, id")
    found = (read(Approval, loads(payload)) for (payload,) in rows)
    return {approval.signal_id: approval for approval in found}


def traded_seqs(ledger: LedgerSnapshot) -> list[int]:
    """Return the inputs (by seq) at which a decision of the rules opened a position."""
    sql = (
        "SELECT e.seq FROM positions p JOIN ledger_entries e ON e.id = p.decision_id"
        f" WHERE coalesce(e.code, '') <> '{BY_HAND}'"
    )
    return [seq for (seq,) in ledger.query(sql)]


def signal_receipts(ledger: LedgerSnapshot) -> Iterator[tuple[str, str]]:
    """Yield the signal and the receipt of every decision, oldest first."""
    yield from ledger.query("SELECT signal_id, receipt_id FROM ledger_entries ORDER BY seq, id")


def ended_signals(ledger: LedgerSnapshot) -> Iterator[tuple[str, str]]:
    """Yield the signals whose trade or shadow has ended, and when (ISO 8601)."""
    sql = (
        "SELECT signal_id, ended FROM (SELECT seq, signal_id, coalesce(json_extract(exit, '$.exit_time'),"
        " json_extract(expanded(hypothetical), '$.exit.exit_time')) AS ended FROM ledger_entries"
        " WHERE exit IS NOT NULL OR hypothetical IS NOT NULL) AS finished WHERE ended IS NOT NULL ORDER BY seq"
    )
    yield from ledger.query(sql)


def signal_ids(ledger: LedgerSnapshot) -> list[str]:
    """Return the signal's id of every decision, ordered as the packed records."""
    return [row[0] for row in ledger.query("SELECT signal_id FROM ledger_entries ORDER BY seq, id")]


def prices(ledger: LedgerSnapshot) -> Iterator[PriceSeen]:
    """Yield the stored prices of all underlyings, oldest first."""
    return map(_price, ledger.query(PATHS))


def _price(row: tuple[Any, ...]) -> PriceSeen:
    seq, at, symbol, price, priced_at, source, first, high, low, official, stored, began, payload = row
    quotes = stored_quotes(stored, payload)
    return PriceSeen(
        seq=seq,
        at=instant(at),
        symbol=symbol,
        price=price,
        priced_at=instant(priced_at),
        source=source,
        open=first,
        high=high,
        low=low,
        official_close=bool(official),
        quotes=() if quotes is None else read(tuple[tuple[str, OptionQuote], ...], quotes),
        began=None if began is None else instant(began),
    )


def happened(ledger: LedgerSnapshot) -> Iterator[Event]:
    """Yield what acts on positions besides prices, oldest first: ticks, commands, halts and corporate actions."""
    sql = (
        "SELECT seq, at, kind, payload FROM journal"
        " WHERE kind IN ('tick', 'command', 'trading_status', 'corporate_action', 'close_unavailable', 'closes')"
        " ORDER BY seq"
    )
    for seq, at, kind, payload in ledger.query(sql):
        yield Ticked(seq=seq, at=instant(at)) if kind == "tick" else decode(expand(payload))
