"""Columns of a list, and how they share its width: the one model of every list of the deck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from tui.fmt import safe

Cell = tuple[str, str]

MARGIN = 2
"""Cells left of the first column: the cursor mark and a space."""
_MOST_UNCUT = 24
"""A number or a name wider than this may be cut like a text: it is none that a list shows."""


def _no_cell(_: Any) -> Cell:
    return ("", "text")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list.

    ``width`` is its least width in cells. A column at the right edge (``align``) holds numbers: it is always as wide
    as its widest number. A text may be cut at its least width, but only while no cell of the line is empty.
    ``weight`` is its share of the cells that nobody needs. ``cell`` writes the cell of one row. ``order`` is how the
    list names the order by this column, or its sort key. ``name`` is its name where the title changes; it is what
    a person's choice of columns is kept by. A column that is not ``standard`` is shown only where it was chosen.
    """

    title: str
    width: int
    align: str = "left"
    weight: int = 0
    cell: Callable[[Any], Cell] = _no_cell
    order: Any = None
    name: str = ""
    standard: bool = True

    @property
    def key(self) -> str:
        """The name by which a choice of columns is kept."""
        return self.name or " ".join(self.title.split())

    def least(self, wanted: int, *, first: bool = False) -> int:
        """Return the least width for texts of ``wanted`` cells: numbers and the list's first column are not cut."""
        whole = first or self.align == "right"
        return max(self.width, min(wanted, _MOST_UNCUT)) if whole else self.width


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns that a person chose for a list, in their order; ``None`` for the standard ones."""

    keys: tuple[str, ...] | None


def cells_by(columns: Sequence[Column]) -> Callable[[Any], tuple[Cell, ...]]:
    """Return the function that writes all cells of a row by the columns' own functions."""

    def write(value: Any) -> tuple[Cell, ...]:
        return tuple(column.cell(value) for column in columns)

    return write


class Row:
    """One row: its value, and its cells, which are made only when the row becomes visible.

    Two rows are equal when they have the same key and are of the same thing.
    """

    __slots__ = ("_cells", "_write", "key", "of")

    def __init__(self, key: str, of: Any, write: Callable[[Any], tuple[Cell, ...]]) -> None:
        """``write`` returns one cell per column: a text and its colour role."""
        self.key = key
        self.of = of
        self._write = write
        self._cells: tuple[Cell, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.key == other.key and self.of == other.of

    __hash__ = None  # type: ignore[assignment]

    @property
    def cells(self) -> tuple[Cell, ...]:
        if self._cells is None:
            self._cells = self._write(self.of)
        return self._cells

    def forget(self) -> None:
        """Make the cells again when the row becomes visible."""
        self._cells = None


def text_width(text: str) -> int:
    """Return the width of a cell's text as it is drawn."""
    return len(text) if text.isascii() else cell_len(safe(text))


def fitting(least: Sequence[int], gap: int, width: int, left: int) -> list[int]:
    """Return the places of the columns that fit into ``width`` cells.

    The first column is always there, then as many as fit from the scroll position ``left`` on.
    """
    used = MARGIN + least[0]
    shown = [0]
    for n in range(1 + left, len(least)):
        used += gap + least[n]
        if used > width:
            break
        shown.append(n)
    return shown


def most_left(least: Sequence[int], gap: int, width: int) -> int:
    """Return how many columns may be scrolled out: no more than needed to see the last one."""
    room = width - MARGIN - least[0]
    left = len(least) - 1
    while left > 0 and (room := room - gap - least[left]) >= 0:
        left -= 1
    return left


def shared(least: Sequence[int], wanted: Sequence[int], weights: Sequence[int], spare: int) -> list[int]:
    """Return the widths of the shown columns once ``spare`` cells are shared out.

    Texts that would be cut come first, those that lack least before the others; when no cell is left they take those
    that other columns do not fill. What nobody needs goes by weight.
    """
    widths = list(least)
    needy = sorted(
        (n for n in range(len(widths)) if wanted[n] > least[n]), key=lambda n: wanted[n] - least[n]
    )
    unfilled = [n for n in reversed(range(len(widths))) if 0 < wanted[n] < least[n]]
    for n in needy:
        more = min(spare, wanted[n] - widths[n])
        widths[n] += more
        spare -= more
        for other in unfilled:
            given = min(wanted[n] - widths[n], widths[other] - wanted[other])
            widths[n] += given
            widths[other] -= given
    total = sum(weights)
    if spare > 0 and total:
        heavy = [n for n, weight in enumerate(weights) if weight]
        shares = [spare * weights[n] // total for n in heavy]
        shares[-1] += spare - sum(shares)
        for n, share in zip(heavy, shares, strict=True):
            widths[n] += share
    return widths


def run_over(
    cells: Sequence[Cell], shown: Sequence[tuple[int, int]], aligned: Sequence[str], gap: int
) -> Iterator[tuple[str, str, int, str]]:
    """Yield text, role, width and alignment of the cells: a text that is too long runs over empty cells beside it.

    ``shown`` has the width of each cell as its second value.
    """
    n = 0
    while n < len(cells):
        (text, role), size, align = cells[n], shown[n][1], aligned[n]
        n += 1
        while align == "left" and n < len(cells) and not cells[n][0] and text_width(text) > size:
            size += gap + shown[n][1]
            n += 1
        yield text, role, size, align
