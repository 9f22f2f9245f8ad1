"""What a person asks the engine to do: each asked for in a dialog, sent once, and answered in words."""

from __future__ import annotations

import logging
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from textual.reactive import var

from core.model import Mode
from server.deck import Command, DeckSnapshot, EventLine, PositionRow
from tui import fmt
from tui.dialogs.approval import ApprovalDialog
from tui.dialogs.break_even import BreakEvenDialog
from tui.dialogs.exit_all import ExitAllDialog
from tui.dialogs.exit_position import ExitDialog, HalfDialog
from tui.dialogs.mode import ModeDialog
from tui.dialogs.position_detail import PositionDialog
from tui.panes.approvals import ApprovalsPane
from tui.panes.positions import PositionsPane
from tui.screens.live import LiveScreen

if TYPE_CHECKING:
    from textual.app import App

    from tui.app import DeckApp

    _Base = App[str]
else:
    _Base = object

log = logging.getLogger("gatedeck.tui")

_ECHO_SECONDS = 1.0
"""How long after a command's answer the event that tells the same may still come."""
_MODE = "mode"


class PositionActions(_Base):
    """The part of the app through which positions and the mode are changed.

    The row acted on is the one that was under the cursor, as painted, when the key was pressed.
    """

    exiting: var[frozenset[str]] = var(frozenset())
    """Positions whose exit was asked for here and is not yet seen in a snapshot."""

    def set_up_position_actions(self) -> None:
        self._parts: dict[str, int] = {}
        """Of positions that are left in part: how many were held when it was asked for."""
        self._under_way: set[str] = set()
        self._held_back: list[EventLine] = []
        self._answered: dict[str, float] = {}

    # --- which row --------------------------------------------------------------------------------------

    def _row_to_act_on(self, key: str, verb: str) -> PositionRow | None:
        """The row under the eye, or ``None`` when another look is needed first, which is said."""
        if isinstance(self.screen, PositionDialog):
            row = self.screen.row
            if self.screen.closed:
                self._deck.say(f"{row.contract} is closed", "neutral")
                return None
            return self._if_staying(row)
        if not isinstance(self.screen, LiveScreen):
            return None
        table = self.screen.query_one(PositionsPane)
        found = table.selected
        if found is None:
            self._deck.say(f"No open position to {verb}", "neutral")
        elif not table.has_focus:
            table.focus()
            self._deck.say(f"The cursor is on {found.contract}: {key} again to {verb} it", "neutral")
        elif table.cursor_moved_by_itself:
            self._deck.say(
                f"The cursor has just moved to {found.contract}: {key} again to {verb} it", "neutral"
            )
        else:
            return self._if_staying(found)
        return None

    def _if_staying(self, row: PositionRow) -> PositionRow | None:
        if row.id in self.exiting or row.state != "OPEN":
            self._deck.say(f"{row.contract} is already leaving", "neutral")
            return None
        return row

    # --- asking -----------------------------------------------------------------------------------------

    def ask_exit(self, key: str = "x") -> None:
        row = self._row_to_act_on(key, "exit")
        if row is not None:
            dialog = ExitDialog(row)
            self.push_screen(dialog, partial(self._exit_answered, dialog))

    def ask_half(self, key: str = "h") -> None:
        row = self._row_to_act_on(key, "halve")
        if row is not None:
            dialog = HalfDialog(row)
            self.push_screen(dialog, partial(self._exit_answered, dialog))

    def _exit_answered(self, dialog: ExitDialog, confirmed: bool | None) -> None:
        if not confirmed:
            return
        row, contracts = dialog.asked, dialog.contracts
        if contracts < row.remaining:
            self._parts[row.id] = row.remaining
        command = Command(
            id=str(uuid4()), name="exit", position_id=row.id, contracts=contracts, expected=row.remaining
        )
        words = (
            f"Exiting {row.contract}"
            if contracts == row.remaining
            else f"Exiting {contracts} × {row.contract}"
        )
        self._send(command, words, leaving=frozenset({row.id}))

    def ask_break_even(self, key: str = "b") -> None:
        row = self._row_to_act_on(key, "move the stop of")
        if row is None:
            return
        if row.break_even is None:
            self._deck.say(f"The stop of {row.contract} is at break-even or closer", "neutral")
            return
        self.push_screen(BreakEvenDialog(row), partial(self._break_even_answered, row))

    def _break_even_answered(self, row: PositionRow, confirmed: bool | None) -> None:
        if confirmed:
            command = Command(id=str(uuid4()), name="breakeven", position_id=row.id, expected=row.remaining)
            self._send(command, f"Stop of {row.contract}")

    def ask_exit_all(self) -> None:
        latest = self._deck.latest
        rows = tuple(row for row in latest.positions if row.state == "OPEN") if latest else ()
        if not rows:
            self._deck.say("No open position to exit", "neutral")
            return
        dialog = ExitAllDialog(rows)
        self.push_screen(dialog, partial(self._exit_all_answered, dialog))

    def _exit_all_answered(self, dialog: ExitAllDialog, confirmed: bool | None) -> None:
        if confirmed:
            rows = dialog.asked
            command = Command(id=str(uuid4()), name="exit_all", expected=len(rows))
            words = f"Exiting {fmt.plural(len(rows), 'position')}"
            self._send(command, words, leaving=frozenset(row.id for row in rows))

    def ask_approval(self, *, yes: bool) -> None:
        """Ask about the trade that waits on the first line, as it is painted now."""
        if not isinstance(self.screen, LiveScreen):
            return
        waiting = self.screen.query_one(ApprovalsPane).data
        if not waiting:
            self._deck.say("No trade waits for you", "neutral")
        elif yes and waiting[0].approved:
            self._deck.say(f"{waiting[0].contract} is approved: it waits for a price", "neutral")
        else:
            dialog = ApprovalDialog(waiting[0], yes=yes)
            self.push_screen(dialog, partial(self._approval_answered, dialog))

    def _approval_answered(self, dialog: ApprovalDialog, confirmed: bool | None) -> None:
        if confirmed:
            name, words = ("approve_trade", "Approving") if dialog.yes else ("reject_trade", "Rejecting")
            asked = dialog.asked
            command = Command(id=str(uuid4()), name=name, argument=asked.id)
            self._send(command, f"{words} {asked.contract}")

    def ask_mode(self) -> None:
        latest = self._deck.latest
        if latest is not None:
            self.push_screen(ModeDialog(latest.mode, len(latest.positions)), self._mode_answered)

    def _mode_answered(self, mode: Mode | None) -> None:
        if mode is not None:
            command = Command(id=str(uuid4()), name="mode", argument=str(mode))
            self._send(command, f"Mode {mode}", tells=frozenset({_MODE}))

    # --- sending ----------------------------------------------------------------------------------------

    def _send(
        self,
        command: Command,
        words: str,
        *,
        leaving: frozenset[str] = frozenset(),
        tells: frozenset[str] = frozenset(),
    ) -> None:
        """Send a command once; ``leaving`` are shown EXITING, and events of ``tells`` are its echo."""
        self.exiting |= leaving
        tells |= leaving
        self._under_way |= tells
        # Whoever acts wants to see what comes of it.
        self._deck.paused_at = None
        self.run_worker(self._command(command, words, leaving, tells), name=command.id, exit_on_error=False)
        self._deck.pull()

    async def _command(
        self, command: Command, words: str, leaving: frozenset[str], tells: frozenset[str]
    ) -> None:
        try:
            result = await self._deck.deck.command(command)
        except Exception as error:
            # Whether it went through is not known: the row stays EXITING only if the engine says so.
            log.exception("command %s failed", command.name)
            self._settle(leaving, tells, done=False)
            self._deck.say(f"{words}: not known whether it went through ({error!r})", "negative")
        else:
            self._settle(leaving, tells, done=result.ok)
            text = result.text or result.code
            if result.ok:
                self._deck.say(text)
            else:
                self._deck.say(f"{words}: {text}", "negative")
        self._deck.pull()

    def _settle(self, leaving: frozenset[str], tells: frozenset[str], *, done: bool) -> None:
        self._under_way -= tells
        ours = [event for event in self._held_back if _echo_of(event) in tells]
        self._held_back = [event for event in self._held_back if _echo_of(event) not in tells]
        if done:
            heard = {_echo_of(event) for event in ours}
            self._answered |= {key: monotonic() + _ECHO_SECONDS for key in tells - heard}
            return
        self.exiting -= leaving
        for key in leaving:
            self._parts.pop(key, None)
        for event in ours:
            self._deck.hear(event)

    def is_echo(self, event: EventLine) -> bool:
        """Whether an event tells what the answer to a command from here says, so that it is told once."""
        key = _echo_of(event)
        if key in self._under_way:
            self._held_back.append(event)
            return True
        return key is not None and monotonic() < self._answered.pop(key, 0.0)

    def forget_exited(self, snapshot: DeckSnapshot) -> None:
        """Positions that left, or shrank as asked, are not EXITING any more."""
        held = {row.id: row.remaining for row in snapshot.positions}
        left = {key for key in self.exiting if key not in held}
        left |= {key for key, before in self._parts.items() if held.get(key, 0) < before}
        if left:
            self.exiting -= left
            for key in left:
                self._parts.pop(key, None)

    @property
    def _deck(self) -> DeckApp:
        return self  # type: ignore[return-value]


def _echo_of(event: EventLine) -> str | None:
    if event.kind == "mode":
        return _MODE
    return event.position_id if event.kind == "exit" else None
