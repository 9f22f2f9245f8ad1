"""Bid-ask spread assumed around a model value, by premium or by days to expiry.

The premium model is fitted to recorded quotes: SPXW of January 2021, AAPL of June 2014, SPY of 2020 and 2023. The
figures of other classes, and of symbols without a class, are assumed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime

from core.exchange.calendar import TradingDay
from core.options.quotes import MODEL, OptionQuote
from core.options.ticks import tick
from core.rules.sections import FillRules
from core.thresholds import at_most, below


def quote_from_model(
    mid: float,
    *,
    symbol: str,
    dte: int,
    entry_id: str,
    priced_at: datetime,
    now: datetime,
    day: TradingDay | None,
    rules: FillRules,
    spot: float,
    intrinsic: float,
) -> OptionQuote:
    """Return a quote of the model's value -/+ half the modelled spread, the bid not below 0.

    ``priced_at`` is the instant of the underlying's price behind ``mid``, ``day`` the session open at
    ``now``; ``spot`` and ``intrinsic`` as of ``model_spread``. Raises ValueError for a mid that is negative or
    not finite.
    """
    if not (math.isfinite(mid) and mid >= 0):
        raise ValueError(f"a model value of {mid} cannot be quoted")
    half = (
        model_spread(
            mid,
            symbol=symbol,
            dte=dte,
            entry_id=entry_id,
            now=now,
            day=day,
            rules=rules,
            spot=spot,
            intrinsic=intrinsic,
        )
        / 2
    )
    return OptionQuote(
        bid=max(0.0, mid - half), ask=mid + half, at=priced_at, source=MODEL, model_mid=float(mid)
    )


def model_spread(
    mid: float,
    *,
    symbol: str,
    dte: int,
    entry_id: str,
    now: datetime,
    day: TradingDay | None,
    rules: FillRules,
    spot: float,
    intrinsic: float,
) -> float:
    """Return the whole spread in dollars per share by the rules' model.

    "premium": max(tick, a·v^b + c) by class, wider just after the open and, on the expiry day, before the close.
    v is the time value: a·v^b is the spread of the out-of-the-money option of the same strike, and c what trading
    ``intrinsic`` dollars of the underlying in the option adds, by intrinsic as part of ``spot``. "dte": a
    percentage of mid within the range for the days to expiry, the point in the range fixed by ``entry_id``.
    """
    if rules.spread_model == "dte":
        rows = rules.spread_by_dte
        low, high = next(((low, high) for most, low, high in rows if dte <= most), rows[-1][1:])
        return mid * (low + (high - low) * uniform_of(entry_id)) / 100
    if rules.spread_model != "premium":
        raise ValueError(f'spread model "{rules.spread_model}" is neither "dte" nor "premium"')
    a, b = rules.spread_by_premium[rules.spread_classes.get(symbol, "other")]
    time_value = max(0.0, mid - intrinsic)
    spread: float = max(
        tick(symbol, mid, rules),
        a * time_value**b + _in_the_money(spot, intrinsic, rules.spread_in_the_money),
    )
    return spread * _clock_factor(dte, now, day, rules)


def _in_the_money(spot: float, intrinsic: float, table: Sequence[tuple[float, float]]) -> float:
    """Return the dollars of spread that intrinsic value adds: linear between the rows, level beyond the last."""
    if intrinsic <= 0 or not table:
        return 0.0
    depth = 100 * intrinsic / spot
    before, share = table[0]
    for deep, percent in table:
        if depth <= deep:
            part = 1.0 if deep == before else (depth - before) / (deep - before)
            share += part * (percent - share)
            break
        before, share = deep, percent
    return intrinsic * share / 100


def uniform_of(entry_id: str) -> float:
    """Return a number in [0, 1) that depends only on the entry's id, so that a replay gives the same spread."""
    digest = hashlib.blake2b(f"spread:{entry_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _clock_factor(dte: int, now: datetime, day: TradingDay | None, rules: FillRules) -> float:
    if day is None:
        return 1.0
    if below((now - day.open).total_seconds() / 60, rules.opening_minutes):
        return rules.opening_factor
    if dte == 0 and at_most((day.close - now).total_seconds() / 60, rules.closing_minutes):
        return rules.closing_factor_0dte
    return 1.0
