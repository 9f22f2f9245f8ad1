"""The Live screen: the last decision and why, open positions, the day."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.widget import Widget

from server.deck import ApprovalRow, DeckSnapshot, PositionRow
from tui.commands import positions as commands
from tui.commands.registry import bindings
from tui.commands.user_command import UserCommand
from tui.interfaces import NoteSubject, deck_ui
from tui.panes.approvals import ApprovalsPane
from tui.panes.decision import DecisionPane, DecisionView
from tui.panes.events import EventsPane
from tui.panes.gates import GatesPane
from tui.panes.orders import OrdersPane
from tui.panes.pnl import PnlPane
from tui.panes.positions import PositionsPane
from tui.panes.reasons import ReasonsPane
from tui.panes.recent import RecentPane
from tui.panes.risk import RiskPane
from tui.panes.size import SizePane
from tui.screens.base import DeckScreen
from tui.widgets.table import LiveTable

_HEADS = 2
"""Rows of a list above its first row: the title and the heads of the columns."""
_LEAST_ROWS = 3
"""Rows of a list that is seen: its heads and one row."""
_USUAL_ROWS = 5
"""Rows of the positions where there is room for few."""
_CARD_ROWS = 9
"""Least rows of the decision, which stay below the positions where these come first."""
_RECENT_BELOW = 7
"""Rows of the recent decisions where they begin below the screen."""
_FOLDED, _FOLDED_ROWS = "-folded", 3
"""Class of a decision without size and reasons, and their rows on a short screen."""
_FEW = 2
"""Positions up to which size and reasons give way to the recent decisions."""

_RISK_OPEN_ROWS, _RISK_LINE_ROWS = 50, 32
"""Rows of a terminal from which the risk is unfolded, and from which it has one line, unless a key said otherwise."""


class PlaceAgain(Message):
    """The decision, or what scrolls with it, has another height."""


class Evidence(Container):
    """The decision and why."""

    def on_resize(self) -> None:
        self.post_message(PlaceAgain())


class Body(VerticalScroll):
    """The scrolling part: the decision, the positions and the recent decisions."""

    def on_resize(self) -> None:
        self.post_message(PlaceAgain())


def _set_height(widget: Widget, height: int) -> None:
    if widget.styles.height is None or widget.styles.height.value != height:
        widget.styles.height = height


class LiveScreen(DeckScreen):
    scope = "live"
    BINDINGS = bindings("screen", "live")
    AUTO_FOCUS = None

    def compose_body(self) -> ComposeResult:
        yield ApprovalsPane(id="approvals")
        yield OrdersPane(id="orders")
        with Body(id="body", can_focus=False):
            with Evidence(id="evidence"):
                yield DecisionPane(id="decision")
                yield GatesPane(id="gates")
                yield SizePane(id="size")
                yield ReasonsPane(id="reasons")
            yield PositionsPane(id="positions")
            yield RecentPane(id="recent")
        yield RiskPane(id="risk")
        with Container(id="day"):
            yield PnlPane(id="pnl")
            yield EventsPane(id="events")

    def __init__(self) -> None:
        super().__init__()
        self._whole_decision = 0
        """Rows of the decision with all its parts."""

    def on_mount(self) -> None:
        self.query_one(PositionsPane).focus(scroll_visible=False)

    def on_resize(self) -> None:
        super().on_resize()
        self._fold_risk()

    def to_explain(self) -> list[tuple[str, list[str]]]:
        latest = deck_ui(self).latest
        record = latest.decision if latest is not None else None
        if record is None:
            return super().to_explain()
        codes = [
            record.action,
            record.code or "",
            *(reason.code for reason in record.reasons),
            record.quality,
        ]
        return [*super().to_explain(), ("On the decision above", [str(code) for code in codes])]

    def _fold_risk(self) -> None:
        """Unfold the risk where a person wants it or the rows are many; on a short screen a folded one is hidden."""
        wanted, rows = deck_ui(self).risk_open, self.size.height
        is_open = rows >= _RISK_OPEN_ROWS if wanted is None else wanted
        pane = self.query_one(RiskPane)
        pane.fold(not is_open)
        pane.display = is_open or rows >= _RISK_LINE_ROWS

    def on_place_again(self) -> None:
        self._place_positions()

    def _place_positions(self) -> None:
        """Share the rows out between the decision, the positions and the recent decisions.

        Positions have the rows they need. They stand above the decision where it would leave no row for them: keys
        act on what is seen. With few positions on a short screen, size and reasons give their rows to the recent
        decisions. Not below a dialog: what is moved there is laid out only when the dialog closes.
        """
        if self.app.screen is not self:
            return
        body, evidence = self.query_one("#body"), self.query_one("#evidence")
        positions = self.query_one(PositionsPane)
        room, rows = body.size.height, len(positions.rows)
        if not evidence.has_class(_FOLDED):
            self._whole_decision = evidence.outer_size.height
        whole = self._whole_decision
        if not room or whole < _CARD_ROWS:
            return  # not laid out yet
        needed = _HEADS + max(1, rows)
        lists = needed + _LEAST_ROWS
        short = self.has_class("-narrow", "-short") and rows <= _FEW
        folded = short and any(whole + rows > room >= whole - _FOLDED_ROWS + rows for rows in (lists, needed))
        evidence.set_class(folded, _FOLDED)
        left = room - whole + _FOLDED_ROWS * folded
        first = bool(rows) and left < _LEAST_ROWS
        height, rest = self._rows_of_lists(room if first else left, needed, first=first)
        _set_height(positions, height)
        _set_height(self.query_one(RecentPane), rest)
        if first == (body.children.index(positions) < body.children.index(evidence)):
            return
        if first:
            body.move_child(positions, before=evidence)
        else:
            body.move_child(positions, after=evidence)

    @staticmethod
    def _rows_of_lists(room: int, needed: int, *, first: bool) -> tuple[int, int]:
        """Return the rows of the positions and of the recent decisions, which begin below the screen at worst."""
        if first:
            most = min(room, max(_USUAL_ROWS, room - _CARD_ROWS))
            return max(_LEAST_ROWS, min(needed, most)), _RECENT_BELOW
        height = min(needed, max(_USUAL_ROWS, room - _USUAL_ROWS))
        if room - height >= _LEAST_ROWS:
            return height, room - height
        return max(_LEAST_ROWS, room), _RECENT_BELOW

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        self.query_one(ApprovalsPane).show(snapshot.approvals)
        self.query_one(OrdersPane).show(snapshot.orders)
        record = snapshot.decision
        age = int((snapshot.at - record.at).total_seconds()) if record else 0
        self.query_one(DecisionPane).show(
            DecisionView(
                record=record,
                age=age if age < 60 else age - age % 60,
                wait_at=snapshot.wait_at,
                execute_at=snapshot.execute_at,
                listener=snapshot.listener,
                refused=snapshot.refused if record is None else (),
                why=snapshot.why_no_trade,
            )
        )
        for pane in (GatesPane, SizePane, ReasonsPane):
            yield
            self.query_one(pane).show(record)
        yield
        self.query_one(PositionsPane).show(
            snapshot.positions, deck_ui(self).positions.exiting, snapshot.pnl.held
        )
        self._place_positions()
        yield
        self.query_one(RecentPane).show(snapshot.recent, snapshot.counters, snapshot.at)
        yield
        self.query_one(RiskPane).show(snapshot.risk)
        self.query_one(PnlPane).show(snapshot.pnl)
        self.query_one(EventsPane).show(snapshot.events)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, PositionsPane):
            # The cursor is back at the positions: show the decision at the top again.
            self.query_one("#body").scroll_home(animate=False)

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if not isinstance(message.table, PositionsPane):
            deck_ui(self).open_decision(message.key)
        elif (row := message.table.selected) is not None:
            deck_ui(self).open_position(row)

    # --- actions of commands ----------------------------------------------------------------------------

    def action_exit_position(self) -> None:
        if row := self._row_to_act_on(commands.EXIT_POSITION, "exit"):
            deck_ui(self).positions.exit(row)

    def action_exit_half(self) -> None:
        if row := self._row_to_act_on(commands.EXIT_HALF, "halve"):
            deck_ui(self).positions.exit_half(row)

    def action_break_even(self) -> None:
        if row := self._row_to_act_on(commands.BREAK_EVEN, "move the stop of"):
            deck_ui(self).positions.break_even(row)

    def action_set_levels(self) -> None:
        if row := self._row_to_act_on(commands.SET_LEVELS, "set the levels of"):
            deck_ui(self).positions.set_levels(row)

    def action_settle_position(self) -> None:
        if row := self._row_to_act_on(commands.SETTLE, "settle"):
            deck_ui(self).positions.settle(row)

    def action_add_note(self) -> None:
        if row := self._row_to_act_on(commands.NOTE_POSITION, "note"):
            deck_ui(self).add_note(NoteSubject(title=row.contract, position_id=row.id))

    def action_exit_all(self) -> None:
        deck_ui(self).positions.exit_all()

    def action_approve_trade(self) -> None:
        if row := self._pending_approval():
            deck_ui(self).positions.judge_approval(row, approve=True)

    def action_reject_trade(self) -> None:
        if row := self._pending_approval():
            deck_ui(self).positions.judge_approval(row, approve=False)

    def action_sort_positions(self) -> None:
        self.query_one(PositionsPane).next_order()

    def action_toggle_risk(self) -> None:
        pane = self.query_one(RiskPane)
        deck_ui(self).keep_risk_open(pane.folded)
        self._fold_risk()

    def action_show_decision(self) -> None:
        deck_ui(self).open_decision()

    def _row_to_act_on(self, command: UserCommand, verb: str) -> PositionRow | None:
        """Return the selected row, or None (after telling the user why) if it is not safe to act on."""
        pane = self.query_one(PositionsPane)
        row = pane.selected
        if row is None:
            deck_ui(self).say(f"No open position to {verb}", "neutral")
            return None
        if wait := pane.reason_to_wait(row.contract, f"{command.key_name} again to {verb} it"):
            deck_ui(self).say(wait, "neutral")
            return None
        return row

    def _pending_approval(self) -> ApprovalRow | None:
        """Return the trade on the first line, as painted, or None after telling the user there is none."""
        pending = self.query_one(ApprovalsPane).data
        if not pending:
            deck_ui(self).say("No trade is waiting for approval", "neutral")
            return None
        return pending[0]
