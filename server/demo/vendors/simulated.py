"""The simulated market behind a vendor's server: it remembers its bars and lists whole chains."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import numpy as np

from core.options import price
from core.options.contract import listed_expiries, root_of, strike_step
from core.options.ticks import tick_down, tick_up
from core.options.trading_clock import calendar_years
from server.demo.feed import SimulatedFeed, half_spread
from server.demo.market import Bar, SimulatedMarket
from server.demo.vendors.source import CorporateAction, ListedOption, PriceBar, Stock, parse_occ

PAST_SESSIONS = 80
STRIKES_A_SIDE = 20
EXPIRY_DAYS = 60
ADJUSTED = "NVDA"
"""An underlying that also lists adjusted contracts, as after a split."""
ADJUSTED_INTEREST = 12
ETFS = frozenset({"SPY", "QQQ", "IWM"})


class SimulatedSource:
    """Shows a ``SimulatedMarket``; the driver calls ``record`` with each minute's bars.

    ``clock`` is the engine's, which may be ahead of the market after its close.
    """

    def __init__(
        self,
        market: SimulatedMarket,
        feed: SimulatedFeed,
        seed: int,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.market, self.feed = market, feed
        self._clock = clock or (lambda: market.now)
        self.halts: set[str] = set()
        """Underlyings without trading; their price and its time stand still."""
        self._halted: dict[str, Stock] = {}
        self.corporate_actions: list[CorporateAction] = []
        self.overrides: dict[str, ListedOption] = {}
        """Options to show otherwise than the market has them, by symbol."""
        self._minutes: dict[str, list[PriceBar]] = {symbol: [] for symbol in market.symbols}
        self._session = market.session.date
        self._chains: dict[tuple[str, date], dict[str, ListedOption]] = {}
        self._quoted_at = market.now
        self._days = self._past(seed)

    def record(self, bars: Sequence[Bar]) -> dict[str, PriceBar]:
        """Remember the bars of the minute that ends now, and return them by symbol."""
        if self._session != self.market.session.date:
            self._end_session()
        began = self.market.now - timedelta(minutes=1)
        made = {bar.symbol: self._minute(bar, began) for bar in bars if bar.symbol not in self.halts}
        for symbol, bar in made.items():
            self._minutes[symbol].append(bar)
        return made

    # --- the market ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._clock()

    def is_open(self) -> bool:
        return self.market.calendar.session_at(self.now()) is not None

    def stock(self, symbol: str) -> Stock | None:
        if symbol not in self.market.symbols:
            return None
        if symbol in self.halts:
            return self._halted.setdefault(symbol, self._traded(symbol))
        self._halted.pop(symbol, None)
        return self._traded(symbol)

    def _traded(self, symbol: str) -> Stock:
        market, row = self.market, self.market.row(symbol)
        spot = market.spot(symbol)
        half = spot * float(market.spread_bps[row]) / 20_000
        size = max(100, round(float(market.depth[row]) / 200) * 100)
        today = self._today(symbol)
        return Stock(
            symbol=symbol, kind="etf" if symbol in ETFS else "stock", last=round(spot, 4),
            bid=math.floor((spot - half) * 100) / 100, ask=math.ceil((spot + half) * 100) / 100,
            bid_size=size, ask_size=size, at=market.now, open=today.open, high=today.high, low=today.low,
            previous_close=self._days[symbol][-1].close, volume=today.volume,
        )  # fmt: skip

    def minutes(self, symbol: str, since: datetime, until: datetime) -> Sequence[PriceBar]:
        bars = self._minutes.get(symbol, [])
        first = bisect_left(bars, since, key=lambda bar: bar.began)
        last = bisect_left(bars, until, key=lambda bar: bar.began)
        return bars[first:last]

    def days(self, symbol: str, since: date, until: date) -> Sequence[PriceBar]:
        if symbol not in self._days:
            return ()
        bars = (*self._days[symbol], self._today(symbol))
        return [bar for bar in bars if since <= bar.began.date() <= until]

    def expiries(self, symbol: str) -> tuple[date, ...]:
        if symbol not in self.market.symbols:
            return ()
        today = self.market.calendar.market_date(self.market.now)
        last = today + timedelta(days=EXPIRY_DAYS)
        return listed_expiries(symbol, today, last, self.market.calendar, self.feed.rules.contract)

    def strikes(self, symbol: str, expiry: date) -> Mapping[str, Sequence[float]]:
        if expiry not in self.expiries(symbol):
            return {}
        rules, spot = self.feed.rules.contract, self.market.spot(symbol)
        step = strike_step(symbol, spot, rules)
        middle = round(spot / step)
        around = range(max(1, middle - STRIKES_A_SIDE), middle + STRIKES_A_SIDE + 1)
        listed = [round(k * step, 3) for k in around]
        return {symbol: listed, **({f"{symbol}1": listed[:2]} if symbol == ADJUSTED else {})}

    def listing(self, symbol: str, expiry: date) -> Sequence[ListedOption]:
        spot = self.market.spot(symbol) if symbol in self.market.symbols else 0.0
        return [
            ListedOption(
                symbol=_occ(root, expiry, right, strike), underlying=symbol, root=root, expiry=expiry,
                strike=strike, right=right, bid=None, ask=None, bid_size=0, ask_size=0, at=self.market.now,
                open_interest=_open_interest(strike, spot) if root == symbol else ADJUSTED_INTEREST,
            )
            for root, strikes in self.strikes(symbol, expiry).items()
            for strike in strikes
            for right in "PC"
        ]  # fmt: skip

    def chain(self, symbol: str, expiry: date) -> tuple[ListedOption, ...]:
        if self._quoted_at != self.market.now:
            self._quoted_at = self.market.now
            self._chains.clear()
        key = symbol, expiry
        if key not in self._chains:
            strikes = self.strikes(symbol, expiry).get(symbol, ())
            if not strikes:
                return ()
            rows = self._rows(symbol, expiry, [(strike, right) for strike in strikes for right in "PC"])
            self._chains[key] = {row.symbol: row for row in rows}
        rows = tuple(self.overrides.get(occ, row) for occ, row in self._chains[key].items())
        return (*rows, *(self._adjusted(row) for row in rows[:4])) if symbol == ADJUSTED else rows

    def option(self, occ: str) -> ListedOption | None:
        parts = parse_occ(occ)
        if parts is None or parts[0] not in self.market.symbols:
            return None
        symbol, expiry, right, strike = parts
        if expiry not in self.expiries(symbol):
            return None
        self.chain(symbol, expiry)
        row = self._chains[symbol, expiry].get(occ)
        # A strike that was near the money when it was bought may not be so any more.
        found = row or next(iter(self._rows(symbol, expiry, [(strike, right)])), None)
        return self.overrides.get(occ, found) if found is not None else None

    def is_halted(self, symbol: str) -> bool:
        return symbol in self.halts

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        return tuple(action for action in self.corporate_actions if action.symbol == symbol)

    # --- options ---------------------------------------------------------------------------------------

    def _rows(
        self, symbol: str, expiry: date, wanted: Sequence[tuple[float, str]]
    ) -> tuple[ListedOption, ...]:
        """Return options of one expiry by (strike, right), quoted around their fair value."""
        market, rules, now = self.market, self.feed.rules, self.market.now
        ends = market.clock.expiry_instant(expiry)
        years, volatility = market.clock.years_between(now, ends), market.quoted_volatility(symbol, expiry)
        if not wanted or volatility is None or years <= 0:
            return ()
        carry, spot, fills = calendar_years(now, ends), market.spot(symbol), rules.fills
        values = price(
            spot, np.array([strike for strike, _ in wanted]), years, volatility,
            np.array([right == "C" for _, right in wanted]), rate=rules.volatility.rate,
            dividend=rules.volatility.dividend.get(symbol, 0.0), carry_years=carry,
            american=symbol not in rules.contract.european,
        )  # fmt: skip
        root = root_of(symbol, rules.contract)
        rows = []
        for (strike, right), value in zip(wanted, values.tolist(), strict=True):
            half = half_spread(value)
            bid = tick_down(symbol, value - half, fills)
            rows.append(
                ListedOption(
                    symbol=_occ(root, expiry, right, strike), underlying=symbol,
                    root=root, expiry=expiry, strike=strike, right=right, bid=bid or None,
                    ask=tick_up(symbol, value + half, fills), bid_size=40 if bid else 0, ask_size=40, at=now,
                    open_interest=_open_interest(strike, spot), last=bid or None,
                    volatility=volatility * math.sqrt(years / carry),
                )
            )  # fmt: skip
        return tuple(rows)

    def _adjusted(self, row: ListedOption) -> ListedOption:
        """Return the contract of an adjusted root beside a standard one, at a price of its own."""
        root = row.root + "1"
        return ListedOption(
            symbol=row.symbol.replace(row.root, root, 1), underlying=row.underlying, root=root,
            expiry=row.expiry, strike=row.strike, right=row.right, bid=None, ask=(row.ask or 0.0) + 5.0,
            bid_size=0, ask_size=3, at=row.at, open_interest=ADJUSTED_INTEREST,
        )  # fmt: skip

    # --- bars ------------------------------------------------------------------------------------------

    def _minute(self, bar: Bar, began: datetime) -> PriceBar:
        volume = round(float(self.market.depth[self.market.row(bar.symbol)]) * 10)
        return PriceBar(
            began=began, open=round(bar.open, 4), high=round(bar.high, 4), low=round(bar.low, 4),
            close=round(bar.close, 4), volume=volume,
        )  # fmt: skip

    def _today(self, symbol: str) -> PriceBar:
        spot, opened = (
            round(self.market.spot(symbol), 4),
            round(float(self.market.session_open[self.market.row(symbol)]), 4),
        )
        bars = self._minutes[symbol] if self._session == self.market.session.date else []
        return PriceBar(
            began=self.market.session.open,
            open=opened,
            high=max([opened, spot, *(bar.high for bar in bars)]),
            low=min([opened, spot, *(bar.low for bar in bars)]),
            close=spot,
            volume=sum(bar.volume for bar in bars),
        )

    def _end_session(self) -> None:
        """Keep the session that has ended as a daily bar."""
        ended = self.market.calendar.session(self._session)
        for symbol, bars in self._minutes.items():
            if bars and ended is not None:
                self._days[symbol].append(
                    PriceBar(
                        began=ended.open, open=bars[0].open, high=max(b.high for b in bars),
                        low=min(b.low for b in bars), close=bars[-1].close,
                        volume=sum(b.volume for b in bars),
                    )
                )  # fmt: skip
            bars.clear()
        self._session = self.market.session.date

    def _past(self, seed: int) -> dict[str, list[PriceBar]]:
        """Make the daily bars before the start, which end at the first session's open, as noise of its size."""
        calendar, rng = self.market.calendar, np.random.default_rng([seed, 0x70617374])
        sessions = [calendar.previous_session(self._session)]
        while len(sessions) < PAST_SESSIONS:
            sessions.append(calendar.previous_session(sessions[-1].date))
        found = {}
        for symbol in self.market.symbols:
            row = self.market.row(symbol)
            daily = float(self.market.sigma[row]) / math.sqrt(252)
            close, bars = float(self.market.session_open[row]), []
            for session in sessions:
                step = float(rng.standard_normal()) * daily
                opened = close * math.exp(-step)
                reach = daily * np.abs(rng.standard_normal(2)) * 0.5
                bars.append(
                    PriceBar(
                        began=session.open, open=round(opened, 2),
                        high=round(max(opened, close) * math.exp(float(reach[0])), 2),
                        low=round(min(opened, close) * math.exp(-float(reach[1])), 2), close=round(close, 2),
                        volume=round(float(self.market.depth[row]) * 3_900),
                    )
                )  # fmt: skip
                close = opened
            found[symbol] = bars[::-1]
        return found


def _open_interest(strike: float, spot: float) -> int:
    away = abs(strike / spot - 1) * 100
    return int(9_000 / (1 + away) + (round(strike * 10) * 37) % 400)


def _occ(root: str, expiry: date, right: str, strike: float) -> str:
    return f"{root}{expiry:%y%m%d}{right}{round(strike * 1000):08d}"
