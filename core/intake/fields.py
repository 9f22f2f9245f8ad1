"""Fields shared by all sources, read by tables of (section, key) in order of precedence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from core.intake.body import Body
from core.intake.clean import clean
from core.intake.errors import IntakeError, shown
from core.intake.words import instant, number, timeframe, word
from core.model import SYMBOL_PATTERN

Path = tuple[str | None, str]
Paths = tuple[Path, ...]

SYMBOL: Final[Paths] = (
    ("instrument", "symbol"),
    ("instrument", "ticker"),
    (None, "symbol"),
    (None, "ticker"),
    ("signal", "symbol"),
    ("signal", "ticker"),
    ("data", "symbol"),
    ("data", "ticker"),
)
EXCHANGE: Final[Paths] = (("instrument", "exchange"), (None, "exchange"))
TIMEFRAME: Final[Paths] = (
    ("timeframe", "chart_tf"),
    ("signal", "timeframe"),
    (None, "timeframe"),
    (None, "tf"),
    (None, "chart_tf"),
    (None, "interval"),
    ("signal", "tf"),
    ("timeframe", "event_tf"),
    ("instrument", "timeframe"),
)
FIRED: Final[Paths] = (
    (None, "timenow"),
    ("meta", "generated_at"),
    ("audit", "generated_at"),
    ("metadata", "generated_at"),
    (None, "generated_at"),
    (None, "fired_at"),
    (None, "fire_time"),
    (None, "fired"),
    (None, "sent_time"),
)
BAR_OPEN: Final[Paths] = (
    (None, "bar_time"),
    ("signal", "bar_time"),
    (None, "time"),
    (None, "timestamp"),
    ("signal", "timestamp"),
    ("signal", "time"),
    ("event", "timestamp"),
    ("meta", "timestamp"),
    ("data", "timestamp"),
)
BAR_CLOSE: Final[Paths] = (("timeframe", "bar_close_time"), (None, "bar_close_time"))
SENDER_ID: Final[Paths] = (
    ("meta", "event_id"),
    ("audit", "deduplication_key"),
    (None, "alert_id"),
    (None, "id"),
)
PRICE: Final[Paths] = (
    ("instrument", "current_price"),
    ("instrument", "price"),
    (None, "price"),
    (None, "current_price"),
    ("signal", "price"),
    ("entry", "price"),
    (None, "order_price"),
    (None, "close"),
)

MAX_ID = 200
LEAST_PRICE, MOST_PRICE = 1e-4, 1e7
"""Bounds of a price in dollars; nothing with listed options trades outside, and larger numbers overflow later."""
MOST_RATIO = 1e4
"""Largest ratio accepted; a larger one is a mistake of its sender."""
_SYMBOL = re.compile(SYMBOL_PATTERN)
_EXCHANGE = re.compile(r"[A-Z0-9_]{1,20}", re.ASCII)


def name_of(path: Path) -> str:
    return path[1] if path[0] is None else f"{path[0]}.{path[1]}"


def first(body: Body, paths: Paths) -> tuple[Any, Path | None]:
    """Return the first value that is neither null nor empty text, with its path, else (None, None)."""
    for path in paths:
        section, key = path
        held = body if section is None else body.get(section)
        if type(held) is dict:
            value = held.get(key)
            if value is not None and value != "":
                return value, path
    return None, None


def stated(body: Body, paths: Paths) -> Iterator[Any]:
    """Yield every value that is neither null nor empty text, in the order of the paths."""
    for section, key in paths:
        held = body if section is None else body.get(section)
        if type(held) is dict:
            value = held.get(key)
            if value is not None and value != "":
                yield value


def has(body: Body, paths: Paths) -> bool:
    return first(body, paths)[1] is not None


def symbol(body: Body) -> tuple[str, str | None]:
    """Return the symbol, and its exchange if stated. Raises IntakeError if missing, malformed, contradictory."""
    found: str | None = None
    exchange: str | None = None
    where = ""
    for path in SYMBOL:
        held = body if path[0] is None else body.get(path[0])
        value = held.get(path[1]) if type(held) is dict else None
        if value is None or value == "":
            continue
        prefix, ticker = _ticker(value, name_of(path))
        if found is not None and ticker != found:
            raise IntakeError(
                "AMBIGUOUS_SYMBOL", f"{name_of(path)}: says {ticker}, {where} says {found}", name_of(path)
            )
        found, where, exchange = ticker, where or name_of(path), exchange or prefix
    if found is None:
        raise IntakeError(
            "NO_SYMBOL",
            "symbol: missing; send symbol or ticker (at the top or in instrument), such as SPY",
            "symbol",
        )
    if exchange is None:
        stated = word(first(body, EXCHANGE)[0])
        exchange = stated if stated and _EXCHANGE.fullmatch(stated) else None
    return found, exchange


def _ticker(value: Any, field: str) -> tuple[str | None, str]:
    if isinstance(value, str):
        found = _kept(value) if len(value) <= _COMMON else _listed(value)
        if found is not None:
            return found
    raise IntakeError(
        "BAD_SYMBOL",
        f"{field}: {shown(value)} is not a symbol; accepted are 1 to 15 of A-Z 0-9 . ^ / - _ with an "
        "exchange prefix if wanted, such as SPY or BATS:SPY",
        field,
    )


def _listed(text: str) -> tuple[str | None, str] | None:
    """Return the exchange, if stated, and the symbol; ``None`` if the text is no symbol."""
    prefix, colon, ticker = text.strip().upper().rpartition(":")
    if _SYMBOL.fullmatch(ticker) and (not colon or _EXCHANGE.fullmatch(prefix)):
        return prefix or None, ticker
    return None


_COMMON = 40
"""Longest text that is cached; senders repeat a few symbols all day."""
_kept = lru_cache(maxsize=4096)(_listed)


def price(body: Body, paths: Paths = PRICE, *, none_is_zero: bool = False) -> float | None:
    """Return a price in dollars, ``None`` when not stated. Raises IntakeError unless finite and above zero.

    With ``none_is_zero`` (levels) 0 and NaN mean "none", as scripts without a stop send them.
    """
    value, path = first(body, paths)
    return None if path is None else price_of(value, name_of(path), none_is_zero=none_is_zero)


def price_of(value: Any, field: str, *, none_is_zero: bool = False) -> float | None:
    amount = strict_number(value, field)
    if amount is None or (none_is_zero and (amount == 0 or math.isnan(amount))):
        return None
    if not math.isfinite(amount):
        raise IntakeError("NOT_FINITE", f"{field}: not a finite number; a price above 0 is expected", field)
    if amount <= 0:
        raise IntakeError(
            "BAD_PRICE", f"{field}: {shown(value)} is not a price; a number above 0 is expected", field
        )
    if not LEAST_PRICE <= amount <= MOST_PRICE:
        raise IntakeError(
            "BAD_PRICE",
            f"{field}: {shown(value)} is not a price; accepted are {LEAST_PRICE:g} to {MOST_PRICE:,.0f} dollars",
            field,
        )
    return amount


def strict_number(value: Any, field: str) -> float | None:
    """Return a number (NaN allowed). Raises IntakeError for anything else."""
    try:
        return number(value)
    except ValueError:
        raise IntakeError("NOT_A_NUMBER", f"{field}: {shown(value)} is not a number", field) from None


def amount(
    body: Body, paths: Paths, notes: list[str], low: float = -math.inf, high: float = math.inf
) -> float | None:
    """Return an optional number; out of bounds or not a number, it is ``None`` with a note."""
    value, path = first(body, paths)
    if path is None:
        return None
    try:
        read = number(value)
    except ValueError:
        read = math.nan
    if read is None or (math.isfinite(read) and low <= read <= high):
        return read
    notes.append(f"{name_of(path)}: {shown(value)} left out")
    return None


def minutes(body: Body, notes: list[str]) -> int | None:
    """Return the timeframe in minutes, ``None`` when not stated or, with a note, not readable."""
    value, path = first(body, TIMEFRAME)
    if path is None or isinstance(value, dict):
        return None
    read = timeframe(value)
    if read is None:
        notes.append(f"{name_of(path)}: {shown(value)} is not a timeframe such as 15, 15m, 1h or D")
    return read


def when(body: Body, notes: list[str]) -> tuple[datetime | None, bool]:
    """Return the body's timestamp (UTC) and whether it is the time of sending rather than the bar's open."""
    for paths, fired in ((FIRED, True), (BAR_OPEN, False), (BAR_CLOSE, True)):
        value, path = first(body, paths)
        if path is None:
            continue
        moment = instant(value)
        if moment is not None:
            return moment, fired
        if not isinstance(value, bool):
            notes.append(f"{name_of(path)}: {shown(value)} is not a time")
    return None, False


def sender_id(body: Body) -> str | None:
    """Return the sender's own id of the message, if stated."""
    value, _ = first(body, SENDER_ID)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return clean(str(value), MAX_ID).strip() or None


def label_of(body: Body, paths: Paths, limit: int = 64) -> str | None:
    """Return a short text such as an event's name, ``None`` when there is none."""
    for value in stated(body, paths):
        if isinstance(value, str) and (text := value.strip()[:limit]):
            return text
    return None
