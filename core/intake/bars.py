"""A chart's price bar -> bar facts."""

from __future__ import annotations

from datetime import datetime

from core.intake.errors import IntakeError
from core.intake.fields import amount, price_of
from core.intake.walk import Reading
from core.model import BarFacts


def bar_of(reading: Reading, interval: int | None, opened_at: datetime | None) -> BarFacts:
    """Return the bar of a body with a close or a single price; raises IntakeError when its prices contradict."""
    prices: dict[str, float] = {}
    for slot in ("open", "high", "low", "close"):
        value, path = reading.first(slot)
        if path is not None and not isinstance(value, bool) and (read := price_of(value, path)) is not None:
            prices[slot] = read
    if "close" not in prices:
        for slot in ("price", "order_price"):
            value, path = reading.first(slot)
            if path is not None and (read := price_of(value, path)) is not None:
                prices["close"] = read
                break
    if "close" not in prices:
        raise IntakeError("NO_PRICE", "close: missing; a bar has a close or a price", "close")
    high, low = prices.get("high"), prices.get("low")
    if high is not None and low is not None:
        outside = [slot for slot in ("open", "close") if not low <= prices.get(slot, low) <= high]
        if high < low or outside:
            raise IntakeError(
                "CONTRADICTION",
                f"high: {high:g} and low: {low:g} contradict {outside[0] if outside else 'each other'}"
                + (f": {prices[outside[0]]:g}" if outside else ""),
                "high",
            )
    if high is None or low is None or "open" not in prices:
        prices = {"close": prices["close"]}
    return BarFacts(**prices, volume=amount(reading, "volume", 0), interval=interval, opened_at=opened_at)
