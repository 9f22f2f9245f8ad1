"""The real command on a real pseudo-terminal: whatever the screen or the terminal does, the engine is unmoved."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from terminal import HERE, Terminal, gatedeck, strange, url_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

RUN = ("run", "--port", "0", "--clock", "2026-11-24T10:00-05:00")
Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[Terminal] = []

    def begin(*arguments: str, fault: str = "", **env: str) -> Terminal:
        if fault:
            home = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
            command = [sys.executable, str(HERE / "faulty.py"), fault, *arguments]
            opened.append(Terminal(command, size=(120, 40), env=home))
        else:
            opened.append(gatedeck(tmp_path, *arguments, **env))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gatedeck" / "gatedeck.log"


def post(url: str, n: int = 1) -> dict[str, Any]:
    body = {"id": f"stays-{n}", "ticker": "SPY", "signal": {"type": "LONG", "timeframe": "15", "ai_score": 8.4},
            "entry": {"price": 450.0, "stop_loss": 448.5, "target_1": 452.25}}  # fmt: skip
    request = urllib.request.Request(f"{url}/api/webhooks/signals", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        told: dict[str, Any] = json.loads(answer.read())
        return told


def test_with_keep_running_the_engine_outlives_its_terminal_and_no_thread_spins(start: Start) -> None:
    deck = start(*RUN, "--keep-running")
    url = url_of(deck.wait_for("127.0.0.1:"))
    deck.hang_up()
    time.sleep(1.2)
    deck.signal("SIGHUP")  # a shell that ends says so once more
    before = deck.cpu_seconds()
    time.sleep(0.8)
    assert post(url)["status"] == "accepted"
    assert deck.cpu_seconds() - before < 0.25, "a thread spins on the closed terminal"
    deck.signal("SIGTERM")
    assert deck.wait() == 0


def test_a_terminal_that_does_not_read_holds_nothing_up_and_one_that_goes_away_ends_it_cleanly(
    start: Start, log: Path
) -> None:
    deck = start(*RUN)
    url = url_of(deck.wait_for("127.0.0.1:"))
    slowest = 0.0
    for n in range(60):  # nobody reads; every answer changes the screen
        began = time.monotonic()
        assert post(url, n)["status"] in ("accepted", "duplicate")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.03)
    assert slowest < 2.0, "a webhook waited for the terminal"
    deck.wait_for("60 webhooks", 2)
    deck.hang_up()
    assert deck.wait() == 0
    told = log.read_text()
    assert any(f"the screen ended: {why}" in told for why in ("SIGHUP", "terminal closed"))
    assert "crashed" not in told


def test_a_screen_that_crashes_comes_back_and_the_listener_never_left(start: Start, log: Path) -> None:
    deck = start(*RUN, fault="crash=1")
    url = url_of(deck.wait_for("no open position"))
    deck.wait_for("the screen crashed at ")
    assert "Traceback" in log.read_text() and 'raise ZeroDivisionError("a fault' in log.read_text()
    assert post(url)["status"] == "accepted"
    deck.wait_for("1 webhook")
    deck.press("q")
    deck.wait_for("Stop the engine?")
    deck.read(0.3)
    deck.press("y")
    assert deck.wait() == 0
    assert deck.restored()
    assert "gatedeck stopped: 1 position left open (SPY 450C" in deck.seen.decode().splitlines()[-1]


def test_a_screen_that_only_crashes_is_given_up_and_the_engine_goes_on_until_its_terminal_ends(
    start: Start,
) -> None:
    deck = start(*RUN, fault="crash=99")
    deck.ready(b"Ctrl+C stops the engine")
    url = url_of([deck.seen[deck.seen.rfind(b"runs on without it") :].decode()])
    assert post(url)["status"] == "accepted"
    deck.hang_up()
    assert deck.wait() == 0
    start(*RUN).wait_for("the screen crashed at ")


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "code"), [("stuck", 1), ("deaf", 0)])
def test_a_screen_that_does_not_end_is_ended_within_seconds_of_a_signal(
    start: Start, log: Path, fault: str, code: int
) -> None:
    deck = start(*RUN, fault=fault)
    deck.wait_for("127.0.0.1:")
    deck.press("d")
    deck.read(0.5)
    deck.signal("SIGTERM")
    assert deck.wait() == code
    told = log.read_text()
    assert (
        ("ended by force" in told and "never_done" in told) if code else "does not end after SIGTERM" in told
    )
    assert code or deck.restored()


def test_a_terminal_that_is_not_utf8_gets_ascii_and_is_told_what_to_export(start: Start) -> None:
    deck = start(*RUN, LC_ALL="C")
    deck.wait_for("export LANG=C.UTF-8")
    deck.wait_for("|Positions ------")
    deck.press("q")
    assert deck.wait() == 0
    assert deck.seen.isascii()


def test_a_task_of_the_engine_that_dies_stands_on_the_deck(start: Start, log: Path) -> None:
    deck = start(*RUN, fault="tick")
    deck.wait_for("clock stopped: a fault of the clock")
    deck.signal("SIGTERM")
    assert deck.wait() == 0
    assert "the screen ended: SIGTERM" in log.read_text()
    assert deck.restored() and strange(deck.seen) == ""
