"""Pages of the ledger: the filters that each list allows, and cursors that continue after the last row.

A page follows a key (seq, id), or (confidence, seq, id), so rows added meanwhile neither repeat nor
move a row. A cursor holds the key of the last row, and only the same query accepts it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from core.approvals import ApprovalStatus
from core.model import SYMBOL_PATTERN, Action, Quality, ReceiptStatus, Source
from server.ledger.paging import PageQuery
from server.ledger.timestamps import bound

MAX_LIMIT = 500

_SYMBOL = re.compile(SYMBOL_PATTERN)

Parse = Callable[[str, str], Any]


def _one_of(kind: type[StrEnum], fold: Callable[[str], str] = str.upper) -> Parse:
    def parse(name: str, text: str) -> str:
        try:
            return kind(fold(text.strip())).value
        except ValueError:
            raise ValueError(f"{name}: {text!r} is not one of {', '.join(kind)}") from None

    return parse


def _minutes(name: str, text: str) -> int:
    """Return a timeframe in minutes from a text such as 15, 15m, 4h or D. Raises ValueError."""
    units = {"M": 1, "H": 60, "D": 1440, "W": 10080}
    plain = text.strip().upper()
    unit = units.get(plain[-1:], 1)
    digits = plain[:-1] if plain[-1:] in units else plain
    if digits.isascii() and digits.isdigit() and 0 < len(digits) <= 6:
        return int(digits) * unit
    if not digits and plain in ("D", "W"):
        return unit
    raise ValueError(f"{name}: {text!r} is not a number of minutes, nor like 15m, 4h, D")


def _symbol(name: str, text: str) -> str:
    plain = text.strip().upper().rpartition(":")[2]
    if not _SYMBOL.fullmatch(plain):
        raise ValueError(f"{name}: {text!r} is not a symbol")
    return plain


def _open_or_closed(name: str, text: str) -> str:
    plain = text.strip().lower()
    if plain not in ("open", "closed"):
        raise ValueError(f"{name}: {text!r} is not one of open, closed")
    return plain


@dataclass(frozen=True, slots=True)
class Filter:
    """One accepted filter: the function that parses its text, and its SQL condition (``?`` is the value)."""

    parse: Parse
    condition: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One list that can be paged; ``orders`` maps an order's name to its columns, all descending."""

    table: str
    filters: Mapping[str, Filter]
    orders: Mapping[str, tuple[str, ...]]
    always: str = ""


_ENTRY_FILTERS = {
    "decision": Filter(_one_of(Action), "decision = ?"),
    "timeframe": Filter(_minutes, "timeframe = ?"),
    "quality": Filter(_one_of(Quality), "quality = ?"),
    "symbol": Filter(_symbol, "symbol = ?"),
    "source": Filter(_one_of(Source), "source = ?"),
    "from": Filter(bound, "created_at >= ?"),
    "to": Filter(bound, "created_at <= ?"),
}
_ENTRY_ORDERS = {"time": ("seq", "id"), "confidence": ("confidence", "seq", "id")}
_STATE = Filter(_open_or_closed, "(CASE WHEN exit IS NULL THEN 'open' ELSE 'closed' END) = ?")

