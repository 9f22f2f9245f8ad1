"""Doubt of a price that is far from the last known one, whoever gives it: a feed or a sender's body.

A misplaced decimal point or the wrong chart must not stop a position out, and a crash must. So a far price is not
used until another source gives about the same one, or the same source has given ``intake.price_jump_prices`` in a
row on the same side of the last known price, or has kept to that side for ``intake.price_jump_minutes``.

Invariant, tested under this name: a stop is acted on at most n prices after it was crossed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.engine.kernel import Kernel
from core.engine.state import DoubtedPrice
from core.events import PriceSeen
from core.price_moves import difference_pct, largest_move_pct
from core.thresholds import at_most


def believed(
    kernel: Kernel, known: PriceSeen, price: float, priced_at: datetime, source: str, now: datetime
) -> bool:
    """Return whether to use a price of a source that is not older than the last known one.

    Where not, it is kept as doubted; a price that is used ends the doubt.
    """
    state, rules = kernel.state, kernel.rules.intake
    most = largest_move_pct(rules, priced_at - known.priced_at)
    doubted = state.doubts.get(known.symbol)
    if at_most(difference_pct(price, known.price), most) or (
        doubted is not None and _confirms(kernel, doubted, known, price, source, now)
    ):
        state.doubts.pop(known.symbol, None)
        return True
    again = doubted is not None and doubted.source == source and _same_side(doubted.price, price, known)
    if doubted is not None and again:
        doubted = replace(doubted, price=price, times=doubted.times + 1)
    else:
        doubted = DoubtedPrice(price, source, 1, now)
    if doubted.times >= rules.price_jump_prices:
        state.doubts.pop(known.symbol, None)
        return True
    state.doubts[known.symbol] = doubted
    return False


def doubt_text(kernel: Kernel, symbol: str) -> str | None:
    """Return for a person what is doubted of a symbol's price and what would end it, ``None`` without a doubt."""
    doubted, known = kernel.state.doubts.get(symbol), kernel.state.prices.get(symbol)
    if doubted is None or known is None:
        return None
    away = (doubted.price / known.price - 1) * 100
    need = kernel.rules.intake.price_jump_prices
    return (
        f"price {doubted.price:g} of {doubted.source} is {away:+.1f} % from the last known {known.price:g}: "
        f"doubted ({doubted.times} of {need}), not used until another source or more prices agree"
    )


def doubt_in_short(kernel: Kernel, symbol: str) -> str | None:
    """Return doubt_text for one line of a screen."""
    doubted, known = kernel.state.doubts.get(symbol), kernel.state.prices.get(symbol)
    if doubted is None or known is None:
        return None
    away, need = (doubted.price / known.price - 1) * 100, kernel.rules.intake.price_jump_prices
    return f"{doubted.price:g} ({away:+.1f} %) doubted, {doubted.times} of {need} from {doubted.source}"


def _confirms(
    kernel: Kernel, doubted: DoubtedPrice, known: PriceSeen, price: float, source: str, now: datetime
) -> bool:
    rules = kernel.rules.intake
    if doubted.source != source:
        return at_most(difference_pct(price, doubted.price), rules.price_jump_pct)
    kept = now - doubted.since >= timedelta(minutes=rules.price_jump_minutes)
    return kept and _same_side(doubted.price, price, known)


def _same_side(one: float, other: float, known: PriceSeen) -> bool:
    return (one > known.price) == (other > known.price)
