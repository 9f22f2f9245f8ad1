"""Pages of the ledger: the filters that each list allows, and cursors that continue after the last row.

A page follows a key (seq, id), or (confidence, seq, id), so rows added meanwhile neither repeat nor
move a row. A cursor holds the key of the last row, and only the same query accepts it. A trade whose own value
changes between two pages, such as its net P&L at an exit, may move.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.approvals import ApprovalStatus
from core.model import Action, Quality, ReceiptStatus, Source
from server.ledger.filters import ID, SEQ, Filter, Key, Listing, minutes, one_of, symbol
from server.ledger.paging import PageQuery
from server.ledger.timestamps import bound
from server.ledger.trade_lists import BOOKS, IN_BOOKS, NOTES, PERIODS, TRADES, VALUES

MAX_LIMIT = 500
ASCENDING = ".asc"
"""After the name of an order: the other way round."""

_ENTRY_FILTERS = {
    "decision": Filter(one_of(Action), "decision = ?"),
    "timeframe": Filter(minutes, "timeframe = ?"),
    "quality": Filter(one_of(Quality), "quality = ?"),
    "symbol": Filter(symbol, "symbol = ?"),
    "source": Filter(one_of(Source), "source = ?"),
    "from": Filter(bound, "created_at >= ?"),
    "to": Filter(bound, "created_at <= ?"),
}
_ENTRY_ORDERS = {"time": (SEQ, ID), "confidence": (Key("confidence", (int, float)), SEQ, ID)}

LISTINGS: Mapping[str, Listing] = {
    "decisions": Listing("ledger_entries", _ENTRY_FILTERS, _ENTRY_ORDERS),
    "ledger": Listing("ledger_entries", _ENTRY_FILTERS, _ENTRY_ORDERS),
    "trades": TRADES,
    **PERIODS,
    "notes": NOTES,
    **VALUES,
    "books": BOOKS,
    **{f"book_{name}": listing for name, listing in IN_BOOKS.items()},
    "receipts": Listing(
        "receipts",
        {
            "status": Filter(one_of(ReceiptStatus, str.lower), "status = ?"),
            "symbol": Filter(symbol, "symbol = ?"),
            "source": Filter(one_of(Source), "source = ?"),
            "from": Filter(bound, "received_at >= ?"),
            "to": Filter(bound, "received_at <= ?"),
        },
        {"time": (SEQ,)},
    ),
    "risk_events": Listing(
        "risk_events",
        {"from": Filter(bound, "at >= ?"), "to": Filter(bound, "at <= ?")},
        {"time": (SEQ, ID)},
    ),
    "approvals": Listing(
        "approvals",
        {
            "status": Filter(one_of(ApprovalStatus), "status = ?"),
            "symbol": Filter(symbol, "symbol = ?"),
            "from": Filter(bound, "at >= ?"),
            "to": Filter(bound, "at <= ?"),
        },
        {"time": (SEQ, ID)},
    ),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A page as SQL. It selects one row more than ``limit``, to know whether there is a next page.

    ``filtered`` and ``values`` are the conditions of the filters alone, for sums over all pages. ``what`` is the
    list that is read: with a filter ``book`` that of the book's trades.
    """

    what: str
    where: str
    order_by: str
    parameters: tuple[Any, ...]
    keys: tuple[Key, ...]
    table: str
    limit: int
    tag: str
    top: int | None
    filtered: str
    values: tuple[Any, ...]

    def sql(self, columns: str) -> str:
        keys = "".join(f", {key.expression} AS key_{n}" for n, key in enumerate(self.keys))
        rest = f"{self.where} ORDER BY {self.order_by} LIMIT {self.limit + 1}"
        return f"SELECT {columns}{keys} FROM {self.table}{rest}"

    def cursor_after(self, row: Mapping[str, Any], newest: int) -> str:
        """Return the cursor of the page after ``row``; ``newest`` is the last seq when the first page was read."""
        top = newest if self.top is None else self.top
        parts = orjson.dumps([self.tag, top, *(row[f"key_{n}"] for n in range(len(self.keys)))])
        return base64.urlsafe_b64encode(parts).decode().rstrip("=")


def plan(query: PageQuery) -> Plan:
    """Return the SQL of a query. Raises ValueError naming the list, filter, order, limit or cursor."""
    what = f"book_{query.what}" if "book" in query.filters and query.what in IN_BOOKS else query.what
    listing = LISTINGS.get(what)
    if listing is None:
        raise ValueError(f"what: {query.what!r} is not one of {', '.join(LISTINGS)}")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise ValueError(f"limit: {query.limit} is not within 1 to {MAX_LIMIT}")
    keys, down = listing.orders.get(query.order), True
    if keys is None and query.order.endswith(ASCENDING):
        keys, down = listing.ascending.get(query.order.removesuffix(ASCENDING)), False
    if keys is None:
        also = f"; all but time also with {ASCENDING}" if listing.ascending else ""
        raise ValueError(f"order: {query.order!r} is not one of {', '.join(listing.orders)}{also}")
    conditions = [listing.always] if listing.always else []
    parameters: list[Any] = []
    for name, text in sorted(query.filters.items()):
        accepted = listing.filters.get(name)
        if accepted is None:
            raise ValueError(f"{name}: is not a filter of {query.what} ({', '.join(listing.filters)})")
        conditions.append(accepted.condition)
        value = accepted.parse(name, text)
        parameters += value if isinstance(value, tuple) else [value]
    filtered, values = _where(conditions), tuple(parameters)
    tag = _tag(query.what, query.order, conditions, parameters)
    top: int | None = None
    if query.cursor is not None:
        top, after = _read_cursor(query.cursor, tag, keys)
        names = ", ".join(key.expression for key in keys)
        conditions.append(f"({names}) {'<' if down else '>'} ({', '.join('?' * len(keys))})")
        parameters += after
        if listing.grows and (keys[0] != SEQ or not down):
            conditions.append("seq <= ?")
            parameters.append(top)
    return Plan(
        what=what,
        where=_where(conditions),
        order_by=", ".join(f"{key.expression} {'DESC' if down else 'ASC'}" for key in keys),
        parameters=tuple(parameters),
        keys=keys,
        table=listing.table,
        limit=query.limit,
        tag=tag,
        top=top,
        filtered=filtered,
        values=values,
    )


def _where(conditions: list[str]) -> str:
    return " WHERE " + " AND ".join(conditions) if conditions else ""


def _tag(what: str, order: str, conditions: list[str], parameters: list[Any]) -> str:
    text = orjson.dumps([what, order, conditions, parameters])
    return hashlib.sha256(text).hexdigest()[:8]


def _read_cursor(text: str, tag: str, keys: tuple[Key, ...]) -> tuple[int, list[Any]]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        stated, top, *after = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError):
        raise ValueError("cursor: not one that this list gave out") from None
    if stated != tag:
        raise ValueError("cursor: belongs to a query with another list, order or filters")
    fits = len(after) == len(keys) and all(
        isinstance(value, key.kind) and not isinstance(value, bool)
        for key, value in zip(keys, after, strict=True)
    )
    if not fits or not isinstance(top, int) or isinstance(top, bool):
        raise ValueError("cursor: not one that this list gave out")
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in (top, *after)):
        raise ValueError("cursor: not one that this list gave out")
    return top, after
