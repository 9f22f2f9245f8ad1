"""Vocabulary of the senders as tables, and parsers of single values; an unknown value is ``None``."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, cast

from core.model import Bias, Direction


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a text: how tables of many words are written."""
    return tuple(text.split())


SCORE_MAX: Final = 10.5
"""Highest score on the senders' scale; a larger one is a percentage."""

DIRECTIONS: Final = {
    **dict.fromkeys(("LONG", "BUY", "BULL", "BULLISH", "UP"), Direction.LONG),
    **dict.fromkeys(("SHORT", "SELL", "BEAR", "BEARISH", "DOWN"), Direction.SHORT),
}
ACCEPTED_DIRECTIONS: Final = "LONG or SHORT, BUY/SELL, BULLISH/BEARISH, UP/DOWN"

BIASES: Final = {
    **{word: Bias(side.value) for word, side in DIRECTIONS.items()},
    **dict.fromkeys(("NEUTRAL", "FLAT", "SIDEWAYS", "NONE", "MIXED"), Bias.NEUTRAL),
}

_SIDES = ("LONG", "SHORT")
EXITS: Final = frozenset(
    {"CLOSE", "EXIT", "FLAT", "FLATTEN", "COVER", "REDUCE", "CLOSE_ALL", "TAKE_PROFIT", "STOP_LOSS"}
    | {"SELL_TO_CLOSE", "BUY_TO_CLOSE", "BUY_TO_COVER"}
    | {f"{verb}_{side}" for verb in ("EXIT", "CLOSE", "REDUCE") for side in _SIDES}
)

PHASES: Final = {
    "ACCUMULATION": 1,
    "MARKUP": 2,
    "MARK_UP": 2,
    "DISTRIBUTION": 3,
    "MARKDOWN": 4,
    "MARK_DOWN": 4,
    "EXIT_ACCUMULATION": 2,
    "ZERO_CROSS_UP": 2,
    "EXIT_DISTRIBUTION": 4,
    "ZERO_CROSS_DOWN": 4,
}

VOLATILITIES: Final = {
    word + suffix: level
    for word, level in (("LOW", "LOW"), ("NORMAL", "NORMAL"), ("HIGH", "HIGH"), ("EXTREME", "EXTREME"))
    for suffix in ("", "_VOL", "_VOLATILITY")
}

DAYS: Final = {
    word: day
    for day in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
    for word in (day, day[:3])
}

FLAGS: Final = {"TRUE": True, "YES": True, "1": True, "FALSE": False, "NO": False, "0": False}

_NOTHING = frozenset(("", "NA", "N/A", "NULL", "NONE", "-", "NIL", "UNDEFINED"))
_NOT_FINITE = frozenset(("NAN", "INF", "INFINITY", "+INF", "-INF", "+INFINITY", "-INFINITY"))
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)

DAY, WEEK, MONTH = 1440, 10080, 43200
_LABELS: Final = {DAY: "D", WEEK: "W", MONTH: "M"}
_UNITS: Final = {
    **dict.fromkeys(("", "M", "MN", "MIN", "MINS", "MINUTE", "MINUTES"), 1.0),
    **dict.fromkeys(("S", "SEC", "SECOND", "SECONDS"), 1 / 60),
    **dict.fromkeys(("H", "HR", "HRS", "HOUR", "HOURS", "HOURLY", "HRLY"), 60.0),
    **dict.fromkeys(("D", "DAY", "DAYS", "DAILY", "DLY"), float(DAY)),
    **dict.fromkeys(("W", "WK", "WEEK", "WEEKS", "WEEKLY"), float(WEEK)),
    **dict.fromkeys(("MO", "MON", "MONTH", "MONTHS", "MONTHLY"), float(MONTH)),
}
_UNIT_FIRST = re.compile(r"(?:(MN|MO)|([SMHDW]))[ _]?(\d{1,4})", re.ASCII)
"""MetaTrader's names: M15, H4, D1, W1, MN1."""
_MONTH_NAMES: Final = {
    "M": MONTH,
    "1M": MONTH,
    "tf1M": MONTH,
    "3M": 3 * MONTH,
    "6M": 6 * MONTH,
    "12M": 12 * MONTH,
}
_NAMED: Final = {"MN": MONTH, "HOURLY": 60, "MINUTE": 1, "HOUR": 60}
_WORD_FIRST: Final = re.compile(r"(MINUTE|MIN|HOUR|DAY|WEEK|MONTH)S?[ _]?(\d{1,3})", re.ASCII)
"""Names such as Minute15 and Hour4."""
_COUNTS: Final = {
    word: count
    for count, word in (
        (1, "ONE"), (2, "TWO"), (3, "THREE"), (4, "FOUR"), (5, "FIVE"), (6, "SIX"), (10, "TEN"), (12, "TWELVE"),
        (15, "FIFTEEN"), (30, "THIRTY"), (45, "FORTY_FIVE"),
    )
}  # fmt: skip
"""Names such as FIFTEEN_MINUTE and ONE_HOUR."""
_DECIMAL = re.compile(r"(\d{1,5})\.0+")
_ISO_LENGTH = re.compile(r"P(?:T(\d{1,4})([MH])|(\d{1,3})([DWM]))", re.ASCII)
_TIMEFRAME = re.compile(r"(?:TF[_ ]?)?(\d{0,5})[ _]?([A-Z]*)", re.ASCII)
_LONGEST_TIMEFRAME = 12 * MONTH


