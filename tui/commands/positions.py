"""Commands that change positions, approvals or the mode (each opens a dialog first), and the decision."""

from __future__ import annotations

from tui.commands.user_command import UserCommand

EXIT_POSITION = UserCommand(
    name="ExitPosition",
    help="Close the selected position; a dialog names it and asks for another key.",
    keys=("x",),
    label="exit",
    action="exit_position",
    group="Positions",
    scope="live",
    footer=True,
    footer_rank=0,
)
EXIT_HALF = UserCommand(
    name="ExitHalf",
    help="Sell half of the selected position, rounded up; a dialog asks for another key.",
    keys=("h",),
    label="half",
    action="exit_half",
    group="Positions",
    scope="live",
    footer=True,
)
BREAK_EVEN = UserCommand(
    name="BreakEven",
    help="Move the stop of the selected position to break-even; a dialog asks for another key.",
    keys=("b",),
    label="b/e",
    action="break_even",
    group="Positions",
    scope="live",
    footer=True,
)

SETTLE = UserCommand(
    name="SettlePosition",
    help="Settle the selected position after its expiry, or go on after a split; a dialog asks how.",
    keys=("e",),
    label="settle",
    action="settle_position",
    group="Positions",
    scope="live",
)

SHOW_SYMBOL = UserCommand(
    name="ShowSymbol",
    help="Open the symbol of the selected row: prices, context, signals, trades and senders.",
    keys=("i",),
    label="symbol",
    action="app.show_symbol",
    group="Positions",
)
WATCHLIST = UserCommand(
    name="Watchlist",
    help="List every symbol heard or fed, with its last price and age; Enter opens one.",
    keys=("W",),
    label="all symbols",
    action="app.show_watchlist",
    group="Positions",
)

SET_LEVELS = UserCommand(
    name="SetLevels",
    help="Set stop and targets of the selected position: price, %, ATR or cost; a dialog asks for another key.",
    keys=("l",),
    label="levels",
    action="set_levels",
    group="Positions",
    scope="live",
)
TAKE_TRADE = UserCommand(
    name="TakeTrade",
    help="Take the trade of a WAIT or SKIP: the selected decision, or the one on the card; a dialog asks.",
    keys=("T",),
    label="take it anyway",
    action="app.take_trade",
    group="Positions",
    scope="live",
)
UNDO_MODE = UserCommand(
    name="UndoMode",
    help="Undo the change of the mode, within 10 s of it.",
    keys=("U",),
    label="undo mode",
    action="app.undo_mode",
    group="Positions",
)

NOTE_POSITION = UserCommand(
    name="NotePosition",
    help="Write a note on the selected position; a word with # before it is a tag.",
    keys=("n",),
    label="note",
    action="add_note",
    group="Positions",
    scope="live",
)

COMMANDS = (
    EXIT_POSITION,
    EXIT_HALF,
    BREAK_EVEN,
    SET_LEVELS,
    SETTLE,
    NOTE_POSITION,
    TAKE_TRADE,
    UserCommand(
        name="ExitAll",
        help="Close every open position; a dialog asks for a typed word.",
        keys=("X",),
        label="exit all",
        action="exit_all",
        group="Positions",
        scope="live",
        footer=True,
        footer_rank=0,
    ),
    UserCommand(
        name="ApproveTrade",
        help="Approve the trade on the first line; a dialog names it and asks for another key.",
        keys=("a",),
        label="approve",
        action="approve_trade",
        group="Positions",
        scope="live",
    ),
    UserCommand(
        name="RejectTrade",
        help="Reject the trade on the first line; a dialog names it and asks for another key.",
        keys=("r",),
        label="reject",
        action="reject_trade",
        group="Positions",
        scope="live",
    ),
    UserCommand(
        name="ChangeMode",
        help="Choose ACTIVE, REDUCING or HALTED; a dialog explains each and asks for another key.",
        keys=("m",),
        label="mode",
        action="app.change_mode",
        group="Positions",
        footer=True,
        footer_rank=0,
    ),
    UNDO_MODE,
    UserCommand(
        name="SortPositions",
        help="Sort the positions: as opened, by P&L, R, time left or symbol; the order stays.",
        keys=("s",),
        label="sort",
        action="sort_positions",
        group="Positions",
        scope="live",
        footer=True,
        footer_rank=2,
    ),
    UserCommand(
        name="ToggleRisk",
        help="Show every limit with what is used of it, or fold the risk into one line.",
        keys=("v",),
        label="risk",
        action="toggle_risk",
        group="Positions",
        scope="live",
        footer=True,
        footer_rank=2,
    ),
    UserCommand(
        name="ShowDecision",
        help="Open the decision on the card with its inputs, gates, components, factors and reasons.",
        keys=("d",),
        label="decision",
        action="show_decision",
        group="Positions",
        scope="live",
        footer=True,
    ),
    SHOW_SYMBOL,
    WATCHLIST,
)
