"""The steps from one price or bar to the position after it: retry, exit at levels, mark, exit at the end."""

from __future__ import annotations

from datetime import datetime

from core.model import ExitReason
from core.options.quotes import OptionQuote
from core.positions.exits import Exit, ExitInputs, PriceRange, crosses_a_level, exit_is_due, first_exit
from core.positions.fills import apply_mark, sell
from core.positions.marking import iv_from_quote, next_mark
from core.positions.parity import bid_of
from core.positions.position import Position, PositionChange
from core.positions.price_facts import PriceFacts
from core.positions.trading_context import TradingContext
from core.positions.walking_exit import begin_walk, overtakes, walks, work


class PriceSteps:
    """One price or bar, with the quote and the dividends that came with it, as it changes a position."""

    def __init__(self, facts: PriceFacts, quote: OptionQuote | None, dividends: float | None) -> None:
        self.facts, self.quote, self.dividends = facts, quote, dividends
        self.seen, self.now, self.trading = facts.seen, facts.now, facts.trading
        self.iv: float | None = None
        self.reached: Exit | None = None
        """An exit at a level inside the bar whose limit is put to work at the bar's close."""

    def retry_pending(self, change: PositionChange, exits: bool) -> PositionChange:
        """Sell the rest of an exit that filled in part, at the first price available."""
        pending = change.position.pending
        if pending is None or pending.walk or not (exits or pending.reason is ExitReason.MANUAL):
            return change
        contracts = min(pending.contracts, change.position.remaining)
        return self._sell(change, Exit(pending.reason, contracts, self.facts.first))

    def exit_at_levels(self, change: PositionChange, passed: PriceRange) -> PositionChange:
        """Sell at every level that one range of the bar (its open, then its inside) crosses."""
        if not crosses_a_level(change.position, passed):
            return change
        inputs = ExitInputs(now=self.now, spot=self.facts.first, tradable=True, passed=passed)
        while True:
            position = change.position
            found = first_exit(position, inputs, self.trading)
            if found is None or not overtakes(found, position.pending):
                return change
            if walks(position, found.reason, self.now, self.trading):
                # The limit can only be placed when the bar is known, and that is at its close.
                target_2 = passed.crossing(position.levels.target_2, position.direction.sign)
                both = found.reason is ExitReason.TARGET_1 and target_2 is not None
                self.reached = (
                    Exit(ExitReason.TARGET_2, position.remaining, found.underlying) if both else found
                )
                return change
            change = self._sell(change, found)

    def mark_and_exit_at_end(self, change: PositionChange, tradable: bool, fresh: bool) -> PositionChange:
        """Mark at the price itself (a bar's close), then sell if an exit applies there."""
        facts, now, trading = self.facts, self.now, self.trading
        position = change.position
        at = facts.of(position.contract)
        quote = None if self.quote is None else at.new_quote(position.last)
        change = apply_mark(change, at.mark_after(position.last, quote, self.dividends))
        reached = self.reached
        # A stop of the same bar may have sold a part only: its rest is not given to the target's limit.
        if reached is not None and change.position.is_open and overtakes(reached, change.position.pending):
            change = begin_walk(change, reached, self._sale(change.position), now, trading)
        if not tradable:
            return change
        passed = facts.point if fresh and not facts.is_bar else None
        if exit_is_due(change.position, passed, now, trading):
            inputs = ExitInputs(now=now, spot=facts.seen.price, tradable=True, passed=passed, time_exits=True)
            while True:
                found = first_exit(change.position, inputs, trading)
                if found is None or not overtakes(found, change.position.pending):
                    break
                change = sell_or_walk(change, found, self._sale(change.position), now, trading)
        pending = change.position.pending
        if pending is None or pending.walk is None:
            return change
        return work(change, self._sale(change.position), facts.seen.priced_at, now, trading)

    def _sell(self, change: PositionChange, found: Exit) -> PositionChange:
        """Sell at the open of a bar or inside it, at the volatility that the bar's closing quote implies."""
        position, now, trading = change.position, self.now, self.trading
        if not self.facts.is_bar:
            change = mark_by_model(change, self.seen.price, self.seen.priced_at, now, trading)
            return sell_or_walk(change, found, self._sale(position), now, trading)
        if self.iv is None and self.quote is not None:
            known = position.last.dividends if self.dividends is None else self.dividends
            self.iv = iv_from_quote(position.contract, self.quote, self.seen.price, now, trading, known)
        mark = next_mark(
            position.contract,
            position.last,
            spot=found.underlying,
            spot_at=self.seen.priced_at,
            now=now,
            trading=trading,
            iv=self.iv,
            dividends=self.dividends,
        )
        change = apply_mark(change, mark)
        return sell(change, found.reason, found.contracts, self._sale(position), now, trading, inside=True)

    def _sale(self, position: Position) -> OptionQuote | None:
        """Return the quote to sell on: a two-sided one, else the bid of a market without an ask."""
        return self.quote or bid_of(position.contract.occ, self.seen.quotes, self.now, self.trading)


def sell_or_walk(
    change: PositionChange,
    found: Exit,
    quote: OptionQuote | None,
    now: datetime,
    trading: TradingContext,
    *,
    doubted: bool = False,
) -> PositionChange:
    """Sell at the instant and price of the last mark, after marking at the real quote if there is one.

    An exit whose limit walks is put to work instead.
    """
    position = change.position
    last = position.last
    if quote is not None and quote.mid is not None and last.mid != quote.mid:
        mark = next_mark(
            position.contract,
            last,
            spot=last.spot,
            spot_at=last.spot_at,
            now=now,
            trading=trading,
            quote=quote,
        )
        change = apply_mark(change, mark)
    retried = position.pending is not None and position.pending.walk is None
    if not doubted and not retried and walks(change.position, found.reason, now, trading):
        return begin_walk(change, found, quote, now, trading)
    return sell(change, found.reason, found.contracts, quote, now, trading, doubted=doubted)


def mark_by_model(
    change: PositionChange, spot: float, spot_at: datetime, now: datetime, trading: TradingContext
) -> PositionChange:
    """Mark by the model, unless the last mark is of that price and instant already."""
    last = change.position.last
    if (last.at, last.spot) == (now, spot):
        return change
    contract = change.position.contract
    return apply_mark(change, next_mark(contract, last, spot=spot, spot_at=spot_at, now=now, trading=trading))
