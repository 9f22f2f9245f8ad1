"""Quarantined receipts, and the raw body of the selected one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textual.message import Message

from tui import fmt
from tui.panes.reports import ReportPane
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.line import Line, clip_line, heading, wrap_text
from tui.widgets.table import LiveTable

COLUMNS = (
    Column("time ET", 12),
    Column("why not understood", 22, weight=1),
    Column("source", 12),
    Column("symbol", 6),
    Column("path", 16),
)
_MOST_LINES = 400
"""Most characters of a body that are shown; a note says when it is longer."""


class QuarantinePane(LiveTable):
    """Shows receipts, newest first; posts ``Looked`` when another one is selected."""

    class Looked(Message):
        """Another receipt was selected; ``None`` when there is none."""

        def __init__(self, key: str | None) -> None:
            self.key = key
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Quarantine", COLUMNS, id=id, empty=("asking the ledger",))
        self._looked: str | None = None

    def show(self, items: tuple[Mapping[str, Any], ...], more: bool) -> None:
        self.empty = ("empty: every webhook was understood",)
        note: Line = []
        if items:
            count = f"{len(items)}{'+' if more else ''}"
            note = [(count, "warn")]
        self.show_rows(tuple(Row(str(item["id"]), item, receipt_cells) for item in items), note)
        self.repaint()
        self._look()

    def show_problem(self, text: str) -> None:
        self.empty = (text,)
        self.show_rows((), [])
        self.repaint()

    def _go_to(self, place: int) -> None:
        super()._go_to(place)
        self._look()

    def _look(self) -> None:
        if self.cursor != self._looked:
            self._looked = self.cursor
            self.post_message(self.Looked(self.cursor))


def receipt_cells(item: Mapping[str, Any]) -> tuple[Cell, ...]:
    why = item.get("reason") or item.get("code") or fmt.NONE
    return (
        (_clock(str(item.get("received_at") or "")), "dim"),
        (str(why), "warn"),
        (str(item.get("source") or fmt.NONE), "text"),
        (str(item.get("symbol") or fmt.NONE), "text"),
        (str(item.get("endpoint") or fmt.NONE), "dim"),
    )


def _clock(text: str) -> str:
    try:
        return fmt.moment(datetime.fromisoformat(text))
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class BodyView:
    """One receipt by its id, or the problem with reading it."""

    id: str | None
    receipt: Mapping[str, Any] | None
    problem: str = ""


class BodyPane(ReportPane):
    title = "Raw body"
    data: BodyView | str | None = "nothing is quarantined"

    def report(self, view: BodyView, width: int, height: int) -> list[Line]:
        if view.id is None:
            return self.nothing(width, "nothing is quarantined")
        if view.receipt is None:
            return self.nothing(width, view.problem or "reading it")
        body = str(view.receipt.get("body") or "")
        out: list[Line] = [heading(self.title, width, [(f"{fmt.count(len(body))} characters", "dim")])]
        why = str(view.receipt.get("reason") or view.receipt.get("code") or "")
        out += [[(" ", "text"), *line] for line in wrap_text(visible(why), "warn", width - 2)][:2]
        lines = body_lines(body, width - 1)
        room = max(1, height - len(out))
        if len(lines) > room:
            lines = [*lines[: room - 1], [(f" … {len(lines) - room + 1} more lines: Enter", "info")]]
        return out + lines


def visible(text: str) -> str:
    """Return the body with control characters written as escapes, such as \\x1b."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def body_lines(body: str, width: int) -> list[Line]:
    """Return a body as lines, wrapped at the width; control characters are made visible."""
    if not body:
        return [[(" the body was empty", "dim")]]
    out: list[Line] = []
    for row in body.replace("\r\n", "\n").split("\n"):
        text = visible(row)
        for piece in _pieces(text, max(8, width - 1)):
            out.append(clip_line([(" ", "text"), (piece, "text")], width))
            if len(out) >= _MOST_LINES:
                return [*out, [(" … the rest is left out here; the API gives all of it", "dim")]]
    return out


def _pieces(text: str, width: int) -> list[str]:
    """Yield the text in pieces of at most ``width`` cells."""
    if text.isascii():
        return [text[n : n + width] for n in range(0, len(text), width)] or [""]
    from rich.cells import chop_cells

    return chop_cells(text, width) or [""]
