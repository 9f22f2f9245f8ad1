"""A person's command as an input of the engine, and its result from the effects of the step."""

from __future__ import annotations

from collections.abc import Iterable

from core.effects import AnswerCommand, Effect
from core.events import Commanded
from server.runtime.callers import MakeEvent
from server.runtime.ports import Command, CommandResult


def command_event(command: Command) -> MakeEvent:
    """Return what makes the input of a command."""
    return lambda seq, at: Commanded(
        seq=seq, at=at, command_id=command.id, name=command.name, position_id=command.position_id,
        contracts=command.contracts, expected=command.expected, argument=command.argument, author=command.author,
        note=command.note,
    )  # fmt: skip


def command_result(effects: Iterable[Effect]) -> CommandResult:
    """Return the engine's answer to a command."""
    for effect in effects:
        if isinstance(effect, AnswerCommand):
            return CommandResult(ok=effect.ok, code=effect.code, text=effect.text)
    return CommandResult(ok=False, code="NO_ANSWER", text="the engine did not answer")
