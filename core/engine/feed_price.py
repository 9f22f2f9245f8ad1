"""Price of a feed: its place in time, and when it must be confirmed first.

Several feeds price one symbol. A price older than the last known one never moves time back, and one that differs
wildly is not used until more prices agree with it; until then the last known one ages, and no stop acts.
"""

from __future__ import annotations

import math
from dataclasses import replace

from core.effects import Effect, Notice
from core.engine.kernel import Kernel
from core.engine.state import DoubtedPrice
from core.engine.stated_price import WEBHOOK, difference_pct, largest_move_pct
from core.events import PriceSeen
from core.model import Tone
from core.thresholds import above, at_most


def usable_price(kernel: Kernel, seen: PriceSeen) -> tuple[PriceSeen | None, list[Effect]]:
    """Return a feed's price as it is to be used, ``None`` when it is not, and what a person is told of it.

    A price that is not positive is none. An official close counts whenever it comes; a price that a sender stated was
    tested on its arrival.
    """
    if not all(
        0 < price < math.inf for price in (seen.price, seen.open, seen.high, seen.low) if price is not None
    ):
        return None, []
    known = kernel.state.prices.get(seen.symbol)
    if known is None or seen.source == WEBHOOK or seen.official_close:
        return seen, []
    if seen.priced_at < known.priced_at:
        return _late_bar(kernel, seen, known), []
    believed, effects = _believe(kernel, seen, known)
    return (_without_wild_range(kernel, seen) if believed else None), effects


def _late_bar(kernel: Kernel, seen: PriceSeen, known: PriceSeen) -> PriceSeen | None:
    """Return a bar that ended before the last price as a bar that ends with it: its high and low still count.

    A minute's bar often comes after the first price of the next minute.
    """
    if seen.high is None or seen.low is None or seen.began is None:
        return None
    if kernel.trading.is_stale(seen.priced_at, seen.at) or seen.symbol in kernel.state.feed_doubts:
        return None
    most = largest_move_pct(kernel, known.priced_at - seen.priced_at)
    if above(max(difference_pct(seen.high, known.price), difference_pct(seen.low, known.price)), most):
        return None
    return replace(
        seen,
        price=known.price,
        priced_at=known.priced_at,
        high=max(seen.high, known.price),
        low=min(seen.low, known.price),
    )


def _believe(kernel: Kernel, seen: PriceSeen, known: PriceSeen) -> tuple[bool, list[Effect]]:
    """Return whether to use a price that is not older than the last; keep it as doubted when it is too far away."""
    doubts, rules = kernel.state.feed_doubts, kernel.rules.intake
    away = difference_pct(seen.price, known.price)
    if known.source == WEBHOOK or at_most(away, largest_move_pct(kernel, seen.priced_at - known.priced_at)):
        doubts.pop(seen.symbol, None)
        return True, []
    doubted = doubts.get(seen.symbol)
    agrees = doubted is not None and at_most(difference_pct(seen.price, doubted.price), rules.price_jump_pct)
    if agrees and doubted is not None:
        if doubted.source != seen.source or doubted.times + 1 >= rules.price_jump_prices:
            del doubts[seen.symbol]
            return True, []
        doubts[seen.symbol] = replace(doubted, times=doubted.times + 1)
        return False, []
    doubts[seen.symbol] = DoubtedPrice(seen.price, seen.source, 1)
    if rules.price_jump_prices == 1:
        del doubts[seen.symbol]
        return True, []
    text = (
        f"{seen.source} prices {seen.symbol} at {seen.price:g}, {(seen.price / known.price - 1) * 100:+.1f} % from "
        f"the last known {known.price:g} ({known.source}): not used until more prices agree"
    )
    notice = Notice(kind="feed", at=seen.at, text=text, tone=Tone.NEGATIVE, symbol=seen.symbol)
    return False, [notice] if doubted is None else []


def _without_wild_range(kernel: Kernel, seen: PriceSeen) -> PriceSeen:
    """Return a bar without its range where its high or low is as far from its close as no price is believed."""
    if seen.high is None or seen.low is None:
        return seen
    length = seen.priced_at - (seen.began or seen.priced_at)
    most = largest_move_pct(kernel, length)
    if at_most(max(difference_pct(seen.high, seen.price), difference_pct(seen.low, seen.price)), most):
        return seen
    return replace(seen, open=None, high=None, low=None)
