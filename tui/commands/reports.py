"""Performance, Learning and System: going there, and what is done there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.commands.base import UserCommand

if TYPE_CHECKING:
    from tui.app import DeckApp


class ShowPerformance(UserCommand):
    """Go to the Performance screen: metrics with their intervals, equity, drawdown, cuts and Greeks."""

    keys = ("3",)
    label = "Performance"
    footer = True
    goes_to = "performance"

    def run(self, app: DeckApp) -> None:
        app.switch_to("performance")


class ShowLearning(UserCommand):
    """Go to the Learning screen: what each gate saved and cost, calibration, drift and suggestions."""

    keys = ("4",)
    label = "Learning"
    footer = True
    goes_to = "learning"

    def run(self, app: DeckApp) -> None:
        app.switch_to("learning")


class ShowSystem(UserCommand):
    """Go to the System screen: senders, quarantine, feeds, latencies, ledger and rules."""

    keys = ("5",)
    label = "System"
    footer = True
    goes_to = "system"

    def run(self, app: DeckApp) -> None:
        app.switch_to("system")


class ScreenCommand(UserCommand):
    """Something one screen does; ``does`` is the screen's method."""

    footer = True
    does = ""

    def run(self, app: DeckApp) -> None:
        screen: Any = app.screen
        if getattr(screen, "scope", "") == self.scope:
            getattr(screen, self.does)()


class NextWindow(ScreenCommand):
    """Measure the last 30, 60 or 90 days, or all trades."""

    keys = ("w",)
    label = "window"
    group = "Performance"
    scope = "performance"
    does = "next_window"


class NextCut(ScreenCommand):
    """Cut the trades another way: setup, size, timeframe, quality, confidence and so on."""

    keys = ("b",)
    label = "cut by"
    group = "Performance"
    scope = "performance"
    does = "next_cut"


class SortCut(ScreenCommand):
    """Sort the cut by its next column; after the last in its own order again."""

    keys = ("s",)
    label = "sort"
    group = "Performance"
    scope = "performance"
    does = "next_sort"


class NextCharts(ScreenCommand):
    """Show the next charts, where the screen is too small for all."""

    keys = ("v",)
    label = "charts"
    group = "Performance"
    scope = "performance"
    does = "next_charts"


class ReadPerformance(ScreenCommand):
    """Read the trades again; it is done by itself after each exit."""

    keys = ("u",)
    label = "update"
    group = "Performance"
    scope = "performance"
    footer = False
    does = "read"


class ApproveSuggestion(ScreenCommand):
    """Approve the suggestion under the cursor; a dialog names the rule and asks for another key."""

    keys = ("a",)
    label = "approve"
    group = "Learning"
    scope = "learning"
    does = "ask_approve"


class RejectSuggestion(ScreenCommand):
    """Reject the suggestion under the cursor; a dialog names the rule and asks for another key."""

    keys = ("r",)
    label = "reject"
    group = "Learning"
    scope = "learning"
    does = "ask_reject"


class NextTable(ScreenCommand):
    """Show how signals did by another property: setup, regime, timeframe, quality, confidence, size."""

    keys = ("b",)
    label = "cut by"
    group = "Learning"
    scope = "learning"
    does = "next_table"


class NextEvidence(ScreenCommand):
    """Show what else was learned, where the screen is too small for all: drift, shadows, budget."""

    keys = ("v",)
    label = "more"
    group = "Learning"
    scope = "learning"
    does = "next_evidence"


class ReadLearning(ScreenCommand):
    """Learn from the ledger again; it is done by itself after each exit."""

    keys = ("u",)
    label = "update"
    group = "Learning"
    scope = "learning"
    footer = False
    does = "read"


class ReadSystem(ScreenCommand):
    """Read the system's state now; it is done by itself every five seconds."""

    keys = ("u",)
    label = "update"
    group = "System"
    scope = "system"
    does = "read"


PERFORMANCE = (NextWindow, NextCut, SortCut, NextCharts, ReadPerformance)
LEARNING = (ApproveSuggestion, RejectSuggestion, NextTable, NextEvidence, ReadLearning)
SYSTEM = (ReadSystem,)
SCREENS = (ShowPerformance, ShowLearning, ShowSystem)
