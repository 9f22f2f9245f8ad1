"""The dialog that switches alerts on or off, by kind and channel."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from server.deck.notice_kinds import KINDS, PHONE
from tui import fmt
from tui.dialogs.base import Dialog
from tui.interfaces import deck_ui
from tui.notices import BELL, CHANNELS, DESKTOP, TOAST, NoticeSettings
from tui.widgets.line import Line, heading
from tui.widgets.line_widget import LineWidget

_ROWS = (*KINDS, "title")
_NAMES = {TOAST: "toast", BELL: "bell", DESKTOP: "desktop", PHONE: "phone"}
_NAME = 11
_TITLE = "unseen events, in its title"
_ABOUT = max(map(len, (*KINDS.values(), _TITLE)))
_CELLS = (10, 8, 6)
"""Widths of a column; the widest that leaves room for the descriptions is taken, or the widest that fits."""
_NO_PHONE = "phone: no address is set (notify_urls in the settings)"


def _cell_width(width: int) -> int:
    for about in (_ABOUT, 0):
        for cell in _CELLS:
            if _NAME + len(CHANNELS) * cell + about <= width:
                return cell
    return _CELLS[-1]


class NoticeGrid(LineWidget, can_focus=True):
    """A grid of kinds (rows) and channels (columns); Space switches the selected cell."""

    BINDINGS = [
        Binding("up,k", "move(-1, 0)", show=False),
        Binding("down,j", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("space,enter", "switch", show=False),
    ]

    def __init__(self, settings: NoticeSettings) -> None:
        super().__init__(id="notices")
        self.settings = settings
        self.row = self.column = 0

    def lines(self, width: int, height: int) -> list[Line]:
        cell = _cell_width(width)
        head: Line = [
            (" " * _NAME, "head"),
            *((fmt.fit(_NAMES[c][: cell - 1], cell), "head") for c in CHANNELS),
        ]
        out = [heading("Alerts", width), head]
        # Where there is little room, the rows around the selected one.
        room = max(1, height - len(out))
        first = max(0, min(self.row - room // 2, len(_ROWS) - room))
        for n, kind in tuple(enumerate(_ROWS))[first : first + room]:
            line: Line = [(" " + fmt.fit(kind, 10), "strong" if n == self.row else "text")]
            for m in range(len(CHANNELS)):
                line.append(self._cell(n, m, cell))
            about = KINDS.get(kind, _TITLE)
            line.append(
                (
                    fmt.clip(about, left) if (left := width - _NAME - cell * len(CHANNELS)) >= _NAME else "",
                    "dim",
                )
            )
            out.append(line)
        words = (("Space", "switch"), ("↑↓←→", "move"), ("Esc", "close"))
        keys: Line = [(" ", "text")]
        for key, word in words:
            keys += [(key, "key"), (f" {word}   ", "dim")]
        snapshot = deck_ui(self).latest
        unset = snapshot is not None and not snapshot.phone
        note: Line = [(f" {fmt.clip(_NO_PHONE, width - 1)}", "dim")] if unset else []
        return [*out, note, keys]

    def _cell(self, n: int, m: int, width: int) -> tuple[str, str]:
        kind = _ROWS[n]
        here = n == self.row and m == self.column
        if kind == "title":
            if m:
                return (" " * width, "text")
            on = self.settings.title
        else:
            on = CHANNELS[m] in getattr(self.settings, kind)
        box = "[✓]" if on else "[ ]"
        return (
            fmt.fit(f"{'▸' if here else ' '}{box}", width),
            "title-focus" if here else "good" if on else "dim",
        )

    def action_move(self, down: int, right: int) -> None:
        self.row = max(0, min(len(_ROWS) - 1, self.row + down))
        self.column = 0 if _ROWS[self.row] == "title" else max(0, min(len(CHANNELS) - 1, self.column + right))
        self.repaint()

    def action_switch(self) -> None:
        kind = _ROWS[self.row]
        if kind == "title":
            self.settings = replace(self.settings, title=not self.settings.title)
        else:
            self.settings = self.settings.toggled(kind, CHANNELS[self.column])
        deck_ui(self).set_notices(self.settings)
        self.repaint()


class NoticesDialog(Dialog[None]):
    """Applies and saves each change at once."""

    BINDINGS = [Binding("escape,q", "close", "close")]
    AUTO_FOCUS = "#notices"

    def __init__(self, settings: NoticeSettings) -> None:
        super().__init__()
        self._settings = settings

    def compose(self) -> ComposeResult:
        with Container(classes="box notices"):
            yield NoticeGrid(self._settings)

    def action_close(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
