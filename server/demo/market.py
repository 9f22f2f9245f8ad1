"""A simulated market whose underlyings are martingales and whose options are quoted at their fair value.

Each minute the log price takes a Gaussian step of the variance that the quoted volatility implies on the
trading clock; the minutes of a session divide it unevenly (more at both ends), and quotes use the variance
that remains. High and low are those of the continuous path between two closes (Brownian bridge). Jumps
come between bars, compensated, and the quoted volatility includes their variance. Volatility is a martingale too.
Signals have no influence; the same seed gives the same market.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.exchange.calendar import Calendar, TradingDay
from core.options.trading_clock import TradingClock

JUMPS_A_SESSION = 1.5
JUMP_MINUTES = 6.0
"""Variance of one jump, in average minutes of its session."""
VOL_OF_VOL = 0.0012
"""Standard deviation of the log volatility in one minute: 2.4 % a session.

With a larger value, the P&L of joint moves of spot and volatility would be comparable with that of gamma."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One simulated underlying: opening price, volatility a year on the trading clock, usual spread in bps."""

    symbol: str
    price: float
    volatility: float
    spread_bps: float
    depth: float


LISTINGS = (
    Listing("SPY", 662.0, 0.15, 1.2, 9_000),
    Listing("QQQ", 598.0, 0.20, 1.6, 6_000),
    Listing("IWM", 241.0, 0.22, 2.4, 5_000),
    Listing("AAPL", 271.0, 0.26, 2.2, 2_600),
    Listing("MSFT", 497.0, 0.24, 3.1, 1_800),
    Listing("NVDA", 184.0, 0.42, 2.8, 5_200),
    Listing("TSLA", 402.0, 0.52, 4.6, 2_400),
    Listing("AMD", 214.0, 0.48, 5.2, 1_900),
    Listing("META", 612.0, 0.33, 5.8, 1_100),
    Listing("COIN", 268.0, 0.70, 9.4, 700),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute of one underlying, ending now."""

    symbol: str
    open: float
    high: float
    low: float
    close: float


class SimulatedMarket:
    """The simulated market; it moves minute by minute through the exchange's sessions."""

    def __init__(self, start: datetime, calendar: Calendar, clock: TradingClock, seed: int) -> None:
        session = calendar.session_at(start)
        if session is None:
            raise ValueError(f"the simulation starts in a regular session, and {start} is in none")
        self.calendar, self.clock, self.now = calendar, clock, start
        self.session: TradingDay = session
        self.symbols = tuple(listing.symbol for listing in LISTINGS)
        self._index = {symbol: i for i, symbol in enumerate(self.symbols)}
        self._rng = np.random.default_rng([seed, 0x6D61726B])
        self.price = np.array([listing.price for listing in LISTINGS])
        self.sigma = np.array([listing.volatility for listing in LISTINGS])
        self._base = self.sigma.copy()
        self.spread_bps = np.array([listing.spread_bps for listing in LISTINGS])
        self.depth = np.array([listing.depth for listing in LISTINGS])
        self.usual_spread, self.usual_depth = self.spread_bps.copy(), self.depth.copy()
        self.session_open = self.price.copy()
        self._shape = session_shape(session.minutes)

    # --- time ------------------------------------------------------------------------------------------

    def step(self) -> tuple[Bar, ...]:
        """Advance one minute, over the night if the session ends, and return its bars."""
        if self.now >= self.session.close:
            self._open_next()
        minute = int((self.now - self.session.open).total_seconds() // 60)
        unit = self.clock.years_between(self.now, self.now + timedelta(minutes=1))
        share = float(self._shape[minute])
        jump_share = JUMPS_A_SESSION * JUMP_MINUTES / self.session.minutes
        variance = self.sigma**2 * unit * share
        opened = self.price * self._jumps(variance, jump_share)
        closed, high, low = self._diffuse(opened, variance * (1 - jump_share))
        self.price = closed
        self._move_volatility()
        self.now += timedelta(minutes=1)
        return tuple(
            Bar(s, float(o), float(h), float(low_), float(c))
            for s, o, h, low_, c in zip(self.symbols, opened, high, low, closed, strict=True)
        )

    def _open_next(self) -> None:
        """Advance over the night: one price gap with its own variance."""
        following = self.calendar.next_session(self.session.date)
        night = self.clock.years_between(self.session.close, following.open)
        z = self._rng.standard_normal(len(self.price))
        variance = self.sigma**2 * night
        self.price = self.price * np.exp(np.sqrt(variance) * z - variance / 2)
        self.session, self.now = following, following.open
        self.session_open = self.price.copy()
        self._shape = session_shape(following.minutes)

    def _jumps(self, variance: NDArray[np.float64], jump_share: float) -> NDArray[np.float64]:
        """Return jump factors: rare, with mean 1, and with ``jump_share`` of the minute's variance."""
        chance = JUMPS_A_SESSION / self.session.minutes
        hit = self._rng.random(len(variance)) < chance
        size = np.sqrt(variance * jump_share / chance)
        z = self._rng.standard_normal(len(variance))
        return np.where(hit, np.exp(size * z - size**2 / 2), 1.0)

    def _diffuse(
        self, opened: NDArray[np.float64], variance: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return close, high and low of a continuous path over the minute."""
        n = len(opened)
        z = self._rng.standard_normal(n)
        up, down = 1 - self._rng.random(n), 1 - self._rng.random(n)
        step = np.sqrt(variance) * z - variance / 2
        high = (step + np.sqrt(step**2 - 2 * variance * np.log(up))) / 2
        low = (step - np.sqrt(step**2 - 2 * variance * np.log(down))) / 2
        return opened * np.exp(step), opened * np.exp(high), opened * np.exp(low)

    def _move_volatility(self) -> None:
        n = len(self.sigma)
        z = self._rng.standard_normal(n)
        moved = self.sigma * np.exp(VOL_OF_VOL * z - VOL_OF_VOL**2 / 2)
        self.sigma = np.clip(moved, 0.5 * self._base, 2.0 * self._base)
        wobble = np.exp(0.15 * self._rng.standard_normal(n))
        self.spread_bps = self.usual_spread * np.clip(
            (self.spread_bps / self.usual_spread) ** 0.9 * wobble, 0.5, 4.0
        )
        self.depth = self.usual_depth * np.exp(0.4 * self._rng.standard_normal(n))

    # --- quotes ---------------------------------------------------------------------------------------

    def spot(self, symbol: str) -> float:
        return float(self.price[self._index[symbol]])

    def row(self, symbol: str) -> int:
        return self._index[symbol]

    def quoted_volatility(self, symbol: str, expiry: date) -> float | None:
        """Return the volatility on the trading clock that equals the remaining variance until an expiry."""
        years = self.clock.years_to_expiry(self.now, expiry)
        if years <= 0:
            return None
        extra = self._extra_years(expiry)
        return float(self.sigma[self._index[symbol]]) * math.sqrt(max(years + extra, 1e-12) / years)

    def _extra_years(self, expiry: date) -> float:
        """Return by how many years the rest of this session exceeds its minutes (negative if quieter)."""
        if expiry < self.session.date or not self.session.open <= self.now < self.session.close:
            return 0.0
        minute = int((self.now - self.session.open).total_seconds() // 60)
        remaining = self.clock.years_between(self.now, self.session.close)
        flat = self.session.minutes - minute
        return remaining * (float(self._shape[minute:].sum()) / flat - 1)


def session_shape(minutes: int) -> NDArray[np.float64]:
    """Return the weight of each minute in a session's variance: mean 1, larger at the open and the close."""
    x = np.linspace(0.0, 1.0, minutes)
    shape = 0.75 + 1.6 * np.exp(-x / 0.06) + 0.7 * np.exp(-(1 - x) / 0.08)
    return np.asarray(shape / shape.mean())
