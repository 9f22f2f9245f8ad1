"""Paging and filtering the History screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.base import UserCommand

if TYPE_CHECKING:
    from tui.app import DeckApp


class HistoryCommand(UserCommand):
    """Something the History screen does."""

    group = "History"
    scope = "history"
    palette = False

    def run(self, app: DeckApp) -> None:
        from tui.screens.history import HistoryScreen

        if isinstance(app.screen, HistoryScreen):
            self.on_history(app.screen)

    def on_history(self, screen: object) -> None:
        """What is done with the screen."""


class OlderPage(HistoryCommand):
    """The next older page."""

    keys = ("n",)
    label = "older"
    footer = True
    footer_rank = 0

    def on_history(self, screen: object) -> None:
        screen.older()  # type: ignore[attr-defined]


class NewerPage(HistoryCommand):
    """Back towards the newest."""

    keys = ("N",)
    label = "newer"
    footer = True
    footer_rank = 0

    def on_history(self, screen: object) -> None:
        screen.newer()  # type: ignore[attr-defined]


class NewestPage(HistoryCommand):
    """Read the newest page again."""

    keys = ("r",)
    label = "refresh"
    footer = True
    footer_rank = 2

    def on_history(self, screen: object) -> None:
        screen.newest()  # type: ignore[attr-defined]


class FilterAction(HistoryCommand):
    """Show all decisions, or only EXECUTE, WAIT or SKIP."""

    keys = ("f",)
    label = "decision"

    def on_history(self, screen: object) -> None:
        screen.next_filter("decision")  # type: ignore[attr-defined]


class FilterTimeframe(HistoryCommand):
    """Show all timeframes, or one after the other."""

    keys = ("t",)
    label = "frame"

    def on_history(self, screen: object) -> None:
        screen.next_filter("timeframe")  # type: ignore[attr-defined]


class FilterQuality(HistoryCommand):
    """Show all qualities, or only EXTREME, HIGH or MEDIUM."""

    keys = ("u",)
    label = "quality"

    def on_history(self, screen: object) -> None:
        screen.next_filter("quality")  # type: ignore[attr-defined]


class FilterSymbol(HistoryCommand):
    """Type a symbol to see its decisions alone; an empty line shows all symbols."""

    keys = ("slash",)
    label = "symbol"

    def on_history(self, screen: object) -> None:
        screen.ask_symbol()  # type: ignore[attr-defined]


class NoFilter(HistoryCommand):
    """Show everything again, newest first."""

    keys = ("a",)
    label = "all"
    footer = True
    footer_rank = 2

    def on_history(self, screen: object) -> None:
        screen.show_all()  # type: ignore[attr-defined]


class SortOrder(HistoryCommand):
    """Sort by time or by confidence."""

    keys = ("s",)
    label = "sort"

    def on_history(self, screen: object) -> None:
        screen.next_order()  # type: ignore[attr-defined]
