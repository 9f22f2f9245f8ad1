"""The Learning screen: what the ledger teaches, and the suggestions a person approves or rejects."""

from __future__ import annotations

from uuid import uuid4

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import ADOPT, RETIRE, START_SUGGESTION, ChallengeView, Command, Deck, LearningView
from tui.commands.registry import BY_NAME, bindings
from tui.dialogs.challenge import (
    ChallengeDialog,
    ChallengeQuestion,
    adopt_question,
    retire_question,
    start_question,
)
from tui.dialogs.suggestion import JudgeDialog, SuggestionDialog, change_line
from tui.interfaces import deck_ui
from tui.panes.calibration import CalibrationPane
from tui.panes.challenge import ChallengeLine, ChallengePane
from tui.panes.drift import DriftPane, ShadowsPane
from tui.panes.gate_balance import GateBalancePane
from tui.panes.learned_cuts import LearnedCutsPane
from tui.panes.reports import READING, ReportPane
from tui.panes.suggestions import SuggestionsPane
from tui.screens.base import SMALL_CLASS
from tui.screens.reports import ReportScreen
from tui.widgets.table import LiveTable

TABLES = ("setup", "regime", "timeframe", "quality", "confidence", "size")
_FIRST, _SECOND, _CHALLENGER = range(3)
_IN_LESSONS = "-in-lessons"
"""Class of a screen of few rows that shows what was learned in place of the signals."""


class LearningScreen(ReportScreen):
    scope = "learning"
    BINDINGS = bindings("screen", "learning")
    AUTO_FOCUS = "#suggestions"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall"), (50, "-high")]
    least_rows, least_rows_phone = 24, 20

    def __init__(self) -> None:
        super().__init__()
        self._table = 0
        self._shown = 0
        self._view: LearningView | str = READING
        self._challenge: ChallengeView | None = None

    def compose_body(self) -> ComposeResult:
        yield ChallengeLine(id="challenge-line")
        with Container(id="lessons", classes="-lessons-0"):
            yield GateBalancePane(id="gates-kept", classes="first")
            yield CalibrationPane(id="calibration", classes="first")
            yield DriftPane(id="drift", classes="second")
            yield ShadowsPane(id="shadows", classes="second")
            yield ChallengePane(id="challenger", classes="third")
        yield LearnedCutsPane(id="learned")
        yield SuggestionsPane(id="suggestions")

    async def fetch(self, deck: Deck) -> LearningView:
        self._challenge = await deck.challenge()
        return await deck.learning()

    def show_view(self, view: LearningView | str) -> None:
        self._view = view
        self.query_one(ChallengeLine).show(self._challenge)
        running = self._challenge is not None and self._challenge.running is not None
        self.set_class(running, "-challenged")
        for pane in self.query(ReportPane):
            pane.show(self._challenge if isinstance(pane, ChallengePane) and self._challenge else view)
        self._show_table()
        self.query_one(SuggestionsPane).show(view)

    def _show_table(self) -> None:
        self.query_one(LearnedCutsPane).show(self._view, TABLES[self._table])

    def action_next_table(self) -> None:
        self._table = (self._table + 1) % len(TABLES)
        self._show_table()

    def action_next_evidence(self) -> None:
        """Show the next panes: the challenger, and others where not all fit; with few rows also the lists again."""
        if self.has_class(SMALL_CLASS) and not self.has_class(_IN_LESSONS):
            self.add_class(_IN_LESSONS)
            return
        lessons = self.query_one("#lessons")
        lessons.remove_class(f"-lessons-{self._shown}")
        small = self.has_class("-short") or self.has_class("-phone")
        views = (_FIRST, _SECOND, _CHALLENGER) if small else (_FIRST, _CHALLENGER)
        after = views.index(self._shown) + 1 if self._shown in views else 0
        self._shown = views[after % len(views)]
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

    # --- the challenger ---------------------------------------------------------------------------------

    def action_show_challenger(self) -> None:
        """Show the challenger; where none runs, ask whether to start the selected suggestion as one."""
        ui, view = deck_ui(self), self._challenge
        suggestion = self.query_one(SuggestionsPane).selected
        if view is not None and (view.running is not None or suggestion is None):
            self.app.push_screen(ChallengeDialog(view))
        elif suggestion is None:
            ui.say("The challenger is not read yet", "neutral")
        else:
            change = "".join(text for text, _ in change_line(suggestion)).strip()
            self._ask(start_question(change), START_SUGGESTION, suggestion.id, suggestion.rule)

    def action_adopt_challenger(self) -> None:
        self._end_challenger(ADOPT)

    def action_retire_challenger(self) -> None:
        self._end_challenger(RETIRE)

    def _end_challenger(self, name: str) -> None:
        running = self._challenge.running if self._challenge is not None else None
        if running is None:
            deck_ui(self).say("No challenger runs", "neutral")
            return
        question = adopt_question(running) if name == ADOPT else retire_question(running)
        self._ask(question, name, running.id, f"challenger {running.challenger.name}")

    def _ask(self, question: ChallengeQuestion, name: str, argument: str, description: str) -> None:
        def answered(confirmed: bool | None) -> None:
            if confirmed:
                command = Command(id=str(uuid4()), name=name, argument=argument)
                deck_ui(self).send(command, description, on_answer=self.read)

        self.app.push_screen(question, answered)

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
