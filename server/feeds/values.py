"""Values that a vendor gives: quotes, bars, options, dividends, splits; and why a value is missing.

Times are aware and the vendor's own; ``None`` where the vendor states none. Prices are in dollars a share, the sizes
of an underlying in shares, those of an option in contracts. Symbols are the deck's (``SPX``, ``BRK.B``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from core.options.fills import OptionQuote

TRADE_AFTER_HALT = timedelta(seconds=2)
"""By how much a trade must be newer than a halt to show that the halt is over."""


class Need(StrEnum):
    """One kind of data that a vendor may offer."""

    QUOTES = "quotes"
    DAILY_BARS = "daily_bars"
    MINUTE_BARS = "minute_bars"
    EXPIRATIONS = "expirations"
    CHAIN = "chain"
    OPTION_QUOTES = "option_quotes"
    STREAM = "stream"
    DIVIDENDS = "dividends"
    SPLITS = "splits"
    SYMBOL_CHANGES = "symbol_changes"
    CLOCK = "clock"


class Fault(StrEnum):
    """The kinds of reason for a value that a vendor did not give."""

    NOT_OFFERED = "NOT_OFFERED"
    KEY_MISSING = "KEY_MISSING"
    KEY_REFUSED = "KEY_REFUSED"
    NOT_IN_PLAN = "NOT_IN_PLAN"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    NO_DATA = "NO_DATA"
    BUDGET_SPENT = "BUDGET_SPENT"
    TIMED_OUT = "TIMED_OUT"
    UNREACHABLE = "UNREACHABLE"
    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO_LARGE"
    REDIRECTED = "REDIRECTED"
    REFUSED = "REFUSED"
    VENDOR_ERROR = "VENDOR_ERROR"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A value that could not be had: the fault, a text for a person, and when to ask again if that is known.

    The text holds neither a key nor a URL with its query.
    """

    fault: Fault
    text: str
    symbol: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The market of one underlying, or what one stream message says of it: fields not stated are ``None``.

    ``last`` is a trade that counts for the day's high and low. ``halted`` is ``None`` when the vendor does not say.
    ``delayed``: the vendor says that the values are not of this moment.
    """

    symbol: str
    source: str
    last: float | None = None
    last_at: datetime | None = None
    last_size: float | None = None
    bid: float | None = None
    bid_at: datetime | None = None
    bid_size: float | None = None
    ask: float | None = None
    ask_at: datetime | None = None
    ask_size: float | None = None
    volume: float | None = None
    previous_close: float | None = None
    halted: bool | None = None
    halted_at: datetime | None = None
    delayed: bool = False

    @property
    def book_at(self) -> datetime | None:
        """When bid and ask were both known: the older of the two sides; ``None`` if a side has no time."""
        if self.bid_at is None or self.ask_at is None:
            return None
        return min(self.bid_at, self.ask_at)

    @property
    def is_halted(self) -> bool | None:
        """True if halted, ``None`` if not said; a trade made after the halt ends it: the message may be lost."""
        if self.halted and self.last_at is not None and self.halted_at is not None:
            return self.last_at - self.halted_at <= TRADE_AFTER_HALT
        return self.halted

    @property
    def mid(self) -> float | None:
        """The middle of a two-sided, uncrossed quote, else ``None``."""
        if self.bid is None or self.ask is None or not 0 < self.bid <= self.ask < math.inf:
            return None
        return (self.bid + self.ask) / 2


def merged(old: Quote | None, new: Quote) -> Quote:
    """Return ``old`` with what ``new`` states, part by part, where it is not older.

    Trade, bid, ask and halt each keep their own time, so messages that arrive twice or out of order change nothing.
    A part without a time replaces only a part without one.
    """
    if old is None:
        return new
    trade = new.last is not None and _not_older(new.last_at, old.last_at)
    bid = new.bid_at is not None and _not_older(new.bid_at, old.bid_at)
    ask = new.ask_at is not None and _not_older(new.ask_at, old.ask_at)
    halt = new.halted is not None and _not_older(new.halted_at, old.halted_at)
    volumes = [volume for volume in (old.volume, new.volume) if volume is not None]
    return Quote(
        symbol=old.symbol,
        source=new.source if trade or bid or ask else old.source,
        last=new.last if trade else old.last,
        last_at=new.last_at if trade else old.last_at,
        last_size=new.last_size if trade else old.last_size,
        bid=new.bid if bid else old.bid,
        bid_at=new.bid_at if bid else old.bid_at,
        bid_size=new.bid_size if bid else old.bid_size,
        ask=new.ask if ask else old.ask,
        ask_at=new.ask_at if ask else old.ask_at,
        ask_size=new.ask_size if ask else old.ask_size,
        volume=max(volumes, default=None),
        previous_close=old.previous_close if new.previous_close is None else new.previous_close,
        halted=new.halted if halt else old.halted,
        halted_at=new.halted_at if halt else old.halted_at,
        delayed=new.delayed if trade or bid or ask else old.delayed,
    )


def _not_older(new: datetime | None, old: datetime | None) -> bool:
    return old is None if new is None else old is None or new >= old


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of an underlying; ``end`` is when its last price was made, so a running bar ends now.

    ``complete`` is false while its period still runs. A daily bar starts and ends with its session.
    """

    symbol: str
    source: str
    start: datetime
    end: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRow:
    """One listed option with its quote. Implied volatility and Greeks of a vendor are left out on purpose.

    ``adjusted``: the deliverable is not 100 shares of the underlying, or the root says so (AAPL1). A side that is
    not quoted is ``None``: vendors write 0 there. ``open_interest`` in contracts.
    """

    occ: str
    source: str
    underlying: str
    root: str
    expiry: date
    strike: float
    right: str
    multiplier: int = 100
    adjusted: bool = False
    bid: float | None = None
    bid_at: datetime | None = None
    bid_size: float | None = None
    ask: float | None = None
    ask_at: datetime | None = None
    ask_size: float | None = None
    open_interest: float | None = None
    volume: float | None = None

    @property
    def quote(self) -> OptionQuote | None:
        """The quote as the engine takes it, as old as the older of its sides; ``None`` without any time.

        A side that last changed before the other did is still only known as of its own time.
        """
        times = [at for at in (self.bid_at, self.ask_at) if at is not None]
        if not times:
            return None
        return OptionQuote(
            bid=self.bid,
            ask=self.ask,
            at=min(times),
            source=self.source,
            bid_size=self.bid_size,
            ask_size=self.ask_size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPage:
    """The options of one underlying and expiry, all pages of the vendor together; ``complete`` if none is missing."""

    underlying: str
    expiry: date
    source: str
    rows: tuple[OptionRow, ...]
    at: datetime
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """A cash dividend in dollars a share; who buys on ``ex_date`` no longer gets it."""

    symbol: str
    ex_date: date
    amount: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A split: each ``old`` shares become ``new`` from the opening of ``ex_date`` on."""

    symbol: str
    ex_date: date
    new: float
    old: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolChange:
    """A change of name: from ``day`` on there are no prices under ``symbol``; ``to`` is the new one, if stated."""

    symbol: str
    day: date
    to: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeClock:
    """The vendor's clock; ``open`` is ``None`` when it does not say."""

    at: datetime
    open: bool | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """A change of a stream: ``connected`` (all symbols subscribed), or not, with the reason in words.

    After each change to ``connected`` the values may have a gap, so the reader asks once by request.
    """

    source: str
    connected: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamGap:
    """Messages that the vendor sent and that did not arrive; ``symbol`` is ``None`` when it may be any."""

    source: str
    text: str
    symbol: str | None = None


Tick = Quote | Bar | OptionRow | StreamState | StreamGap
"""One message of a stream, in the order of arrival."""


_OCC = re.compile(r"([A-Z][A-Z0-9]{0,5}) *(\d{2})(\d{2})(\d{2})([CP])(\d{8})")


def occ_parts(text: str) -> tuple[str, date, str, float] | None:
    """Return (root, expiry, right, strike) of an OCC symbol such as SPY261127C00450000, else ``None``."""
    found = _OCC.fullmatch(text.strip().upper())
    if found is None:
        return None
    root, year, month, day, right, strike = found.groups()
    try:
        return root, date(2000 + int(year), int(month), int(day)), right, int(strike) / 1000
    except ValueError:
        return None


def is_adjusted_root(root: str, multiplier: int = 100) -> bool:
    """Return whether a root names an adjusted contract: one with a digit at its end, or not of 100 shares."""
    return multiplier != 100 or root[-1:].isdigit()


def number(value: object) -> float | None:
    """Return a finite number from a JSON number or text, else ``None``; booleans and "NaN" are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def positive(value: object) -> float | None:
    """Return a finite number above 0, else ``None``: vendors write 0 for a side that is not quoted."""
    found = number(value)
    return found if found is not None and found > 0 else None
