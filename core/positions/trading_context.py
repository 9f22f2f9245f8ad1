"""Rules in force and exchange calendar: what the functions of ``core.positions`` need besides a position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

from core.exchange.calendar import Calendar
from core.model import Contract
from core.options.dividend_table import TABLE as ASSUMED_DIVIDENDS
from core.options.dividend_table import third_fridays
from core.options.dividends import CashDividend, present_value
from core.options.trading_clock import TradingClock
from core.options.volatility import MarketVolatility, VolatilityLevel, VolatilitySurface
from core.positions.cache import MOST_CONTRACTS, KnownContract, TradingCache
from core.rules import Rules
from core.thresholds import above


@dataclass(frozen=True)
class TradingContext:
    """Rules, calendar and the trading clock they define; share one object for as long as both are in force.

    ``dividends`` are the announced ones by symbol; where there are any, they count in place of any yield.
    ``volatility`` is what is known of volatility besides option quotes: whoever handles the inputs adds to it.
    ``cache`` holds results that positions share. It is no part of the context's value.
    """

    rules: Rules
    calendar: Calendar
    dividends: Mapping[str, tuple[CashDividend, ...]] = field(default_factory=dict)
    volatility: MarketVolatility = field(default_factory=MarketVolatility, compare=False)
    cache: TradingCache = field(default_factory=TradingCache, init=False, repr=False, compare=False)

    @cached_property
    def clock(self) -> TradingClock:
        """The trading clock of these rules on this calendar."""
        return _clock(self.calendar, self.rules.clock.night_minutes, self.rules.clock.weekend_minutes)

    @cached_property
    def surface(self) -> VolatilitySurface:
        """The term structure and smile of these rules on this clock."""
        return VolatilitySurface(self.rules.volatility, self.clock.units_per_year)

    def level(self, symbol: str) -> VolatilityLevel:
        """Return the level that an estimated volatility of a symbol starts from, as far as it is known now."""
        market = self.volatility
        vix, percentile = market.vix, market.percentiles.get(symbol)
        known = self.cache.levels.get(symbol)
        if known is None or known[0] is not vix or known[1] != percentile:
            level = self.surface.level(symbol, market)
            known = self.cache.levels[symbol] = (vix, percentile, level)
        return known[2]

    @property
    def rate(self) -> float:
        """The risk-free rate a year, continuous."""
        return self.rules.volatility.rate

    def dividend(self, contract: Contract) -> float:
        """Return the continuous dividend yield a year of the underlying: the rules' own, else the assumed one.

        0 where ex-dates are known by rule: then dollars stand for it, see ``announced``.
        """
        stated = self.rules.volatility.dividend.get(contract.underlying)
        if stated is not None:
            return stated
        assumed = ASSUMED_DIVIDENDS.get(contract.underlying)
        return 0.0 if assumed is None or assumed.third_friday else assumed.rate

    def announced(self, contract: Contract, since: datetime, now: datetime, spot: float) -> float | None:
        """Return in dollars of ``now`` the dividends that go ex after ``since`` and until the expiry.

        Those that a feed has announced; else, where a fund's rule fixes its ex-dates, assumed ones of the table's
        yield at ``spot``. ``None`` when there are neither, or the rules state a yield: then ``dividend`` counts.
        """
        symbol, first = contract.underlying, self.calendar.market_date(since)
        dividends = self.dividends.get(symbol) or self._by_rule(symbol, first, contract.expiry, spot)
        if dividends is None:
            return None
        close = self.last_close(contract.expiry)
        return present_value(dividends, first, contract.expiry, now, close, self.rate)

    def _by_rule(self, symbol: str, after: date, until: date, spot: float) -> tuple[CashDividend, ...] | None:
        assumed = ASSUMED_DIVIDENDS.get(symbol)
        if assumed is None or not assumed.third_friday or symbol in self.rules.volatility.dividend:
            return None
        each = spot * assumed.rate / len(assumed.months)
        # A Friday after the expiry can belong to an ex-date before it, when the exchange is closed on that Friday.
        fridays = third_fridays(assumed.months, after, until + timedelta(days=1))
        days = (
            day if self.calendar.session(day) else self.calendar.previous_session(day).date for day in fridays
        )
        return tuple(CashDividend(day, each) for day in days)

    def last_close(self, expiry: date) -> datetime:
        """Return the last instant at which an option of that expiry trades.

        If an unscheduled closure removed the expiry's session, it is the close of the session before.
        """
        return _last_close(self.calendar, expiry)

    def known(self, contract: Contract) -> KnownContract:
        """Return the facts of a contract, the same object for equal contracts."""
        known = self.cache.contracts.get(id(contract))
        if known is not None:
            return known[1]
        cache = self.cache
        if len(cache.contracts) >= MOST_CONTRACTS:
            cache.contracts.clear()
            cache.equal_contracts.clear()
        found = cache.equal_contracts.get(contract)
        if found is None:
            close = self.last_close(contract.expiry)
            found = KnownContract(contract, close, self.rate, self.dividend(contract))
            cache.equal_contracts[contract] = found
        cache.contracts[id(contract)] = contract, found
        return found

    def dte(self, contract: Contract, now: datetime) -> int:
        """Return the calendar days from the exchange's date at ``now`` to the expiry, at least 0."""
        return max(0, (contract.expiry - self.calendar.market_date(now)).days)

    def price_age(self, priced_at: datetime, now: datetime) -> float:
        """Return the seconds since a price was made."""
        return (now - priced_at).total_seconds()

    def is_stale(self, priced_at: datetime, now: datetime) -> bool:
        """Return whether a price of the underlying is too old for a stop or target to act on."""
        return above(self.price_age(priced_at, now), self.rules.fills.price_stale_seconds)


@lru_cache(maxsize=1024)
def _last_close(calendar: Calendar, expiry: date) -> datetime:
    return (calendar.session(expiry) or calendar.previous_session(expiry)).close


@lru_cache(maxsize=16)
def _clock(calendar: Calendar, night_minutes: float, weekend_minutes: float) -> TradingClock:
    return TradingClock(calendar, night_minutes, weekend_minutes)
