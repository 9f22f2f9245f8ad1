"""A deck in another network namespace, over a link with delay and loss that is cut and mended."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from server.assembly import RunningEngine
from tests.server.deck.attached import COMMAND_TOKEN, becomes, engine, open_position
from tests.server.deck.lossy_link import ENGINE, SPACE, LossyLink

DELAY, LOSS = 0.1, 0.05
"""Each way: 200 ms from a question to its answer, and one packet of twenty is lost."""
RIGHT_AGAIN_SECONDS = 2.0
SYMBOLS = ("SPY", "QQQ", "IWM", "DIA", "XLE", "XLF")


@pytest.fixture
def link() -> Iterator[LossyLink]:
    made = LossyLink(DELAY, LOSS)
    try:
        made.start()
    except (subprocess.CalledProcessError, OSError) as error:
        made.stop()
        pytest.skip(f"network namespaces and TUN devices are not allowed here: {error}")
    yield made
    made.stop()


@dataclass
class Elsewhere:
    """The deck in the other namespace, and all that it told."""

    process: asyncio.subprocess.Process
    told: list[dict[str, Any]] = field(default_factory=list)

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.told.append(json.loads(line))

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [each for each in self.told if "seq" in each]

    def results(self) -> dict[str, Any]:
        return {each["command"]: each for each in self.told if "command" in each}

    def exit(self, row: Any) -> str:
        asked = {"id": str(uuid4()), "position": row.id, "remaining": row.remaining}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        return str(asked["id"])


@asynccontextmanager
async def deck_elsewhere(url: str) -> AsyncIterator[Elsewhere]:
    words = ("ip", "netns", "exec", SPACE, sys.executable, str(Path(__file__).with_name("deck_elsewhere.py")))
    process = await asyncio.create_subprocess_exec(
        *words, url, COMMAND_TOKEN, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    deck = Elsewhere(process)
    listening = asyncio.create_task(deck.listen())
    try:
        yield deck
    finally:
        process.kill()
        await process.wait()
        await listening


async def keep_marking(host: RunningEngine, history: dict[int, list[list[Any]]]) -> None:
    """Mark every symbol each half second, and note what the engine's own deck shows at each seq."""
    turn = 0
    while True:
        turn += 1
        for n, symbol in enumerate(SYMBOLS):
            await host.runtime.price(symbol, 100.0 + n + 0.01 * (turn * (n + 3) % 13), "test")
            note(host, history)
        await asyncio.sleep(0.5)


def note(host: RunningEngine, history: dict[int, list[list[Any]]]) -> None:
    now = host.deck.snapshot()
    history[now.seq] = [[row.id, row.remaining, row.state, row.mark, row.stale] for row in now.positions]


@pytest.mark.slow
async def test_no_wrong_row_no_double_command_and_right_again_within_two_seconds(
    link: LossyLink, tmp_path: Path
) -> None:
    async with engine(tmp_path, host=ENGINE) as host, deck_elsewhere_of(host) as deck:
        history: dict[int, list[list[Any]]] = {}
        marking = asyncio.create_task(keep_marking(host, history))
        commands = []
        waits = []
        for cut_seconds in (1.0, 4.0, 8.0):
            await asyncio.sleep(3.0)
            commands.append(deck.exit(host.deck.snapshot().positions[0]))  # its answer may be lost
            await asyncio.sleep(0.15)
            link.cut = True
            await asyncio.sleep(cut_seconds)
            link.cut = False
            mended, at = time.monotonic(), host.deck.snapshot().seq
            await becomes(lambda at=at: deck.shown[-1]["seq"] > at and not deck.shown[-1]["note"], 20.0)
            waits.append(deck.shown[-1]["t"] - mended)
            await becomes(lambda: commands[-1] in deck.results(), 20.0)
        marking.cancel()
        results = deck.results()
        print(f"{link.packets} packets, {link.lost} of them lost")
        print(f"right again after {', '.join(f'{each:.2f} s' for each in waits)}")
        print(f"{len(deck.shown)} snapshots shown; results {[results[c]['code'] for c in commands]}")
        assert any("disconnected" in each["note"] for each in deck.shown), "a cut of seconds is told"
        for each in deck.shown:
            if each["seq"] in history:
                rows = history[each["seq"]]
                assert [row[:3] for row in each["rows"]] == [row[:3] for row in rows]
                assert [row[3] for row in each["rows"]] == pytest.approx([row[3] for row in rows], rel=1e-5)
            assert not each["note"] or all(row[4] for row in each["rows"]), "old data as live"
        closed = len(SYMBOLS) - len(host.deck.snapshot().positions)
        done = [command for command in commands if results[command]["ok"]]
        assert closed == len(done)
        assert {results[c]["code"] for c in commands if c not in done} <= {"DISCONNECTED"}
        assert max(waits) <= RIGHT_AGAIN_SECONDS, waits


@asynccontextmanager
async def deck_elsewhere_of(host: RunningEngine) -> AsyncIterator[Elsewhere]:
    for n, symbol in enumerate(SYMBOLS):
        await open_position(host, symbol, 100.0 + n)
    async with deck_elsewhere(host.http.url) as deck:
        await becomes(lambda: bool(deck.shown), 60.0)
        yield deck
