"""Multi-timeframe dots body to alignment facts."""

from __future__ import annotations

from typing import Any, Final

from core.intake.errors import IntakeError, shown
from core.intake.fields import minutes, strict_number
from core.intake.walk import Reading
from core.intake.words import ACCEPTED_DIRECTIONS, DAY, bias_of, label, timeframe
from core.model import AlignmentFacts, Bias

_VALUES: Final = ("direction", "dir", "trend", "bias")


def alignment(reading: Reading) -> AlignmentFacts:
    """The direction per timeframe and the percentages of those under a day; raises IntakeError without any.

    Raises IntakeError without any timeframe. A neutral timeframe counts in the total. Day, week
    and month are kept in ``states`` for display only.
    """
    notes = reading.notes
    sent = next((value for value in reading.values("timeframes") if isinstance(value, dict)), None)
    if sent is None:
        return _percentages(reading) if reading.has("bullish_pct") else _single(reading)
    states: dict[str, Bias] = {}
    within: list[Bias] = []
    for key, value in sent.items():
        length = timeframe(key)
        leaning = bias_of(_direction(value))
        if length is None or leaning is None:
            what = shown(_direction(value)) if length else "not a timeframe"
            notes.append(f"timeframes.{key[:32]}: {what}, left out")
            continue
        if states.setdefault(label(length), leaning) is not leaning:
            raise IntakeError(
                "AMBIGUOUS",
                f"timeframes.{key[:32]}: the same timeframe is given twice with two directions",
                "timeframes",
            )
        if length < DAY:
            within.append(leaning)
    return _facts(states, within)


def _direction(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    for key in _VALUES:
        if (said := value.get(key)) is not None:
            return said
    return None


def _facts(states: dict[str, Bias], within: list[Bias]) -> AlignmentFacts:
    if not within:
        raise IntakeError(
            "NO_DIRECTION",
            "timeframes: none under a day with a direction; send keys such as 3m or tf3min with a direction, "
            f"dir or trend of {ACCEPTED_DIRECTIONS} or NEUTRAL",
            "timeframes",
        )
    total = len(within)
    return AlignmentFacts(
        states=states,
        bullish_pct=100.0 * within.count(Bias.LONG) / total,
        bearish_pct=100.0 * within.count(Bias.SHORT) / total,
    )


def _single(reading: Reading) -> AlignmentFacts:
    """One timeframe with one direction, which only the endpoint tells from a signal."""
    length = minutes(reading)[0]
    leaning = next(
        (found for value in reading.values("side", "leaning") if (found := bias_of(value))),
        None,
    )
    known = length is not None and leaning is not None
    states = {label(length): leaning} if length is not None and leaning is not None else {}
    return _facts(states, list(states.values()) if known and length is not None and length < DAY else [])


def _percentages(reading: Reading) -> AlignmentFacts:
    read: list[float] = []
    for field in ("bullish_pct", "bearish_pct"):
        value = strict_number(reading.value(field), field)
        if value is None or not 0 <= value <= 100:
            raise IntakeError(
                "BAD_NUMBER", f"{field}: {shown(reading.value(field))} is not a percentage 0 to 100", field
            )
        read.append(value)
    if sum(read) > 100.5:
        raise IntakeError(
            "BAD_NUMBER", "bearish_pct: bullish_pct and bearish_pct are more than 100 together", "bearish_pct"
        )
    return AlignmentFacts(states={}, bullish_pct=read[0], bearish_pct=read[1])
