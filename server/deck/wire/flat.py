"""A snapshot as flat rows: texts and numbers by path, in which nothing changes by the passing of time alone.

An age or a time left is kept as the instant at which it is zero, so that a second later nothing has to be sent; the
other side works the seconds out again. Other numbers are rounded to six digits, and never coarser than a cent; a
position or a decision that is asked for by its id comes exactly. What follows from other numbers of the row is left
out where the other side finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from server.deck.rows import DeckSnapshot
from server.deck.wire.codec import tree
from server.feeds.base import FeedStatus

Row = dict[str, Any]
"""Values by their path, such as ``to_stop.level``."""

LISTS: Mapping[str, tuple[str, ...]] = {
    "sources": ("source", "symbol"),
    "recent": ("id",),
    "positions": ("id",),
    "approvals": ("id",),
    "orders": ("signal_id", "exit"),
    "refused": ("code", "address"),
    "feeds": ("name",),
    "events": (),
    "stops": (),
}
"""The lists of a snapshot, with the fields that tell one row from another; without any, by all of the row."""

WHOLE = frozenset({"decision", "execution", "why_no_trade"})
"""Fields that are sent as a whole, and exactly, when anything in them changes."""

CLOCKS: Mapping[str, Mapping[str, float]] = {
    "": {"exchange.closes_in": -1.0, "exchange.opens_in": -1.0, "risk.cool_down_left": -1.0},
    "sources": {"age": 1.0},
    "recent": {"age": 1.0},
    "positions": {"mark_age": 1.0, "time_in_trade": 1.0, "hours_left": -1 / 3600, "time_exit_in": -1.0},
    "approvals": {"mark_age": 1.0, "left": -1.0},
    "orders": {"left": -1.0},
    "feeds": {"budget_resets_in": -1.0},
}
"""Fields that change with time, and by how much a second; those that fall end at zero, but for ``time_exit_in``."""
MAY_BE_NEGATIVE = frozenset({"time_exit_in"})

_DIGITS = 6
_CENTS = 2

_SAME = 1e-3
"""Largest difference of a number left out from what the other side finds, relative to it if it is above 1."""


@dataclass(slots=True)
class Flat:
    """A flat snapshot: ``fields`` by path, and ``lists`` of rows. ``at`` in seconds since 1970."""

    at: float
    fields: Row
    lists: dict[str, list[Row]] = field(default_factory=dict)


def flatten(snapshot: DeckSnapshot, feeds: tuple[FeedStatus, ...]) -> Flat:
    """Return a snapshot, and the state of the feeds with it, as flat rows."""
    whole = tree(snapshot)
    whole["feeds"] = tree(feeds)
    at = snapshot.at.timestamp()
    del whole["at"]
    lists = {name: [_row(name, each, at) for each in whole.pop(name)] for name in LISTS}
    fields: Row = {}
    for name, value in whole.items():
        _spread(fields, name, value, CLOCKS[""])
    _to_zero("", fields, at)
    return Flat(at, fields, lists)


def _row(name: str, value: Mapping[str, Any], at: float) -> Row:
    row: Row = {}
    exact = CLOCKS.get(name, {})
    for key, each in value.items():
        _spread(row, key, each, exact)
    _to_zero(name, row, at)
    for path, follows in FOLLOWS.get(name, {}).items():
        if path in row and _agrees(follows(row), row[path]):
            del row[path]
    return row


def _spread(row: Row, path: str, value: Any, exact: Mapping[str, float]) -> None:
    """Put a value into a row by its path; its numbers are rounded but for the ``exact`` ones."""
    kind = type(value)
    if kind is float and path not in exact:
        row[path] = shorter(value)
    elif kind is dict and value and path not in WHOLE:
        for key, each in value.items():
            _spread(row, f"{path}.{key}", each, exact)
    elif kind is list and value and type(value[0]) is float:
        row[path] = [shorter(each) if type(each) is float else each for each in value]
    else:
        row[path] = value


def shorter(value: float) -> float:
    """Return a number with six digits, and never coarser than a cent."""
    return (
        round(value, _CENTS) if abs(value) >= 10 ** (_DIGITS - _CENTS - 1) else float(f"{value:.{_DIGITS}g}")
    )


def _to_zero(name: str, row: Row, at: float) -> None:
    """Replace seconds by the instant at which they are zero."""
    for path, rate in CLOCKS.get(name, {}).items():
        value = row.get(path)
        if value is not None:
            row[path] = round(at - value / rate, 3)


def from_zero(name: str, row: Mapping[str, Any], at: float) -> dict[str, float]:
    """Return the seconds of a row's fields that change with time, at an instant."""
    out = {}
    for path, rate in CLOCKS.get(name, {}).items():
        zero = row.get(path)
        if zero is not None:
            value = (at - zero) * rate
            out[path] = value if path in MAY_BE_NEGATIVE else max(0.0, value)
    return out


# --- what follows from other numbers of a row ------------------------------------------------------------------


def _away(name: str) -> dict[str, Callable[[Row], float | None]]:
    def dollars(row: Row) -> float | None:
        level, underlying = row.get(f"{name}.level"), row.get("underlying")
        return None if level is None or underlying is None else level - underlying

    def percent(row: Row) -> float | None:
        away = dollars(row)
        return None if away is None or not row["underlying"] else 100 * away / row["underlying"]

    def atrs(row: Row) -> float | None:
        away, atr = dollars(row), row["execution"]["atr"]
        return None if away is None or not atr else away / atr

    return {f"{name}.dollars": dollars, f"{name}.percent": percent, f"{name}.atrs": atrs}


def _pnl_pct(row: Row) -> float | None:
    entry = row["execution"]
    paid = entry["entry_price"] * entry["filled_contracts"] * entry["multiplier"]
    return None if row.get("pnl") is None or not paid > 0 else 100 * row["pnl"] / paid


def _in_r(row: Row) -> float | None:
    planned = row["execution"]["risk_amount"]
    return None if row.get("pnl") is None or not planned > 0 else row["pnl"] / planned


FOLLOWS: Mapping[str, Mapping[str, Callable[[Row], float | None]]] = {
    "positions": {
        **_away("to_stop"), **_away("to_target_1"), **_away("to_target_2"), "pnl_pct": _pnl_pct, "r": _in_r,
    }
}  # fmt: skip
"""Fields that are left out where this gives the same; where it does not, they are sent."""


def _agrees(found: float | None, value: Any) -> bool:
    if found is None or value is None:
        return found is value
    return bool(abs(found - value) <= _SAME * max(1.0, abs(value)))


def complete(name: str, row: Row) -> Row:
    """Return a row with the fields that were left out, as far as the row has what they follow from."""
    missing = {
        path: follows(row)
        for path, follows in FOLLOWS.get(name, {}).items()
        if path not in row and _has_parent(path, row)
    }
    return {**row, **missing} if missing else row


def _has_parent(path: str, row: Row) -> bool:
    """Return whether the part that a field belongs to is in the row: a target that was sold is not."""
    parent, dot, _ = path.rpartition(".")
    return not dot or f"{parent}.level" in row


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flat row as nested dicts."""
    out: dict[str, Any] = {}
    for path, value in row.items():
        *parents, name = path.split(".")
        into = out
        for parent in parents:
            into = into.setdefault(parent, {})
        into[name] = value
    return out


def instant(seconds: float) -> datetime:
    """Return an instant from seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
