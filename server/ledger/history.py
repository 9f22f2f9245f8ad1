"""The past of a ledger file as facts: entries, positions, prices, ticks and commands, for a what-if or a replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from core.events import Commanded, PriceSeen
from core.from_json import read_json
from core.options.quotes import OptionQuote
from core.positions import Position
from server.ledger.codec import decode
from server.ledger.entries import COLUMNS, ledger_item
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import instant, iso


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
    row = next(ledger.query("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1"), None)
    return None if row is None else str(row[0])


def verdicts(ledger: LedgerSnapshot) -> Iterator[Verdict]:
    """Yield the action and outcome of every decision, oldest first."""
    sql = (
        "SELECT id, signal_id, decision, json_extract(exit, '$.pnl_net') FROM ledger_entries ORDER BY seq, id"
    )
    return map(Verdict._make, ledger.query(sql))


def entries_of(ledger: LedgerSnapshot, seqs: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    """Yield the whole ledger entries written at some inputs (by seq), ordered by seq and id."""
    wanted = ", ".join(map(str, map(int, seqs)))
    sql = f"SELECT {COLUMNS['ledger']} FROM ledger_entries WHERE seq IN ({wanted}) ORDER BY seq, id"
    return map(ledger_item, ledger.mappings(sql))


def position(ledger: LedgerSnapshot, position_id: str) -> Position | None:
    """Return a position, open or closed, as last stored; ``None`` when no position has this id."""
    row = next(ledger.query("SELECT payload FROM positions WHERE id = ?", (position_id,)), None)
    return None if row is None else read_json(Position, row[0])


def prices(ledger: LedgerSnapshot, symbol: str) -> Iterator[PriceSeen]:
    """Yield the stored prices of an underlying, oldest first."""
    sql = (
        "SELECT seq, at, symbol, price, priced_at, source, open, high, low, official_close, quotes, began"
        " FROM paths LEFT JOIN path_bars USING (seq) WHERE symbol = ? ORDER BY seq"
    )
    return map(_price, ledger.query(sql, (symbol,)))


def _price(row: tuple[Any, ...]) -> PriceSeen:
    seq, at, symbol, price, priced_at, source, first, high, low, official, quotes, began = row
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
        quotes=() if quotes is None else read_json(tuple[tuple[str, OptionQuote], ...], quotes),
        began=None if began is None else instant(began),
    )


def ticks(ledger: LedgerSnapshot) -> Iterator[tuple[int, datetime]]:
    """Yield seq and instant of every timer tick, oldest first."""
    for seq, at in ledger.query("SELECT seq, at FROM journal WHERE kind = 'tick' ORDER BY seq"):
        yield seq, instant(at)


def received(ledger: LedgerSnapshot) -> Iterator[tuple[int, datetime, str]]:
    """Yield seq, instant and symbol of every body that was accepted, oldest first."""
    sql = "SELECT seq, received_at, symbol FROM receipts WHERE status = 'accepted' ORDER BY seq"
    for seq, at, symbol in ledger.query(sql):
        yield seq, instant(at), symbol


def commands(ledger: LedgerSnapshot) -> Iterator[Commanded]:
    """Yield every command of a person, oldest first."""
    for (payload,) in ledger.query("SELECT payload FROM journal WHERE kind = 'command' ORDER BY seq"):
        event = decode(payload.encode())
        assert isinstance(event, Commanded)
        yield event
