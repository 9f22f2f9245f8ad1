"""The Live screen: the last decision and why, open positions, the day."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from server.deck import DeckSnapshot
from tui.commands.registry import bindings
from tui.panes.approvals import ApprovalsPane
from tui.panes.decision import DecisionPane, DecisionView
from tui.panes.events import EventsPane
from tui.panes.gates import GatesPane
from tui.panes.pnl import PnlPane
from tui.panes.positions import PositionsPane
from tui.panes.reasons import ReasonsPane
from tui.panes.recent import RecentPane
from tui.panes.size import SizePane
from tui.screens.base import DeckScreen
from tui.widgets.table import LiveTable


class LiveScreen(DeckScreen):
    scope = "live"
    BINDINGS = bindings("screen", "live")
    AUTO_FOCUS = None

    def compose_body(self) -> ComposeResult:
        yield ApprovalsPane(id="approvals")
        with VerticalScroll(id="body", can_focus=False):
            with Container(id="evidence"):
                yield DecisionPane(id="decision")
                yield GatesPane(id="gates")
                yield SizePane(id="size")
                yield ReasonsPane(id="reasons")
            yield PositionsPane(id="positions")
            yield RecentPane(id="recent")
        with Container(id="day"):
            yield PnlPane(id="pnl")
            yield EventsPane(id="events")

    def on_mount(self) -> None:
        self.query_one(PositionsPane).focus(scroll_visible=False)

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        self.query_one(ApprovalsPane).show(snapshot.approvals)
        record = snapshot.decision
        age = int((snapshot.at - record.at).total_seconds()) if record else 0
        self.query_one(DecisionPane).show(
            DecisionView(
                record=record,
                age=age if age < 60 else age - age % 60,
                wait_at=snapshot.wait_at,
                execute_at=snapshot.execute_at,
                listener=snapshot.listener,
            )
        )
        for pane in (GatesPane, SizePane, ReasonsPane):
            yield
            self.query_one(pane).show(record)
        yield
        self.query_one(PositionsPane).show(snapshot.positions, self.exiting, snapshot.pnl.open)
        yield
        self.query_one(RecentPane).show(snapshot.recent, snapshot.counters)
        yield
        self.query_one(PnlPane).show(snapshot.pnl)
        self.query_one(EventsPane).show(snapshot.events)

    @property
    def exiting(self) -> frozenset[str]:
        """Positions whose exit was asked for and not yet seen."""
        return getattr(self.app, "exiting", frozenset())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, PositionsPane):
            # Back at the positions the verdict belongs in view again.
            self.query_one("#body").scroll_home(animate=False)

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if isinstance(message.table, PositionsPane):
            self.app.open_position(message.table.selected)  # type: ignore[attr-defined]
        else:
            self.app.open_decision(message.key)  # type: ignore[attr-defined]
