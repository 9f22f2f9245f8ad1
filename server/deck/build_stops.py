"""Reasons why stops and targets cannot act: prices that are late or missing, halts, splits, or no feed at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.engine import Engine
from core.engine.price_doubt import doubt_in_short
from core.engine.underlyings import untradable
from core.thresholds import above
from server.deck.rows import StopsWarning

NO_FEED = "no feed: stops act only on price alerts of charts (gatedeck guide feeds)"
NO_FEED_REASON = "no feed (gatedeck guide feeds)"


def stops_warnings(
    engine: Engine, trouble: Callable[[str], str], assumed: bool, now: datetime
) -> tuple[StopsWarning, ...]:
    """Return what a person must know of the stops of open positions; empty while every stop can act.

    ``trouble`` says in a few words why prices of a symbol may not arrive. A feed that is known to be in trouble is
    told as soon as its last price is too old for the market gate; otherwise a price is told once no stop acts on it.
    Outside the session nothing is late. Without a feed (``assumed``) one line stands there always.
    """
    found = [
        StopsWarning(symbol=p.symbol, text=f"stops cannot act: {p.contract.label}, {p.suspended}")
        for p in engine.state.positions.values()
        if p.suspended is not None
    ]
    if engine.trading.calendar.session_at(now) is not None:
        found += _late(engine, None if assumed else trouble, now)
    if assumed and not found:
        found.append(StopsWarning(text=NO_FEED, urgent=False))
    return tuple(found)


def _late(engine: Engine, trouble: Callable[[str], str] | None, now: datetime) -> list[StopsWarning]:
    state, rules = engine.state, engine.rules
    priced_at: dict[str, datetime] = {}
    for position in state.positions.values():
        if position.is_open and position.suspended is None:
            known = state.prices.get(position.symbol)
            last = position.last.spot_at if known is None else max(known.priced_at, position.last.spot_at)
            priced_at[position.symbol] = max(last, priced_at.get(position.symbol, last))
    found = []
    for symbol, at in priced_at.items():
        blocked = untradable(engine, symbol)
        if blocked is not None:
            found.append(StopsWarning(symbol=symbol, text=f"stops cannot act: {blocked.text}"))
            continue
        doubt = doubt_in_short(engine, symbol)
        if doubt is not None:
            found.append(StopsWarning(symbol=symbol, text=f"stops cannot act: {symbol} {doubt}"))
            continue
        age = engine.trading.price_age(at, now)
        why = "" if trouble is None else trouble(symbol)
        if engine.trading.is_stale(at, now) or (why and above(age, rules.market.stale_seconds)):
            why = why or (NO_FEED_REASON if trouble is None else "no price comes")
            text = f"stops cannot act: {symbol} {_age(age)} old, {why}"
            found.append(StopsWarning(symbol=symbol, text=text))
    return found


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
