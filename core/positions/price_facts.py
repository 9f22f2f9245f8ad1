"""One price as every position of its underlying needs it: each result is worked out once, not for each of them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime

from core.events import WEBHOOK, PriceSeen
from core.model import Contract
from core.options.quotes import OptionQuote
from core.positions.cache import KnownContract
from core.positions.exits import PriceRange
from core.positions.marking import step_to, time_left
from core.positions.parity import implied_dividends, quotes_at
from core.positions.position import Mark, Position
from core.positions.trading_context import TradingContext


class ContractAtPrice:
    """One contract at one price: its usable quote, whether it has expired, and the marks of its holders.

    Holders with one mark before have one mark again, so there are as many as there were different ones.
    """

    __slots__ = ("_before", "_facts", "_known", "_mark", "_marks", "expired", "occ", "quote")

    def __init__(self, facts: PriceFacts, known: KnownContract) -> None:
        self._facts, self._known, self.occ = facts, known, known.occ
        self.quote = facts.quotes.get(known.occ)
        self.expired = facts.now >= known.last_close
        self._marks: list[tuple[Mark, OptionQuote | None, float | None, Mark]] = []
        self._before: Mark | None = None
        self._mark: Mark | None = None

    def new_quote(self, last: Mark) -> OptionQuote | None:
        """Return the quote if it was made after the one that ``last`` was made on."""
        quote = self.quote
        if quote is None or (last.quoted_at is not None and quote.at <= last.quoted_at):
            return None
        return quote

    @property
    def dividends(self) -> float | None:
        """The dividends in $ a share that call and put of the strike imply, if both are quoted."""
        return self._facts.dividends(self._known)

    def next_mark(self, last: Mark) -> Mark | None:
        """Return the mark at this price after ``last``, on the quote where it is new; ``None`` at an older price."""
        if last is self._before and self._mark is not None:
            return self._mark  # most holders of a contract stood at one mark
        facts = self._facts
        if facts.seen.priced_at < last.spot_at or facts.now < last.at:
            return None
        quote = self.new_quote(last)
        mark = self.mark_after(last, quote, None if quote is None else self.dividends)
        self._before, self._mark = last, mark
        return mark

    def mark_after(self, last: Mark, quote: OptionQuote | None, dividends: float | None) -> Mark:
        """Return the mark at this price after ``last``: on a new quote, or by the model without one."""
        for before, quoted, paid, mark in self._marks:
            if (before is last or _is_same(before, last)) and quoted is quote and paid == dividends:
                return mark
        facts = self._facts
        mark = step_to(
            self._known.contract, last, facts.seen.price, facts.seen.priced_at, facts.now, facts.trading,
            quote, None, dividends,
        )  # fmt: skip
        self._marks.append((last, quote, dividends, mark))
        return mark


def _is_same(one: Mark, other: Mark) -> bool:
    """Return whether the step from one mark is that from another: all that a next mark depends on is equal."""
    return (
        one.at == other.at
        and one.mid == other.mid
        and one.spot == other.spot
        and one.iv == other.iv
        and one.delta == other.delta
        and one.quoted_at == other.quoted_at
        and one.dividends == other.dividends
        and one.years == other.years
        and one.carry_years == other.carry_years
        and one.implied == other.implied
    )


class PriceFacts:
    """One price or bar of an underlying at one instant.

    ``quotes`` are the usable ones by OCC symbol. ``first`` is the open of a bar, or the price; ``point`` is the price
    as a range, ``ranges`` are a bar's open and its inside, and ``whole`` is all that the price or bar reached.
    ``fresh``: the price is new enough for a stop or target to act on; ``by_sender``: a signal stated it, not a feed.
    """

    __slots__ = (
        "_close_alone",
        "_contracts",
        "_dividends",
        "_in_session",
        "by_sender",
        "first",
        "fresh",
        "is_bar",
        "is_price",
        "now",
        "point",
        "quotes",
        "ranges",
        "seen",
        "trading",
        "vix",
        "whole",
    )

    def __init__(self, seen: PriceSeen, now: datetime, trading: TradingContext) -> None:
        self.seen, self.now, self.trading, self.vix = seen, now, trading, trading.volatility.vix
        self.is_price, self.by_sender = is_price(seen), seen.source == WEBHOOK
        self.is_bar = seen.open is not None or seen.high is not None or seen.low is not None
        self.quotes = quotes_at(seen.quotes, now, trading)
        self.first = first = seen.price if seen.open is None else seen.open
        self.point = PriceRange(seen.price, seen.price, False)
        met = [first, seen.price, *(x for x in (seen.high, seen.low) if x is not None)]
        self.ranges = (PriceRange(first, first, False), PriceRange(min(met), max(met), True))
        self.whole = self.ranges[1] if self.is_bar else self.point
        self.fresh = not trading.is_stale(seen.priced_at, now)
        self._in_session: bool | None = None
        self._close_alone: PriceFacts | None = None
        self._dividends: dict[tuple[str, date, float, str], float | None] = {}
        self._contracts: dict[KnownContract, ContractAtPrice] = {}

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

    def of(self, contract: Contract) -> ContractAtPrice:
        """Return a contract at this price, the same object for each of its holders."""
        held = self.trading.cache.contracts.get(id(contract))
        known = self.trading.known(contract) if held is None else held[1]
        found = self._contracts.get(known)
        if found is None:
            found = self._contracts[known] = ContractAtPrice(self, known)
        return found

    def dividends(self, known: KnownContract) -> float | None:
        """Return the dividends in $ a share that call and put of the contract's strike imply, if both are quoted."""
        strike, contract = known.strike, known.contract
        if strike not in self._dividends:
            seen, left = self.seen, time_left(contract, self.now, self.trading)
            self._dividends[strike] = implied_dividends(
                contract, self.quotes, seen.price, seen.priced_at, *left, self.trading
            )
        return self._dividends[strike]


def facts_of(seen: PriceSeen, now: datetime, trading: TradingContext) -> PriceFacts:
    """Return the facts of a price, the same ones for each position that it comes to."""
    cache = trading.cache
    facts: PriceFacts | None = cache.price
    if facts is None or facts.seen is not seen or facts.now != now or facts.vix is not trading.volatility.vix:
        cache.go_to(now)
        facts = cache.price = PriceFacts(seen, now, trading)
    return facts


def is_price(seen: PriceSeen) -> bool:
    """Return whether a price and its bar are positive and finite."""
    for price in (seen.price, seen.open, seen.high, seen.low):
        if price is not None and not 0 < price < math.inf:
            return False
    return True
