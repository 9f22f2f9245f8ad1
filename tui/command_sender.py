"""Commands from the deck to the engine: sent once, answered by one toast.

The engine also reports what it did as an event. The event of a command sent from here only repeats the
command's answer, so it is held back and shown only when the command failed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from textual.app import App

from server.deck import Command, DeckSnapshot, Notice
from tui.interfaces import deck_ui, run_in_background

log = logging.getLogger("gatedeck.tui")

MODE = "mode"
"""Echo key of mode events; the echo key of an exit event is its position's id."""
_ECHO_SECONDS = 1.0
"""Seconds after a command's answer during which its event may still arrive."""


class CommandSender:
    """Sends commands and keeps which positions are exiting because of them."""

    def __init__(
        self, app: App[Any], on_send: Callable[[], None], on_event: Callable[[Notice], None]
    ) -> None:
        """``on_send`` is called before each command, ``on_event`` with events that turned out to be no echo."""
        self._app = app
        self._ui = deck_ui(app)
        self._on_send = on_send
        self._on_event = on_event
        self.exiting: frozenset[str] = frozenset()
        """Ids of positions whose exit was requested here and is not in a snapshot yet."""
        self._partial_exits: dict[str, int] = {}
        """Contracts held when a partial exit was requested, by position id."""
        self._pending: set[str] = set()
        """Echo keys of commands that have no answer yet."""
        self._held_back: list[Notice] = []
        self._echo_until: dict[str, float] = {}

    def send(
        self,
        command: Command,
        description: str,
        *,
        exiting: frozenset[str] = frozenset(),
        held: int | None = None,
        echoes: frozenset[str] = frozenset(),
        on_answer: Callable[[], None] | None = None,
        then: str = "",
    ) -> None:
        """Send a command.

        ``exiting`` are positions to show as EXITING, ``held`` the contracts held when only a part is sold, and
        ``echoes`` the keys of events that will only repeat the answer. ``on_answer`` is called at the end, and
        ``then`` is said after the answer of a command that was carried out.
        """
        self.exiting |= exiting
        if held is not None:
            self._partial_exits |= dict.fromkeys(exiting, held)
        echoes |= exiting
        self._pending |= echoes
        self._on_send()
        work = partial(self._send, command, description, exiting, echoes, on_answer, then)
        run_in_background(self._app, work, name=command.id)
        self._ui.pull()

    async def _send(
        self,
        command: Command,
        description: str,
        exiting: frozenset[str],
        echoes: frozenset[str],
        on_answer: Callable[[], None] | None,
        then: str,
    ) -> None:
        try:
            result = await self._ui.deck.command(command)
        except Exception as error:
            # It is unknown whether the engine did it: the position stays EXITING only if the engine reports so.
            log.exception("command %s failed", command.name)
            self._finish(exiting, echoes, done=False)
            self._ui.say(f"{description}: not known whether it went through ({error!r})", "negative")
        else:
            self._finish(exiting, echoes, done=result.ok)
            text = result.text or result.code
            if result.ok:
                self._ui.say(f"{text}  {then}" if then else text)
            else:
                self._ui.say(f"{description}: {text}", "negative")
        self._ui.pull()
        if on_answer is not None:
            on_answer()

    def _finish(self, exiting: frozenset[str], echoes: frozenset[str], *, done: bool) -> None:
        """Close the books on a command; after a failure show the events that were held back."""
        self._pending -= echoes
        held_back = [event for event in self._held_back if _echo_key(event) in echoes]
        self._held_back = [event for event in self._held_back if _echo_key(event) not in echoes]
        if done:
            arrived = {_echo_key(event) for event in held_back}
            self._echo_until |= {key: monotonic() + _ECHO_SECONDS for key in echoes - arrived}
            return
        self.exiting -= exiting
        for key in exiting:
            self._partial_exits.pop(key, None)
        for event in held_back:
            self._on_event(event)

    def is_echo(self, event: Notice) -> bool:
        """Return whether an event only repeats the result of a command sent from this deck."""
        key = _echo_key(event)
        if key in self._pending:
            self._held_back.append(event)
            return True
        return key is not None and monotonic() < self._echo_until.pop(key, 0.0)

    def forget_exited(self, snapshot: DeckSnapshot) -> None:
        """Stop showing positions as EXITING that are closed, or hold fewer contracts after a partial exit."""
        held = {row.id: row.remaining for row in snapshot.positions}
        done = {key for key in self.exiting if key not in held}
        done |= {key for key, before in self._partial_exits.items() if held.get(key, 0) < before}
        if done:
            self.exiting -= done
            for key in done:
                self._partial_exits.pop(key, None)


def _echo_key(event: Notice) -> str | None:
    if event.kind == "mode":
        return MODE
    return event.position_id if event.kind in ("exit", "risk") else None
