"""Checks of rules beyond types and bounds, so that bad rules are refused when read, not at the first trade.

``shape_fault`` checks the items of a table or list; ``faults`` checks values that depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, get_args, get_origin

from core.exchange.calendar import Calendar, CalendarError, parse_clock
from core.model import Direction, Quality
from core.rules.rules import Rules

_KIND_NAMES: Mapping[Any, str] = {
    float: "a number",
    int: "a whole number",
    str: "a text",
    bool: "true or false",
}


def shape_fault(kind: Any, value: Any) -> str | None:
    """Return the expected kind when a value, or a part of it, is not of its declared type, else ``None``."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        if not isinstance(value, (tuple, list)):
            return "a list"
        if len(parts) == 2 and parts[1] is Ellipsis:
            return next((fault for item in value if (fault := shape_fault(parts[0], item))), None)
        if len(value) != len(parts):
            return f"rows of {len(parts)}"
        pairs = zip(parts, value, strict=True)
        return next((fault for part, item in pairs if (fault := shape_fault(part, item))), None)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            return "a table"
        return next((fault for item in value.values() if (fault := shape_fault(parts[1], item))), None)
    return None if kind not in _KIND_NAMES or _is_of_kind(kind, value) else _KIND_NAMES[kind]


def faults(rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield (path, fault) of every rule that would fail later."""
    sizing, fills, volatility, contract = rules.sizing, rules.fills, rules.volatility, rules.contract
    falling = {
        "sizing.confluence": sizing.confluence,
        "sizing.rr": sizing.rr,
        "sizing.volume": sizing.volume,
        "sizing.trend": sizing.trend,
        "sizing.volatility_by_iv": sizing.volatility_by_iv,
        "sizing.volatility_by_atr": sizing.volatility_by_atr,
        "structural.quality_by_score": rules.structural.quality_by_score,
        "contract.strike_steps_by_price": contract.strike_steps_by_price,
    }
    rising: Mapping[str, Sequence[Sequence[Any]]] = {
        "volatility.term_structure": volatility.term_structure,
        "volatility.smile": volatility.smile,
        "fills.spread_by_dte": fills.spread_by_dte,
        "fills.spread_in_the_money": fills.spread_in_the_money,
        "exits.atr_multiples": rules.exits.atr_multiples,
    }
    for path, table in falling.items():
        yield from _ordered(path, table, lambda a, b: a > b, "from the highest threshold down")
    for path, rows in rising.items():
        yield from _ordered(path, rows, lambda a, b: a < b, "from the lowest threshold up")
    if not any(least <= 0 for least, _ in contract.strike_steps_by_price):
        yield "contract.strike_steps_by_price", "needs a row for the lowest prices"
    if len(rules.structural.quality_by_score) < 2:
        yield "structural.quality_by_score", "needs at least two rows"
    yield from _unknown_names(
        "structural.quality_by_score", (name for _, name in rules.structural.quality_by_score), Quality
    )
    for path in ("sizing.volatility_by_iv", "sizing.volatility_by_atr"):
        yield from _unknown_names(path, (name for _, name in falling[path]), sizing.volatility)
    yield from _unknown_names(
        "regime.allowed", (d for ds in rules.regime.allowed.values() for d in ds), Direction
    )
    yield from _unknown_names("volatility.classes", volatility.classes.values(), ("index", *volatility.base))
    yield from _unknown_names("fills.spread_classes", fills.spread_classes.values(), fills.spread_by_premium)
    steps = [*contract.strike_steps.values(), *(step for _, step in contract.strike_steps_by_price)]
    ticks = [tick for pair in fills.tick_steps.values() for tick in pair]
    volatilities = [*volatility.base.values(), *volatility.by_symbol.values()]
    factors = [factor for _, factor in (*volatility.term_structure, *volatility.smile)]
    minutes = [minutes for minutes, _ in volatility.term_structure]
    for path, values in (
        ("contract.strike_steps", steps),
        ("fills.tick_steps", ticks),
        ("volatility.base and by_symbol", volatilities),
        ("volatility.term_structure and smile", factors),
        ("volatility.term_structure", minutes),
    ):
        if any(value <= 0 for value in values):
            yield path, "must be above 0"
    try:
        Calendar.from_rules(rules.clock)
        for clock in (rules.clock.midday_from, rules.clock.power_hour_from):
            parse_clock(clock)
    except CalendarError as error:
        yield "clock", str(error)


def _is_of_kind(kind: Any, value: Any) -> bool:
    if isinstance(value, bool) or kind is bool:
        return kind is bool and isinstance(value, bool)
    if kind is float:
        return isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, kind)


def _ordered(
    path: str, rows: Sequence[Sequence[Any]], before: Callable[[Any, Any], bool], order: str
) -> Iterator[tuple[str, str]]:
    if not rows:
        yield path, "needs at least one row"
    if not all(before(a[0], b[0]) for a, b in pairwise(rows)):
        yield path, f"rows go {order}"


def _unknown_names(path: str, names: Any, known: Any) -> Iterator[tuple[str, str]]:
    accepted = [str(name) for name in known]
    for name in names:
        if name not in accepted:
            yield path, f"{name!r} is none of {', '.join(accepted)}"
            return
