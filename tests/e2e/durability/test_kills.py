"""SIGKILLs of the engine under 100 webhooks a second, at random instants and between any two of its calls.

A kill comes at an instant of the clock, in the start too, or right before a write to the log or the file, a sync or
an answer. Then the engine starts on the same ledger, and senders repeat what was not answered.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from server.ledger.connection import open_file
from tests.e2e.durability.engine import Engines, Senders, engines
from tests.e2e.durability.found import Chain, check_tables, check_taken_once, check_verified, told_by
from tests.e2e.durability.recording import compiled, variables

RATE = 100.0
LONGEST = 1.2
"""Seconds of webhooks after which an engine is killed that has not come to the call it was to be killed at."""
CALLS = {"log": 600, "file": 100, "sync": 40, "send": 40}
"""Kinds of calls to kill at, and the highest number of the call."""
CALLS_OF_START = 150
PLACES = (
    "an instant",
    "an instant of the start",
    "a call of the start",
    *(f"a call: {kind}" for kind in CALLS),
)


def plan(rng: random.Random) -> tuple[str, str, float]:
    """Return where to kill, the kill as recorder.c says, and the seconds after which to kill in any case."""
    where = rng.choice(("an instant", "an instant of the start", "a call", "a call", "a call of the start"))
    if where == "a call":
        kind = rng.choice(sorted(CALLS))
        return f"a call: {kind}", f"{kind} {rng.randint(1, CALLS[kind])}", LONGEST
    if where == "a call of the start":
        return where, f"any {rng.randint(1, CALLS_OF_START)}", LONGEST
    return where, "", rng.uniform(0, 0.3 if where.endswith("start") else LONGEST)


async def kill_once(engine: Engines, senders: Senders, rng: random.Random) -> str:
    """Start, post and kill; return where it was killed."""
    where, kill, seconds = plan(rng)
    life = await engine.start(senders, kill)
    if where == "an instant of the start":
        await asyncio.sleep(seconds)
    else:
        await life.listening.wait()
        if life.url:
            await life.post_and_end(seconds, RATE, signal.SIGKILL)
            if kill and not life.by_itself:
                where = "an instant"
            elif where == "a call of the start":
                where = "a call: any"
    assert await life.end(signal.SIGKILL) == -signal.SIGKILL
    return where


def check(ledger: Path, senders: Senders, chain: Chain) -> None:
    """Check the ledger of an engine that was killed."""
    if not ledger.exists():
        assert not senders.answered
        return
    with closing(open_file(ledger)) as connection:
        if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'journal'").fetchone() == (0,):
            assert not senders.answered
            return
        check_tables(connection, told_by(senders.answered))
        chain.check(connection)


async def kill_often(engine: Engines, ledger: Path, kills: int, seed: str) -> Counter[str]:
    """Kill the engine of a new ledger so many times; count where, and what was acknowledged."""
    engine.ledger, senders, chain = ledger, Senders(), Chain()
    rng, outcomes = random.Random(seed), Counter[str]()
    for n in range(kills):
        where = await kill_once(engine, senders, rng)
        outcomes[f"at {where}"] += 1
        try:
            check(ledger, senders, chain)
        except BaseException as error:
            error.add_note(f"kill {n + 1} of seed {seed}, at {where}")
            raise
    life = await engine.start(senders)
    await life.listening.wait()
    assert await life.post_and_end(0.5, RATE, signal.SIGTERM) == 0
    check(ledger, senders, chain)
    check_verified(ledger)
    check_taken_once(ledger)
    told = told_by(senders.answered)
    repeated = sum(1 for answer in senders.answered if answer["status"] == "duplicate")
    return outcomes + Counter(
        kills=kills, acknowledged=len(told.receipts), executes=len(told.executes), repeated=repeated
    )


async def in_parallel(folder: Path, kills: int, ledgers: int, beside: int, *, often: bool) -> Counter[str]:
    """Kill the engines of so many ledgers ``kills`` times in all, of ``beside`` ledgers at a time."""
    library, outcomes, waiting = compiled(folder), Counter[str](), list(range(ledgers))

    async def take(n: int) -> None:
        disk, state = folder / f"disk-{n}", folder / f"state-{n}"
        for made in (disk, state):
            made.mkdir()
        async with engines(disk, state, variables(library, disk), often=often) as engine:
            while waiting:
                ledger = waiting.pop(0)
                place = disk / f"desk-{ledger}"
                outcomes.update(
                    await kill_often(engine, place / "ledger.db", kills // ledgers, f"{kills}:{ledger}")
                )
                shutil.rmtree(place)
                print(f"{ledgers - len(waiting)} of {ledgers} ledgers: {dict(outcomes)}", flush=True)

    async with asyncio.TaskGroup() as group:
        for n in range(beside):
            group.create_task(take(n))
    return outcomes


async def test_nothing_is_lost_or_twice_after_40_kills(tmp_path: Path) -> None:
    outcomes = await in_parallel(tmp_path, 40, ledgers=2, beside=2, often=True)
    assert outcomes["kills"] == 40 and outcomes["executes"] > 20 and outcomes["acknowledged"] > 200


@pytest.mark.slow
async def test_nothing_is_lost_or_twice_after_a_thousand_kills(tmp_path: Path) -> None:
    outcomes = await in_parallel(tmp_path, 1_000, ledgers=50, beside=3, often=True)
    assert outcomes["kills"] == 1_000
    assert min(outcomes[f"at {where}"] for where in PLACES) > 30
