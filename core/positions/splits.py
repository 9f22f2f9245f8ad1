"""Prices of an underlying that has been split, in terms of the share on which an option was bought.

A split changes the contract so that its worth stays the same: n new shares stand for an old one. The contract is kept
as it was bought, and the price of an old share is that of n new ones.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from core.events import PriceSeen
from core.positions.position import Position
from core.positions.trading_context import TradingContext


def adjusted(position: Position, ratio: float, on: date) -> Position:
    """Return a position that goes on after a split of ``ratio`` new shares for an old one, in force since a day."""
    return replace(position, suspended=None, new_shares=position.new_shares * ratio, split_on=on)


def as_bought(position: Position, seen: PriceSeen, trading: TradingContext) -> PriceSeen:
    """Return a price of the underlying in terms of the share as it was when the option was bought.

    Quotes of options are left out: they are those of the contract in its new terms.
    """
    ratio, since = position.new_shares, position.split_on
    if ratio == 1.0 or since is None or trading.calendar.market_date(seen.priced_at) < since:
        return seen
    return replace(
        seen,
        price=seen.price * ratio,
        open=None if seen.open is None else seen.open * ratio,
        high=None if seen.high is None else seen.high * ratio,
        low=None if seen.low is None else seen.low * ratio,
        quotes=(),
    )
