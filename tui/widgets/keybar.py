"""The footer: the keys of the current screen with their labels."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui.commands.user_command import UserCommand
from tui.widgets.line import Line, width_of
from tui.widgets.line_widget import LineWidget

_MERGED = 3
"""With at least this many screen keys they are merged (1-5) where space is short."""


class KeyBar(LineWidget):
    """Shows the commands of the footer; a click on one presses its key."""

    def __init__(self, commands: Sequence[UserCommand], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._commands = [command for command in commands if command.footer]
        self._ends: list[tuple[int, UserCommand]] = []

    def lines(self, width: int, height: int) -> list[Line]:
        line: Line = [(" ", "text")]
        self._ends = []
        for piece, command in self._fitting(width):
            line += piece
            self._ends.append((width_of(line), command))
        for key, word in (("Tab", " panes  "), ("Enter", " open")):
            if width - width_of(line) >= len(key) + len(word.rstrip()):
                line += [(key, "key"), (word, "dim")]
        return [line]

    def _fitting(self, width: int) -> list[tuple[Line, UserCommand]]:
        """Return the commands that fit, in the table's order; those of the lowest rank are chosen first."""
        pieces = [(_piece(command), command) for command in self._commands]
        if sum(width_of(piece) for piece, _ in pieces) + 1 > width + 2:
            pieces = _screens_as_one(pieces)
        chosen: set[UserCommand] = set()
        used = 1
        for piece, command in sorted(pieces, key=lambda each: each[1].footer_rank):
            if used + width_of(piece) > width + 2:
                break
            used += width_of(piece)
            chosen.add(command)
        return [each for each in pieces if each[1] in chosen]

    def on_click(self, event: events.Click) -> None:
        for end, command in self._ends:
            if event.x < end:
                self.app.simulate_key(command.current_keys[0])
                return


def _piece(command: UserCommand) -> Line:
    return [(command.key_name, "key"), (f" {command.label}  ", "dim")]


def _screens_as_one(pieces: list[tuple[Line, UserCommand]]) -> list[tuple[Line, UserCommand]]:
    """Merge the screen keys into one piece, "1-5 screens", if they are digits."""
    screens = [command for _, command in pieces if command.goes_to]
    keys = [command.key_name for command in screens]
    if len(keys) < _MERGED or not all(len(key) == 1 and key.isdigit() for key in keys):
        return pieces
    one: Line = [(f"{min(keys)}-{max(keys)}", "key"), (" screens  ", "dim")]
    return [
        (one, command) if command is screens[0] else (piece, command)
        for piece, command in pieces
        if command not in screens[1:]
    ]
