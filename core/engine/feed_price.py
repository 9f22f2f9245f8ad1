"""Price of a feed: its place in time, and when it must be confirmed first.

Several feeds price one symbol. A price older than the last known one never moves time back, and one that differs
wildly is not used until more prices agree with it; until then the last known one ages, and no stop acts.
"""

from __future__ import annotations

import math
from dataclasses import replace

from core.engine.kernel import Kernel
from core.engine.price_doubt import believed
from core.events import WEBHOOK, PriceSeen
from core.price_moves import difference_pct, largest_move_pct
from core.thresholds import above, at_most


def usable_price(kernel: Kernel, seen: PriceSeen) -> PriceSeen | None:
    """Return a feed's price as it is to be used, ``None`` when it is not.

    A price that is not positive is none. An official close counts whenever it comes; a price that a sender stated was
    tested on its arrival.
    """
    if not all(
        0 < price < math.inf for price in (seen.price, seen.open, seen.high, seen.low) if price is not None
    ):
        return None
    known = kernel.state.prices.get(seen.symbol)
    if known is None or seen.source == WEBHOOK or seen.official_close:
        return seen
    if seen.priced_at < known.priced_at:
        return _late_bar(kernel, seen, known)
    # Where no feed spoke before, the first price of one replaces a sender's word whatever it was.
    if known.source != WEBHOOK:
        if not believed(kernel, known, seen.price, seen.priced_at, seen.source, seen.at):
            return None
    else:
        kernel.state.doubts.pop(seen.symbol, None)
    return _without_wild_range(kernel, seen)


def _late_bar(kernel: Kernel, seen: PriceSeen, known: PriceSeen) -> PriceSeen | None:
    """Return a bar that ended before the last price as a bar that ends with it: its high and low still count.

    A minute's bar often comes after the first price of the next minute.
    """
    if seen.high is None or seen.low is None or seen.began is None:
        return None
    if kernel.trading.is_stale(seen.priced_at, seen.at) or seen.symbol in kernel.state.doubts:
        return None
    most = largest_move_pct(kernel.rules.intake, known.priced_at - seen.priced_at)
    if above(max(difference_pct(seen.high, known.price), difference_pct(seen.low, known.price)), most):
        return None
    return replace(
        seen,
        price=known.price,
        priced_at=known.priced_at,
        high=max(seen.high, known.price),
        low=min(seen.low, known.price),
    )


def _without_wild_range(kernel: Kernel, seen: PriceSeen) -> PriceSeen:
    """Return a bar without its range where its high or low is as far from its close as no price is believed."""
    if seen.high is None or seen.low is None:
        return seen
    length = seen.priced_at - (seen.began or seen.priced_at)
    most = largest_move_pct(kernel.rules.intake, length)
    if at_most(max(difference_pct(seen.high, seen.price), difference_pct(seen.low, seen.price)), most):
        return seen
    return replace(seen, open=None, high=None, low=None)
