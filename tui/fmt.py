"""How numbers, times and texts are written on the deck; nothing here computes a trading number."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.cells import cell_len, set_cell_size

NONE = "–"
"""Shown where a value is not known."""

_MASK = "·"


@lru_cache(maxsize=4096)
def safe(text: str) -> str:
    """The text with every control, format and bidi character as "·": nothing drawn can reach the terminal.

    Intake has already cleaned what came from outside; this is the second line of defence, at the seam where
    text becomes cells.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_MASK if unicodedata.category(c) in _UNSAFE else c for c in text)


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clip(text: str, width: int) -> str:
    """The text in at most ``width`` cells, with … where it was cut."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def fit(text: str, width: int, align: str = "left") -> str:
    """The text in exactly ``width`` cells."""
    text = clip(text, width)
    pad = " " * (width - cell_len(text))
    return pad + text if align == "right" else text + pad


def money(value: float | None, *, sign: bool = True) -> str:
    """Dollars with the sign first, such as +$312.40 or -$84.10; whole dollars from ten thousand up."""
    if value is None:
        return NONE
    mark = "-" if value < 0 else "+" if sign and value > 0 else ""
    digits = 0 if abs(value) >= 10_000 else 2
    return f"{mark}${abs(value):,.{digits}f}"


def signed(value: float | None, digits: int = 2, unit: str = "") -> str:
    return NONE if value is None else f"{value:+,.{digits}f}{unit}"


def number(value: float | None, digits: int = 2) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"


def score(value: float | None) -> str:
    """A score of 0–100, without a needless decimal."""
    return NONE if value is None else f"{value:.1f}".removesuffix(".0")


def factor(value: float | None) -> str:
    return NONE if value is None else f"×{value:.2f}"


def arrow(value: float | None) -> str:
    """The sign as a shape, so that colour is never the only sign."""
    if value is None or value == 0:
        return " "
    return "▲" if value > 0 else "▼"


def age(seconds: float | None) -> str:
    """A length of time in whole units, coarser as it grows, so that it changes only when it matters."""
    if seconds is None:
        return NONE
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def timeframe(minutes: int | None) -> str:
    if minutes is None:
        return "no timeframe"
    if minutes >= 1440:
        return f"{minutes // 1440}D"
    return f"{minutes // 60}h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes}m"


@lru_cache(maxsize=1)
def exchange_zone() -> ZoneInfo | None:
    try:
        return ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError:
        return None


def clock(at: datetime, *, zone: bool = False) -> str:
    """The exchange's wall time, HH:MM:SS; UTC where the machine has no time zones."""
    eastern = exchange_zone()
    local = at.astimezone(eastern) if eastern else at
    return f"{local:%H:%M:%S}" + (f" {'ET' if eastern else 'UTC'}" if zone else "")


def day_clock(at: datetime) -> str:
    eastern = exchange_zone()
    local = at.astimezone(eastern) if eastern else at
    return f"{local:%a %d %b %H:%M:%S} {'ET' if eastern else 'UTC'}"


def words(name: str) -> str:
    """A field's name as words."""
    return name.replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
