"""What the mechanics of a position need of the world: the rules in force and the exchange's calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache

from core.exchange.calendar import Calendar
from core.model import Contract
from core.options.trading_clock import TradingClock
from core.positions.cache import TradingCache
from core.rules import Rules


@dataclass(frozen=True)
class TradingContext:
    """Rules and calendar, with the trading clock that follows from them; share one as long as both hold."""

    rules: Rules
    calendar: Calendar
    cache: TradingCache = field(default_factory=TradingCache, init=False, repr=False, compare=False)

    @cached_property
    def clock(self) -> TradingClock:
        """The trading clock of these rules on this calendar."""
        return _clock(self.calendar, self.rules.clock.night_minutes, self.rules.clock.weekend_minutes)

    @property
    def rate(self) -> float:
        return self.rules.volatility.rate

    def dividend(self, contract: Contract) -> float:
        """Continuous yield a year of the contract's underlying, 0 when the rules name none."""
        return self.rules.volatility.dividend.get(contract.underlying, 0.0)

    def last_close(self, expiry: date) -> datetime:
        """The last instant at which an option of that expiry trades.

        An expiry that an unscheduled closure took out of the calendar ends with the session before it.
        """
        return _last_close(self.calendar, expiry)

    def dte(self, contract: Contract, now: datetime) -> int:
        """Calendar days from the exchange's date at ``now`` to the expiry, not below 0."""
        return max(0, (contract.expiry - self.calendar.market_date(now)).days)

    def price_age(self, priced_at: datetime, now: datetime) -> float:
        """Seconds since a price was made."""
        return (now - priced_at).total_seconds()

    def is_stale(self, priced_at: datetime, now: datetime) -> bool:
        """Whether a price of the underlying is too old for a stop or a target to act on it."""
        return self.price_age(priced_at, now) > self.rules.fills.price_stale_seconds


@lru_cache(maxsize=1024)
def _last_close(calendar: Calendar, expiry: date) -> datetime:
    return (calendar.session(expiry) or calendar.previous_session(expiry)).close


@lru_cache(maxsize=16)
def _clock(calendar: Calendar, night_minutes: float, weekend_minutes: float) -> TradingClock:
    return TradingClock(calendar, night_minutes, weekend_minutes)