def word(value: object) -> str | None:
    """Return a text as a table key: upper case, separators as underscores; ``None`` for other values."""
    if type(value) is not str or not value:
        return None
    return _word(value) if len(value) <= _COMMON else _spelled(value)


def _spelled(text: str) -> str | None:
    return text.strip().upper().replace(" ", "_").replace("-", "_") or None


_COMMON = 32
"""Longest text that is cached; senders repeat a few short texts all day."""
_word = lru_cache(maxsize=1024)(_spelled)


def number(value: object) -> float | None:
    """Return the number in a number or text; ``None`` for an empty value, NaN as sent. Raises ValueError."""
    if type(value) is float:
        return value
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("not a number")
    return _short_number(value) if len(value) <= _COMMON else _number(value)


def _number(value: str) -> float | None:
    text = value.strip().removeprefix("$")
    if _NUMBER.fullmatch(text):
        return float(text)
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    upper = text.upper()
    if upper in _NOTHING:
        return None
    if upper in _NOT_FINITE:
        return math.nan
    raise ValueError("not a number")


_short_number = lru_cache(maxsize=1024)(_number)


def flag(value: object) -> bool | None:
    """Return a boolean, also from 1/0, yes/no or text in any case; ``None`` for other values."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    return FLAGS.get(value.strip().upper()) if isinstance(value, str) else None


def bias_of(value: object) -> Bias | None:
    """Return the leaning that a word names, ``None`` for other values."""
    if type(value) is not str:
        return None
    return _short_bias(value) if len(value) <= _COMMON else _bias(value)


def _bias(text: str) -> Bias | None:
    return BIASES.get(_spelled(text) or "")


_short_bias = lru_cache(maxsize=256)(_bias)


def phase(name: str) -> int | None:
    """Return the phase 1–4 of an event or phase name, or ``None``."""
    return PHASES.get(name.removeprefix("ENTER_").removeprefix("ENTERING_"))


def timeframe(value: object) -> int | None:
    """Return the minutes of ``15``, "15m", "1h", "4H", "D", "1W", "1M", "tf3min"; ``None`` for other values."""
    if isinstance(value, str):
        return _timeframe(value) if len(value) <= 16 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 < value <= _LONGEST_TIMEFRAME and value == int(value) else None


@lru_cache(maxsize=256)
def _timeframe(text: str) -> int | None:
    text = text.strip()
    if text in _MONTH_NAMES:  # TradingView: a capital M alone is a month, and so are 1M, 3M, 6M and 12M
        return _MONTH_NAMES[text]
    upper = text.upper().removeprefix("PERIOD_").replace("-", " ")
    text = upper
    if upper in _NAMED:
        return _NAMED[upper]
    if whole := _DECIMAL.fullmatch(upper):
        text = whole[1]
    count, _, unit = upper.rpartition("_")
    if count in _COUNTS:
        text = f"{_COUNTS[count]}{unit}"
    elif worded := _WORD_FIRST.fullmatch(upper):
        text = f"{worded[2]}{worded[1]}"
    elif turned := _UNIT_FIRST.fullmatch(upper):
        month, unit, count = turned.groups()
        text = f"{count}{'MONTH' if month else 'MIN' if unit == 'M' else unit}"
    elif length := _ISO_LENGTH.fullmatch(upper):
        text = f"{length[1]}{'MIN' if length[2] == 'M' else 'H'}" if length[1] else (
            f"{length[3]}{'MONTH' if length[4] == 'M' else length[4]}"
        )  # fmt: skip
    found = _TIMEFRAME.fullmatch(text.upper())
    if found is None or not (found[1] or found[2]) or found[2] not in _UNITS:
        return None
    if not found[1] and _UNITS[found[2]] < DAY:
        return None
    minutes = math.ceil(int(found[1] or 1) * _UNITS[found[2]])
    return minutes if 0 < minutes <= _LONGEST_TIMEFRAME else None


def label(minutes: int) -> str:
    """Return the label of a timeframe in a map of directions: minutes, or D, W, M."""
    return _LABELS.get(minutes) or str(minutes)


EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_UNIT_BOUNDS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))


def instant(value: object) -> datetime | None:
    """Return an instant from epoch seconds or milliseconds or ISO 8601 (without an offset: UTC), or ``None``."""
    try:
        # No number has a colon, and nearly every time has one.
        written = isinstance(value, str) and (":" in value or not _NUMBER.fullmatch(value.strip()))
        moment = _iso(cast(str, value)) if written else _epoch(value)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment is not None and EARLIEST <= moment < LATEST else None


def _iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _epoch(value: object) -> datetime | None:
    count = number(value)
    if count is None or not count > 0:
        return None
    for bound, per_second in _UNIT_BOUNDS:
        if count < bound:
            return datetime.fromtimestamp(count / per_second, UTC)
    return None
