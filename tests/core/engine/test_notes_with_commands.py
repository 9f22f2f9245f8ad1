"""A note that comes with a command: kept on its trade if the command is carried out, else nothing is done."""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import StoreNote

NOTED = [("exit", {}), ("exit_half", {}), ("levels", {"argument": "stop=1%"}), ("breakeven", {})]


@pytest.mark.parametrize(("name", "fields"), NOTED)
def test_the_note_is_kept_on_the_trade(wire: Any, name: str, fields: Any) -> None:
    position = wire.enter("SPY")
    answer = wire.command(name, position, note="looks \x1b[31mweak #early", author="ann", **fields)
    assert answer.ok, answer.text
    (note,) = wire.of(StoreNote)
    assert (note.position_id, note.author, note.tags) == (position.id, "ann", ("early",))
    assert "\x1b" not in note.text


REFUSED = [
    ("exit", "  ", "note: a note needs a text or a tag"),
    ("exit", "x" * 1_001, "note: 1001 characters are too many, 1000 are allowed"),
    ("mode", "why", "note: mode takes none; these do: breakeven,"),
]


@pytest.mark.parametrize(("name", "text", "why"), REFUSED)
def test_a_command_whose_note_cannot_be_kept_does_nothing(wire: Any, name: str, text: str, why: str) -> None:
    position = wire.enter("SPY")
    before = wire.state.mode
    answer = wire.command(name, position, argument="HALTED", note=text)
    assert (answer.ok, answer.code) == (False, "BAD_NOTE") and why in answer.text
    assert wire.state.positions[position.id] == position and wire.state.mode is before


def test_a_refused_command_keeps_no_note_and_another_note_is_another_command(wire: Any) -> None:
    position = wire.enter("SPY")
    assert not wire.command("exit", position, expected=99, note="late").ok
    assert not wire.of(StoreNote)
    assert wire.command("levels", position, command_id="one", argument="stop=1%", note="a").ok
    assert wire.command("levels", position, command_id="one", argument="stop=1%", note="a").ok
    assert not wire.of(StoreNote), "carried out once"
    assert (
        wire.command("levels", position, command_id="one", argument="stop=1%", note="b").code
        == "COMMAND_ID_USED"
    )
