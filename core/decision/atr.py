"""Daily ATR in percent of price: from the feed, else from a body that states a daily one, else assumed."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from core.model import Context, MarketSnapshot
from core.rules import Rules


class DailyAtr(NamedTuple):
    """``pct`` of price, ``None`` when unknown; ``origin`` is market | signal | assumed | absent."""

    pct: float | None
    origin: str


def known(value: float | None) -> bool:
    """Return whether a number is present and finite; NaN and infinities have no JSON form and count as absent."""
    return value is not None and isfinite(value)


def price_of(context: Context, market: MarketSnapshot) -> float | None:
    """Return the underlying's price in dollars: the newest known, else the market's.

    The context's price is the one that a trade is made at; a feed's reply to a signal may hold an older one.
    """
    for price in (context.price, market.price):
        if price is not None and isfinite(price) and price > 0:
            return price
    return None


def daily_atr(context: Context, market: MarketSnapshot, rules: Rules) -> DailyAtr:
    """Return the daily ATR in percent of price, and its origin.

    A signal's ATR counts only when its body says that it is daily, and only where no feed gave one.
    """
    assumed = "atr14" in market.assumed
    price = price_of(context, market)
    atr = market.atr14
    if price is not None:
        if not assumed and atr is not None and isfinite(atr) and atr >= 0:
            return DailyAtr(atr / price * 100, "market")
        expert = context.expert
        own = expert.atr if expert is not None and expert.atr_is_daily else None
        if own is not None and isfinite(own) and own >= 0:
            return DailyAtr(own / price * 100, "signal")
    if assumed:
        return DailyAtr(rules.market.assumed_atr_pct, "assumed")
    return DailyAtr(None, "absent")
