"""The table of metrics by group, sortable by each column."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.notes import NO_TAG, TAG_CUTS
from server.deck import PerformanceView
from tui import fmt
from tui.commands.registry import hint
from tui.metric_format import format_value, has_enough_trades, role_of, short_interval, table_dollars
from tui.widgets.columns import Cell, Column, Row, cells_by
from tui.widgets.line import Line
from tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from core.performance import Bucket, Metrics


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
    Column("trades", 7, "right", cell=lambda m: (str(m.trades), "text"), order=lambda m: float(m.trades)),
    Column("net $", 11, "right", cell=_money("net_pnl"), order=_value("net_pnl")),
    Column("expect. $", 9, "right", cell=_money("expectancy"), order=_value("expectancy")),
    Column("avg R", 6, "right", cell=_metric_cell("average_r", signed=True), order=_value("average_r")),
    Column("win %", 6, "right", cell=_metric_cell("win_rate"), order=_value("win_rate")),
    Column("95 %", 8, cell=lambda m: (short_interval(m.win_rate), "dim"), order=lambda m: m.win_rate.low),
    Column("factor", 7, "right", cell=_metric_cell("profit_factor"), order=_value("profit_factor")),
    Column("max down $", 10, "right", cell=_money("max_drawdown", signed=False), order=_value("max_drawdown")),
    Column("hold", 6, "right", cell=_metric_cell("average_hold"), order=_value("average_hold")),
)  # fmt: skip
"""The columns of what is measured; the group's name stands before them."""
BY_KEY = {column.key: column for column in COLUMNS}


def _group_column(title: str) -> Column:
    return Column(title, 16, name="group")


class CutsPane(LiveTable):
    """Shows the groups in their own order until a sort column is chosen."""

    def __init__(self, *, id: str | None = None) -> None:
        self._view: PerformanceView | None = None
        super().__init__("By setup", (_group_column("setup"), *COLUMNS), id=id, empty=("reading the ledger",))

    def show(self, view: PerformanceView | str) -> None:
        if isinstance(view, str):
            self.empty = (view,)
            self.show_rows((), [])
            self.repaint()
            return
        self._view = view
        title = dict(view.cuts).get(view.cut, view.cut)
        self.title = f"By {title}"
        self.columns = (_group_column(title), *COLUMNS)
        self.empty = ("no closed trade in this window",)
        buckets = list(view.report.cuts.get(view.cut, ()))
        if self.sorted_by is not None:
            rank = BY_KEY[self.sorted_by].order
            buckets.sort(key=lambda bucket: _descending(rank(bucket.metrics)))
        thin = sum(not has_enough_trades(bucket.metrics.expectancy) for bucket in buckets)
        note: Line = [(f"{fmt.plural(thin, 'row')} under 30 trades or 10 sessions  ", "dim")] if thin else []
        note.append((f"{hint('NextCut')}  {hint('SortCut')}", "info"))
        self.show_rows(tuple(Row(bucket.label, bucket, _cells) for bucket in buckets), note)
        self.repaint()

    def next_sort(self) -> None:
        """Sort by the next column; after the last one, by the groups' own order."""
        keys = (*BY_KEY, None)
        here = keys.index(self.sorted_by)
        self.sorted_by = keys[(here + 1) % len(keys)]
        if self._view is not None:
            self.show(self._view)


def group_filters(cut: str, label: str) -> dict[str, str]:
    """Return the filters that select the trades of one group."""
    if cut in TAG_CUTS:
        return {"untagged": cut} if label == NO_TAG else {cut: label}
    return {"cut": f"{cut}={label}"}


def _descending(value: float | None) -> tuple[bool, float]:
    return (value is None, -(value or 0.0))


_measured_cells = cells_by(COLUMNS)


def _cells(bucket: Bucket) -> tuple[Cell, ...]:
    thin = not has_enough_trades(bucket.metrics.expectancy)
    return (
        (bucket.label, "dim" if thin else "strong"),
        *_measured_cells(bucket.metrics),
    )
