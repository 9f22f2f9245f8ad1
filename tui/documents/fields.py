"""A named field of a document: the name in a column at the left, the text beside it."""

from __future__ import annotations

from tui import fmt
from tui.widgets.line import Line, wrap_text

_NAME = 18


def named(name: str, text: str, width: int, role: str = "text") -> list[Line]:
    """Return the field as lines of ``width`` cells; a long text goes on below itself, not below the name."""
    rows = wrap_text(text, role, width - _NAME - 2) or [[]]
    return [[(f" {fmt.fit(name if n == 0 else '', _NAME)} ", "dim"), *row] for n, row in enumerate(rows)]
