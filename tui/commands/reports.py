"""Commands of the Performance, Learning and System screens."""

from __future__ import annotations

from tui.commands.user_command import UserCommand

PERFORMANCE = (
    UserCommand(
        name="NextWindow",
        help="Measure the last 30, 60 or 90 days, or all trades.",
        keys=("w",),
        label="window",
        action="next_window",
        group="Performance",
        scope="performance",
        footer=True,
    ),
    UserCommand(
        name="NextCut",
        help="Group the trades another way: by setup, size, timeframe, quality, confidence and so on.",
        keys=("b",),
        label="group by",
        action="next_breakdown",
        group="Performance",
        scope="performance",
        footer=True,
    ),
    UserCommand(
        name="SortCut",
        help="Sort the groups by the next column; after the last column, in their own order.",
        keys=("s",),
        label="sort",
        action="sort_breakdown",
        group="Performance",
        scope="performance",
        footer=True,
    ),
    UserCommand(
        name="NextCharts",
        help="Show the next charts, on a screen too small for all of them.",
        keys=("v",),
        label="charts",
        action="next_charts",
        group="Performance",
        scope="performance",
        footer=True,
    ),
    UserCommand(
        name="ReadPerformance",
        help="Read the trades again; this also happens after each exit.",
        keys=("u",),
        label="update",
        action="read",
        group="Performance",
        scope="performance",
    ),
)

LEARNING = (
    UserCommand(
        name="ApproveSuggestion",
        help="Approve the selected suggestion; a dialog names the rule and asks for another key.",
        keys=("a",),
        label="approve",
        action="approve_suggestion",
        group="Learning",
        scope="learning",
        footer=True,
    ),
    UserCommand(
        name="RejectSuggestion",
        help="Reject the selected suggestion; a dialog names the rule and asks for another key.",
        keys=("r",),
        label="reject",
        action="reject_suggestion",
        group="Learning",
        scope="learning",
        footer=True,
    ),
    UserCommand(
        name="NextTable",
        help="Group the signals by another property: setup, regime, timeframe, quality, confidence, size.",
        keys=("b",),
        label="group by",
        action="next_table",
        group="Learning",
        scope="learning",
        footer=True,
    ),
    UserCommand(
        name="NextEvidence",
        help="Show drift, shadow trades and budget, on a screen too small for all panes.",
        keys=("v",),
        label="more",
        action="next_evidence",
        group="Learning",
        scope="learning",
        footer=True,
    ),
    UserCommand(
        name="ReadLearning",
        help="Learn from the ledger again; this also happens after each exit.",
        keys=("u",),
        label="update",
        action="read",
        group="Learning",
        scope="learning",
    ),
)

SYSTEM = (
    UserCommand(
        name="NextSystemView",
        help="Show the risk and the day's funnel, on a screen too small for all panes.",
        keys=("v",),
        label="risk",
        action="next_view",
        group="System",
        scope="system",
        footer=True,
    ),
    UserCommand(
        name="ReadSystem",
        help="Read the system's state now; this also happens every five seconds.",
        keys=("u",),
        label="update",
        action="read",
        group="System",
        scope="system",
        footer=True,
    ),
)
