"""Power cuts at any write of a busy session of the real engine: what was answered is there, and a start goes on.

A killed process leaves the kernel's pages behind, a power cut does not. So every write and sync of the engine is
recorded, with what it answers, starts, closings and a kill included. Each prefix of the recording is a cut: of what
was not synced by then nothing is on the disk, or all up to a torn write, or any sectors, or everything.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.e2e.durability.disk import HOWS, Disk
from tests.e2e.durability.engine import Senders, engines
from tests.e2e.durability.found import Reference, Told, check_verified
from tests.e2e.durability.recording import Kind, answered, calls, compiled, variables

LEDGER = "desk/ledger.db"
PROCESSES = 6
VERIFIED = 10
"""Of so many whole starts one is followed by a verification."""


@dataclass(frozen=True)
class Recording:
    """The log of a session, the folder it was recorded in, and a webhook that was not sent in it."""

    log: Path
    disk: Path
    body: str

    @property
    def calls(self) -> int:
        return sum(1 for _ in calls(self.log))


async def record(folder: Path, seconds: float, *, often: bool) -> Recording:
    """Record a session of 100 webhooks a second in four lives: two are killed, two are stopped."""
    disk, state, log = folder / "disk", folder / "state", folder / "log"
    for made in (disk, state):
        made.mkdir()
    senders = Senders()
    environment = variables(compiled(folder), disk, log)
    async with engines(disk / LEDGER, state, environment, often=often) as engine:
        for end in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            life = await engine.start(senders)
            await life.listening.wait()
            await life.post_and_end(seconds / 4, 100, end)
    assert len(senders.answered) > 10 * seconds, "the machine is too slow for a busy session"
    return Recording(log, disk, next(senders.round()).body)


def cut_points(recording: Recording, count: int, seed: int) -> dict[int, str]:
    """Return the numbers of the calls after which the power is cut, and what becomes of what was not synced.

    Each file has as many cuts as the others, as far as so many calls concern it.
    """
    disk, concerned = Disk(str(recording.disk)), defaultdict[str, list[int]](list)
    for number, call in enumerate(calls(recording.log)):
        where = disk.take(number, call)
        if call.kind not in (Kind.OPEN, Kind.CLOSE):
            concerned[where].append(number)
    rng, chosen = random.Random(seed), list[int]()
    for n, numbers in enumerate(sorted(concerned.values(), key=len)):
        share = (count - len(chosen)) // (len(concerned) - n)
        chosen += rng.sample(numbers, min(len(numbers), share))
    assert len(chosen) == count, f"a session of {sum(map(len, concerned.values())):,} calls is too short"
    return {number: HOWS[n % len(HOWS)] for n, number in enumerate(rng.sample(chosen, count))}


@cache
def reference(disk: Path) -> Reference:
    return Reference(disk / LEDGER)


def write(files: Mapping[str, bytes | bytearray], folder: Path) -> Path:
    """Write the files that a cut has left into an empty folder; return the path of the ledger."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / LEDGER


def try_cuts(
    recording: Recording, points: Mapping[int, str], folder: Path, seed: int, whole: int
) -> Counter[str]:
    """Cut the power at each point and start from what is left, after one of ``whole`` cuts the whole runtime.

    Returns what was there, counted.
    """
    with asyncio.Runner() as runner:
        return runner.run(_try_cuts(recording, points, folder, seed, whole))


async def _try_cuts(
    recording: Recording, points: Mapping[int, str], folder: Path, seed: int, whole: int
) -> Counter[str]:
    disk, told, outcomes = Disk(str(recording.disk)), Told(), Counter[str]()
    for number, call in enumerate(calls(recording.log)):
        where = disk.take(number, call)
        if (answer := answered(call)) is not None:
            told.add(answer)
        if number in points:
            how, rng = points[number], random.Random(f"{seed}:{number}")
            path = write(disk.cut(how, rng), folder)
            outcomes.update([how, f"at {where}"])
            outcomes["acknowledged, summed over the cuts"] += len(told.receipts)
            try:
                outcomes += await try_start(recording, path, told, outcomes, rng.randrange(whole) == 0)
            except BaseException as error:
                error.add_note(f"power cut after call {number}, {where}, {how}, seed {seed}")
                raise
            if (done := sum(outcomes[how] for how in HOWS)) % 250 == 0:
                print(f"{done:,} of {len(points):,} power cuts: {dict(outcomes)}", flush=True)
    return outcomes


