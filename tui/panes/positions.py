"""Open positions: one line each, every column of a live trade."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.deck import GreekPair, LevelDistance, PositionRow
from tui import fmt
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, signed_role
from tui.widgets.table import Cell, Column, LiveTable, Row

COLUMNS = (
    Column("contract", 20),
    Column("qty", 5, "right"),
    Column("P&L $", 9, "right"),
    Column("P&L %", 7, "right"),
    Column("R", 6, "right"),
    Column("mark", 7, "right"),
    Column("mark age", 11),
    Column("expires", 7, "right"),
    Column("in trade", 8, "right"),
    Column("stop $   %   ATR", 19, "right"),
    Column("T1 $   %   ATR", 19, "right"),
    Column("T2 $   %   ATR", 19, "right"),
    Column("entry", 7, "right"),
    Column("Δ now/entry", 11, "right"),
    Column("Γ now/entry", 13, "right"),
    Column("Θ now/entry", 13, "right"),
    Column("vega now/entry", 14, "right"),
    Column("IV now/entry", 13, "right"),
    Column("Θ paid", 9, "right"),
    Column("next exit", 22),
    Column("from", 5, "right"),
)
"""In the order of what a trader needs first; at 80 columns those up to the mark's age are seen."""

ORDERS: tuple[tuple[str, Callable[[PositionRow], Any]], ...] = (
    ("as opened", lambda row: row.opened_at),
    ("by P&L", lambda row: (row.pnl is None, -(row.pnl or 0.0))),
    ("by R", lambda row: (row.r is None, -(row.r or 0.0))),
    ("by time left", lambda row: row.hours_left),
    ("by symbol", lambda row: (row.symbol, row.opened_at)),
)
"""The orders the rows can be put in, each with what they are sorted by."""

_STATES = {"EXITING": ("EXITING", "warn"), "AWAITING_SETTLEMENT": ("settling", "warn")}


def mark_age(row: PositionRow, exiting: bool) -> Cell:
    """How old the mark is; in words when it may not be trusted."""
    if exiting:
        return _STATES["EXITING"]
    if row.state in _STATES:
        return _STATES[row.state]
    if row.mark is None:
        return ("! no mark", "warn")
    if row.stale:
        return (f"! stale {fmt.age(row.mark_age)}", "warn")
    return (fmt.age(row.mark_age), "dim")


def greek_pair(pair: GreekPair, digits: int, estimated: bool, scale: float = 1.0) -> str:
    def one(value: float | None) -> str:
        if value is None:
            return fmt.NONE
        text = f"{value * scale:.{digits}f}"
        return fmt.local(text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text)

    return f"{'~' if estimated else ''}{one(pair.now)}/{one(pair.entry)}"


def distance(level: LevelDistance | None) -> str:
    if level is None:
        return fmt.NONE
    atrs = fmt.NONE if level.atrs is None else f"{level.atrs:+.1f}"
    return fmt.local(f"{level.dollars:+.2f} {level.percent:+.2f}% {atrs}")


def position_cells(row: PositionRow, exiting: bool) -> tuple[Cell, ...]:
    stale = row.stale or row.mark is None
    plain = "dim" if stale else "text"
    gain = "dim" if stale else signed_role(row.pnl)
    age = mark_age(row, exiting)
    return (
        (f"{DIRECTION_MARK[row.direction]} {row.contract}", DIRECTION_ROLE[row.direction]),
        (f"{row.remaining}/{row.contracts}", "strong"),
        (fmt.money(row.pnl).replace("$", ""), gain),
        (fmt.signed(row.pnl_pct, 1), gain),
        (fmt.signed(row.r, 2), gain),
        (fmt.number(row.mark), plain),
        age,
        (fmt.age(row.hours_left * 3600), "text"),
        (fmt.age(row.time_in_trade), "text"),
        (distance(row.to_stop), plain),
        (distance(row.to_target_1), plain),
        (distance(row.to_target_2), plain),
        (fmt.number(row.entry_price), "text"),
        (greek_pair(row.delta, 2, row.estimated), plain),
        (greek_pair(row.gamma, 4, row.estimated), plain),
        (greek_pair(row.theta, 3, row.estimated), plain),
        (greek_pair(row.vega, 3, row.estimated), plain),
        (greek_pair(row.iv, 1, row.estimated, 100), plain),
        (fmt.money(row.theta_paid, sign=False), "text"),
        (row.nearest_exit or fmt.NONE, "text"),
        (fmt.timeframe(row.timeframe) if row.timeframe else fmt.NONE, "dim"),
    )


def _cells(shown: tuple[PositionRow, bool]) -> tuple[Cell, ...]:
    return position_cells(*shown)


class PositionsPane(LiveTable):
    """The rows as they are on the screen; what a key acts on is taken from here, never from the engine."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            "Positions",
            COLUMNS,
            id=id,
            empty=("no open position: an EXECUTE opens one on paper",),
        )
        self.positions: Mapping[str, PositionRow] = {}
        self.order = 0
        self._places: tuple[str, ...] = ()
        self._shown: tuple[tuple[PositionRow, ...], frozenset[str], float] | None = None

    def show(self, positions: tuple[PositionRow, ...], exiting: frozenset[str], open_pnl: float) -> None:
        """Rows keep their places whatever their numbers do; a new one comes last."""
        self._shown = (positions, exiting, open_pnl)
        self.positions = {row.id: row for row in positions}
        kept = [key for key in self._places if key in self.positions]
        new = [row.id for row in positions if row.id not in set(kept)]
        self._places = (*kept, *new)
        rows = tuple(Row(key, (self.positions[key], key in exiting), _cells) for key in self._places)
        name = ORDERS[self.order][0]
        note = [
            (f"{name}  " if self.order else "", "info"),
            (f"{len(positions)} open  ", "dim"),
            (f"{fmt.arrow(open_pnl)} {fmt.money(open_pnl)}", signed_role(open_pnl)),
        ]
        self.show_rows(rows, note if positions else [])

    def next_order(self) -> str:
        """Put the rows in the next order, once: they keep these places until it is asked for again."""
        self.order = (self.order + 1) % len(ORDERS)
        name, key = ORDERS[self.order]
        self._places = tuple(row.id for row in sorted(self.positions.values(), key=key))
        if self._shown is not None:
            self.show(*self._shown)
        return name

    @property
    def selected(self) -> PositionRow | None:
        """The position under the cursor, as it was last painted."""
        return self.positions.get(self.cursor) if self.cursor is not None else None
