"""Greeks and implied volatilities as the vendors state them, with the peculiarities that clients must know.

Units of both vendors: theta a calendar day, vega a volatility point, rho a point of interest; time counts on the
calendar. Tradier gives theta and rho of the call to the put as well, takes all Greeks from a smoothed volatility,
and writes 0 for a volatility that cannot be implied. Alpaca counts time to 00:00 UTC of the expiry date, so that
it states too large a volatility for short options and leaves Greeks out on the day of expiry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

import numpy as np

from core.options import greeks, implied_volatility
from core.options.trading_clock import calendar_years
from server.demo.vendors.source import ListedOption

RATE = 0.04
CLOSE = time(20, 0)
"""Close of an expiry's session in UTC in summer; an hour does not matter to a vendor's Greeks."""
_DAYS = 365.0


def tradier_greeks(
    spot: float, options: Sequence[ListedOption], now: datetime, updated_at: str
) -> dict[str, dict[str, Any]]:
    """Return Tradier's ``greeks`` objects by option symbol; options without a volatility have none."""
    known = [o for o in options if o.volatility is not None]
    if not known:
        return {}
    years = np.array([_years(now, o) for o in known])
    strikes = np.array([o.strike for o in known])
    smooth = np.array([o.volatility for o in known], dtype=float)
    calls = np.array([o.is_call for o in known])
    of_call = greeks(
        spot, strikes, years, smooth, np.ones(len(known), bool),
        rate=RATE, theta_years=1 / _DAYS, theta_carry_years=1 / _DAYS,
    )  # fmt: skip
    bid, ask = (_implied(spot, known, years, [getattr(o, side) for o in known]) for side in ("bid", "ask"))
    found = {}
    for i, option in enumerate(known):
        delta = float(of_call.delta[i])
        # The middle of both volatilities is the ask's alone where the bid has none.
        mid = (bid[i] + ask[i]) / 2 if bid[i] and ask[i] else ask[i]
        found[option.symbol] = {
            "delta": delta if calls[i] else delta - 1.0,
            "gamma": float(of_call.gamma[i]),
            "theta": float(of_call.theta[i]),
            "vega": float(of_call.vega[i]),
            "rho": float(of_call.rho[i]),
            "phi": -delta * spot * float(years[i]) / 100,
            "bid_iv": bid[i],
            "mid_iv": mid,
            "ask_iv": ask[i],
            "smv_vol": round(float(smooth[i]), 3),
            "updated_at": updated_at,
        }
    return found


def alpaca_greeks(spot: float, options: Sequence[ListedOption], now: datetime) -> dict[str, dict[str, Any]]:
    """Return Alpaca's ``greeks`` and ``impliedVolatility`` by option symbol, only where both exist."""
    live = [o for o in options if o.bid and o.ask and _midnight_years(now, o) > 0]
    if not live:
        return {}
    years = np.array([_midnight_years(now, o) for o in live])
    strikes = np.array([o.strike for o in live])
    calls = np.array([o.is_call for o in live])
    volatility = implied_volatility(
        np.array([((o.bid or 0) + (o.ask or 0)) / 2 for o in live]), spot, strikes, years, calls, rate=RATE
    )
    own = greeks(
        spot, strikes, years, np.nan_to_num(volatility), calls,
        rate=RATE, theta_years=1 / _DAYS, theta_carry_years=1 / _DAYS,
    )  # fmt: skip
    found = {}
    for i, option in enumerate(live):
        if np.isfinite(volatility[i]):
            values = {
                name: round(float(getattr(own, name)[i]), 4)
                for name in ("delta", "gamma", "rho", "theta", "vega")
            }
            found[option.symbol] = {"greeks": values, "impliedVolatility": round(float(volatility[i]), 4)}
    return found


def _implied(
    spot: float, options: Sequence[ListedOption], years: Any, prices: Sequence[float | None]
) -> list[float]:
    volatility = implied_volatility(
        np.array([p or 0.0 for p in prices]),
        spot,
        np.array([o.strike for o in options]),
        years,
        np.array([o.is_call for o in options]),
        rate=RATE,
    )
    return [round(float(v), 6) for v in np.nan_to_num(volatility)]


def _years(now: datetime, option: ListedOption) -> float:
    return max(0.0, calendar_years(now, datetime.combine(option.expiry, CLOSE, UTC)))


def _midnight_years(now: datetime, option: ListedOption) -> float:
    midnight = datetime.combine(option.expiry, time(), UTC)
    return calendar_years(now, midnight) if midnight > now else 0.0