LISTINGS: Mapping[str, Listing] = {
    "decisions": Listing("ledger_entries", _ENTRY_FILTERS, _ENTRY_ORDERS),
    "ledger": Listing("ledger_entries", _ENTRY_FILTERS, _ENTRY_ORDERS),
    "trades": Listing(
        "ledger_entries", {**_ENTRY_FILTERS, "state": _STATE}, _ENTRY_ORDERS, "execution IS NOT NULL"
    ),
    # Whole entries of trades of which contracts were sold: the metrics are computed from them.
    "closed": Listing(
        "ledger_entries", _ENTRY_FILTERS, _ENTRY_ORDERS, "execution IS NOT NULL AND exit IS NOT NULL"
    ),
    "receipts": Listing(
        "receipts",
        {
            "status": Filter(_one_of(ReceiptStatus, str.lower), "status = ?"),
            "symbol": Filter(_symbol, "symbol = ?"),
            "source": Filter(_one_of(Source), "source = ?"),
            "from": Filter(bound, "received_at >= ?"),
            "to": Filter(bound, "received_at <= ?"),
        },
        {"time": ("seq",)},
    ),
    "risk_events": Listing(
        "risk_events",
        {"from": Filter(bound, "at >= ?"), "to": Filter(bound, "at <= ?")},
        {"time": ("seq", "id")},
    ),
    "approvals": Listing(
        "approvals",
        {
            "status": Filter(_one_of(ApprovalStatus), "status = ?"),
            "symbol": Filter(_symbol, "symbol = ?"),
            "from": Filter(bound, "at >= ?"),
            "to": Filter(bound, "at <= ?"),
        },
        {"time": ("seq", "id")},
    ),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A page as SQL. It selects one row more than ``limit``, to know whether there is a next page."""

    where: str
    order_by: str
    parameters: tuple[Any, ...]
    keys: tuple[str, ...]
    table: str
    limit: int
    tag: str
    top: int | None

    def sql(self, columns: str) -> str:
        rest = f"{self.where} ORDER BY {self.order_by} LIMIT {self.limit + 1}"
        return f"SELECT {columns} FROM {self.table}{rest}"

    def cursor_after(self, row: Mapping[str, Any], newest: int) -> str:
        """Return the cursor of the page after ``row``; ``newest`` is the last seq when the first page was read."""
        top = newest if self.top is None else self.top
        parts = orjson.dumps([self.tag, top, *(row[key] for key in self.keys)])
        return base64.urlsafe_b64encode(parts).decode().rstrip("=")


def plan(query: PageQuery) -> Plan:
    """Return the SQL of a query. Raises ValueError naming the list, filter, order, limit or cursor."""
    listing = LISTINGS.get(query.what)
    if listing is None:
        raise ValueError(f"what: {query.what!r} is not one of {', '.join(LISTINGS)}")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise ValueError(f"limit: {query.limit} is not within 1 to {MAX_LIMIT}")
    keys = listing.orders.get(query.order)
    if keys is None:
        raise ValueError(f"order: {query.order!r} is not one of {', '.join(listing.orders)}")
    conditions = [listing.always] if listing.always else []
    parameters: list[Any] = []
    for name, text in sorted(query.filters.items()):
        accepted = listing.filters.get(name)
        if accepted is None:
            raise ValueError(f"{name}: is not a filter of {query.what} ({', '.join(listing.filters)})")
        conditions.append(accepted.condition)
        parameters.append(accepted.parse(name, text))
    tag = _tag(query.what, query.order, conditions, parameters)
    top: int | None = None
    if query.cursor is not None:
        top, after = _read_cursor(query.cursor, tag, keys)
        conditions.append(f"({', '.join(keys)}) < ({', '.join('?' * len(keys))})")
        parameters += after
        if keys[0] != "seq":
            conditions.append("seq <= ?")
            parameters.append(top)
    return Plan(
        where=" WHERE " + " AND ".join(conditions) if conditions else "",
        order_by=", ".join(f"{key} DESC" for key in keys),
        parameters=tuple(parameters),
        keys=keys,
        table=listing.table,
        limit=query.limit,
        tag=tag,
        top=top,
    )


def _tag(what: str, order: str, conditions: list[str], parameters: list[Any]) -> str:
    text = orjson.dumps([what, order, conditions, parameters])
    return hashlib.sha256(text).hexdigest()[:8]


_KEY_TYPES: Mapping[str, type | tuple[type, ...]] = {"seq": int, "id": str, "confidence": (int, float)}


def _read_cursor(text: str, tag: str, keys: tuple[str, ...]) -> tuple[int, list[Any]]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        stated, top, *after = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError):
        raise ValueError("cursor: not one that this list gave out") from None
    if stated != tag:
        raise ValueError("cursor: belongs to a query with another list, order or filters")
    fits = len(after) == len(keys) and all(
        isinstance(value, _KEY_TYPES[key]) and not isinstance(value, bool)
        for key, value in zip(keys, after, strict=True)
    )
    if not fits or not isinstance(top, int) or isinstance(top, bool):
        raise ValueError("cursor: not one that this list gave out")
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in (top, *after)):
        raise ValueError("cursor: not one that this list gave out")
    return top, after
