"""The table of open positions: one line per position; ``COLUMNS`` says what each column shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from server.deck import GreekPair, LevelDistance, PositionRow
from tui import fmt
from tui.commands.registry import key_of
from tui.engine_text import told
from tui.widgets.columns import Cell, Column, Row, cells_by
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, signed_role
from tui.widgets.table import LiveTable

ORDERS: tuple[tuple[str, Callable[[PositionRow], Any]], ...] = (
    ("as opened", lambda row: row.opened_at),
    ("by P&L", lambda row: -row.pnl),
    ("by R", lambda row: (row.r is None, -(row.r or 0.0))),
    ("by time left", lambda row: row.hours_left),
    ("by symbol", lambda row: (row.symbol, row.opened_at)),
)
"""Names of the orders with their sort keys."""

_EXITING: Cell = ("EXITING", "warn")


def mark_age(row: PositionRow, exiting: bool) -> Cell:
    """Return the age of the mark, or what keeps a stop from acting on it."""
    if row.fault:
        return ("! failed", "bad")
    if row.suspended:
        return (f"{key_of('SettlePosition')} suspend.", "warn")
    if row.expired_at is not None:
        return (f"{key_of('SettlePosition')} settles", "warn")
    if exiting or row.state == "EXITING":
        return _EXITING
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
    if level is None or fmt.is_unknown(level.dollars):
        return fmt.NONE
    return fmt.local(f"{level.dollars:+.2f} {level.percent:+.2f}%")


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the table: a position, and whether its exit was requested from this deck."""

    row: PositionRow
    exiting: bool

    @property
    def plain(self) -> str:
        """Role of numbers that come from the mark: dimmed when the mark is stale."""
        return "dim" if self.row.stale else "text"

    @property
    def gain(self) -> str:
        """Role of profit and loss."""
        return "dim" if self.row.stale else signed_role(self.row.pnl)


def _column(
    title: str, width: int, cell: Callable[[Shown], Cell], align: str = "right", weight: int = 0
) -> Column:
    return Column(title, width, align, weight, cell)


def _greeks(name: str, digits: int, scale: float = 1.0) -> Callable[[Shown], Cell]:
    def cell(shown: Shown) -> Cell:
        return greek_pair(getattr(shown.row, name), digits, shown.row.estimated, scale), shown.plain

    return cell


def _atrs(name: str) -> Callable[[Shown], Cell]:
    def cell(shown: Shown) -> Cell:
        level = getattr(shown.row, name)
        return fmt.signed(level.atrs if level is not None else None, 1), shown.plain

    return cell


COLUMNS = (
    _column("contract", 19, lambda s: (f"{DIRECTION_MARK[s.row.direction]} {s.row.contract}",
                                       DIRECTION_ROLE[s.row.direction]), "left"),
    _column("qty", 5, lambda s: (f"{s.row.remaining}/{s.row.contracts}", "strong")),
    _column("P&L $", 9, lambda s: (fmt.money(s.row.pnl).replace("$", ""), s.gain)),
    _column("in $", 6, lambda s: (fmt.number(s.row.entry_price), "text")),
    _column("mark $", 6, lambda s: (fmt.number(s.row.mark), s.plain)),
    _column("mark age", 10, lambda s: mark_age(s.row, s.exiting), "left"),
    _column("Δ now/entry", 11, _greeks("delta", 2)),
    _column("in trade", 8, lambda s: (fmt.age(s.row.time_in_trade), "text")),
    _column("stop $   %", 12, lambda s: (distance(s.row.to_stop), s.plain)),
    _column("T1 $   %", 12, lambda s: (distance(s.row.to_target_1), s.plain)),
    _column("R", 6, lambda s: (fmt.signed(s.row.r, 2), s.gain)),
    _column("P&L %", 6, lambda s: (fmt.signed(s.row.pnl_pct, 1), s.gain)),
    _column("expires", 7, lambda s: (fmt.age(s.row.hours_left * 3600), "text")),
    _column("T2 $   %", 12, lambda s: (distance(s.row.to_target_2), s.plain)),
    _column("next exit", 20, lambda s: (told(s.row.nearest_exit) or fmt.NONE, "text"), "left", 1),
    _column("from", 4, lambda s: (fmt.timeframe(s.row.timeframe) if s.row.timeframe else fmt.NONE, "dim")),
    _column("Θ now/entry", 13, _greeks("theta", 3)),
    _column("Θ paid", 8, lambda s: (fmt.money(s.row.theta_paid, sign=False), "text")),
    _column("Γ now/entry", 13, _greeks("gamma", 4)),
    _column("vega now/entry", 14, _greeks("vega", 3)),
    _column("IV now/entry", 12, _greeks("iv", 1, 100)),
    _column("stop ATR", 8, _atrs("to_stop")),
    _column("T1 ATR", 6, _atrs("to_target_1")),
    _column("T2 ATR", 6, _atrs("to_target_2")),
)  # fmt: skip
"""Most needed first: 80 columns show those up to the mark's age, 120 those up to the first target."""

position_cells = cells_by(COLUMNS)


class PositionsPane(LiveTable):
    """The rows as painted; a key acts on the row selected here, never on a newer state of the engine."""

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
        """Show the rows in their kept order; new positions come last."""
        self._shown = (positions, exiting, open_pnl)
        self.positions = {row.id: row for row in positions}
        kept = [key for key in self._places if key in self.positions]
        new = [row.id for row in positions if row.id not in set(kept)]
        self._places = (*kept, *new)
        rows = tuple(
            Row(key, Shown(self.positions[key], key in exiting), position_cells) for key in self._places
        )
        name = ORDERS[self.order][0]
        note = [
            (f"{fmt.arrow(open_pnl)} {fmt.money(open_pnl)}", signed_role(open_pnl)),
            (f"  {name}" if self.order else "", "info"),
            (f"  {len(positions)} open", "dim"),
        ]
        self.show_rows(rows, note if positions else [])

    def next_order(self) -> str:
        """Sort the rows once by the next order and keep that order; return its name."""
        self.order = (self.order + 1) % len(ORDERS)
        name, key = ORDERS[self.order]
        self._places = tuple(row.id for row in sorted(self.positions.values(), key=key))
        if self._shown is not None:
            self.show(*self._shown)
        return name

    @property
    def selected(self) -> PositionRow | None:
        """The position under the cursor, as last painted."""
        return self.positions.get(self.cursor) if self.cursor is not None else None
