"""The Performance screen: metrics with their intervals, charts, and the trades by group."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import WINDOWS, Deck, PerformanceView
from tui.commands.registry import bindings
from tui.interfaces import deck_ui
from tui.panes.cuts import CutsPane, group_filters
from tui.panes.distribution import DistributionPane, ExcursionsPane
from tui.panes.equity import DrawdownPane, EquityPane
from tui.panes.greek_bars import GreeksPane
from tui.panes.metric_cards import MetricsPane
from tui.panes.reports import ReportPane
from tui.screens.base import SMALL_CLASS
from tui.screens.reports import ReportScreen
from tui.widgets.table import LiveTable

_START_WINDOW = "90"
_START_CUT = "setup"
_IN_CHARTS = "-in-charts"
"""Class of a narrow screen that shows charts in place of the metrics."""
_VIEWS = 3
"""Number of chart pairs, on a screen too small for all charts."""


class PerformanceScreen(ReportScreen):
    scope = "performance"
    BINDINGS = bindings("screen", "performance")
    AUTO_FOCUS = "#cuts"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (40, "-tall"), (50, "-high")]
    least_rows = 24

    def __init__(self) -> None:
        super().__init__()
        self.window = _START_WINDOW
        self.cut = _START_CUT
        self._cuts: tuple[str, ...] = (_START_CUT,)
        self._charts = 0

    def compose_body(self) -> ComposeResult:
        yield MetricsPane(id="metrics")
        with Container(id="charts", classes="-charts-0"):
            yield EquityPane(id="equity", classes="first")
            yield DrawdownPane(id="drawdown", classes="first")
            yield GreeksPane(id="greeks", classes="second")
            yield DistributionPane(id="distribution", classes="third")
            yield ExcursionsPane(id="excursions", classes="third")
        yield CutsPane(id="cuts")

    async def fetch(self, deck: Deck) -> PerformanceView:
        return await deck.performance(self.window, self.cut)

    def show_view(self, view: PerformanceView | str) -> None:
        if isinstance(view, PerformanceView):
            self._cuts = tuple(name for name, _ in view.cuts)
        for pane in self.query(ReportPane):
            pane.show(view)
        self.query_one(CutsPane).show(view)

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        """Show the trades of a group, those that the metrics measure."""
        deck_ui(self).open_trades(
            group_filters(self.cut, message.key) | {"window": self.window, "counted": "yes"}
        )

    def action_next_window(self) -> None:
        self.window = WINDOWS[(WINDOWS.index(self.window) + 1) % len(WINDOWS)]
        self.read()

    def action_next_breakdown(self) -> None:
        at = self._cuts.index(self.cut) if self.cut in self._cuts else -1
        self.cut = self._cuts[(at + 1) % len(self._cuts)]
        self.read()

    def action_sort_breakdown(self) -> None:
        self.query_one(CutsPane).next_sort()

    def action_next_charts(self) -> None:
        """Show the next charts, on a screen too small for all of them; on a phone's also the metrics again."""
        if self.has_class(SMALL_CLASS):
            deck_ui(self).say(f"Charts need a terminal of {self.least_rows} rows", "neutral")
            return
        charts = self.query_one("#charts")
        if charts.display and all(chart.display for chart in charts.children):
            deck_ui(self).say("All charts are shown", "neutral")
            return
        if self.has_class("-phone") and not self.has_class(_IN_CHARTS):
            self.add_class(_IN_CHARTS)
            return
        charts.remove_class(f"-charts-{self._charts}")
        self._charts = (self._charts + 1) % _VIEWS
        charts.add_class(f"-charts-{self._charts}")
        self.set_class(self._charts > 0, _IN_CHARTS)
