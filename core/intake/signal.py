"""A body that proposes a trade -> signal facts."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from core.intake import levels
from core.intake.errors import shown
from core.intake.fields import MOST_PRICE, MOST_RATIO, amount, label_of, price_of, strict_number
from core.intake.walk import Reading, of_words
from core.intake.words import DAYS, SCORE_MAX, bias_of, number, timeframe, word
from core.model import Bias, Direction, Quality, Reason, Session, SignalFacts

_QUALITY_FROM: Final = ((9.0, Quality.EXTREME), (7.0, Quality.HIGH), (-math.inf, Quality.MEDIUM))
_SESSIONS: Final = {session.value: session.value for session in Session}
_PERCENT: Final = re.compile(r"\s*([+-]?[\d.]+)\s*%\s*")
_OF: Final = re.compile(r"\s*([\d.]+)\s*(?:/|of|out of)\s*([\d.]+)\s*", re.IGNORECASE)
_SCALE: Final = re.compile(r"(?:0\s*(?:-|to|\.\.|–)\s*)?([\d.]+)\s*%?")
_COULD_BE_OTHER: Final = 10.0
"""A score up to this could be meant on 0 to 1, 0 to 5, 0 to 10 or 0 to 100 as well, and how it is read is told."""
_COULD_BE_PART: Final = 5.0
"""The same for a score whose key says that it is one on 0 to 10.5."""
_ON_OUR_SCALE: Final = re.compile(r"ai_?score$", re.IGNORECASE)
MAX_COMPONENTS = 32


def signal(
    reading: Reading, direction: Direction, price: float | None, most_pct: float
) -> tuple[SignalFacts, list[Reason]]:
    """Return what a body proposes to trade and why it may not; raises IntakeError for a number that is none.

    ``most_pct`` is how far a level may be from the price, in percent.
    """
    score = _score(reading)
    atr, daily = _atr(reading)
    entry = _entry(reading)
    stated = levels.levels(reading, direction, entry if entry is not None else price, most_pct)
    event, bias_4h, bias_1h = _described(reading)
    facts = SignalFacts(
        direction=direction,
        ai_score=score,
        quality=_quality(reading, score),
        event=event,
        entry=entry,
        stop=stated.stop,
        target_1=stated.target_1,
        target_2=stated.target_2,
        rr1=amount(reading, "rr1", 0, MOST_RATIO),
        rr2=amount(reading, "rr2", 0, MOST_RATIO),
        volume_ratio=amount(reading, "volume_ratio", 0, MOST_RATIO),
        trend_strength=amount(reading, "strength", 0, 100),
        bias_4h=bias_4h,
        bias_1h=bias_1h,
        session=_one_of(reading, "session", _SESSIONS),
        day=_one_of(reading, "day", DAYS),
        atr=atr,
        atr_is_daily=daily,
        components=_components(reading.value("components")),
    )
    return facts, stated.faults


@of_words
def _described(reading: Reading) -> tuple[str | None, Bias | None, Bias | None]:
    """Return the setup's name and the leanings of 4 hours and 1 hour."""
    return (
        label_of(reading, "pattern", "event"),
        bias_of(reading.value("bias_4h")),
        bias_of(reading.value("bias_1h")),
    )


def _entry(reading: Reading) -> float | None:
    for _, path, value in reading.all("entry"):
        if isinstance(value, bool) or (isinstance(value, str) and not any(c.isdigit() for c in value)):
            continue  # a flag or a word such as "market"
        return price_of(value, path, none_is_zero=True)
    return None


def has_score(reading: Reading) -> bool:
    """Return whether a score with a value is stated (one that is no number counts, and is refused later)."""
    value, path = reading.first("score")
    try:
        read = _with_scale(value)[0] if path is not None else None
    except ValueError:
        return True
    return read is not None and read == read


