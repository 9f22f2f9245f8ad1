"""Hostile text by real HTTP into the real program: what reaches the terminal is only what the deck made."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from terminal import KNOWN, Terminal, gatedeck, strange, url_of

from core.intake import sample
from core.intake.hostile import HOSTILE, SOURCES, leaves, planted
from core.model import Direction

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
TOGETHER = " ".join(text for text in HOSTILE if len(text) < 1000)


def bodies(thorough: bool) -> Iterator[tuple[str, bytes]]:
    """Every field of every sample with all texts at once and with one in turn, or each with each.

    Keys too, and bodies that are no JSON.
    """
    for endpoint, source in SOURCES:
        body = sample(source, NOW, "SPY", 450.0, Direction.LONG, timeframe=15)
        for turn, path in enumerate(leaves(body)):
            texts = HOSTILE if thorough else (TOGETHER, HOSTILE[turn % len(HOSTILE)])
            for n, text in enumerate(texts):
                made = planted(body, path, text)
                made["nonce"] = f"{path}{n}"
                yield endpoint, json.dumps(made).encode()
        for text in HOSTILE:
            yield (
                endpoint,
                json.dumps({**body, text: text, "nonce": text[:40], "note": {text: [text]}}).encode(),
            )
            yield endpoint, text.encode("utf-8", "surrogatepass")


async def send_all(url: str, thorough: bool) -> dict[int, int]:
    """Post them all over a few connections; how many answers of each status."""
    answers: dict[int, int] = {}
    todo = bodies(thorough)

    async def sender(client: aiohttp.ClientSession) -> None:
        for endpoint, body in todo:
            async with client.post(f"{url}/api/webhooks/{endpoint}", data=body) as answer:
                await answer.read()
                answers[answer.status] = answers.get(answer.status, 0) + 1

    async with aiohttp.ClientSession() as client:
        await asyncio.gather(*(sender(client) for _ in range(8)))
    return answers


_AWAY = "\x1b"
TOUR = (
    "d",
    "\x1b[F",
    _AWAY,
    "\t",
    "\r",
    _AWAY,
    "2",
    "\r",
    _AWAY,
    "3",
    "4",
    "5",
    "\t",
    "\r",
    _AWAY,
    "1",
    "x",
    _AWAY,
    "?",
    _AWAY,
)


def home(deck: Terminal) -> list[str]:
    """Leave whatever is open for the Live screen; its lines."""
    for _ in range(20):
        deck.press(_AWAY)
        deck.read(0.4)
        deck.press("1")
        deck.read(0.3)
        lines = deck.shown()
        if any("Recent decisions" in line for line in lines) and not any("╭" in line for line in lines):
            return lines
    raise AssertionError("\n".join(lines))


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_webhook_can_write_to_the_terminal_or_move_a_column(tmp_path: Path, thorough: bool) -> None:
    deck = gatedeck(tmp_path, "run", "--port", "0", "--clock", "2026-11-24T10:00-05:00")
    log = tmp_path / "state" / "gatedeck" / "gatedeck.log"
    try:
        url = url_of(deck.wait_for("127.0.0.1:"))
        answers = asyncio.run(send_all(url, thorough))
        assert set(answers) <= {200, 400, 413, 422}, answers
        assert min(answers[200], answers[422]) > 20, answers
        for keys in TOUR:
            deck.press(keys)
            deck.read(0.35 if keys == _AWAY else 0.2)
        lines = home(deck)
        assert strange(deck.seen) == ""
        assert b"\x1b]52" not in deck.seen and b"\x1b]8;" not in KNOWN.sub(b"", deck.seen)
        head = next(line for line in lines if "action" in line and "conf." in line)
        below = lines[lines.index(head) + 1 :]
        actions = [row[head.index("action") :] for row in below if row[2:4].isdigit()]
        assert actions and all(row.startswith(("EXECUTE", "WAIT", "SKIP")) for row in actions)
        deck.press("q")
        deck.read(0.5)
        deck.press("y")
        assert deck.wait() == 0
        assert deck.restored() and "crashed" not in log.read_text()
    finally:
        deck.close()
