"""Recent decisions, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.model import BY_HAND
from server.deck import Counters, DecisionRow
from tui import fmt
from tui.widgets.columns import Cell, Column, Row, cells_by
from tui.widgets.line import ACTION_ROLE, DIRECTION_MARK, DIRECTION_ROLE, Line, signed_role
from tui.widgets.table import LiveTable


def result(code: str | None, outcome: str, net: float | None) -> Cell:
    """Return the outcome of a decision as a cell: the refusing code, or the exit and its net dollars.

    Both for a trade that a person took.
    """
    if code and code != BY_HAND:
        return (code, "warn")
    if code:
        outcome = f"{code} {outcome if net is None else ''}".strip()
    if net is None:
        return (outcome or fmt.NONE, "dim")
    return (f"{outcome} {fmt.money(net).replace('$', '')}".strip(), signed_role(net))


@dataclass(frozen=True, slots=True)
class Dated:
    """A decision, and whether it was made on the exchange's day that is shown."""

    row: DecisionRow
    today: bool


def _time(dated: Dated) -> Cell:
    """Return the time; a decision of another day has its date before it."""
    at = dated.row.at
    return (fmt.clock(at) if dated.today else f"{fmt.date(at)} {fmt.clock(at)[:5]}", "dim")


def _signal(dated: Dated) -> Cell:
    row = dated.row
    side = row.direction or row.proposed_direction
    frame = fmt.timeframe(row.timeframe) if row.timeframe else fmt.NONE
    text = f"{DIRECTION_MARK[side]} {side} {row.symbol} {frame}"
    return (text, DIRECTION_ROLE[side] if row.direction else "text")


def _result(dated: Dated) -> Cell:
    return result(dated.row.code or dated.row.why, dated.row.outcome, dated.row.pnl_net)


COLUMNS = (
    Column("time ET", 8, cell=_time),
    Column("action", 7, cell=lambda d: (d.row.action, ACTION_ROLE[d.row.action])),
    Column("signal", 17, cell=_signal),
    Column("conf.", 5, "right", cell=lambda d: (fmt.number(d.row.confidence, 1), "strong")),
    Column("code or outcome, net $", 22, cell=_result),
    Column("size", 5, "right", cell=lambda d: (fmt.factor(d.row.multiplier), "text")),
    Column("quality", 7, cell=lambda d: (d.row.quality, "text")),
    Column("reason", 24, weight=1, cell=lambda d: (d.row.reason, "dim")),
)  # fmt: skip


def counters_note(counters: Counters) -> Line:
    note: Line = [
        (f"{fmt.count(counters.executed)} EXECUTE", "good"),
        (f"  {fmt.count(counters.waited)} WAIT", "warn"),
        (f"  {fmt.count(counters.skipped)} SKIP", "bad"),
    ]
    if counters.quarantined:
        note.append((f"  {fmt.count(counters.quarantined)} not understood", "warn"))
    note.append((f"  {fmt.plural(counters.receipts, 'webhook')}", "dim"))
    if counters.duplicates:
        note.append((f"  {fmt.plural(counters.duplicates, 'duplicate')}", "dim"))
    return note


decision_cells = cells_by(COLUMNS)


class RecentPane(LiveTable):
    decisions = True
    follows_first = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Recent decisions", COLUMNS, id=id, empty=("no decision yet",))

    def show(self, recent: tuple[DecisionRow, ...], counters: Counters, at: datetime) -> None:
        """Show decisions, the newest first; ``at`` is the engine's time."""
        today = fmt.date(at)
        rows = (Row(row.id, Dated(row, fmt.date(row.at) == today), decision_cells) for row in recent)
        self.show_rows(tuple(rows), counters_note(counters))
