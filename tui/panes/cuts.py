"""The table of metrics by group, sortable by each column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.notes import NO_TAG, TAG_CUTS
from server.deck import PerformanceView
from tui import fmt
from tui.commands.registry import hint
from tui.metric_format import format_value, has_enough_trades, role_of, short_interval, table_dollars
from tui.widgets.line import Line
from tui.widgets.table import Cell, Column, LiveTable, Row

if TYPE_CHECKING:
    from core.performance import Bucket, Metrics

_TITLE_CELLS = 16


@dataclass(frozen=True, slots=True)
class CutColumn:
    """A column: its cell, and its sort key (larger first)."""

    column: Column
    cell: Callable[[Metrics], Cell]
    rank: Callable[[Metrics], float | None]


def _money(name: str, *, signed: bool = True) -> Callable[[Metrics], Cell]:
    def cell(measured: Metrics) -> Cell:
        metric = getattr(measured, name)
        text = table_dollars(metric.value, sign=signed)
        return (f"{fmt.arrow(metric.value)}{text}" if signed else text, role_of(metric, signed=signed))

    return cell


def _metric_cell(name: str, *, signed: bool = False) -> Callable[[Metrics], Cell]:
    def cell(measured: Metrics) -> Cell:
        metric = getattr(measured, name)
        text = format_value(metric.value, metric.unit, sign=signed).removesuffix(" R").removesuffix(" %")
        return (text.replace("$", ""), role_of(metric, signed=signed))

    return cell


def _value(name: str) -> Callable[[Metrics], float | None]:
    return lambda measured: getattr(measured, name).value


COLUMNS = (
    CutColumn(Column("trades", 7, "right"), lambda m: (str(m.trades), "text"), lambda m: float(m.trades)),
    CutColumn(Column("net $", 11, "right"), _money("net_pnl"), _value("net_pnl")),
    CutColumn(Column("expect. $", 9, "right"), _money("expectancy"), _value("expectancy")),
    CutColumn(Column("avg R", 6, "right"), _metric_cell("average_r", signed=True), _value("average_r")),
    CutColumn(Column("win %", 6, "right"), _metric_cell("win_rate"), _value("win_rate")),
    CutColumn(Column("95 %", 9), lambda m: (short_interval(m.win_rate), "dim"), lambda m: m.win_rate.low),
    CutColumn(Column("factor", 7, "right"), _metric_cell("profit_factor"), _value("profit_factor")),
    CutColumn(
        Column("max down $", 10, "right"), _money("max_drawdown", signed=False), _value("max_drawdown")
    ),
    CutColumn(Column("hold", 7, "right"), _metric_cell("average_hold"), _value("average_hold")),
)


class CutsPane(LiveTable):
    """Shows the groups in their own order until a sort column is chosen."""

    def __init__(self, *, id: str | None = None) -> None:
        self.sorted_by: int | None = None
        self._view: PerformanceView | None = None
        super().__init__("By setup", self._columns("setup"), id=id, empty=("reading the ledger",))

    def _columns(self, title: str) -> tuple[Column, ...]:
        marked = [
            replace(each.column, title=each.column.title + ("▼" if n == self.sorted_by else ""))
            for n, each in enumerate(COLUMNS)
        ]
        return (Column(title, _TITLE_CELLS), *marked)

    def show(self, view: PerformanceView | str) -> None:
        if isinstance(view, str):
            self.empty = (view,)
            self.show_rows((), [])
            self.repaint()
            return
        self._view = view
        title = dict(view.cuts).get(view.cut, view.cut)
        self.title = f"By {title}"
        self.columns = self._columns(title)
        self.empty = ("no closed trade in this window",)
        buckets = list(view.report.cuts.get(view.cut, ()))
        if self.sorted_by is not None:
            rank = COLUMNS[self.sorted_by].rank
            buckets.sort(key=lambda bucket: _descending(rank(bucket.metrics)))
        thin = sum(not has_enough_trades(bucket.metrics.expectancy) for bucket in buckets)
        note: Line = [(f"{fmt.plural(thin, 'row')} under 30 trades or 10 sessions  ", "dim")] if thin else []
        note.append((f"{hint('NextCut')}  {hint('SortCut')}", "info"))
        self.show_rows(tuple(Row(bucket.label, bucket, _cells) for bucket in buckets), note)
        self.repaint()

    def next_sort(self) -> None:
        """Sort by the next column; after the last one, by the groups' own order."""
        following = 0 if self.sorted_by is None else self.sorted_by + 1
        self.sorted_by = following if following < len(COLUMNS) else None
        if self._view is not None:
            self.show(self._view)


def group_filters(cut: str, label: str) -> dict[str, str]:
    """Return the filters that select the trades of one group."""
    if cut in TAG_CUTS:
        return {"untagged": cut} if label == NO_TAG else {cut: label}
    return {"cut": f"{cut}={label}"}


def _descending(value: float | None) -> tuple[bool, float]:
    return (value is None, -(value or 0.0))


def _cells(bucket: Bucket) -> tuple[Cell, ...]:
    thin = not has_enough_trades(bucket.metrics.expectancy)
    return (
        (bucket.label, "dim" if thin else "strong"),
        *(each.cell(bucket.metrics) for each in COLUMNS),
    )
