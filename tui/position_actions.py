"""Exits, break-even, approvals and the mode: ask in a dialog, then send one command.

The row acted on is the one that was selected, as painted, when the key was pressed; the screens pass it in.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from textual.app import App

from core.engine.settlement import SURE
from core.model import Mode
from server.deck import ApprovalRow, Command, PositionRow
from tui import fmt
from tui.command_sender import MODE, CommandSender
from tui.commands.positions import SETTLE, UNDO_MODE
from tui.commands.registry import key_of
from tui.dialogs.approval import ApprovalDialog
from tui.dialogs.break_even import BreakEvenDialog
from tui.dialogs.exit_all import ExitAllDialog
from tui.dialogs.exit_position import ExitDialog, HalfDialog
from tui.dialogs.levels import LevelsDialog, LevelsQuestion
from tui.dialogs.mode import ModeDialog
from tui.dialogs.settle_position import SettleDialog
from tui.dialogs.suspended_position import ACCEPT, SuspendedDialog
from tui.interfaces import deck_ui


class PositionActions:
    """Opens the dialog of an action and sends its command when the user confirms."""

    def __init__(self, app: App[Any], sender: CommandSender) -> None:
        self._app = app
        self._ui = deck_ui(app)
        self._sender = sender

    @property
    def exiting(self) -> frozenset[str]:
        """Ids of positions whose exit was requested here and is not in a snapshot yet."""
        return self._sender.exiting

    def _is_exiting(self, row: PositionRow) -> bool:
        """Return whether the position is already being sold, after telling the user."""
        if row.suspended:
            self._ui.say(f"{row.contract} is suspended: {key_of(SETTLE.name)} says how it goes on", "neutral")
            return True
        if row.expired_at is not None:
            self._ui.say(f"{row.contract} has expired: {key_of(SETTLE.name)} settles it", "neutral")
            return True
        exiting = row.id in self.exiting or row.state != "OPEN"
        if exiting:
            self._ui.say(f"{row.contract} is already exiting", "neutral")
        return exiting

    def exit(self, row: PositionRow) -> None:
        """Sell the whole position."""
        if not self._is_exiting(row):
            self._ask_exit(ExitDialog(row))

    def exit_half(self, row: PositionRow) -> None:
        """Sell half of the position, rounded up."""
        if not self._is_exiting(row):
            self._ask_exit(HalfDialog(row))

    def _ask_exit(self, dialog: ExitDialog) -> None:
        def answered(confirmed: bool | None) -> None:
            if not confirmed:
                return
            row, contracts = dialog.row, dialog.contracts
            part = contracts < row.remaining
            command = Command(
                id=str(uuid4()), name="exit", position_id=row.id, contracts=contracts, expected=row.remaining,
                note=dialog.note,
            )  # fmt: skip
            description = f"Exiting {contracts} × {row.contract}" if part else f"Exiting {row.contract}"
            held = row.remaining if part else None
            self._sender.send(command, description, exiting=frozenset({row.id}), held=held)

        self._app.push_screen(dialog, answered)

    def break_even(self, row: PositionRow) -> None:
        """Move the stop to break-even."""
        if self._is_exiting(row):
            return
        if row.break_even is None:
            self._ui.say(f"The stop of {row.contract} is at break-even or closer", "neutral")
            return

        dialog = BreakEvenDialog(row)

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                command = Command(
                    id=str(uuid4()), name="breakeven", position_id=row.id, expected=row.remaining,
                    note=dialog.note,
                )  # fmt: skip
                self._sender.send(command, f"Stop of {row.contract}")

        self._app.push_screen(dialog, answered)

    def set_levels(self, row: PositionRow) -> None:
        """Set stop and targets: they are typed first, and then asked about like an exit."""
        if self._is_exiting(row):
            return

        def typed(argument: str | None) -> None:
            if argument is None:
                return
            question = LevelsQuestion(row, argument)

            def answered(confirmed: bool | None) -> None:
                if confirmed:
                    command = Command(
                        id=str(uuid4()), name="levels", position_id=row.id, expected=row.remaining,
                        argument=argument, note=question.note,
                    )  # fmt: skip
                    self._sender.send(command, f"Levels of {row.contract}")

            self._app.push_screen(question, answered)

        self._app.push_screen(LevelsDialog(row), typed)

    def settle(self, row: PositionRow) -> None:
        """Settle an expired position at a close that the user types, or go on with a suspended one."""
        if row.suspended:
            self._ask_about_split(row)
            return
        if row.expired_at is None:
            self._ui.say(f"{row.contract} has not expired", "neutral")
            return

        def answered(close: float | None) -> None:
            if close is not None:
                # The dialog shows what the close pays and how far it is from the last known price.
                command = Command(
                    id=str(uuid4()),
                    name="settle",
                    position_id=row.id,
                    expected=row.remaining,
                    argument=f"{close!r} {SURE}",
                )
                self._sender.send(command, f"Settling {row.contract}", echoes=frozenset({row.id}))

        self._app.push_screen(SettleDialog(row), answered)

    def _ask_about_split(self, row: PositionRow) -> None:
        def answered(typed: str | None) -> None:
            if typed is None:
                return
            accepted = typed == ACCEPT
            command = Command(
                id=str(uuid4()),
                name="resume" if accepted else "adjust",
                position_id=row.id,
                expected=row.remaining,
                argument=None if accepted else typed,
            )
            self._sender.send(command, f"Going on with {row.contract}", echoes=frozenset({row.id}))

        self._app.push_screen(SuspendedDialog(row), answered)

    def exit_all(self) -> None:
        """Sell every open position."""
        latest = self._ui.latest
        rows = tuple(row for row in latest.positions if row.state == "OPEN") if latest else ()
        if not rows or latest is None:
            waiting = tuple(row for row in latest.positions if row.expired_at is not None) if latest else ()
            told = f"; {fmt.plural(len(waiting), 'position')} to settle" if waiting else ""
            self._ui.say(f"No open position to exit{told}", "neutral")
            return
        dialog = ExitAllDialog(rows, latest.exchange)

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                listed = dialog.rows  # the dialog's list follows the positions until it is confirmed
                command = Command(id=str(uuid4()), name="exit_all", expected=len(listed))
                description = f"Exiting {fmt.plural(len(listed), 'position')}"
                self._sender.send(command, description, exiting=frozenset(row.id for row in listed))

        self._app.push_screen(dialog, answered)

    def judge_approval(self, row: ApprovalRow, *, approve: bool) -> None:
        """Approve or reject a trade that needs approval."""
        if approve and row.approved:
            self._ui.say(f"{row.contract} is approved and waits for a price", "neutral")
            return

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                name, verb = ("approve_trade", "Approving") if approve else ("reject_trade", "Rejecting")
                command = Command(id=str(uuid4()), name=name, argument=row.id)
                self._sender.send(command, f"{verb} {row.contract}")

        self._app.push_screen(ApprovalDialog(row, approve=approve), answered)

    def change_mode(self) -> None:
        """Choose ACTIVE, REDUCING or HALTED."""
        latest = self._ui.latest
        if latest is None:
            return

        def answered(mode: Mode | None) -> None:
            if mode is not None:
                command = Command(id=str(uuid4()), name="mode", argument=str(mode))
                undoes = f"{key_of(UNDO_MODE.name)} undoes"
                self._sender.send(command, f"Mode {mode}", echoes=frozenset({MODE}), then=undoes)

        self._app.push_screen(ModeDialog(latest), answered)

    def undo_mode(self) -> None:
        """Go back to the mode before the latest change, while that can be undone."""
        self._ui.pull()
        latest = self._ui.latest
        if latest is None or latest.mode_before is None:
            self._ui.say("The mode was not changed in the last 10 s", "neutral")
            return
        command = Command(id=str(uuid4()), name="undo_mode", argument=str(latest.mode))
        self._sender.send(command, "Undoing the mode", echoes=frozenset({MODE}))
