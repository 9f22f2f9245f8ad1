"""The deck on a real pseudo-terminal: leaving, stalling, closing, and what reaches the wire."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from terminal import READY, FakeTerminal, strange

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    opened: list[FakeTerminal] = []

    def start(*flags: str) -> FakeTerminal:
        opened.append(FakeTerminal(tmp_path / "result.json", *flags))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


slow = pytest.mark.slow
"""The same way out as SIGTERM, and driven again with the whole program in test_engine_stays."""


@pytest.mark.parametrize(
    "name", ["SIGTERM", pytest.param("SIGHUP", marks=slow), pytest.param("SIGINT", marks=slow)]
)
def test_a_signal_leaves_cleanly_and_gives_the_terminal_back(terminal: Any, name: str) -> None:
    deck = terminal()
    deck.ready()
    deck.signal(name)
    ended = deck.ended()
    assert (ended["reason"], ended["crashed"]) == (name, False)
    assert deck.restored()


def test_a_closed_terminal_ends_the_deck_without_a_crash(terminal: Any) -> None:
    deck = terminal()
    deck.ready()
    deck.hang_up()
    ended = deck.ended()
    assert ended["reason"] in ("SIGHUP", "terminal closed")
    assert not ended["crashed"]


def test_a_stalled_terminal_does_not_hold_up_the_loop_and_is_right_again_after(terminal: Any) -> None:
    deck = terminal("busy")
    deck.ready()
    time.sleep(2.5)  # nobody reads: the pseudo-terminal's buffer is full long before
    stale = deck.read(1.0)
    looks = [int(n) for n in re.findall(rb"LOOK (\d+)", stale)]
    assert looks, "nothing was painted after the stall"
    assert READY in stale, "the whole screen was not painted afresh"
    assert max(looks) > 15, "frames of the stall were kept instead of dropped"
    deck.press("q")
    ended = deck.ended()
    assert ended["reason"] == "quit"
    assert ended["longest"] < 1.0, "the loop waited for the terminal"


def test_leaving_does_not_wait_for_a_stalled_terminal(terminal: Any) -> None:
    deck = terminal("busy")
    deck.ready()
    time.sleep(1.2)
    deck.signal("SIGTERM")
    began = time.monotonic()
    while deck.process.poll() is None and time.monotonic() - began < 8:
        time.sleep(0.05)
    assert deck.process.poll() is not None, "the deck waits for a terminal that does not read"


HOSTILE_TOUR = ("\x1b[B", "\r", "x", "\x1b", "d", "j", "q", "x", "\x1b", "X", "\x1b", "?", "q", "2", "1", "q")


def test_no_sequence_reaches_the_terminal_that_the_deck_did_not_make(terminal: Any) -> None:
    deck = terminal("hostile")
    deck.ready()
    for keys in HOSTILE_TOUR:
        deck.press(keys)
        deck.read(0.25)
    ended = deck.ended()
    assert (ended["reason"], ended["crashed"]) == ("quit", False)
    assert deck.restored()
    assert strange(deck.seen) == ""
    assert b"\x1b]52" not in deck.seen and b"\x1b]0;" not in deck.seen
    assert b"[/x]" in deck.seen, "the text itself is shown, literally"
