"""The dialog with one position: entry, value, Greeks, attribution, charts, levels and exits."""

from __future__ import annotations

import logging
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from server.deck import DeckSnapshot, PositionDetail, PositionRow
from tui.charts import ChartFrame
from tui.commands.positions import BREAK_EVEN, EXIT_HALF, EXIT_POSITION, NOTE_POSITION, SET_LEVELS
from tui.dialogs.base import Reading
from tui.documents import position as part
from tui.documents.position import stacked
from tui.interfaces import NoteSubject, deck_ui, run_in_background
from tui.panes.notes import notes_block
from tui.widgets.document import Document
from tui.widgets.line import Line, two_columns

log = logging.getLogger("gatedeck.tui")

_AGAIN = 1.0
"""Seconds between two readings of the position while the dialog is open."""
_WIDE = 100
_CHART = 11


_ACTIONS = (EXIT_POSITION, EXIT_HALF, BREAK_EVEN, SET_LEVELS)


class PositionDialog(Reading):
    """Follows an open position; also shows a closed one."""

    BINDINGS = [command.binding for command in (*_ACTIONS, NOTE_POSITION)]

    def __init__(self, row: PositionRow, detail: PositionDetail | None = None) -> None:
        super().__init__()
        self.row = row
        self.detail = detail
        self._exiting = False
        self.problem = "reading its marks from the ledger"

    def compose(self) -> ComposeResult:
        with Container(classes="box reading full"):
            document = Document(self.write, id="document")
            worker = deck_ui(self).charts
            self._value_chart = ChartFrame(worker, document.repaint)
            self._underlying_chart = ChartFrame(worker, document.repaint)
            yield document

    def on_mount(self) -> None:
        super().on_mount()
        self.read()
        ui = deck_ui(self)
        self.set_interval(max(_AGAIN, 2 / ui.refresh_hz) if ui.low_bandwidth else _AGAIN, self.read)

    def _fit(self) -> None:
        """Fill the whole screen, as the style sheet says; the keys are in the frame."""
        words = "   ".join(f"{key} {word}" for key, word in self._keys())
        self.query_one(".box").border_subtitle = Content(f" {words} ")

    @property
    def closed(self) -> bool:
        return self.row.state == "CLOSED"

    def read(self) -> None:
        if not self.closed or self.detail is None or not self.detail.closed:
            run_in_background(self, self._read, exclusive=True, group="position")

    async def _read(self) -> None:
        try:
            detail = await deck_ui(self).deck.position(self.row.id)
        except Exception as error:
            log.exception("position %s could not be read", self.row.id)
            self.problem = f"its marks could not be read: {error!r}"
        else:
            self.problem = "" if detail else "the ledger does not hold it yet"
            if detail is not None:
                self.detail, self.row = detail, detail.row
        if self.is_mounted:
            self._fit()
            self.query_one(Document).repaint()

    def show(self, snapshot: DeckSnapshot) -> None:
        """Read a position that is no longer open at once; the numbers come from the ledger, not the snapshot."""
        if (exiting := self._is_exiting()) != self._exiting:
            self._exiting = exiting
            self.query_one(Document).repaint()
        if not self.closed and all(row.id != self.row.id for row in snapshot.positions):
            self.read()

    @property
    def value(self) -> PositionRow:
        return self.row

    def _is_exiting(self) -> bool:
        return self.row.id in deck_ui(self).positions.exiting

    # --- actions of commands ----------------------------------------------------------------------------

    def action_exit_position(self) -> None:
        self._request(deck_ui(self).positions.exit)

    def action_exit_half(self) -> None:
        self._request(deck_ui(self).positions.exit_half)

    def action_break_even(self) -> None:
        self._request(deck_ui(self).positions.break_even)

    def action_set_levels(self) -> None:
        self._request(deck_ui(self).positions.set_levels)

    def action_add_note(self) -> None:
        if not self.too_soon:
            about = NoteSubject(title=self.row.contract, position_id=self.row.id)
            deck_ui(self).add_note(about, self._read_again)

    def _read_again(self) -> None:
        if self.is_mounted:
            run_in_background(self, self._read, exclusive=True, group="position")

    def _request(self, request: Callable[[PositionRow], None]) -> None:
        if self.too_soon:
            return
        if self.closed:
            deck_ui(self).say(f"{self.row.contract} is closed", "neutral")
        else:
            request(self.row)

    # --- the document -----------------------------------------------------------------------------------

    def write(self, width: int) -> list[Line]:
        row, detail = self.row, self.detail
        exiting = self._is_exiting()
        if detail is None:
            return part.position_lines(row, width, exiting=exiting, note=self.problem)
        head = part.top(row, width, exiting=exiting)
        if self.problem:
            head.append([(f" ! {self.problem}", "warn")])
        if width < _WIDE:
            blocks = [part.attribution(detail.money, width), part.exit_fills(detail.exit_fills, width)]
            if not detail.closed:
                blocks.append(part.exits(detail.exits, detail.nearest, row, width))
            blocks += [
                part.value_chart(self._value_chart.lines, detail, width, _CHART),
                part.underlying_chart(self._underlying_chart.lines, detail, width, _CHART),
            ]
            if not detail.closed:
                blocks.append(part.levels(row, detail, width))
            blocks += [part.greeks(row, width), part.execution(row, width, costs=bool(detail.exit_fills))]
            blocks.append(notes_block(detail.notes, width))
            return [*head, *stacked(blocks)]
        return [*head, *self._wide(detail, width)]

    def _wide(self, detail: PositionDetail, width: int) -> list[Line]:
        half = (width - 3) // 2
        blocks = [part.attribution(detail.money, half), part.exit_fills(detail.exit_fills, half)]
        if not detail.closed:
            blocks.append(part.exits(detail.exits, detail.nearest, detail.row, half))
        costs = bool(detail.exit_fills)
        blocks += [part.greeks(self.row, half), part.execution(self.row, half, costs=costs)]
        left = stacked([*blocks, notes_block(detail.notes, half)])
        right_half = width - 3 - half
        levels = [] if detail.closed else [[], *part.levels(self.row, detail, right_half)]
        # The charts fill the height that the left column and the window leave.
        rows = max(len(left), self.query_one(Document).content_size.height - 5)
        free = max(2 * _CHART, min(44, rows - len(levels) - 2))
        upper = free // 2
        charts = [
            part.value_chart(self._value_chart.lines, detail, right_half, upper),
            part.underlying_chart(self._underlying_chart.lines, detail, right_half, free - upper),
        ]
        right = stacked(charts) + levels
        return two_columns(left, right, half)

    def action_copy(self, json: bool) -> None:
        """Copy the position as text, or as JSON with everything read from the ledger."""
        deck_ui(self).copy_value(self.detail if json and self.detail is not None else self.row, json=json)

    def _keys(self) -> list[tuple[str, str]]:
        acting = [] if self.closed else [(c.key_name, c.label) for c in _ACTIONS]
        return [*acting, (NOTE_POSITION.key_name, NOTE_POSITION.label), ("c", "copy"), ("Esc", "close")]
