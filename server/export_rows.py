"""Items of a list as they are exported: one form of time, an exchange time beside it, and money in whole cents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from server.ledger.lists import Item
from server.ledger.timestamps import exchange_iso
from server.trade_rows import whole_cents

_BESIDE = {
    "created_at": "exchange_time",
    "received_at": "exchange_time",
    "at": "exchange_time",
    "exit_time": "exchange_time",
}
"""Fields of a time, each with the field that repeats it in the exchange's time. Prices have theirs already."""
_ALSO_TIMES = frozenset({"start", "end", "spot_at", "quoted_at"})
_TIMED = ("execution", "exit")
_DOLLARS = frozenset({"mid", "dividends"})
"""Fields of a mark in dollars a share; the fields of its ``step`` are dollars a contract."""
_FINE = 4
"""Decimals of them: a hundredth of a cent, because they are sums and differences of model prices."""


def export_row(what: str, item: Item) -> Item:
    """Return an item of the list ``what`` for a file: the same facts with the same names, and exchange times."""
    if what == "ledger" and item["execution"] is not None:
        item = whole_cents(item)
    elif what == "marks":
        item = _rounded_mark(item)
    return _timed(item)


def _timed(item: Item) -> Item:
    row: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, str) and (name in _BESIDE or name in _ALSO_TIMES):
            at = datetime.fromisoformat(value)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            # Not "Z": spreadsheets and older readers of ISO 8601 know the offset alone.
            row[name] = at.astimezone(UTC).isoformat()
            if name in _BESIDE:
                row[_BESIDE[name]] = exchange_iso(at)
        elif name in _TIMED and isinstance(value, Mapping):
            row[name] = _timed(value)
        elif name == "partials":
            row[name] = [_timed(sold) for sold in value]
        else:
            row[name] = value
    return row


def _rounded_mark(item: Item) -> Item:
    step = item.get("step")
    return {
        **{name: _fine(value) if name in _DOLLARS else value for name, value in item.items()},
        **(
            {"step": {name: _fine(value) for name, value in step.items()}}
            if isinstance(step, Mapping)
            else {}
        ),
    }


def _fine(value: Any) -> Any:
    return round(value, _FINE) + 0.0 if isinstance(value, float) else value
