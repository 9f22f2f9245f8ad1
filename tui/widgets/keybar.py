"""The last line: the keys that work here, each with its word."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui.commands.base import UserCommand
from tui.widgets.line import Line, width_of
from tui.widgets.painted import Painted


class KeyBar(Painted):
    """Made from the table of commands; a click on a word is its key."""

    def __init__(self, commands: Sequence[type[UserCommand]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._commands = [command for command in commands if command.footer]
        self._ends: list[tuple[int, type[UserCommand]]] = []

    def lines(self, width: int, height: int) -> list[Line]:
        line: Line = [(" ", "text")]
        self._ends = []
        for command in self._fitting(width):
            line += _piece(command)
            self._ends.append((width_of(line), command))
        for key, word in (("Tab", " panes  "), ("Enter", " open")):
            if width - width_of(line) >= len(key) + len(word.rstrip()):
                line += [(key, "key"), (word, "dim")]
        return [line]

    def _fitting(self, width: int) -> list[type[UserCommand]]:
        """The commands for which there is room, in the table's order, the most needed chosen first."""
        chosen: set[type[UserCommand]] = set()
        used = 1
        for command in sorted(self._commands, key=lambda each: each.footer_rank):
            size = width_of(_piece(command))
            if used + size > width + 2:
                break
            used += size
            chosen.add(command)
        return [command for command in self._commands if command in chosen]

    def on_click(self, event: events.Click) -> None:
        for end, command in self._ends:
            if event.x < end:
                self.app.simulate_key(command.keys_now()[0])
                return


def _piece(command: type[UserCommand]) -> Line:
    return [(command.key_word(), "key"), (f" {command.label}  ", "dim")]
