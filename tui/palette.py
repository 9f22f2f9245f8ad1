"""The command palette: commands of the current screen, found by label or by a word of their help."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.commands.registry import COMMANDS
from tui.commands.user_command import UserCommand
from tui.screens.base import DeckScreen

_HELP_MATCH_SCORE = 0.01
"""Lowest score: commands whose label matches come before those whose help contains the word."""


class DeckCommands(Provider):
    """Offers the commands of the screen from which the palette was opened."""

    def _commands(self) -> Iterator[UserCommand]:
        screen = self.screen
        scope = screen.scope if isinstance(screen, DeckScreen) else ""
        for command in COMMANDS:
            if command.palette and command.scope in ("screen", scope):
                yield command

    def _run(self, command: UserCommand) -> partial[Coroutine[Any, Any, bool]]:
        return partial(self.app.run_action, command.action, default_namespace=self.screen)

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(_title(command), self._run(command), help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            title = _title(command)
            score = matcher.match(title)
            if not score and query.strip().casefold() in command.help.casefold():
                score = _HELP_MATCH_SCORE  # "halt" finds the mode command
            if score > 0:
                yield Hit(score, Content(title), self._run(command), help=command.help)


def _title(command: UserCommand) -> str:
    key = command.key_name
    return f"{command.label}  ({key})" if key else command.label
