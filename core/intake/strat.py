"""STRAT execution body to structure facts."""

from __future__ import annotations

from typing import Final

from core.intake.errors import IntakeError, shown
from core.intake.fields import label_of
from core.intake.walk import Reading
from core.intake.words import flag, word
from core.model import StructureFacts

_GRADES: Final = {"A": "A", "A+": "A", "B": "B", "C": "C"}


def structure(reading: Reading) -> StructureFacts:
    """Return whether the setup is valid and liquid, its grade A, B or C if stated, its pattern."""
    grade = word(next(iter(reading.values("grade", "quality")), None))
    if grade is not None and grade not in _GRADES:
        reading.notes.append(f"quality: {shown(grade)} is none of A, B, C")
    return StructureFacts(
        valid_setup=_required(reading, "setup_valid"),
        liquidity_ok=_required(reading, "liquidity_ok"),
        execution_quality=_GRADES.get(grade or ""),
        pattern=label_of(reading, "pattern", "event"),
    )


def _required(reading: Reading, field: str) -> bool:
    read = flag(reading.value(field))
    if read is None:
        raise IntakeError(
            "BAD_FLAG", f"{field}: {shown(reading.value(field))} is neither true nor false" if reading.has(field)
            else f"{field}: missing; true or false is expected", field,
        )  # fmt: skip
    return read
