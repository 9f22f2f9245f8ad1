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

    def start(*flags: str, size: tuple[int, int] = (80, 24)) -> FakeTerminal:
        opened.append(FakeTerminal(tmp_path / "result.json", *flags, size=size))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_leaves_cleanly_and_gives_the_terminal_back(terminal: Any, name: str) -> None:
    """The default run sees each of them end the whole program, in test_engine_stays."""
    deck = terminal()
    deck.ready()
    deck.signal(name)
    ended = deck.ended()
    assert (ended["reason"], ended["crashed"]) == (name, False)
    assert deck.restored()


def test_a_stalled_terminal_holds_up_neither_the_loop_nor_the_leaving_and_is_right_again_after(
    terminal: Any,
) -> None:
    deck = terminal("busy")
    deck.ready()
    time.sleep(2.5)  # nobody reads: the pseudo-terminal's buffer is full long before
    stale = deck.read(1.0)
    looks = [int(n) for n in re.findall(rb"LOOK (\d+)", stale)]
    assert looks, "nothing was painted after the stall"
    assert READY in stale, "the whole screen was not painted afresh"
    assert max(looks) > 15, "frames of the stall were kept instead of dropped"
    time.sleep(1.2)  # and stalls again: leaving does not wait for it
    deck.signal("SIGTERM")
    began = time.monotonic()
    while deck.process.poll() is None and time.monotonic() - began < 8:
        time.sleep(0.05)
    assert deck.process.poll() is not None, "the deck waits for a terminal that does not read"
    ended = deck.ended()
    assert (ended["reason"], ended["crashed"]) == ("SIGTERM", False)
    assert ended["longest"] < 1.0, "the loop waited for the terminal"


HOSTILE_TOUR = ("\x1b[B", "\r", "x", "\x1b", "d", "j", "q", "x", "\x1b", "X", "\x1b", "?", "q", "2", "1", "q")


def test_hostile_text_moves_no_column_and_no_sequence_is_not_the_decks_own(terminal: Any) -> None:
    deck = terminal("hostile", size=(120, 40))
    deck.ready()
    deck.read(0.5)
    lines = deck.shown()
    (top,) = [y for y, line in enumerate(lines) if "P&L $" in line]
    quantity = lines[top].index("qty") - 2
    for y in range(top + 1, top + 5):
        cells = "".join(deck.screen.buffer[y][x].data for x in range(quantity, quantity + 5))
        assert cells == "  6/6", (y, lines[y])
    for keys in HOSTILE_TOUR:
        deck.press(keys)
        deck.read(0.25)
    ended = deck.ended()
    assert (ended["reason"], ended["crashed"]) == ("quit", False)
    assert deck.restored()
    assert strange(deck.seen) == ""
    assert b"\x1b]52" not in deck.seen and b"\x1b]0;" not in deck.seen
    assert b"[/x]" in deck.seen, "the text itself is shown, literally"