async def try_start(
    recording: Recording, path: Path, told: Told, outcomes: Counter[str], whole: bool
) -> Counter[str]:
    known, found = reference(recording.disk), Counter[str]()
    last = await known.start(path, told)
    found["inputs kept, summed over the cuts"] = last
    if last and whole:
        await known.go_on(path, last, recording.body)
        found["started whole"] = 1
        if outcomes["started whole"] % VERIFIED == 0:
            check_verified(path)
            found["verified"] = 1
    return found


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Four seconds of a session, whose log is copied into the file and begun anew many times."""
    return asyncio.run(record(tmp_path_factory.mktemp("session"), 4.0, often=True))


def test_all_that_the_engine_wrote_was_recorded(session: Recording) -> None:
    disk = Disk(str(session.disk))
    for number, call in enumerate(calls(session.log)):
        disk.take(number, call)
    files = {str(p.relative_to(session.disk)): p.read_bytes() for p in session.disk.rglob("*") if p.is_file()}
    assert disk.now() == files and LEDGER in files


def test_nothing_acknowledged_is_lost_by_200_power_cuts(session: Recording, tmp_path: Path) -> None:
    outcomes = try_cuts(session, cut_points(session, 200, seed=1), tmp_path / "cut", seed=1, whole=40)
    print(f"200 power cuts in {session.calls:,} calls: {dict(outcomes)}")
    assert outcomes["at ledger.db"] and outcomes["at ledger.db-wal"] and outcomes["at names"]


def test_the_new_folder_of_a_ledger_is_there_when_the_first_webhook_is_answered(session: Recording) -> None:
    disk = Disk(str(session.disk))
    for number, call in enumerate(calls(session.log)):
        disk.take(number, call)
        if answered(call) is not None:
            break
    assert LEDGER in disk.cut("dropped", random.Random(1))


def test_a_sync_that_is_left_out_would_be_found(session: Recording, tmp_path: Path) -> None:
    """The check can fail: on a disk that does not do what a sync asks for, what was acknowledged is missing."""
    disk, told = Disk(str(session.disk)), Told()
    for number, call in enumerate(calls(session.log)):
        if call.kind is not Kind.SYNCED or len(told.receipts) < 50:
            disk.take(number, call)
        if (answer := answered(call)) is not None:
            told.add(answer)
        if len(told.receipts) == 60:
            break
    path = write(disk.cut("dropped", random.Random(1)), tmp_path / "cut")
    with pytest.raises(AssertionError, match=r"acknowledged receipts are lost|had been stored"):
        asyncio.run(reference(session.disk).start(path, told))


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_ten_thousand_power_cuts(tmp_path: Path) -> None:
    """A minute of the engine as it is, without a shortened interval."""
    recording = asyncio.run(record(tmp_path, 60.0, often=False))
    reference(recording.disk)  # the processes that are forked have it too
    points = cut_points(recording, 10_000, seed=2)
    shares = [dict(sorted(points.items())[k::PROCESSES]) for k in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
        parts = [
            pool.submit(try_cuts, recording, share, tmp_path / f"cut-{k}", seed=2, whole=200)
            for k, share in enumerate(shares)
        ]
        outcomes = sum((part.result() for part in parts), Counter[str]())
    print(f"10,000 power cuts in {recording.calls:,} calls: {dict(outcomes)}")
    assert sum(outcomes[how] for how in HOWS) == 10_000
