"""Price stated in a webhook body: when it is used, and when it must be confirmed first.

An alert template that names the wrong chart or misplaces a decimal point must not stop a position out: see
``price_doubt``.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.engine.kernel import Kernel
from core.engine.price_doubt import believed, doubt_text
from core.events import WEBHOOK, PriceSeen, Received
from core.model import Update

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
        if not believed(kernel, known, update.price, priced_at, update.source.value, at):
            return None, doubt_text(kernel, update.symbol)
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
