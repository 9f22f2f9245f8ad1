"""A mode set by a person can be undone within ten seconds: once, and only while nothing else changed the mode."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.effects import Notice, StoreRiskEvent
from core.engine import Engine
from core.model import Mode


def mode_of(wire: Any) -> tuple[Any, ...]:
    state = wire.state
    return state.mode, state.mode_reason, state.mode_since, state.mode_until


# what is set first | seconds until the undo | the mode that the person saw | the code
CASES = [
    (["HALTED"], 10.0, None, "MODE"),
    (["HALTED"], 9.0, "HALTED", "MODE"),
    (["REDUCING FLATTEN"], 1.0, "REDUCING", "MODE"),
    (["REDUCING", "HALTED"], 1.0, "HALTED", "MODE"),
    (["HALTED"], 10.001, None, "NOTHING_TO_UNDO"),
    (["HALTED"], 1.0, "REDUCING", "CHANGED"),
    ([], 1.0, None, "NOTHING_TO_UNDO"),
]


@pytest.mark.parametrize(("modes", "seconds", "seen", "code"), CASES)
def test_an_undo_gives_back_the_mode_as_it_was(
    wire: Any, modes: list[str], seconds: float, seen: str | None, code: str
) -> None:
    before = mode_of(wire)
    for mode in modes:
        before = mode_of(wire.later(seconds=30))
        wire.command("mode", argument=mode, author="ann")
    set_to = mode_of(wire)
    answer = wire.later(seconds=seconds).command("undo_mode", argument=seen, author="bo")
    assert (answer.ok, answer.code) == (code == "MODE", code)
    assert mode_of(wire) == (before if answer.ok else set_to)
    if answer.ok:
        assert f"{set_to[0]} undone by bo" in answer.text
        assert ("stays exited" in answer.text) is ("FLATTEN" in modes[-1])
        (stored,), (told,) = wire.of(StoreRiskEvent), wire.of(Notice)
        assert (
            stored.code == f"MODE_{before[0]}" and "undone by bo" in stored.text and told.text == stored.text
        )
        assert wire.command("undo_mode").code == "NOTHING_TO_UNDO", "an undo is not undone"


def test_a_mode_with_an_end_comes_back_with_it(wire: Any) -> None:
    until = wire.now + timedelta(hours=20)
    wire.state.mode, wire.state.mode_reason, wire.state.mode_until = Mode.REDUCING, "the day's loss", until
    wire.command("mode", argument="ACTIVE")
    assert wire.state.mode_until is None
    assert wire.later(seconds=3).command("undo_mode").ok
    assert mode_of(wire) == (Mode.REDUCING, "the day's loss", None, until)


def test_a_change_that_no_person_made_is_not_undone(wired: Any) -> None:
    wire = wired(rules="[risk]\ndaily_loss = 1\n")
    position = wire.enter("SPY")
    wire.command("mode", argument="REDUCING")
    wire.command("mode", argument="ACTIVE")
    wire.later(seconds=2).price(position.entry.underlying_at_entry - 3)
    assert wire.state.mode is Mode.REDUCING and "loss" in wire.state.mode_reason
    assert wire.command("undo_mode").code == "NOTHING_TO_UNDO"


def test_a_replay_gives_the_same_state(wire: Any) -> None:
    wire.command("mode", argument="HALTED")
    wire.later(seconds=5).command("undo_mode", argument="HALTED")
    wire.later(seconds=5).command("mode", argument="REDUCING")
    again = Engine(engine_id="wire")
    for event in wire.journal:
        again.step(event)
    assert again.state == wire.state
