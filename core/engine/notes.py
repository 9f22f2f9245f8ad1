"""Notes of a person: the commands that add and remove one, and the note that another command brings along."""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect, RemoveNote, StoreNote
from core.engine.kernel import Kernel
from core.engine.state import CommandDone
from core.events import Commanded
from core.notes import NoteError, day_of, note_text

NOTED = frozenset({"exit", "exit_half", "close_at", "settle", "breakeven", "levels", "take"})
"""Names of the commands that may bring a note on their trade along."""


def add_note(kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Add a note: ``argument`` is its text, for a note on a day after the day and a blank.

    Whether the trade exists is for the caller to check: closed trades are not in the engine's state.
    """
    text, day = event.argument or "", None
    try:
        if event.position_id is None:
            first, _, text = text.partition(" ")
            day = day_of(first)
        note = note_text(text)
    except NoteError as error:
        return CommandDone(False, "BAD_NOTE", str(error)), []
    stored = StoreNote(
        id=kernel.new_id("note"), seq=event.seq, at=event.at, position_id=event.position_id, day=day,
        text=note.text, tags=note.tags, author=event.author,
    )  # fmt: skip
    tags = f", tags {', '.join(note.tags)}" if note.tags else ""
    return CommandDone(True, "NOTED", f"Note added{'' if day is None else f' to {day}'}{tags}"), [stored]


def note_refusal(event: Commanded) -> tuple[CommandDone, list[Effect]] | None:
    """Return the refusal of a command whose note cannot be kept: nothing is done then, ``None`` for all others."""
    if event.note is None:
        return None
    if event.name not in NOTED:
        text = f"note: {event.name} takes none; these do: {', '.join(sorted(NOTED))}"
        return CommandDone(False, "BAD_NOTE", text), []
    try:
        note_text(event.note)
    except NoteError as error:
        return CommandDone(False, "BAD_NOTE", str(error).replace("text:", "note:", 1)), []
    return None


def note_on_trade(kernel: Kernel, event: Commanded) -> list[Effect]:
    """Return the note that a command adds to the trade it is about; a trade to be opened gets its note then."""
    if event.note is None or event.position_id is None:
        return []
    return [stored_note(kernel, event.position_id, event.note, event.author, event.at)]


def stored_note(kernel: Kernel, position_id: str, text: str, author: str, at: datetime) -> StoreNote:
    """Return a note on a trade. Raises NoteError."""
    note = note_text(text)
    return StoreNote(
        id=kernel.new_id("note"), seq=kernel.state.seq, at=at, position_id=position_id, day=None, text=note.text,
        tags=note.tags, author=author,
    )  # fmt: skip


def remove_note(_kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Remove the note with the id in ``argument``; the journal keeps that it was written and removed."""
    if not event.argument:
        return CommandDone(False, "NO_NOTE", "argument: needs the id of a note"), []
    return CommandDone(True, "REMOVED", "Note removed"), [RemoveNote(id=event.argument, seq=event.seq)]
