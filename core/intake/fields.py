"""Single values of a reading: prices, numbers, texts and the timeframe."""

from __future__ import annotations

import math
from typing import Any, Final

from core.intake.clean import clean
from core.intake.errors import IntakeError, shown
from core.intake.walk import Reading
from core.intake.words import number, timeframe
from core.model import Reason, Tone

MAX_ID = 200
_PRICES: Final = ("price", "entry", "order_price", "close")
LEAST_PRICE, MOST_PRICE = 1e-4, 1e7
"""Nothing that has listed options trades outside these dollars; a number out there overflows what follows."""
MOST_RATIO: Final = 1e4
"""A ratio above this is a mistake of its sender's, not a measurement."""


def price(reading: Reading) -> float | None:
    """Return the price a body states, ``None`` when it states none; raises IntakeError unless above zero.

    The price now counts first, then that of the entry, of the order and the bar's close.
    """
    if not reading.has(*_PRICES):
        return None
    for slot in _PRICES:
        for _, path, value in reading.all(slot):
            if slot == "entry" and path.rpartition(".")[2] != "price":
                continue
            if slot == "close" and (isinstance(value, bool) or not _numeric(value)):
                continue
            return price_of(value, path)
    return None


def _numeric(value: Any) -> bool:
    try:
        number(value)
    except ValueError:
        return False
    return True


def price_of(value: Any, field: str, *, none_is_zero: bool = False) -> float | None:
    """Return a price in dollars; with ``none_is_zero`` (levels) 0 and NaN are ``None``; raises IntakeError."""
    amount = strict_number(value, field)
    if amount is not None and LEAST_PRICE <= amount <= MOST_PRICE:
        return amount
    if amount is None or (none_is_zero and (amount == 0 or math.isnan(amount))):
        return None
    if not math.isfinite(amount):
        raise IntakeError("NOT_FINITE", f"{field}: not a finite number; a price above 0 is expected", field)
    if amount <= 0:
        raise IntakeError(
            "BAD_PRICE", f"{field}: {shown(value)} is not a price; a number above 0 is expected", field
        )
    raise IntakeError(
        "BAD_PRICE",
        f"{field}: {shown(value)} is not a price; accepted are {LEAST_PRICE:g} to {MOST_PRICE:,.0f} dollars",
        field,
    )


def strict_number(value: Any, field: str) -> float | None:
    """Return a number that must be one if it is stated (NaN allowed); raises IntakeError."""
    try:
        return number(value)
    except ValueError:
        raise IntakeError("NOT_A_NUMBER", f"{field}: {shown(value)} is not a number", field) from None


def amount(reading: Reading, slot: str, low: float = -math.inf, high: float = math.inf) -> float | None:
    """Return a number that decides nothing alone: outside its bounds or unreadable it is ``None`` with a note."""
    value, path = reading.first(slot)
    if path is None:
        return None
    try:
        read = number(value)
    except ValueError:
        read = math.nan
    if read is None or (low <= read <= high and math.isfinite(read)):
        return read
    reading.notes.append(f"{path}: {shown(value)} left out")
    return None


def minutes(reading: Reading) -> tuple[int | None, Reason | None]:
    """Return the timeframe in minutes and, when one is stated and none can be read, the reason not to trade."""
    unread: str | None = None
    if (read := timeframe(reading.value("timeframe"))) is not None:
        return read, None
    for _, path, value in reading.all("timeframe"):
        read = timeframe(value[0] if isinstance(value, list) and len(value) == 1 else value)
        if read is not None:
            return read, None
        told = f"{path}: {shown(value)} is not a timeframe such as 15, 15m, 1h or D"
        reading.notes.append(told)
        unread = unread or told
    for key in ("timeframe", "interval"):
        if isinstance(held := reading.body.get(key), dict):
            parts = [str(v) for kind in ((int, float), str) for v in held.values() if isinstance(v, kind)]
            if len(parts) == 2 and (read := timeframe("".join(parts))) is not None:
                return read, None
    return None, None if unread is None else Reason("TIMEFRAME_UNKNOWN", unread, Tone.NEGATIVE)


def sender_id(reading: Reading) -> str | None:
    """Return the sender's own id of this message, if it gives one."""
    value = reading.value("sender_id")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return clean(str(value), MAX_ID).strip() or None


def label_of(reading: Reading, *slots: str, limit: int = 64) -> str | None:
    """Return a short text such as an event's name, ``None`` when there is none."""
    for slot in slots:
        for _, _, value in reading.all(slot):
            if isinstance(value, str) and (text := value.strip()[:limit]):
                return text
    return None
