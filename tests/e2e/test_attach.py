"""The real commands: an engine that outlives its terminal, and decks attached to it on pseudo-terminals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model import Source
from tests.ports import own_port
from tests.tui.terminal import Terminal, url_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

CLOCK = ("--clock", "2026-11-24T10:00-05:00")
Open = Callable[..., Terminal]


@pytest.fixture
def terminal(gatedeck: Any) -> Iterator[Open]:
    """Start `gatedeck` on a pseudo-terminal, with the state of the other commands of the test."""
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        command = [sys.executable, "-m", "tui.cli", *arguments]
        opened.append(Terminal(command, size=(120, 40), env=gatedeck.environment))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def stops(gatedeck: Any) -> Iterator[None]:
    """End what the test left running in the background."""
    yield
    gatedeck("stop")


def positions(deck: Terminal, count: int) -> None:
    deck.wait_for(f"{count} open  " if count else "no open position")


def three_positions(served: Any) -> None:
    for symbol in ("SPY", "QQQ", "IWM"):
        for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.TRADINGVIEW_SIGNAL):
            served.send(source, symbol)


def test_decks_outlive_a_killed_engine_and_close_positions_of_the_next_one(
    gatedeck: Any, terminal: Open
) -> None:
    port = str(own_port())
    served = gatedeck.serve("--port", port)
    three_positions(served)
    decks = [terminal("attach"), terminal("attach"), terminal("attach", served.url)]
    for deck in decks:
        positions(deck, 3)
    served.end(signal.SIGKILL)
    for deck in decks:
        deck.wait_for(" s: everything below is old", 10)
        assert any("! stale" in line for line in deck.wait_for("! stale"))
    decks[0].press("x")
    decks[0].wait_for("Exit this position?")
    decks[0].read(0.3)
    decks[0].press("y")
    decks[0].wait_for("not sent: disconnected")
    again = gatedeck.serve("--port", port, "--clock", "2026-11-24T10:01-05:00")
    ready = time.monotonic()
    for deck in decks:
        while any("disconnected" in line for line in deck.shown()):
            deck.read(0.05)
            assert time.monotonic() - ready < 10
        positions(deck, 3)
    decks[1].press("x")
    decks[1].wait_for("Exit this position?")
    decks[1].read(0.3)
    decks[1].press("y")
    for deck in decks:
        positions(deck, 2)
    assert len(again.all("/api/positions")) == 2
    for deck in decks:
        deck.press("q")
        assert deck.wait() == 0
        assert deck.restored()
        assert b"the engine runs on; come back with: gatedeck attach" in deck.seen
    assert again.http("/healthz").status == 200


@pytest.mark.slow
def test_run_detach_says_how_to_come_back_and_stop_what_stays_open(
    gatedeck: Any, terminal: Open, stops: None
) -> None:
    code, out, err = gatedeck("run", "--detach", "--port", "0", *CLOCK)
    assert code == 0, err
    told = re.search(r"process (\d+) at (http://127\.0\.0\.1:\d+)", out)
    assert told, out
    assert all(
        word in out for word in ("gatedeck attach", "gatedeck status", "gatedeck stop", "gatedeck.log")
    )
    pid = int(told[1])
    assert os.getsid(pid) == pid, "a session of its own"
    assert Path(f"/proc/{pid}/fd/0").readlink() == Path(os.devnull)
    code, _, err = gatedeck("run", "--detach", "--port", "0", *CLOCK)
    assert (code, f"process {pid}" in err) == (2, True), err
    deck = terminal("attach")
    assert url_of(deck.wait_for("(attached)")) == told[2]
    gatedeck("send", "--url", told[2])
    deck.wait_for("webhooks")
    deck.press("q")
    assert deck.wait() == 0
    began = time.monotonic()
    code, out, _ = gatedeck("stop")
    assert code == 0 and out.startswith("gatedeck stopped: "), out
    assert time.monotonic() - began < 30
    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or " Z " in stat.read_text()
    assert gatedeck("stop")[0] == 1


def test_an_engine_left_running_goes_on_when_its_terminal_is_closed(
    gatedeck: Any, terminal: Open, stops: None
) -> None:
    deck = terminal("run", "--port", "0", *CLOCK)
    url = url_of(deck.wait_for("127.0.0.1:"))
    gatedeck("send", "--url", url)
    deck.wait_for(" open  ")
    deck.press("q")
    deck.wait_for("Leave it running")
    deck.read(0.3)
    deck.press("l")
    assert deck.wait() == 0, "the shell gets its prompt back"
    assert deck.restored()
    told = deck.seen.decode()
    pid = int(re.findall(r"runs without a terminal: process (\d+) at ", told)[-1])
    assert "come back    gatedeck attach" in told
    deck.hang_up()
    time.sleep(0.5)
    assert os.getsid(pid) == pid
    code, out, err = gatedeck("status", "--url", url)
    assert code in (0, 3) and "position" in out, err
    back = terminal("attach")
    back.wait_for(" open  ")
    back.hang_up()
    assert back.wait() == 0
    assert gatedeck("status", "--url", url)[0] in (0, 3), "a deck that goes away ends nothing"


@pytest.mark.slow
def test_the_engine_ends_with_the_process_that_the_shell_knows(gatedeck: Any, terminal: Open) -> None:
    deck = terminal("run", "--port", "0", *CLOCK)
    deck.wait_for("127.0.0.1:")
    (engine,) = children(deck.process.pid)
    deck.signal("SIGTERM")
    assert deck.wait() == 0
    assert not Path(f"/proc/{engine}").exists()
    deck = terminal("run", "--port", "0", *CLOCK)
    deck.wait_for("127.0.0.1:")
    (engine,) = children(deck.process.pid)
    deck.signal("SIGKILL")
    until = time.monotonic() + 10
    while Path(f"/proc/{engine}").exists() and time.monotonic() < until:
        deck.read(0.1)
    assert not Path(f"/proc/{engine}").exists(), "the engine without its terminal's process ends cleanly"


def children(pid: int) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    )
    return [int(word) for word in done.stdout.split()]
