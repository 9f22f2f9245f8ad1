"""Why a body was not taken."""

from __future__ import annotations

from core.intake.clean import clean

SHOWN = 48
"""Characters of a foreign value that a message repeats."""


class IntakeError(ValueError):
    """A body that is refused: ``code`` for programs, the message for people, ``field`` where it went wrong.

    ``candidates`` are the sources a body could have been, when it was refused for being ambiguous.
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
        """400 for what is not JSON at all, 422 for JSON that is not understood."""
        return 400 if self.code == "NOT_JSON" else 422


def shown(value: object) -> str:
    """A foreign value as a message may repeat it: cleaned, quoted if text, and short."""
    if isinstance(value, str):
        return f'"{clean(value, SHOWN)}"'
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return clean(repr(value), SHOWN)
