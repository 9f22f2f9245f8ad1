"""The Learning screen: what the ledger teaches, and the suggestions a person approves or rejects."""

from __future__ import annotations

from uuid import uuid4

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import Command, Deck, LearningView
from tui.commands.registry import BY_NAME, bindings
from tui.dialogs.suggestion import JudgeDialog, SuggestionDialog
from tui.interfaces import deck_ui
from tui.panes.calibration import CalibrationPane
from tui.panes.drift import DriftPane, ShadowsPane
from tui.panes.gate_balance import GateBalancePane
from tui.panes.learned_cuts import LearnedCutsPane
from tui.panes.reports import READING, ReportPane
from tui.panes.suggestions import SuggestionsPane
from tui.screens.base import SMALL_CLASS
from tui.screens.reports import ReportScreen
from tui.widgets.table import LiveTable

TABLES = ("setup", "regime", "timeframe", "quality", "confidence", "size")
_VIEWS = 2
_IN_LESSONS = "-in-lessons"
"""Class of a screen of few rows that shows what was learned in place of the signals."""


class LearningScreen(ReportScreen):
    scope = "learning"
    BINDINGS = bindings("screen", "learning")
    AUTO_FOCUS = "#suggestions"

    def __init__(self) -> None:
        super().__init__()
        self._table = 0
        self._shown = 0
        self._view: LearningView | str = READING

    def compose_body(self) -> ComposeResult:
        with Container(id="lessons", classes="-lessons-0"):
            yield GateBalancePane(id="gates-kept", classes="first")
            yield CalibrationPane(id="calibration", classes="first")
            yield DriftPane(id="drift", classes="second")
            yield ShadowsPane(id="shadows", classes="second")
        yield LearnedCutsPane(id="learned")
        yield SuggestionsPane(id="suggestions")

    async def fetch(self, deck: Deck) -> LearningView:
        return await deck.learning()

    def show_view(self, view: LearningView | str) -> None:
        self._view = view
        for pane in self.query(ReportPane):
            pane.show(view)
        self._show_table()
        self.query_one(SuggestionsPane).show(view)

    def _show_table(self) -> None:
        self.query_one(LearnedCutsPane).show(self._view, TABLES[self._table])

    def action_next_table(self) -> None:
        self._table = (self._table + 1) % len(TABLES)
        self._show_table()

    def action_next_evidence(self) -> None:
        """Show the other panes, on a screen too small for all of them; with few rows also the lists again."""
        lessons = self.query_one("#lessons")
        if lessons.display and all(pane.display for pane in lessons.children):
            deck_ui(self).say("All panes are shown", "neutral")
            return
        if self.has_class(SMALL_CLASS) and not self.has_class(_IN_LESSONS):
            self.add_class(_IN_LESSONS)
            return
        lessons.remove_class(f"-lessons-{self._shown}")
        self._shown = (self._shown + 1) % _VIEWS
        lessons.add_class(f"-lessons-{self._shown}")
        self.set_class(self._shown > 0, _IN_LESSONS)

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if isinstance(message.table, SuggestionsPane):
            if message.table.selected is None:
                deck_ui(self).say("This suggestion is judged: the row says all that is kept of it", "neutral")
            else:
                self.app.push_screen(SuggestionDialog(message.table.selected))
        elif isinstance(message.table, LearnedCutsPane):
            # Imported on first use: it loads numpy, which a deck attached to another process does without.
            from core.learning.tables import trades_group

            cut, label = trades_group(TABLES[self._table], message.key)
            deck_ui(self).open_trades({"cut": f"{cut}={label}", "counted": "yes"})

    # --- approving and rejecting ------------------------------------------------------------------------

    def action_approve_suggestion(self) -> None:
        self._judge(approve=True)

    def action_reject_suggestion(self) -> None:
        self._judge(approve=False)

    def _judge(self, *, approve: bool) -> None:
        """Ask about the selected suggestion, as painted, and send the answer."""
        ui, table = deck_ui(self), self.query_one(SuggestionsPane)
        suggestion = table.selected
        if suggestion is None:
            ui.say("No suggestion is selected", "neutral")
            return
        key = BY_NAME["ApproveSuggestion" if approve else "RejectSuggestion"].key_name
        if wait := table.reason_to_wait(suggestion.rule, f"{key} again to judge it"):
            ui.say(wait, "neutral")
            return

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                name = "approve" if approve else "reject"
                command = Command(id=str(uuid4()), name=name, argument=suggestion.id)
                ui.send(command, suggestion.rule, on_answer=self.read)

        self.app.push_screen(JudgeDialog(suggestion, approve=approve), answered)
