"""The table of trades: one narrow row for each, written from its ledger entry, position and notes.

Lists sort, filter and search these rows. A row is written again whenever its trade or its notes change, so that
it never says anything else than the entry does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from core.from_json import FactsError, read
from core.model import Contract
from core.performance.cuts import labels_of
from core.performance.trade import NotClosed, exchange_date, setup_of, trade_from_entry
from server.ledger.codec import loads
from server.ledger.entries import COLUMNS, Item, Row, ledger_item
from server.ledger.sql import Connection
from server.ledger.timestamps import instant, micros

log = logging.getLogger("gatedeck.ledger")

FIELDS = (
    "seq", "id", "position_id", "symbol", "direction", "contract", "occ", "setup", "state", "timeframe", "quality",
    "confidence", "opened_at", "opened_day", "closed_at", "closed_day", "contracts", "entry_price", "exit_price",
    "hold_seconds", "r", "net", "reason", "mae", "mfe", "stale", "cuts", "tags", "search",
)  # fmt: skip
_WRITE = (
    f"INSERT INTO trades ({', '.join(FIELDS)}) VALUES ({', '.join('?' * len(FIELDS))})"
    " ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in FIELDS if name != "id")
)
_ENTRY = ", ".join(f"e.{name}" for name in COLUMNS["ledger"].split(", "))
_READ = (
    f"SELECT {_ENTRY}, p.opened_at AS opened_at, p.payload AS position"
    " FROM ledger_entries e JOIN positions p ON p.id = e.position_id WHERE e.id = ?"
)
_ALL = "SELECT id FROM ledger_entries WHERE execution IS NOT NULL"
_OF_NOTES = "SELECT t.id FROM notes n JOIN trades t ON t.position_id = n.position_id WHERE n.id = ?"
_NOTES = "SELECT text, tags FROM notes WHERE position_id = ? AND removed = 0 ORDER BY seq"


def state_of(item: Mapping[str, Any]) -> str:
    """Return OPEN, PARTIAL (some contracts are sold) or CLOSED for an entry with an execution."""
    bought, left = item["execution"], item["exit"]
    sold = 0 if left is None else sum(leg["contracts"] for leg in left["partials"])
    return "OPEN" if not sold else "CLOSED" if sold >= bought["filled_contracts"] else "PARTIAL"


def setup_name(item: Mapping[str, Any]) -> str | None:
    """Return the setup of an entry's signal, ``None`` when it names none."""
    return setup_of(_of(item["signal"], "facts"), _of(_of(item["inputs"], "context"), "structure"))


def r_multiple(item: Mapping[str, Any]) -> float | None:
    """Return the net P&L so far in planned losses, ``None`` before an exit and without a planned loss."""
    left, risk = item["exit"], item["execution"]["risk_amount"]
    return None if left is None or not risk > 0 else round(left["pnl_net"] / risk, 4)


def contract_of(item: Mapping[str, Any]) -> Contract | None:
    """Return the contract of an entry, ``None`` when it cannot be read."""
    contract = _of(item, "decision_breakdown").get("contract")
    try:
        return read(Contract, contract) if contract else None
    except FactsError:
        return None


def refresh(connection: Connection, decision_ids: Iterable[str] = (), note_ids: Iterable[str] = ()) -> None:
    """Write the rows of these trades, and of the trades that these notes are about, from what is stored."""
    wanted = dict.fromkeys(decision_ids)
    for note_id in note_ids:
        wanted |= dict.fromkeys(row[0] for row in connection.execute(_OF_NOTES, (note_id,)))
    for decision_id in wanted:
        row = connection.execute(_READ, (decision_id,)).fetchone()
        if row is None:
            continue
        notes = connection.execute(_NOTES, (row["position_id"],)).fetchall()
        try:
            columns = _columns(row, notes)
        except Exception:  # the list lacks a trade; the ledger and its upgrade go on
            log.exception("trade %s cannot be listed", decision_id)
            continue
        connection.execute(_WRITE, columns)


def refresh_all(connection: Connection) -> None:
    """Write the row of every trade of a ledger that had no such table."""
    refresh(connection, [row[0] for row in connection.execute(_ALL)])


def _columns(row: Row, notes: Iterable[tuple[str, str]]) -> tuple[Any, ...]:
    item, position = ledger_item(dict(row)), loads(row["position"])
    bought, left = item["execution"], item["exit"] or {}
    contract, setup, state = contract_of(item), setup_name(item), state_of(item)
    opened, closed = instant(row["opened_at"]), None
    if state == "CLOSED":
        closed = datetime.fromisoformat(left["exit_time"])
    texts, tags = [], dict[str, None]()
    for text, of_text in notes:
        texts.append(text)
        tags |= dict.fromkeys(loads(of_text))
    reason = left.get("exit_reason")
    label = "" if contract is None else contract.label
    search = (item["symbol"], item["direction"], label, setup, state, item["quality"], reason, *texts)
    values = {
        "seq": item["seq"],
        "id": item["id"],
        "position_id": item["position_id"],
        "symbol": item["symbol"],
        "direction": item["direction"],
        "contract": label,
        "occ": None if contract is None else contract.occ,
        "setup": setup,
        "state": state,
        "timeframe": item["timeframe"],
        "quality": item["quality"],
        "confidence": item["confidence"],
        "opened_at": row["opened_at"],
        "opened_day": _day(opened),
        "closed_at": None if closed is None else micros(closed),
        "closed_day": None if closed is None else _day(closed),
        "contracts": bought["filled_contracts"],
        "entry_price": bought["entry_price"],
        "exit_price": left.get("exit_price"),
        "hold_seconds": None if closed is None else left["hold_time_seconds"],
        "r": r_multiple(item),
        # To the cent, as the metrics take it.
        "net": None if not left else round(left["pnl_net"], 2) + 0.0,
        "reason": reason,
        "mae": position.get("mae"),
        "mfe": position.get("mfe"),
        "stale": 0,
        "cuts": "{}",
        "tags": _joined(tags),
        "search": " ".join(str(each) for each in search if each).casefold(),
    }
    values |= _as_measured(item)
    return tuple(values[name] for name in FIELDS)


def _as_measured(item: Item) -> dict[str, Any]:
    """Return whether the metrics leave a closed trade out, and its group in every cut."""
    try:
        trade = trade_from_entry(item)
    except NotClosed:
        return {}
    return {"stale": int(trade.stale_fill), "cuts": orjson.dumps(labels_of(trade)).decode()}


def _joined(tags: Iterable[str]) -> str:
    """Return tags with a blank on each side of each, so that one can be found as a whole."""
    words = " ".join(tags)
    return f" {words} " if words else ""


def _day(at: datetime) -> str | None:
    day = exchange_date(at)
    return None if day is None else day.isoformat()


def _of(mapping: Any, name: str) -> Mapping[str, Any]:
    found = mapping.get(name) if isinstance(mapping, Mapping) else None
    return found if isinstance(found, Mapping) else {}
