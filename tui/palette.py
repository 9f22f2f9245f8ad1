"""The palette's list, made from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.commands.base import UserCommand
from tui.commands.registry import COMMANDS
from tui.screens.base import DeckScreen

if TYPE_CHECKING:
    from tui.app import DeckApp


_BY_TOOLTIP = 0.01
"""What a name matches stands above what only says the word."""


class DeckCommands(Provider):
    """What can be done on the screen from which the palette was opened."""

    def _here(self) -> Iterator[type[UserCommand]]:
        screen = self.screen
        scope = screen.scope if isinstance(screen, DeckScreen) else ""
        for command in COMMANDS:
            if command.palette and command.scope in ("screen", scope):
                yield command

    def _do(self, command: type[UserCommand]) -> partial[None]:
        app: DeckApp = self.app  # type: ignore[assignment]
        return partial(command().run, app)

    async def discover(self) -> Hits:
        for command in self._here():
            yield DiscoveryHit(_title(command), self._do(command), help=command.tooltip())

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._here():
            title = _title(command)
            score = matcher.match(title)
            if not score and query.strip().casefold() in command.tooltip().casefold():
                score = _BY_TOOLTIP  # "halt" finds the mode
            if score > 0:
                yield Hit(score, Content(title), self._do(command), help=command.tooltip())


def _title(command: type[UserCommand]) -> str:
    key = command.key_word()
    return f"{command.label}  ({key})" if key else command.label
