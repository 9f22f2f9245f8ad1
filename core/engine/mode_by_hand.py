"""The mode set by a person, and the undoing of that within UNDO_SECONDS.

Invariants, tested: an undo gives back mode, reason, beginning and end as they were; it undoes one command, once, and
only while no other change of the mode came after it.
"""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect
from core.engine.kernel import Kernel
from core.engine.mode import set_mode
from core.engine.state import CommandDone, EngineState, ModeBefore
from core.events import Commanded
from core.model import Mode
from core.thresholds import at_most

UNDO_SECONDS = 10.0


def mode_by_hand(kernel: Kernel, event: Commanded, mode: Mode, *, flattened: bool) -> list[Effect]:
    """Put a mode in force by a person's command, and keep the one before for an undo."""
    state = kernel.state
    before = ModeBefore(
        mode=state.mode,
        reason=state.mode_reason,
        since=state.mode_since,
        until=state.mode_until,
        flattened=flattened,
    )
    told = f" ({UNDO_SECONDS:.0f} s to undo)"
    effects = set_mode(kernel, event.at, mode, f"set by {event.author}", told=told)
    state.mode_before = before
    return effects


def undoable(state: EngineState, now: datetime) -> ModeBefore | None:
    """Return the mode that an undo at this instant would give back; ``None`` when there is nothing to undo."""
    before, since = state.mode_before, state.mode_since
    if before is None or since is None or not at_most((now - since).total_seconds(), UNDO_SECONDS):
        return None
    return before


def undo_mode(kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Give back the mode from before the latest command; ``argument`` is the mode that the person saw, if stated."""
    state, seen = kernel.state, (event.argument or "").upper()
    if seen not in ("", state.mode.value):
        return CommandDone(False, "CHANGED", f"The mode is {state.mode} now, not {seen}"), []
    before = undoable(state, event.at)
    if before is None:
        text = f"No person changed the mode in the last {UNDO_SECONDS:.0f} s: set it (gatedeck mode)"
        return CommandDone(False, "NOTHING_TO_UNDO", text), []
    undone = f"{state.mode} undone by {event.author}"
    if before.flattened:
        undone += "; what was exited stays exited"
    effects = set_mode(kernel, event.at, before.mode, before.reason, before.until, told=f" ({undone})")
    state.mode_since = before.since
    return CommandDone(True, "MODE", f"Mode is {state.mode} again ({undone})"), effects
