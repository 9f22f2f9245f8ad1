"""Text of numbers, times and names on the deck; nothing here computes a trading number."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.cells import cell_len, set_cell_size

NONE = "–"
"""Text of an unknown value."""

_MASK = "·"


@lru_cache(maxsize=4096)
def safe(text: str) -> str:
    """Return the text with control, format and bidirectional characters replaced by "·".

    Without them no text can send a command to the terminal. Also replaced are characters whose width differs
    between terminals, and a third combining mark on one letter, because they would move columns. Intake cleans
    webhooks already; this is a second check, where text becomes cells.
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for c in text:
        kind = unicodedata.category(c)
        marks = marks + 1 if kind in _MARKS else 0
        masked = kind in COMMANDING or _AMBIGUOUS_WIDTH.match(c) or marks > _MAX_MARKS
        out.append(_MASK if masked else c)
    return "".join(out)


COMMANDING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of which no character may reach a terminal: it could command it or turn its text around."""
_MARKS = frozenset({"Mn", "Me"})
_MAX_MARKS = 2
"""Combining marks on one letter; some languages need two."""
_AMBIGUOUS_WIDTH = re.compile(
    "[\ufe00-\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)
"""Variation selectors, regional indicators (halves of flags) and skin tones."""


def clip(text: str, width: int) -> str:
    """Return the safe text in at most ``width`` cells; a text that was cut ends with an ellipsis."""
    if width <= 0:
        return ""
    # Before measuring: the safe text can have another width.
    text = safe(text)
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def fit(text: str, width: int, align: str = "left") -> str:
    """Return the safe text in exactly ``width`` cells, cut or padded."""
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
"""Number formats by an example, each with the separators of thousands and of decimals."""
_separators: dict[int, str] = {}
"""Translation table of the format in use; empty for the first format."""


def use_numbers(name: str) -> None:
    """Set the number format to one of ``NUMBERS``; an unknown name sets the first."""
    thousands, decimals = NUMBERS.get(name, (",", "."))
    _separators.clear()
    if (thousands, decimals) != (",", "."):
        _separators.update({ord(","): thousands, ord("."): decimals})


def local(text: str) -> str:
    """Return a number's text with the separators in use; ``text`` has Python's comma and full stop."""
    return text.translate(_separators) if _separators else text


def local_numbers(text: str) -> str:
    """Return a sentence with the separators in use in its numbers; names as 182.5C, addresses and versions stay."""
    return _NUMBER.sub(lambda found: local(found[0]), text) if _separators else text


_NUMBER = re.compile(r"(?<![\w.,:'/])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w:/]|[.,]\d)")


def is_unknown(value: float | None) -> bool:
    """Return whether a number is not known: ``None``, or NaN in a row that could not be valued."""
    return value is None or value != value


def money(value: float | None, *, sign: bool = True) -> str:
    """Return dollars with the sign first, as +$312.40 or -$84.10; whole dollars from ten thousand up."""
    if value is None or is_unknown(value):
        return NONE
    mark = "-" if value < 0 else "+" if sign and value > 0 else ""
    digits = 0 if abs(value) >= 9_999.995 else 2
    return f"{mark}${local(f'{abs(value):,.{digits}f}')}"


def whole_dollars(value: float | None, *, sign: bool = False) -> str:
    """Return dollars without cents, such as $1,230 or, with ``sign``, +$1,230."""
    if value is None or is_unknown(value):
        return NONE
    rounded = round(value)
    mark = "-" if rounded < 0 else "+" if sign and rounded > 0 else ""
    return f"{mark}${local(f'{abs(rounded):,}')}"


def signed(value: float | None, digits: int = 2, unit: str = "") -> str:
    return NONE if value is None or is_unknown(value) else local(f"{value:+,.{digits}f}") + unit


def number(value: float | None, digits: int = 2) -> str:
    return NONE if value is None or is_unknown(value) else local(f"{value:,.{digits}f}")


def count(value: int) -> str:
    return local(f"{value:,}")


def score(value: float | None) -> str:
    """Return a score from 0 to 100 with one decimal, or none if it is zero."""
    return NONE if value is None or is_unknown(value) else local(f"{value:.1f}".removesuffix(".0"))


def factor(value: float | None) -> str:
    return NONE if value is None or is_unknown(value) else local(f"×{value:.2f}")


def percent(fraction: float | None, digits: int = 0) -> str:
    """Return a fraction in percent, as 74 %."""
    return NONE if fraction is None or is_unknown(fraction) else local(f"{100 * fraction:,.{digits}f}") + " %"


def arrow(value: float | None) -> str:
    """Return ▲ for a gain, ▼ for a loss: colour is never the only sign of a direction."""
    if value is None or is_unknown(value) or value == 0:
        return " "
    return "▲" if value > 0 else "▼"


def age(seconds: float | None) -> str:
    """Return a duration in whole seconds, minutes, hours and minutes, or days and hours, as it grows.

    A coarse text changes less often, and so costs fewer repaints.
    """
    if seconds is None or is_unknown(seconds):
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
    """Return the exchange's time, HH:MM:SS, or UTC on a machine without time zones."""
    eastern = exchange_zone()
    local = at.astimezone(eastern) if eastern else at
    return f"{local:%H:%M:%S}" + (f" {'ET' if eastern else 'UTC'}" if zone else "")


_today: list[str] = []
"""The exchange's day that the deck shows, once it is known."""


def use_day(at: datetime) -> bool:
    """Set the day whose times are written without a date; return whether another day was set before."""
    day = date(at)
    changed = bool(_today) and _today != [day]
    _today[:] = [day]
    return changed


def moment(at: datetime, *, zone: bool = False) -> str:
    """Return the exchange's time, HH:MM:SS, or for another day than the one shown its date too, as 24 Nov 15:40."""
    text = clock(at, zone=zone)
    return text if _today == [date(at)] else f"{date(at)} {text[:5]}{text[8:]}"


def day_clock(at: datetime) -> str:
    eastern = exchange_zone()
    local = at.astimezone(eastern) if eastern else at
    return f"{local:%a %d %b %H:%M:%S} {'ET' if eastern else 'UTC'}"


def date(at: datetime) -> str:
    """Return the exchange's day and month, as 24 Nov."""
    eastern = exchange_zone()
    return f"{at.astimezone(eastern) if eastern else at:%d %b}"


def weekday(at: datetime) -> str:
    """Return the exchange's day, as Fri 27."""
    eastern = exchange_zone()
    return f"{at.astimezone(eastern) if eastern else at:%a %d}"


def words(name: str) -> str:
    """Return a field's name with spaces in place of underscores."""
    return name.replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{local(f'{count:,}')} {one if count == 1 else many or one + 's'}"
