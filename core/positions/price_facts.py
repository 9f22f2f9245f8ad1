"""One price as every position of its underlying needs it: each result is worked out once, not for each of them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime

from core.events import PriceSeen
from core.model import Contract
from core.options.quotes import OptionQuote
from core.positions.exits import PriceRange
from core.positions.marking import next_mark, time_left
from core.positions.parity import implied_dividends, quotes_at
from core.positions.position import Mark, Position
from core.positions.trading_context import TradingContext

_Strike = tuple[str, date, float, str]


class PriceFacts:
    """One price or bar of an underlying at one instant.

    ``quotes`` are the usable ones by OCC symbol. ``first`` is the open of a bar, or the price; ``point`` is the price
    as a range, ``ranges`` are a bar's open and its inside.
    """

    __slots__ = (
        "_close_alone",
        "_dividends",
        "_in_session",
        "_marks",
        "first",
        "is_bar",
        "is_price",
        "now",
        "point",
        "quotes",
        "ranges",
        "seen",
        "trading",
        "vix",
    )

    def __init__(self, seen: PriceSeen, now: datetime, trading: TradingContext) -> None:
        self.seen, self.now, self.trading, self.vix = seen, now, trading, trading.volatility.vix
        self.is_price = is_price(seen)
        self.is_bar = seen.open is not None or seen.high is not None or seen.low is not None
        self.quotes = quotes_at(seen.quotes, now, trading)
        self.first = first = seen.price if seen.open is None else seen.open
        self.point = PriceRange(seen.price, seen.price, False)
        met = [first, seen.price, *(x for x in (seen.high, seen.low) if x is not None)]
        self.ranges = (PriceRange(first, first, False), PriceRange(min(met), max(met), True))
        self._in_session: bool | None = None
        self._close_alone: PriceFacts | None = None
        self._dividends: dict[_Strike, float | None] = {}
        self._marks: dict[int, tuple[Mark, Contract, OptionQuote | None, float | None, Mark]] = {}

    @property
    def fresh(self) -> bool:
        """True if the price is new enough for a stop or target to act on."""
        return not self.trading.is_stale(self.seen.priced_at, self.now)

    @property
    def in_session(self) -> bool:
        """True if the price is of the regular session, which is open or closed a moment ago.

        The last bar of a session arrives after the close. A bar that ends at the open is of the time before it.
        """
        if self._in_session is None:
            self._in_session = self._is_in_session()
        return self._in_session

    def _is_in_session(self) -> bool:
        seen, trading = self.seen, self.trading
        session = trading.calendar.session(trading.calendar.market_date(seen.priced_at))
        if session is None or not session.open <= seen.priced_at <= session.close:
            return False
        if seen.open is not None and seen.priced_at == session.open:
            return False
        return self.now < session.close or not trading.is_stale(session.close, self.now)

    def since_levels(self, position: Position) -> PriceFacts:
        """Return the price without the range of its bar, if a part of it lies before the entry or a level in force.

        What the bar's high and low were before that moment must not sell anything.
        """
        seen = self.seen
        if seen.began is None or seen.began >= position.levels_since:
            return self
        if self._close_alone is None:
            alone = replace(seen, open=None, high=None, low=None)
            self._close_alone = PriceFacts(alone, self.now, self.trading)
        return self._close_alone

    def dividends(self, contract: Contract) -> float | None:
        """Return the dividends in $ a share that call and put of the contract's strike imply, if both are quoted."""
        strike = contract.root, contract.expiry, contract.strike, contract.style
        if strike not in self._dividends:
            seen, left = self.seen, time_left(contract, self.now, self.trading)
            self._dividends[strike] = implied_dividends(
                contract, self.quotes, seen.price, seen.priced_at, *left, self.trading
            )
        return self._dividends[strike]

    def next_mark(self, position: Position, quote: OptionQuote | None, dividends: float | None) -> Mark:
        """Return the mark of a position at this price; positions that had one mark have one again."""
        last, contract = position.last, position.contract
        known = self._marks.get(id(last))
        if known is not None:
            of, traded, quoted, paid, mark = known
            if of is last and quoted is quote and paid == dividends and traded == contract:
                return mark
        mark = next_mark(
            contract,
            last,
            spot=self.seen.price,
            spot_at=self.seen.priced_at,
            now=self.now,
            trading=self.trading,
            quote=quote,
            dividends=dividends,
        )
        self._marks[id(last)] = last, contract, quote, dividends, mark
        return mark


def facts_of(seen: PriceSeen, now: datetime, trading: TradingContext) -> PriceFacts:
    """Return the facts of a price, the same ones for each position that it comes to."""
    cache = trading.cache
    cache.go_to(now)
    facts: PriceFacts | None = cache.price
    if facts is None or facts.seen is not seen or facts.vix is not trading.volatility.vix:
        facts = cache.price = PriceFacts(seen, now, trading)
    return facts


def is_price(seen: PriceSeen) -> bool:
    """Return whether a price and its bar are positive and finite."""
    for price in (seen.price, seen.open, seen.high, seen.low):
        if price is not None and not 0 < price < math.inf:
            return False
    return True
