"""The market behind a vendor's server: stocks, bars, listed options, halts and corporate actions at one instant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from core.exchange.calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """One underlying now: prices in dollars, sizes in shares; an index has neither bid nor ask.

    ``at`` is the instant of its quote and of its last trade; ``kind`` is stock | etf | index.
    """

    symbol: str
    kind: str
    last: float
    bid: float | None
    ask: float | None
    bid_size: int
    ask_size: int
    at: datetime
    open: float
    high: float
    low: float
    previous_close: float
    volume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBar:
    """A bar of a minute or of a session; ``began`` is its open."""

    began: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int


def path_of(bar: PriceBar) -> tuple[tuple[datetime, float], ...]:
    """Return the trades by which a minute bar came about, without its last: open, and both extremes."""
    extremes = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    seconds = (1, 20, 40)
    return tuple(
        (bar.began + timedelta(seconds=s), price)
        for s, price in zip(seconds, (bar.open, *extremes), strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOption:
    """One listed option now: a side without a price is ``None``; sizes are in contracts.

    ``volatility`` is a year's on the calendar, ``None`` when the market knows none.
    """

    symbol: str
    underlying: str
    root: str
    expiry: date
    strike: float
    right: str
    bid: float | None
    ask: float | None
    bid_size: int
    ask_size: int
    at: datetime
    open_interest: int | None = None
    last: float | None = None
    volatility: float | None = None

    @property
    def is_call(self) -> bool:
        return self.right == "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateAction:
    """A dividend (``rate`` dollars a share), a split (``new`` shares for ``old``), or a change of name.

    ``kind`` is dividend | split | name_change; ``to_symbol`` is the new name of a ``name_change``.
    """

    kind: str
    symbol: str
    ex_date: date
    rate: float | None = None
    new: float | None = None
    old: float | None = None
    to_symbol: str | None = None


class MarketSource(Protocol):
    """A market at its own instant; symbols that it does not list have no data."""

    def now(self) -> datetime: ...

    def is_open(self) -> bool: ...

    def stock(self, symbol: str) -> Stock | None: ...

    def minutes(self, symbol: str, since: datetime, until: datetime) -> Sequence[PriceBar]:
        """Return the completed minute bars that began in [``since``, ``until``), oldest first."""
        ...

    def days(self, symbol: str, since: date, until: date) -> Sequence[PriceBar]:
        """Return the daily bars of [``since``, ``until``], oldest first; today's is still in progress."""
        ...

    def expiries(self, symbol: str) -> tuple[date, ...]: ...

    def strikes(self, symbol: str, expiry: date) -> Mapping[str, Sequence[float]]:
        """Return the listed strikes of an expiry by root."""
        ...

    def listing(self, symbol: str, expiry: date) -> Sequence[ListedOption]:
        """Return all options of an expiry as ``chain`` does; they need not be quoted."""
        ...

    def chain(self, symbol: str, expiry: date) -> tuple[ListedOption, ...]:
        """Return all options of an expiry: every root, adjusted ones included."""
        ...

    def option(self, occ: str) -> ListedOption | None: ...

    def is_halted(self, symbol: str) -> bool: ...

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]: ...


_OCC = re.compile(r"([A-Z]{1,6}\d?)(\d{6})([CP])(\d{8})")


def parse_occ(text: str) -> tuple[str, date, str, float] | None:
    """Return root, expiry, right and strike of an OCC symbol; ``None`` when it is none."""
    match = _OCC.fullmatch(text)
    if match is None:
        return None
    root, day, right, strike = match.groups()
    try:
        expiry = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        return None
    return root, expiry, right, int(strike) / 1000


SHARES_SINCE = datetime(2025, 11, 3, 5, tzinfo=UTC)
"""Since then the tapes give the sizes of stock quotes in shares, before in lots of 100."""


def stated_size(shares: int, at: datetime) -> int:
    """Return the size of a stock's side as a vendor states it at an instant."""
    return shares if at >= SHARES_SINCE else shares // 100


def local_time(at: datetime) -> datetime:
    """Return New York's time of an instant, without a zone."""
    calendar, instant = Calendar.load(), at.astimezone(UTC)
    minutes = calendar.market_minute(instant)
    midnight = datetime.combine(calendar.market_date(instant), datetime.min.time())
    return midnight + timedelta(minutes=minutes, seconds=instant.second, microseconds=instant.microsecond)


def from_local_time(local: datetime) -> datetime:
    """Return the instant of a New York time without a zone; the earlier one in the hour that comes twice."""
    for hours in (4, 5):
        at = (local + timedelta(hours=hours)).replace(tzinfo=UTC)
        if local_time(at) == local:
            return at
    return (local + timedelta(hours=5)).replace(tzinfo=UTC)
