"""The simulated market as a feed: snapshots of the underlying, a chain near the money, quotes of held options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from core.effects import FetchMarket, Watch
from core.events import OptionChain
from core.model import Contract, Direction, MarketSnapshot
from core.options import price
from core.options.contract import choose_expiry, listed_expiries, make_contract, strike_step
from core.options.fills import OptionQuote
from core.options.trading_clock import calendar_years
from core.rules import Rules
from server.demo.market import SimulatedMarket
from server.feeds.base import FeedStatus, MarketReply, PriceSink

FEED = "simulated"
SPREAD_A, SPREAD_B, LEAST_SPREAD = 0.035, 0.6, 0.01
"""Option spread in dollars: a·mid^b, never under a cent."""


class SimulatedFeed:
    """Replies at once from the market's state; keeps the watched symbols for the driver to price."""

    note = "simulated market"
    assumed = False

    def __init__(self, market: SimulatedMarket, rules: Rules) -> None:
        self.market = market
        self.rules = rules
        self.watched: tuple[Watch, ...] = ()

    def at_once(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        """Return the market of one signal; a symbol that is not listed has no data at all."""
        if ask.symbol not in self.market.symbols:
            return MarketReply(MarketSnapshot(symbol=ask.symbol, as_of=now))
        return MarketReply(self.snapshot(ask.symbol, now), self._chain(ask, now) if chain else None)

    async def ask(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        return self.at_once(ask, now, chain=chain)

    def attach(self, sink: PriceSink) -> None:
        """Do nothing: the simulation itself posts the prices, minute by minute."""

    async def run(self) -> None:
        """Return at once, for the same reason."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    async def watch(self, wanted: Sequence[Watch]) -> None:
        self.watched = tuple(wanted)

    def trouble(self, symbol: str) -> str:
        return ""

    def status(self) -> tuple[FeedStatus, ...]:
        detail = f"{len(self.market.symbols)} underlyings, minute bars and option quotes"
        return (FeedStatus(name=FEED, state="SIMULATED", detail=detail),)

    def snapshot(self, symbol: str, now: datetime) -> MarketSnapshot:
        m, i = self.market, self.market.row(symbol)
        spot, bps, depth = m.spot(symbol), float(m.spread_bps[i]), float(m.depth[i])
        half = spot * bps / 20_000
        daily = float(m.sigma[i]) / math.sqrt(252)
        fields = ("price", "bid", "ask", "spread_bps", "depth_score", "atr14")
        return MarketSnapshot(
            symbol=symbol,
            as_of=now,
            price=spot,
            bid=spot - half,
            ask=spot + half,
            bid_size=depth / 2,
            ask_size=depth / 2,
            spread_bps=bps,
            depth_score=min(100.0, 10 * math.sqrt(depth / 100)),
            atr14=spot * daily * 1.25,
            rv20=float(m.sigma[i]),
            trend_slope=float(spot / m.session_open[i] - 1),
            feeds=dict.fromkeys(fields, FEED),
            ages=dict.fromkeys(fields, 0.0),
        )

    def quotes(self, contracts: Sequence[Contract], now: datetime) -> tuple[tuple[str, OptionQuote], ...]:
        """Return two-sided quotes of options on one underlying, by OCC symbol."""
        live = [c for c in contracts if self._years(c.expiry, now) > 0]
        if not live:
            return ()
        mids = self._values(live, now)
        return tuple((c.occ, _quote(float(mid), now)) for c, mid in zip(live, mids, strict=True))

    def _values(self, contracts: Sequence[Contract], now: datetime) -> NDArray[np.float64]:
        symbol = contracts[0].underlying
        sigma = [self.market.quoted_volatility(symbol, c.expiry) or 0.0 for c in contracts]
        return price(
            self.market.spot(symbol),
            np.array([c.strike for c in contracts]),
            np.array([self._years(c.expiry, now) for c in contracts]),
            np.array(sigma),
            np.array([c.is_call for c in contracts]),
            rate=self.rules.volatility.rate,
            dividend=self.rules.volatility.dividend.get(symbol, 0.0),
            carry_years=np.array([calendar_years(now, self._close(c.expiry)) for c in contracts]),
            american=contracts[0].style == "american",
        )

    def _chain(self, ask: FetchMarket, now: datetime) -> OptionChain:
        rules, m = self.rules.contract, self.market
        today = m.calendar.market_date(now)
        horizon = date.fromordinal(today.toordinal() + 2 * rules.monthly_target_days)
        expiries = listed_expiries(ask.symbol, today, horizon, m.calendar, rules)
        chosen = choose_expiry(ask.symbol, ask.timeframe, now, m.calendar, expiries, rules)
        if chosen is None:
            return OptionChain(expiries=expiries)
        spot = m.spot(ask.symbol)
        step = strike_step(ask.symbol, spot, rules)
        middle = round(spot / step)
        strikes = tuple(round(k * step, 3) for k in range(middle - 4, middle + 5) if k > 0)
        wanted, near = Direction(ask.direction), strikes[len(strikes) // 2 - 2 : len(strikes) // 2 + 3]
        contracts = [make_contract(ask.symbol, chosen, k, wanted, rules) for k in strikes]
        # Both rights near the money, as a feed gives them: they imply the forward.
        contracts += [make_contract(ask.symbol, chosen, k, wanted.opposite, rules) for k in near]
        return OptionChain(
            expiries=expiries, strikes=((chosen, strikes),), quotes=self.quotes(contracts, now)
        )

    def _close(self, expiry: date) -> datetime:
        return self.market.clock.expiry_instant(expiry)

    def _years(self, expiry: date, now: datetime) -> float:
        return self.market.clock.years_between(now, self._close(expiry))


def half_spread(mid: float) -> float:
    """Return half of an option's spread in dollars."""
    return float(min(max(LEAST_SPREAD, SPREAD_A * mid**SPREAD_B) / 2, mid))


def _quote(mid: float, now: datetime) -> OptionQuote:
    half = half_spread(mid)
    return OptionQuote(
        bid=max(0.0, mid - half), ask=mid + half, at=now, source=FEED, bid_size=40.0, ask_size=40.0
    )
