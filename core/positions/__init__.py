"""Open positions: marks, exits, attribution and settlement, as pure functions over frozen positions."""

from core.positions.accounts import account_of, gross_so_far, net_so_far, r_multiple
from core.positions.advance import exit_by_hand, on_price, on_time, settle, stop_to_break_even
from core.positions.book import Execution, Leg, Mark, Outcome, Position, PositionState
from core.positions.env import Env
from core.positions.marking import entry_mark, next_mark
from core.positions.opening import open_position
from core.positions.records import execution_record, exit_record
from core.positions.view import LiveValues, live_values

__all__ = [
    "Env",
    "Execution",
    "Leg",
    "LiveValues",
    "Mark",
    "Outcome",
    "Position",
    "PositionState",
    "account_of",
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
    "r_multiple",
    "settle",
    "stop_to_break_even",
]
