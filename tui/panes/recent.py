"""Recent decisions, newest first."""

from __future__ import annotations

from server.deck import Counters, DecisionRow
from tui import fmt
from tui.widgets.line import ACTION_ROLE, DIRECTION_MARK, DIRECTION_ROLE, Line, signed_role
from tui.widgets.table import Cell, Column, LiveTable, Row

COLUMNS = (
    Column("time ET", 8),
    Column("action", 7),
    Column("signal", 18),
    Column("conf.", 5, "right"),
    Column("quality", 7),
    Column("size", 5, "right"),
    Column("code or outcome", 20),
    Column("net $", 10, "right"),
)


def decision_cells(row: DecisionRow) -> tuple[Cell, ...]:
    side = row.direction or row.proposed_direction
    signal = f"{DIRECTION_MARK[side]} {side} {row.symbol} {fmt.timeframe(row.timeframe) if row.timeframe else fmt.NONE}"
    return (
        (fmt.clock(row.at), "dim"),
        (row.action, ACTION_ROLE[row.action]),
        (signal, DIRECTION_ROLE[side] if row.direction else "text"),
        (f"{row.confidence:.1f}", "strong"),
        (row.quality, "text"),
        (fmt.factor(row.multiplier) if row.multiplier is not None else fmt.NONE, "text"),
        (row.code or row.outcome or fmt.NONE, "warn" if row.code else "dim"),
        (fmt.money(row.pnl_net).replace("$", ""), signed_role(row.pnl_net)),
    )


def counters_note(counters: Counters) -> Line:
    note: Line = [
        (f"{counters.executed} EXECUTE", "good"),
        (f"  {counters.waited} WAIT", "warn"),
        (f"  {counters.skipped} SKIP", "bad"),
        (f"  {fmt.plural(counters.receipts, 'webhook')}", "dim"),
    ]
    if counters.duplicates:
        note.append((f", {counters.duplicates} again", "dim"))
    if counters.quarantined:
        note.append((f", {counters.quarantined} not understood", "warn"))
    return note


class RecentPane(LiveTable):
    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Recent decisions", COLUMNS, id=id, empty=("no decision yet",))

    def show(self, recent: tuple[DecisionRow, ...], counters: Counters) -> None:
        self.show_rows(tuple(Row(row.id, decision_cells(row)) for row in recent), counters_note(counters))
