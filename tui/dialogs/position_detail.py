"""One open position: how it was filled, what it is worth and exposed to now, and where it leaves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from server.deck import DeckSnapshot, PositionRow
from server.deck.position_detail import PositionDetail
from tui.commands.positions import BreakEven, ExitHalf, ExitPosition
from tui.commands.registry import BY_NAME
from tui.dialogs.base import Reading
from tui.documents import position as part
from tui.widgets.document import Document
from tui.widgets.line import Line
from tui.widgets.plot import two_columns

if TYPE_CHECKING:
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.tui")

_AGAIN = 1.0
"""Seconds between two readings of the position while the dialog is open."""
_WIDE = 100
_CHART = 11


class PositionDialog(Reading):
    """Follows its position while it is open, and may be opened for one that is closed."""

    BINDINGS = [command.binding() for command in (ExitPosition, ExitHalf, BreakEven)]

    def __init__(self, row: PositionRow, detail: PositionDetail | None = None) -> None:
        super().__init__()
        self.row = row
        self.detail = detail
        self._exiting = False
        self.problem = "reading its marks from the ledger"

    def compose(self) -> ComposeResult:
        with Container(classes="box reading full"):
            yield Document(self.write, id="document")

    def on_mount(self) -> None:
        super().on_mount()
        self.read()
        app: DeckApp = self.app  # type: ignore[assignment]
        self.set_interval(max(_AGAIN, 2 / app.refresh_hz) if app.low_bandwidth else _AGAIN, self.read)

    def _fit(self) -> None:
        """The whole screen, as its style sheet says; the keys stand in the frame."""
        words = "   ".join(f"{key} {word}" for key, word in self._keys())
        self.query_one(".box").border_subtitle = Content(f" {words} ")

    @property
    def closed(self) -> bool:
        return self.row.state == "CLOSED"

    def read(self) -> None:
        if not self.closed or self.detail is None or not self.detail.closed:
            self.run_worker(self._read, exclusive=True, exit_on_error=False, group="position")  # type: ignore[arg-type]

    async def _read(self) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        try:
            detail = await app.deck.position(self.row.id)
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
        """Everything here is of one reading; a position that left is read at once."""
        app: DeckApp = self.app  # type: ignore[assignment]
        if (exiting := self.row.id in app.exiting) != self._exiting:
            self._exiting = exiting
            self.query_one(Document).repaint()
        if not self.closed and all(row.id != self.row.id for row in snapshot.positions):
            self.read()

    def action_command(self, name: str) -> None:
        if not self.too_soon:
            BY_NAME[name]().run(self.app)  # type: ignore[arg-type]

    def write(self, width: int) -> list[Line]:
        row, detail = self.row, self.detail
        if not self.is_mounted:  # written for the clipboard
            middle = [part.levels(row, None, width), part.greeks(row, width), part.execution(row, width)]
            return [*part.top(row, width, exiting=False), *_stack(middle)]
        app: DeckApp = self.app  # type: ignore[assignment]
        head = part.top(row, width, exiting=row.id in app.exiting)
        if detail is None:
            middle = [part.levels(row, None, width), part.greeks(row, width), part.execution(row, width)]
            return [*head, [(f" {self.problem}", "dim")], *_stack(middle)]
        if self.problem:
            head.append([(f" ! {self.problem}", "warn")])
        if width < _WIDE:
            blocks = [part.attribution(detail.attribution, width), part.legs(detail.legs, width)]
            if not detail.closed:
                blocks.append(part.exits(detail.exits, row, width))
            blocks += [part.value_chart(detail, width, _CHART), part.underlying_chart(detail, width, _CHART)]
            if not detail.closed:
                blocks.append(part.levels(row, detail, width))
            blocks += [part.greeks(row, width), part.execution(row, width, costs=bool(detail.legs))]
            return [*head, *_stack(blocks)]
        return [*head, *self._wide(detail, width)]

    def _wide(self, detail: PositionDetail, width: int) -> list[Line]:
        half = (width - 3) // 2
        blocks = [part.attribution(detail.attribution, half), part.legs(detail.legs, half)]
        if not detail.closed:
            blocks.append(part.exits(detail.exits, detail.row, half))
        costs = bool(detail.legs)
        left = _stack([*blocks, part.greeks(self.row, half), part.execution(self.row, half, costs=costs)])
        right_half = width - 3 - half
        levels = [] if detail.closed else [[], *part.levels(self.row, detail, right_half)]
        # The charts take what the left side and the window leave them.
        rows = max(len(left), self.query_one(Document).content_size.height - 5)
        free = max(2 * _CHART, min(44, rows - len(levels) - 2))
        upper = free // 2
        charts = [
            part.value_chart(detail, right_half, upper),
            part.underlying_chart(detail, right_half, free - upper),
        ]
        right = _stack(charts) + levels
        return two_columns(left, right, half)

    def action_copy(self, json: bool) -> None:
        """Copy all that is known of the position: as it is written here, or as JSON."""
        app: DeckApp = self.app  # type: ignore[assignment]
        app.copy_value(self.row if self.detail is None or not json else self.detail, json=json)

    def _keys(self) -> list[tuple[str, str]]:
        acting = [] if self.closed else [(c.key_word(), c.label) for c in (ExitPosition, ExitHalf, BreakEven)]
        return [*acting, ("c", "copy"), ("Esc", "close")]


def _stack(blocks: list[list[Line]]) -> list[Line]:
    out: list[Line] = []
    for block in blocks:
        if block:
            out += [[], *block]
    return out
