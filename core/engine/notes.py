"""Commands about notes: add one to a trade or a day, and remove one."""

from __future__ import annotations

from core.effects import Effect, RemoveNote, StoreNote
from core.engine.kernel import Kernel
from core.engine.state import CommandDone
from core.events import Commanded
from core.notes import NoteError, day_of, note_text


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


def remove_note(_kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Remove the note with the id in ``argument``; the journal keeps that it was written and removed."""
    if not event.argument:
        return CommandDone(False, "NO_NOTE", "argument: needs the id of a note"), []
    return CommandDone(True, "REMOVED", "Note removed"), [RemoveNote(id=event.argument, seq=event.seq)]
