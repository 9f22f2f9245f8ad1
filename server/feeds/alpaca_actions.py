"""Dividends, splits and changes of name in Alpaca's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from server.feeds.alpaca_json import NAME, malformed, stated_fault
from server.feeds.values import Dividend, Split, SymbolChange, Unavailable, positive

_SPLITS = ("forward_splits", "reverse_splits", "unit_splits")


def dividends_of(body: Any) -> tuple[Dividend, ...] | Unavailable:
    """Return the cash dividends of an answer; one without a date or an amount makes the answer unreadable."""
    rows = _rows(body, ("cash_dividends",))
    if isinstance(rows, Unavailable):
        return rows
    found = []
    for symbol, ex_date, row in rows:
        amount = positive(row.get("rate"))
        if symbol is None or ex_date is None or amount is None:
            return malformed("a dividend has no symbol, date or rate")
        found.append(Dividend(symbol=symbol, ex_date=ex_date, amount=amount, source=NAME))
    return tuple(sorted(found, key=lambda each: (each.ex_date, each.symbol)))


def splits_of(body: Any) -> tuple[Split, ...] | Unavailable:
    """Return the splits of an answer; one without a date or its two numbers makes the answer unreadable."""
    rows = _rows(body, _SPLITS)
    if isinstance(rows, Unavailable):
        return rows
    found = []
    for symbol, ex_date, row in rows:
        new, old = positive(row.get("new_rate")), positive(row.get("old_rate"))
        if symbol is None or ex_date is None or new is None or old is None:
            return malformed("a split has no symbol, date or rates")
        found.append(Split(symbol=symbol, ex_date=ex_date, new=new, old=old, source=NAME))
    return tuple(sorted(found, key=lambda each: (each.ex_date, each.symbol)))


def changes_of(body: Any) -> tuple[SymbolChange, ...] | Unavailable:
    """Return the changes of name of an answer; one without the old symbol or a date makes it unreadable."""
    rows = _rows(body, ("name_changes",))
    if isinstance(rows, Unavailable):
        return rows
    found = []
    for symbol, _, row in rows:
        day, to = _day(row.get("process_date")), row.get("new_symbol")
        if symbol is None or day is None:
            return malformed("a change of name has no old symbol or date")
        found.append(
            SymbolChange(symbol=symbol, day=day, to=to if isinstance(to, str) else None, source=NAME)
        )
    return tuple(sorted(found, key=lambda each: (each.day, each.symbol)))


def _rows(
    body: Any, kinds: tuple[str, ...]
) -> tuple[tuple[str | None, date | None, Mapping[str, Any]], ...] | Unavailable:
    if (fault := stated_fault(200, body)) is not None:
        return fault
    actions = body.get("corporate_actions") if isinstance(body, Mapping) else None
    if not isinstance(actions, Mapping):
        return malformed('"corporate_actions" is missing')
    return tuple(_each(actions, kinds))


def _each(
    actions: Mapping[str, Any], kinds: tuple[str, ...]
) -> Iterator[tuple[str | None, date | None, Mapping[str, Any]]]:
    for kind in kinds:
        listed = actions.get(kind)
        for row in listed if isinstance(listed, list) else ():
            if isinstance(row, Mapping):
                symbol = row.get("symbol", row.get("old_symbol"))
                yield symbol if isinstance(symbol, str) else None, _day(row.get("ex_date")), row


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
