"""The price that a sender states in its body: when it is a price like another, and when it is not believed.

A template that names the wrong chart or misplaces a decimal point must not stop a position out. So a stated
price far from the last known one is held back until another source says the same, or the same source has
said so for a while.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from core.engine.kernel import Kernel
from core.engine.state import UnconfirmedPrice
from core.events import PriceSeen, Received
from core.model import Update

WEBHOOK = "webhook"
"""Source of a price that a sender stated in its body."""
_LONGEST_MINUTES = 366 * 1440  # a sender's absurd number must not overflow an instant


def stated_price(kernel: Kernel, update: Update, event: Received) -> tuple[PriceSeen | None, str | None]:
    """The price to be seen, ``None`` when it tells nothing new, and a note when it is not believed."""
    if update.price is None:
        return None, None
    at, made = event.at, min(event.at, _made(update, event.at))
    known = kernel.state.prices.get(update.symbol)
    if known is not None:
        if made < known.priced_at:
            return None, None
        if known.source != WEBHOOK and not kernel.trading.is_stale(known.priced_at, at):
            return None, None
        if not _believable(kernel, update, known, at):
            away = (update.price / known.price - 1) * 100
            return None, (
                f"price {update.price:g} is {away:+.1f} % from the last known {known.price:g}: "
                "not used until another source says the same"
            )
    kernel.state.doubts.pop(update.symbol, None)
    seen = PriceSeen(
        seq=event.seq, at=at, symbol=update.symbol, price=update.price, priced_at=made, source=WEBHOOK
    )
    return seen, None


def _made(update: Update, arrived: datetime) -> datetime:
    """When the price was made: at the time of firing, or at the end of the bar."""
    if update.timestamp is None:
        return arrived
    if update.fired:
        return update.timestamp
    if update.timestamp >= arrived:
        return arrived
    return update.timestamp + timedelta(minutes=min(update.timeframe or 0, _LONGEST_MINUTES))


def _believable(kernel: Kernel, update: Update, known: PriceSeen, at: datetime) -> bool:
    """Whether a stated price may follow the last known one; one that may not is remembered as a doubt."""
    rules, price = kernel.rules.intake, update.price
    assert price is not None
    if _apart(price, known.price) <= _allowed_pct(kernel, at - known.priced_at):
        return True
    doubt = kernel.state.doubts.get(update.symbol)
    if doubt is not None and _apart(price, doubt.price) <= rules.price_jump_pct:
        waited = at - doubt.since >= timedelta(minutes=rules.price_jump_minutes)
        return waited or doubt.source is not update.source
    kernel.state.doubts[update.symbol] = UnconfirmedPrice(price, update.source, at)
    return False


def _allowed_pct(kernel: Kernel, age: timedelta) -> float:
    """How far a price may have gone in a time, in percent: with the root of time, as prices do."""
    rules = kernel.rules.intake
    if rules.price_jump_minutes <= 0:
        return rules.price_jump_pct
    return rules.price_jump_pct * math.sqrt(max(1.0, age.total_seconds() / 60 / rules.price_jump_minutes))


def _apart(one: float, other: float) -> float:
    """Percent between two prices, whichever is the higher."""
    return (max(one, other) / min(one, other) - 1) * 100
