"""Open positions: marks, exits, attribution and settlement, as pure functions over frozen positions."""

from core.positions.ledger_record import execution_record, exit_record
from core.positions.live_values import LiveValues, live_values
from core.positions.marking import entry_mark, next_mark
from core.positions.opening import open_position
from core.positions.pnl import gross_so_far, net_so_far, pnl_breakdown, r_multiple
from core.positions.position import EntryFill, ExitFill, Mark, Position, PositionChange, PositionState
from core.positions.trading_context import TradingContext
from core.positions.transitions import exit_by_hand, on_price, on_time, settle, stop_to_break_even

__all__ = [
    "EntryFill",
    "ExitFill",
    "LiveValues",
    "Mark",
    "Position",
    "PositionChange",
    "PositionState",
    "TradingContext",
    "entry_mark",
    "execution_record",
    "exit_by_hand",
    "exit_record",
    "gross_so_far",
    "live_values",
    "net_so_far",
    "next_mark",
    "on_price",
    "on_time",
    "open_position",
    "pnl_breakdown",
    "r_multiple",
    "settle",
    "stop_to_break_even",
]
