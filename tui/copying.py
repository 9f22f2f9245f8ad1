"""A row, a position or a decision as text or JSON, for the clipboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tui import fmt
from tui.widgets.line import Line

LIMIT = 70_000
"""Characters that go to the clipboard at most: many terminals refuse a longer sequence without a word."""


def as_json(value: object) -> str:
    """A frozen value, a mapping or plain values as indented JSON; what JSON does not know as its text."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(value, default=_plain, option=options).decode()


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def lines_text(lines: Iterable[Line]) -> str:
    """Return painted lines as plain text, clean of anything a terminal would act on."""
    return "\n".join(fmt.safe("".join(text for text, _ in line)).rstrip() for line in lines).strip("\n")


def cells_text(titles: Iterable[str], cells: Iterable[str]) -> str:
    """A table's row as ``title: value`` lines, empty cells left out."""
    pairs = [(title, cell.strip()) for title, cell in zip(titles, cells, strict=True)]
    return "\n".join(f"{title}: {cell}" for title, cell in pairs if cell not in ("", fmt.NONE))