def _score(reading: Reading) -> float | None:
    """Return the score on 0–10.5; other scales are read with a note, one outside every scale is left out."""
    value, path = reading.first("score")
    if path is not None:
        return _scored(reading, path, value, fraction=False)
    near = [f for f in reading.all("confidence") if not f[1].startswith("confidence.")]
    return _scored(reading, near[0][1], near[0][2], fraction=True) if near else None


def _scored(reading: Reading, path: str, value: Any, *, fraction: bool) -> float | None:
    try:
        read, scale = _with_scale(value)
    except ValueError:
        if fraction:
            reading.notes.append(f"{path}: {shown(value)} is not a number and left out")
            return None
        read, scale = strict_number(value, path), None
    if read is None or read != read:
        return None
    notes = reading.notes
    if scale is None:
        scale = _stated_scale(reading)
    if scale is not None:
        if not 0 <= read <= scale:
            notes.append(f"{path}: {shown(value)} is outside 0 to {scale:g} and left out")
            return None
        notes.append(f"{path}: {shown(value)} read as {read:g} of {scale:g}")
        return read * SCORE_MAX / scale
    if fraction and 0 < read <= 1 and read != int(read):
        notes.append(f"{path}: {read:g} read as a fraction of 1, {read * 100:g} %")
        return read * SCORE_MAX
    if 0 <= read <= SCORE_MAX:
        if 0 < read <= (_COULD_BE_PART if _ON_OUR_SCALE.search(path) else _COULD_BE_OTHER):
            notes.append(
                f"{path}: {read:g} read as {read:g} of {SCORE_MAX:g}; send a percent, or score_scale beside it"
            )
        return read
    if SCORE_MAX < read <= 100:
        notes.append(f"{path}: {read:g} read as a percentage of {SCORE_MAX:g}")
        return read * SCORE_MAX / 100
    notes.append(f"{path}: {shown(value)} is outside 0 to 100 and left out")
    return None


def _with_scale(value: Any) -> tuple[float | None, float | None]:
    """Return a number and the top of its scale if the text states it, as "94 %" and "4/5" do."""
    if isinstance(value, str):
        if percent := _PERCENT.fullmatch(value):
            return float(percent[1]), 100.0
        if (part := _OF.fullmatch(value)) and float(part[2]) > 0:
            return float(part[1]), float(part[2])
    return number(value), None


def _stated_scale(reading: Reading) -> float | None:
    value = reading.value("score_scale")
    if isinstance(value, str) and (found := _SCALE.fullmatch(value.strip())):
        value = found[1]
    try:
        read = number(value)
    except ValueError:
        return None
    return read if read is not None and 0 < read <= 1000 else None


def _quality(reading: Reading, score: float | None) -> Quality:
    value, path = reading.first("quality")
    text = word(value)
    if text is not None and text in Quality.__members__:
        return Quality[text]
    if path is not None:
        reading.notes.append(f"{path}: {shown(value)} is none of EXTREME, HIGH, MEDIUM; taken from the score")
    return next(q for least, q in _QUALITY_FROM if (score if score is not None else -math.inf) >= least)


def _atr(reading: Reading) -> tuple[float | None, bool]:
    daily = amount(reading, "daily_atr", 0, MOST_PRICE)
    if daily is not None:
        return daily, True
    stated = amount(reading, "atr", 0, MOST_PRICE)
    return stated, stated is not None and timeframe(reading.value("atr_timeframe")) == 1440


def _one_of(reading: Reading, slot: str, known: dict[str, str]) -> str | None:
    value, path = reading.first(slot)
    read = known.get(word(value) or "")
    if path is not None and read is None:
        reading.notes.append(f"{path}: {shown(value)} left out")
    return read


def _components(sent: Any) -> tuple[str, ...]:
    if isinstance(sent, str):
        sent = sent.split(",")
    if not isinstance(sent, list):
        return ()
    return tuple(
        part for item in sent[:MAX_COMPONENTS] if isinstance(item, str) and (part := item.strip()[:40])
    )
