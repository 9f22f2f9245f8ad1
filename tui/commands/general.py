"""Commands of every screen: help, the screens, the palette, alerts, leaving."""

from __future__ import annotations

from tui.commands.user_command import UserCommand

HELP = UserCommand(
    name="Help",
    help="Explain the codes of the selected row, and show every key and what it does.",
    keys=("question_mark",),
    label="help",
    action="show_help",
    footer=True,
    footer_rank=0,
)

SCREENS = (
    UserCommand(
        name="ShowLive",
        help="Go to the Live screen: the last decision, open positions and the day's profit and loss.",
        keys=("1",),
        label="Live",
        action="app.show_screen('live')",
        footer=True,
        footer_rank=0,
        goes_to="live",
    ),
    UserCommand(
        name="ShowHistory",
        help="Go to the History screen: every decision, newest first, a page at a time.",
        keys=("2",),
        label="History",
        action="app.show_screen('history')",
        footer=True,
        footer_rank=0,
        goes_to="history",
    ),
    UserCommand(
        name="ShowPerformance",
        help="Go to the Performance screen: metrics with intervals, equity, drawdown, groups and Greeks.",
        keys=("3",),
        label="Performance",
        action="app.show_screen('performance')",
        footer=True,
        goes_to="performance",
    ),
    UserCommand(
        name="ShowLearning",
        help="Go to the Learning screen: what each gate saved and cost, calibration, drift and suggestions.",
        keys=("4",),
        label="Learning",
        action="app.show_screen('learning')",
        footer=True,
        goes_to="learning",
    ),
    UserCommand(
        name="ShowSystem",
        help="Go to the System screen: senders, quarantine, feeds, latencies, ledger and rules.",
        keys=("5",),
        label="System",
        action="app.show_screen('system')",
        footer=True,
        goes_to="system",
    ),
    UserCommand(
        name="ShowTrades",
        help="Go to the Trades screen: every trade, filtered, searched and sorted, and the calendar of days.",
        keys=("6",),
        label="Trades",
        action="app.show_screen('trades')",
        footer=True,
        goes_to="trades",
    ),
)

QUIT = UserCommand(
    name="Quit",
    help="Leave the deck and restore the terminal.",
    keys=("q",),
    label="quit",
    action="app.quit",
    footer=True,
    footer_rank=0,
)

OTHER = (
    UserCommand(
        name="NextPane",
        help="Move to the next table; Shift+Tab moves back.",
        keys=("tab", "shift+tab"),
        label="next pane",
        action="app.focus_next",
        scope="none",
        palette=False,
    ),
    UserCommand(
        name="Palette",
        help="Open the palette: type a few letters of any command.",
        keys=("ctrl+p",),
        label="palette",
        action="app.command_palette",
        scope="none",
        palette=False,
    ),
    UserCommand(
        name="ShowEvents",
        help="Read the latest events, and what the deck said on its last line, in full.",
        keys=("E",),
        label="events",
        action="app.show_events",
    ),
    UserCommand(
        name="Notices",
        help="Configure alerts: toast, bell, desktop, the count in the title.",
        keys=("A",),
        label="alerts",
        action="app.configure_alerts",
    ),
    UserCommand(
        name="GuideArchitecture",
        help="Read how gatedeck is built: the three rooms, the decisions, where to find what.",
        label="guide: architecture",
        action="open_guide('architecture')",
    ),
    UserCommand(
        name="GuideGlossary",
        help="Read what every code, abbreviation and column means.",
        label="guide: glossary",
        action="open_guide('glossary')",
    ),
    UserCommand(
        name="GuideRules",
        help="Read what every rule means, with its unit, bounds and default.",
        label="guide: rules",
        action="open_guide('rules')",
    ),
)
