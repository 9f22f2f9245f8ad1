"""Put-call parity: the underlying by call and put of one strike, its price less the dividends until the expiry.

With C - P = S - D - K·e^(-r·c) the two quotes of a strike give S - D, whatever the volatility. Priced on it, both
imply one volatility. An American put is first lessened by what its early exercise is worth at the volatility of the
call (a call without dividends is not exercised early). A difference that is too large for dividends is not believed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.model import Contract
from core.options import early_exercise_one, implied_volatility_one
from core.options.quotes import OptionQuote, Refusal
from core.positions.trading_context import TradingContext
from core.thresholds import above, at_most

# What early exercise is worth changes little with S - D: each pass leaves about a tenth of the error.
_PASSES = 4

Quotes = Mapping[str, OptionQuote | None]
"""Usable quotes by OCC symbol, ``None`` for one that is not usable."""


def usable(quote: OptionQuote | None, now: datetime, trading: TradingContext) -> OptionQuote | None:
    """Return the quote if a feed made it and it is two-sided, uncrossed and fresh, else ``None``."""
    if quote is None or quote.is_model or quote.mid is None or quote.is_stale(now, trading.rules.fills):
        return None
    return quote


def bid_of(
    occ: str, quotes: Sequence[tuple[str, OptionQuote]], now: datetime, trading: TradingContext
) -> OptionQuote | None:
    """Return the fresh quote of a contract that only buyers quote: no price of its value, but one to sell at."""
    for name, quote in reversed(quotes):
        if name == occ:
            one_sided = not quote.is_model and quote.fault() is Refusal.NO_ASK and bool(quote.bid)
            return quote if one_sided and not quote.is_stale(now, trading.rules.fills) else None
    return None


def quotes_at(quotes: Sequence[tuple[str, OptionQuote]], now: datetime, trading: TradingContext) -> Quotes:
    """Return the usable ones among the quotes that came with a price, by OCC symbol."""
    if not quotes:
        return {}
    shared = trading.cache.marks_at(now)
    known = shared.get("quotes")
    if known is None or known[0] is not quotes:
        # Cached, because one price with the same quotes comes to many positions.
        known = shared["quotes"] = quotes, _usable_ones(quotes, now, trading)
    found: Quotes = known[1]
    return found


def _usable_ones(
    quotes: Sequence[tuple[str, OptionQuote]], now: datetime, trading: TradingContext
) -> dict[str, OptionQuote | None]:
    """Return what ``usable`` says of each quote; those of one instant are of one age."""
    found: dict[str, OptionQuote | None] = {}
    at, stale = None, False
    for occ, quote in reversed(quotes):
        if quote.is_model or quote.mid is None:
            found[occ] = None
            continue
        if at is None or quote.at != at:
            at, stale = quote.at, quote.is_stale(now, trading.rules.fills)
        found[occ] = None if stale else quote
    return found


def implied_dividends(
    contract: Contract,
    quotes: Quotes,
    spot: float,
    spot_at: datetime,
    years: float,
    carry: float,
    trading: TradingContext,
) -> float | None:
    """Return in $ a share how much the price exceeds that of both quotes of a strike; ``None`` without both.

    ``years`` is the time to the expiry on the trading clock, ``carry`` that on the calendar. ``None`` too when price
    and quotes are further apart in time than ``volatility.parity_seconds``, or the difference is above
    ``volatility.parity_max_pct`` of the price.
    """
    known = trading.known(contract)
    own, other = quotes.get(known.occ), quotes.get(known.twin)
    if own is None or other is None or own.mid is None or other.mid is None or carry <= 0:
        return None
    rules = trading.rules.volatility
    times = (own.at, other.at, spot_at)
    if above((max(times) - min(times)).total_seconds(), rules.parity_seconds):
        return None
    call, put = (own.mid, other.mid) if contract.is_call else (other.mid, own.mid)
    implied = call - put + contract.strike * math.exp(-trading.rate * carry)
    if contract.style == "american" and years > 0:
        implied += _early_exercise(call, implied, contract.strike, years, carry, trading.rate)
    return spot - implied if at_most(abs(spot - implied) / spot * 100, rules.parity_max_pct) else None


def _early_exercise(
    call: float, implied: float, strike: float, years: float, carry: float, rate: float
) -> float:
    """Return what the early exercise of the put adds to its price, by the volatility that the call implies."""
    early = 0.0
    for _ in range(_PASSES):
        spot = implied + early
        iv = implied_volatility_one(call, spot, strike, years, True, rate=rate, carry_years=carry)
        if iv is None:
            return 0.0
        found = early_exercise_one(spot, strike, years, iv, False, rate=rate, carry_years=carry)
        if found == early:  # a further pass would give the same number; mostly it is 0
            break
        early = found
    return early
