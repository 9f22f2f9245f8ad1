"""Help, screens, appearance, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.base import UserCommand

if TYPE_CHECKING:
    from tui.app import DeckApp


class Help(UserCommand):
    """Show every key and what it does."""

    keys = ("question_mark",)
    label = "help"
    footer = True
    footer_rank = 0

    def run(self, app: DeckApp) -> None:
        from tui.dialogs.help import HelpDialog

        app.push_screen(HelpDialog())


class ShowLive(UserCommand):
    """Go to the Live screen: the last decision, open positions and the day's profit and loss."""

    keys = ("1",)
    label = "Live"
    footer = True
    footer_rank = 0
    goes_to = "live"

    def run(self, app: DeckApp) -> None:
        app.switch_to("live")


class ShowHistory(UserCommand):
    """Go to the History screen: every decision, newest first, a page at a time."""

    keys = ("2",)
    label = "History"
    footer = True
    footer_rank = 0
    goes_to = "history"

    def run(self, app: DeckApp) -> None:
        app.switch_to("history")


class Palette(UserCommand):
    """Open the palette: type a few letters of any command."""

    keys = ("ctrl+p",)
    label = "palette"
    scope = "none"
    palette = False


class NextPane(UserCommand):
    """Move to the next table; Shift+Tab moves back."""

    keys = ("tab", "shift+tab")
    label = "next pane"
    scope = "none"
    palette = False


class Quit(UserCommand):
    """Leave the deck; the terminal is given back as it was."""

    keys = ("q",)
    label = "quit"
    footer = True
    footer_rank = 0

    def run(self, app: DeckApp) -> None:
        app.leave("quit")
