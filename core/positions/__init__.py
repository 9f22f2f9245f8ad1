"""Open positions: marks, exits, attribution and settlement, as pure functions over frozen positions.

Job: change a position when a price, time or a command arrives, and say where its P&L comes from. May not
touch files, sockets, asyncio, the wall clock, the engine's state, the server or the screens: the instant and
the rules are arguments.

Read first:

- position.py: Position, its entry fill, its exit fills and its marks.
- transitions.py: on_price, on_time, exit_by_hand; the move of the stop to break-even.
- walking_exit.py: the exits that work a limit from the mid to the bid.
- exits.py: the exits in order of priority (the table EXITS).
- marking.py: value, Greeks and volatility of a contract at one instant.
- attribution.py: the split of a change in value into delta, gamma, volatility and theta.
"""

from core.positions.ledger_record import ExitRecord, execution_record, exit_record
from core.positions.live_values import LiveValues, live_values
from core.positions.marking import entry_mark, next_mark
from core.positions.opening import open_position
from core.positions.pnl import gross_so_far, net_so_far, pnl_breakdown, r_multiple
from core.positions.position import (
    LEVELS,
    STOP,
    EntryFill,
    ExitFill,
    LevelMove,
    Mark,
    Position,
    PositionChange,
    PositionState,
    SettlementBasis,
)
from core.positions.settle import close_at, missing_for_settlement, settle_without_close, settlement_value
from core.positions.splits import adjusted
from core.positions.trading_context import TradingContext
from core.positions.transitions import (
    break_even_stop,
    exit_at_next_price,
    exit_by_hand,
    levels_moved,
    on_price,
    on_time,
    settle,
    settle_by_hand,
    stop_to_break_even,
)
from core.positions.walking_exit import limit_now

__all__ = [
    "LEVELS",
    "STOP",
    "EntryFill",
    "ExitFill",
    "ExitRecord",
    "LevelMove",
    "LiveValues",
    "Mark",
    "Position",
    "PositionChange",
    "PositionState",
    "SettlementBasis",
    "TradingContext",
    "adjusted",
    "break_even_stop",
    "close_at",
    "entry_mark",
    "execution_record",
    "exit_at_next_price",
    "exit_by_hand",
    "exit_record",
    "gross_so_far",
    "levels_moved",
    "limit_now",
    "live_values",
    "missing_for_settlement",
    "net_so_far",
    "next_mark",
    "on_price",
    "on_time",
    "open_position",
    "pnl_breakdown",
    "r_multiple",
    "settle",
    "settle_by_hand",
    "settle_without_close",
    "settlement_value",
    "stop_to_break_even",
]
