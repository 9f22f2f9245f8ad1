"""STRAT execution body to structure facts."""

from __future__ import annotations

from typing import Final

from core.intake.body import Body
from core.intake.errors import IntakeError, shown
from core.intake.fields import Paths, first, label_of
from core.intake.words import flag, word
from core.model import StructureFacts

_GRADE: Final[Paths] = ((None, "execution_quality"), (None, "quality"), (None, "grade"))
_PATTERN: Final[Paths] = ((None, "pattern"), (None, "strat_pattern"), (None, "setup"), (None, "event"))
_GRADES: Final = {"A": "A", "A+": "A", "B": "B", "C": "C"}


def structure(body: Body, notes: list[str]) -> StructureFacts:
    """Return validity, liquidity, grade (A, B or C, if stated) and pattern of the setup."""
    grade = word(first(body, _GRADE)[0])
    if grade is not None and grade not in _GRADES:
        notes.append(f"quality: {shown(grade)} is none of A, B, C")
    return StructureFacts(
        valid_setup=_required(body, "setup_valid"),
        liquidity_ok=_required(body, "liquidity_ok"),
        execution_quality=_GRADES.get(grade or ""),
        pattern=label_of(body, _PATTERN),
    )


def _required(body: Body, field: str) -> bool:
    read = flag(body.get(field))
    if read is None:
        raise IntakeError(
            "BAD_FLAG", f"{field}: {shown(body.get(field))} is neither true nor false" if field in body
            else f"{field}: missing; true or false is expected", field,
        )  # fmt: skip
    return read
