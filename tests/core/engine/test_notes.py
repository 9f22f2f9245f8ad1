"""Notes on trades and days: what is kept, what is refused with the field, and that the state stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.effects import RemoveNote, StoreNote
from core.notes import MAX_TEXT, NoteError, with_tags

# text | kept text | tags
TEXTS = [
    ("late entry", "late entry", ()),
    ("late entry #FOMO", "late entry #FOMO", ("fomo",)),
    ("#plan, kept; #plan again #a-b_c9", "#plan, kept; #plan again #a-b_c9", ("plan", "a-b_c9")),
    ("#größe gut", "#größe gut", ("größe",)),
    ("issue #5 and C#, a#b", "issue #5 and C#, a#b", ()),
    ("#" + "x" * 33, "#" + "x" * 33, ()),
    ("  two\n lines\t#x ", "two lines #x", ("x",)),
    ("esc \x1b]0;title\x07 \u202eback", "esc ]0;title back", ()),
]


@pytest.mark.parametrize(("text", "kept", "tags"), TEXTS)
def test_a_note_is_kept_as_plain_text_with_its_tags(wire: Any, text: str, kept: str, tags: Any) -> None:
    answer = wire.command("note", argument=text, position_id="p-1", author="ana")
    (note,) = wire.of(StoreNote)
    assert (answer.ok, answer.code) == (True, "NOTED")
    assert (note.text, note.tags, note.position_id, note.day, note.author) == (kept, tags, "p-1", None, "ana")
    assert (note.seq, note.at) == (wire.state.seq, wire.now)


def test_a_note_without_a_trade_is_about_a_day(wire: Any) -> None:
    answer = wire.command("note", argument="2026-11-24 CPI #news")
    (note,) = wire.of(StoreNote)
    assert answer.text == "Note added to 2026-11-24, tags news"
    assert (note.day, note.position_id, note.text) == (date(2026, 11, 24), None, "CPI #news")


# argument | position | what the refusal says
REFUSED = [
    ("", "p-1", "text: a note needs a text or a tag"),
    ("\x00\u200b", "p-1", "text: a note needs a text or a tag"),
    ("x" * (MAX_TEXT + 1), "p-1", f"text: {MAX_TEXT + 1} characters are too many"),
    ("CPI #news", None, "day: 'CPI' is not a day like 2026-11-24"),
    ("2026-11-31 x", None, "day: '2026-11-31' is not a day"),
    ("2026-11-24", None, "text: a note needs a text or a tag"),
    (None, None, "day: '' is not a day"),
]


@pytest.mark.parametrize(("argument", "position", "said"), REFUSED)
def test_a_note_that_is_not_accepted_names_the_field(
    wire: Any, argument: Any, position: Any, said: str
) -> None:
    answer = wire.command("note", argument=argument, position_id=position)
    assert (answer.ok, answer.code) == (False, "BAD_NOTE") and answer.text.startswith(said)
    assert wire.of(StoreNote) == []


def test_a_repeated_command_adds_one_note_and_a_note_can_be_removed(wire: Any) -> None:
    wire.command("note", argument="x", position_id="p-1", command_id="once")
    (note,) = wire.of(StoreNote)
    assert wire.command("note", argument="x", position_id="p-1", command_id="once").ok
    assert wire.of(StoreNote) == []
    assert wire.command("remove_note", argument=note.id).code == "REMOVED"
    assert wire.of(RemoveNote) == [RemoveNote(id=note.id, seq=wire.state.seq)]
    assert wire.command("remove_note").code == "NO_NOTE"


def test_notes_leave_the_engine_as_it_was(wire: Any) -> None:
    before = replace(wire.state, commands={}, seq=0)
    wire.command("note", argument="late #fomo", position_id="p-1")
    assert replace(wire.state, commands={}, seq=0) == before


def test_tags_are_added_to_a_text_as_words() -> None:
    assert with_tags("late ", ["FOMO", "#a-b"]) == "late #fomo #a-b"
    assert with_tags("", ["x"]) == "#x"
    with pytest.raises(NoteError, match="tag: 'two words' is not a letter followed by"):
        with_tags("", ["two words"])
