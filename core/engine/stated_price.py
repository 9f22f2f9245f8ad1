"""Price stated in a webhook body: when it is used, and when it must be confirmed first.

An alert template that names the wrong chart or misplaces a decimal point must not stop a position out. So a
stated price far from the last known one is not used until another source states about the same price, or
the same source has stated it for some time.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from core.engine.kernel import Kernel
from core.engine.state import UnconfirmedPrice
from core.events import PriceSeen, Received
from core.model import Update
from core.thresholds import at_most

WEBHOOK = "webhook"
"""Source of a price that a sender stated in its body."""
_LONGEST_MINUTES = 366 * 1440  # keeps an absurd timeframe from overflowing a datetime


def stated_price(kernel: Kernel, update: Update, event: Received) -> tuple[PriceSeen | None, str | None]:
    """Return the price to use, if any, and a note when the price must be confirmed first.

    A price is not used when it is older than the last known one, or while a feed gives fresh prices.
    """
    if update.price is None:
        return None, None
    at, priced_at = event.at, min(event.at, price_made_at(update, event.at))
    known = kernel.state.prices.get(update.symbol)
    if known is not None:
        if priced_at < known.priced_at:
            return None, None
        if known.source != WEBHOOK and not kernel.trading.is_stale(known.priced_at, at):
            return None, None
        if not _believable(kernel, update, known, at):
            difference = (update.price / known.price - 1) * 100
            return None, (
                f"price {update.price:g} is {difference:+.1f} % from the last known {known.price:g}: "
                "not used until another source says the same"
            )
    kernel.state.doubts.pop(update.symbol, None)
    seen = PriceSeen(
        seq=event.seq, at=at, symbol=update.symbol, price=update.price, priced_at=priced_at, source=WEBHOOK
    )
    return seen, None


def price_made_at(update: Update, arrived: datetime) -> datetime:
    """Return the instant of the price: when the alert fired, or the end of its bar."""
    if update.fired_at is not None:
        return update.fired_at
    if update.timestamp is None:
        return arrived
    if update.fired:
        return update.timestamp
    if update.timestamp >= arrived:
        return arrived
    return update.timestamp + timedelta(minutes=min(update.timeframe or 0, _LONGEST_MINUTES))


def _believable(kernel: Kernel, update: Update, known: PriceSeen, at: datetime) -> bool:
    """Return whether to use a stated price; remember it as unconfirmed when it is too far away."""
    rules, price = kernel.rules.intake, update.price
    assert price is not None
    if at_most(difference_pct(price, known.price), largest_move_pct(kernel, at - known.priced_at)):
        return True
    unconfirmed = kernel.state.doubts.get(update.symbol)
    if unconfirmed is not None and at_most(difference_pct(price, unconfirmed.price), rules.price_jump_pct):
        confirmed_by_time = at - unconfirmed.since >= timedelta(minutes=rules.price_jump_minutes)
        return confirmed_by_time or unconfirmed.source is not update.source
    kernel.state.doubts[update.symbol] = UnconfirmedPrice(price, update.source, at)
    return False


def largest_move_pct(kernel: Kernel, age: timedelta) -> float:
    """Return the largest move in percent believed after this time; it grows with the square root of time."""
    rules = kernel.rules.intake
    if rules.price_jump_minutes <= 0:
        return rules.price_jump_pct
    return rules.price_jump_pct * math.sqrt(max(1.0, age.total_seconds() / 60 / rules.price_jump_minutes))


def difference_pct(one: float, other: float) -> float:
    """Return the difference of two prices in percent of the lower one."""
    return (max(one, other) / min(one, other) - 1) * 100
