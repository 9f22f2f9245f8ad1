"""The Learning screen: what the ledger teaches, and the suggestions a person approves or rejects."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import Command
from server.deck.reports import LearningView
from tui.commands.registry import bindings
from tui.dialogs.suggestion import JudgeDialog, SuggestionDialog
from tui.panes.calibration import CalibrationPane
from tui.panes.drift import DriftPane, ShadowsPane
from tui.panes.gate_balance import GateBalancePane
from tui.panes.learned_cuts import LearnedCutsPane
from tui.panes.reports import READING, ReportPane
from tui.panes.suggestions import SuggestionsPane
from tui.screens.reports import ReportScreen
from tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from core.learning import Suggestion
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.tui")

TABLES = ("setup", "regime", "timeframe", "quality", "confidence", "size")
_VIEWS = 2


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

    async def fetch(self, app: DeckApp) -> LearningView:
        return await app.deck.learning()

    def got(self, view: LearningView | str) -> None:
        self._view = view
        for pane in self.query(ReportPane):
            pane.show(view)
        self._show_table()
        self.query_one(SuggestionsPane).show(view)

    def _show_table(self) -> None:
        self.query_one(LearnedCutsPane).show(self._view, TABLES[self._table])

    def next_table(self) -> None:
        self._table = (self._table + 1) % len(TABLES)
        self._show_table()

    def next_evidence(self) -> None:
        """What else was learned, where the screen is too small for all of it."""
        lessons = self.query_one("#lessons")
        lessons.remove_class(f"-lessons-{self._shown}")
        self._shown = (self._shown + 1) % _VIEWS
        lessons.add_class(f"-lessons-{self._shown}")

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if isinstance(message.table, SuggestionsPane) and message.table.selected is not None:
            self.app.push_screen(SuggestionDialog(message.table.selected))

    # --- judging ----------------------------------------------------------------------------------------

    def ask_approve(self) -> None:
        self._ask(approve=True)

    def ask_reject(self) -> None:
        self._ask(approve=False)

    def _ask(self, *, approve: bool) -> None:
        """Open the question for the suggestion under the cursor as it is painted now."""
        app: DeckApp = self.app  # type: ignore[assignment]
        table = self.query_one(SuggestionsPane)
        asked = table.selected
        key = "a" if approve else "r"
        if asked is None:
            app.say("No suggestion to judge under the cursor", "neutral")
        elif not table.has_focus:
            table.focus()
            app.say(f"The cursor is on {asked.rule}: {key} again to judge it", "neutral")
        elif table.cursor_moved_by_itself:
            app.say(f"The cursor has just moved to {asked.rule}: {key} again to judge it", "neutral")
        else:
            app.push_screen(JudgeDialog(asked, approve=approve), partial(self._answered, asked, approve))

    def _answered(self, asked: Suggestion, approve: bool, confirmed: bool | None) -> None:
        if not confirmed:
            return
        command = Command(id=str(uuid4()), name="approve" if approve else "reject", argument=asked.id)
        self.run_worker(self._judge(command, asked), name=command.id, exit_on_error=False)

    async def _judge(self, command: Command, asked: Suggestion) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        try:
            result = await app.deck.command(command)
        except Exception as error:
            log.exception("%s of %s failed", command.name, asked.rule)
            app.say(f"{asked.rule}: not known whether it went through ({error!r})", "negative")
        else:
            app.say(result.text or result.code, "positive" if result.ok else "negative")
        self.read()
