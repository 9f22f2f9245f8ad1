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
    footer_rank = 0

    def run(self, app: DeckApp) -> None:
        app.ask_exit(self.key_word())


class ExitHalf(UserCommand):
    """Sell half of the position under the cursor, rounded up; a dialog asks for another key."""

    keys = ("h",)
    label = "half"
    group = "Positions"
    scope = "live"
    footer = True

    def run(self, app: DeckApp) -> None:
        app.ask_half(self.key_word())


class BreakEven(UserCommand):
    """Move the stop of the position under the cursor to break-even; a dialog asks for another key."""

    keys = ("b",)
    label = "b/e"
    group = "Positions"
    scope = "live"
    footer = True

    def run(self, app: DeckApp) -> None:
        app.ask_break_even(self.key_word())


class ExitAll(UserCommand):
    """Close every open position; a dialog asks for a typed word."""

    keys = ("X",)
    label = "exit all"
    group = "Positions"
    scope = "live"
    footer = True
    footer_rank = 0

    def run(self, app: DeckApp) -> None:
        app.ask_exit_all()


class ApproveTrade(UserCommand):
    """Approve the trade that waits on the first line; a dialog names it and asks for another key."""

    keys = ("a",)
    label = "approve"
    group = "Positions"
    scope = "live"

    def run(self, app: DeckApp) -> None:
        app.ask_approval(yes=True)


class RejectTrade(UserCommand):
    """Reject the trade that waits on the first line; a dialog names it and asks for another key."""

    keys = ("r",)
    label = "reject"
    group = "Positions"
    scope = "live"

    def run(self, app: DeckApp) -> None:
        app.ask_approval(yes=False)


class ChangeMode(UserCommand):
    """Choose ACTIVE, REDUCING or HALTED; a dialog says what each does and asks for another key."""

    keys = ("m",)
    label = "mode"
    group = "Positions"
    footer = True
    footer_rank = 0

    def run(self, app: DeckApp) -> None:
        app.ask_mode()


class SortPositions(UserCommand):
    """Put the positions in another order: as opened, by P&L, R, time left or symbol; they stay in it."""

    keys = ("s",)
    label = "sort"
    group = "Positions"
    scope = "live"
    footer = True
    footer_rank = 2

    def run(self, app: DeckApp) -> None:
        app.sort_positions()


class ShowDecision(UserCommand):
    """Open the decision on the card with its inputs, gates, components, factors and reasons."""

    keys = ("d",)
    label = "decision"
    group = "Positions"
    scope = "live"
    footer = True

    def run(self, app: DeckApp) -> None:
        app.open_decision()


class Notices(UserCommand):
    """Choose what you are told of, and how: toast, bell, desktop, the count in the title."""

    keys = ("A",)
    label = "alerts"

    def run(self, app: DeckApp) -> None:
        app.ask_notices()
