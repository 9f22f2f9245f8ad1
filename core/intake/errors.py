"""Error of a refused body."""

from __future__ import annotations

from core.intake.clean import clean

SHOWN = 48
"""Characters of a sender's value that a message repeats."""


class IntakeError(ValueError):
    """A refused body: ``code`` for programs, the message for people, ``field`` the path of the wrong field.

    ``candidates`` are the possible sources of a body that was refused as ambiguous.
    """

    def __init__(
        self, code: str, message: str, field: str | None = None, candidates: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.candidates = candidates

    @property
    def reason(self) -> str:
        return str(self.args[0])

    @property
    def http_status(self) -> int:
        """400 for a body that is not JSON, 422 for JSON that is not understood."""
        return 400 if self.code == "NOT_JSON" else 422


def shown(value: object) -> str:
    """Return a sender's value for a message: cleaned, quoted if text, and short."""
    if isinstance(value, str):
        return f'"{clean(value, SHOWN)}"'
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return clean(repr(value), SHOWN)
