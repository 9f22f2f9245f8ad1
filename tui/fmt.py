"""How numbers, times and texts are written on the deck; nothing here computes a trading number."""

from __future__ import annotations

import re
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

    So are the characters on whose width terminals differ, and marks piled on one letter: columns stay
    where they are. Intake has already cleaned what came from outside; this is the second line of defence,
    at the seam where text becomes cells.
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    piled = 0
    for c in text:
        kind = unicodedata.category(c)
        piled = piled + 1 if kind in _MARKS else 0
        masked = kind in _UNSAFE or _UNEVEN.match(c) or piled > _PILE
        out.append(_MASK if masked else c)
    return "".join(out)


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_PILE = 2
"""Marks that one letter may carry, as some languages need."""
_UNEVEN = re.compile("[\ufe00-\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
"""Variation selectors, halves of flags and skin tones."""


def clip(text: str, width: int) -> str:
    """The text, made safe, in at most ``width`` cells, with … where it was cut."""
    if width <= 0:
        return ""
    # What is measured must be what is drawn.
    text = safe(text)
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def fit(text: str, width: int, align: str = "left") -> str:
    """The text in exactly ``width`` cells."""
    text = clip(text, width)
    pad = " " * (width - cell_len(text))
    return pad + text if align == "right" else text + pad


NUMBERS = {
    "1,234.56": (",", "."),
    "1 234,56": ("\u00a0", ","),
    "1.234,56": (".", ","),
    "1'234.56": ("'", "."),
    "1234.56": ("", "."),
}
"""Ways to write numbers, each with what stands between thousands and before decimals."""
_numbers: dict[int, str] = {}


def use_numbers(name: str) -> None:
    """Write numbers in one of the ways of ``NUMBERS`` from now on; an unknown one is the first."""
    between, before = NUMBERS.get(name, (",", "."))
    _numbers.clear()
    if (between, before) != (",", "."):
        _numbers.update({ord(","): between, ord("."): before})


def local(text: str) -> str:
    """A number's text with the separators in use; ``text`` as Python writes it, with , and a full stop."""
    return text.translate(_numbers) if _numbers else text


def money(value: float | None, *, sign: bool = True) -> str:
    """Dollars with the sign first, such as +$312.40 or -$84.10; whole dollars from ten thousand up."""
    if value is None:
        return NONE
    mark = "-" if value < 0 else "+" if sign and value > 0 else ""
    digits = 0 if abs(value) >= 10_000 else 2
    return f"{mark}${local(f'{abs(value):,.{digits}f}')}"


def signed(value: float | None, digits: int = 2, unit: str = "") -> str:
    return NONE if value is None else local(f"{value:+,.{digits}f}") + unit


def number(value: float | None, digits: int = 2) -> str:
    return NONE if value is None else local(f"{value:,.{digits}f}")


def score(value: float | None) -> str:
    """A score of 0–100, without a needless decimal."""
    return NONE if value is None else local(f"{value:.1f}".removesuffix(".0"))


def factor(value: float | None) -> str:
    return NONE if value is None else local(f"×{value:.2f}")


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


def weekday(at: datetime) -> str:
    """The exchange's day, such as Fri 27."""
    eastern = exchange_zone()
    return f"{at.astimezone(eastern) if eastern else at:%a %d}"


def words(name: str) -> str:
    """A field's name as words."""
    return name.replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
