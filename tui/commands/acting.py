"""What changes the account, and what looks closer at a row; dangerous ones only open a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.base import UserCommand

if TYPE_CHECKING:
    from tui.app import DeckApp


class ExitPosition(UserCommand):
    """Close the position under the cursor; a dialog names it and asks for another key."""

    keys = ("x",)
    label = "exit"
    group = "Positions"
    scope = "live"
    footer = True

    def run(self, app: DeckApp) -> None:
        app.ask_exit()


class ExitAll(UserCommand):
    """Close every open position; a dialog asks for a typed word."""

    keys = ("X",)
    label = "exit all"
    group = "Positions"
    scope = "live"
    footer = True

    def run(self, app: DeckApp) -> None:
        app.ask_exit_all()


class ShowDecision(UserCommand):
    """Open the decision on the card with its inputs, gates, components, factors and reasons."""

    keys = ("d",)
    label = "decision"
    group = "Positions"
    scope = "live"
    footer = True

    def run(self, app: DeckApp) -> None:
        app.open_decision()
