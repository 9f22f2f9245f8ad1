"""The deck on a real pseudo-terminal: leaving, stalling, closing, and what reaches the wire."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

APP = Path(__file__).with_name("pty_app.py")
READY = b"Regime"


class Terminal:
    """A process whose terminal this is; nothing is read unless asked for."""

    def __init__(self, result: Path, *flags: str) -> None:
        self.result = result
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, str(APP), str(result), *flags],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ | {"TERM": "xterm-256color", "PYTHONWARNINGS": "error::ResourceWarning"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.seen = b""

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        got = b""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in got):
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            got += data
        self.seen += got
        return got

    def ready(self) -> None:
        assert READY in self.read(15, READY), self.seen[-2000:]

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def ended(self, seconds: float = 8) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.read(0.1)
            except (OSError, ValueError):
                time.sleep(0.1)
        assert self.process.poll() is not None, "the deck did not end"
        return json.loads(self.result.read_text())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    opened: list[Terminal] = []

    def start(*flags: str) -> Terminal:
        opened.append(Terminal(tmp_path / "result.json", *flags))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def restored(seen: bytes) -> bool:
    """The alternate screen is left and the cursor shown, after everything else that was drawn."""
    return seen.rfind(b"\x1b[?1049l") > seen.rfind(b"\x1b[?1049h") and b"\x1b[?25h" in seen


def test_q_leaves_and_gives_the_terminal_back(terminal: Any) -> None:
    deck = terminal()
    deck.ready()
    deck.press("q")
    assert deck.ended()["reason"] == "quit"
    assert restored(deck.seen)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_leaves_cleanly_and_gives_the_terminal_back(terminal: Any, name: str) -> None:
    deck = terminal()
    deck.ready()
    deck.process.send_signal(getattr(signal, name))
    ended = deck.ended()
    assert (ended["reason"], ended["crashed"]) == (name, False)
    assert restored(deck.seen)


def test_a_closed_terminal_ends_the_deck_without_a_crash(terminal: Any) -> None:
    deck = terminal()
    deck.ready()
    os.close(deck.master)
    deck.master = -1
    ended = deck.ended()
    assert ended["reason"] in ("SIGHUP", "terminal closed")
    assert not ended["crashed"]


def test_a_stalled_terminal_does_not_hold_up_the_loop_and_is_right_again_after(terminal: Any) -> None:
    deck = terminal("busy")
    deck.ready()
    time.sleep(4)  # nobody reads: the pseudo-terminal's buffer is full long before
    stale = deck.read(1.5)
    looks = [int(n) for n in re.findall(rb"LOOK (\d+)", stale)]
    assert looks, "nothing was painted after the stall"
    assert READY in stale, "the whole screen was not painted afresh"
    assert max(looks) > 25, "frames of the stall were kept instead of dropped"
    deck.press("q")
    ended = deck.ended()
    assert ended["reason"] == "quit"
    assert ended["longest"] < 1.0, "the loop waited for the terminal"


def test_leaving_does_not_wait_for_a_stalled_terminal(terminal: Any) -> None:
    deck = terminal("busy")
    deck.ready()
    time.sleep(1.5)
    deck.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    while deck.process.poll() is None and time.monotonic() - began < 8:
        time.sleep(0.05)
    assert deck.process.poll() is not None, "the deck waits for a terminal that does not read"


KNOWN = re.compile(
    rb"\x1b\[[0-9;]*[mH]"  # colours and places
    rb"|\x1b\[\?[0-9;]+[hl]|\x1b\[\?[0-9]+\$p"  # modes and their queries
    rb"|\x1b\[[<>]\d*u"  # the keyboard protocol
    rb"|\x1b\]22;[a-z-]*\x1b\\|\x1b\]22;[a-z-]*\x07"  # the pointer's shape
)


def test_no_sequence_reaches_the_terminal_that_the_deck_did_not_make(terminal: Any) -> None:
    deck = terminal("hostile")
    deck.ready()
    for keys in (
        "\x1b[B",
        "\r",
        "x",
        "\x1b",
        "d",
        "j",
        "q",
        "x",
        "\x1b",
        "X",
        "\x1b",
        "?",
        "q",
        "2",
        "1",
        "q",
    ):
        deck.press(keys)
        deck.read(0.35)
    assert not deck.ended()["crashed"]
    rest = KNOWN.sub(b"", deck.seen).replace(b"\r\n", b"")
    text = rest.decode("utf-8", "replace")
    assert not [c for c in text if ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in "\u202e\u202c\u200b\u2066"]
    assert b"\x1b]52" not in deck.seen and b"\x1b]0;" not in deck.seen
    assert "[/x]" in text, "the text itself is shown, literally"
