"""Power cuts at any instant of a session: what was acknowledged is there, and a start says nothing is missing.

A killed process leaves the kernel's pages behind, a power cut does not. So the files are recorded after each sync: of
each step between two syncs only some sectors reach the disk, in any order. The head file may be older than the rest.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.engine import Engine
from core.model import Source
from server.feeds.base import NoFeed
from server.ledger import sqlite
from server.ledger.chain import verify
from server.ledger.connection import open_file
from server.ledger.head_file import read_head
from server.ledger.journal import JOURNAL, journal_row
from server.ledger.missing import find_missing
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from tests.server.conftest import Station

SECTOR = 512
HEADER = 32


@dataclass(frozen=True)
class Synced:
    """The files once a sync had returned, and the last input that was acknowledged by then."""

    file: bytes
    log: bytes
    head: bytes
    seq: int
    hash: bytes


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> list[Synced]:
    """A busy session, whose log is copied into the file and begun anew several times."""
    path = tmp_path_factory.mktemp("session") / "ledger.db"
    states: list[Synced] = []

    def record(ledger: Any) -> None:
        file, log, head = (Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal", ".head"))
        states.append(Synced(file, log, head, ledger.last_seq, ledger._head))

    async def play() -> None:
        station = Station(path)
        runtime = await station.start(NoFeed())
        disk, commit = runtime.ledger, runtime.ledger.commit

        async def recorded(batch: Any) -> None:
            await commit(batch)
            record(disk._ledger)
            if len(states) % 7 == 0:
                # From here on the file changes and the log does not; the next commit begins the log anew.
                await disk.reader.copy_log(lambda: None)
                record(disk._ledger)

        disk.commit = recorded
        for n, symbol in enumerate(("SPY", "QQQ", "IWM", "DIA")):
            await station.enter(runtime, symbol)
            station.later(minutes=1)
            await runtime.price(symbol, 450.0 + n / 4, "feed")
            if n % 2:
                await runtime.engine_loop._checkpoints.store(runtime.engine.state)
                record(disk._ledger)
            await station.send(runtime, Source.SATY_PHASE, f"S{n}")
            await runtime.tick()
        await station.kill(runtime)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_TIDY_ROWS", 1 << 40)
        patch.setattr(sqlite, "_TIDY_SECONDS", 1e9)
        asyncio.run(play())
    return [*with_new_headers(states)]


def with_new_headers(states: list[Synced]) -> Iterator[Synced]:
    """Yield the states, and before each log begun anew the one with its header alone: SQLite syncs that first."""
    for before, after in zip([states[0], *states], states, strict=False):
        if before.log[:HEADER] != after.log[:HEADER]:
            yield replace(before, log=after.log[:HEADER] + before.log[HEADER:])
        yield after


def cut(before: bytes, after: bytes, rng: random.Random) -> bytes:
    """Return a file of which only some of the sectors written since its last sync are there; its end may be short."""
    length = rng.choice((len(before), len(after), len(after)))
    if length == len(after) and len(after) > len(before):
        length = rng.randrange(len(before), len(after) + 1)
    share, kept = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0)), bytearray(before[:length].ljust(length, b"\0"))
    in_order = rng.random() < 0.3
    for at in range(0, length, SECTOR):
        old, new = kept[at : at + SECTOR], after[at : min(at + SECTOR, length)]
        if old == new:
            continue
        if in_order and rng.random() > 0.97:
            break
        if in_order or rng.random() < share:
            kept[at : at + len(new)] = new
    return bytes(kept)


def check(path: Path, acknowledged: Synced, following: Synced) -> int:
    """Read the ledger as a start does; return the last input that is there."""
    with closing(open_file(path)) as c:
        assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = [journal_row(row) for row in c.execute(JOURNAL)]
        chain = verify(rows)
        assert chain.ok and acknowledged.seq <= chain.last_seq <= following.seq
        assert rows[acknowledged.seq - 1].hash == acknowledged.hash
        assert find_missing(c, read_head(path)) is None
    return chain.last_seq


async def start(path: Path, last: int) -> None:
    """Start from the ledger: what is open is what the journal makes, once, and an input can be stored."""
    ledger = await SqliteLedger.open(path, "station")
    try:
        assert ledger.missing is None and ledger.last_seq == last
    finally:
        await ledger.close()
    engine = Engine(engine_id="station")
    with LedgerSnapshot(path) as source:
        for event in source.events():
            engine.step(event)
        stored = [row[0] for row in source.query("SELECT id FROM positions WHERE closed_at IS NULL")]
    assert sorted(stored) == sorted(engine.state.positions)


def cut_everywhere(session: list[Synced], path: Path, seed: int, count: int) -> Counter[str]:
    rng, outcomes = random.Random(seed), Counter[str]()
    for n in range(count):
        at = n % (len(session) - 1)
        before, after = session[at], session[at + 1]
        for suffix, data in (
            ("", cut(before.file, after.file, rng)),
            ("-wal", cut(before.log, after.log, rng)),
            (".head", session[rng.randrange(at + 1)].head),
        ):
            Path(f"{path}{suffix}").write_bytes(data)
        Path(f"{path}-shm").unlink(missing_ok=True)
        last = check(path, before, after)
        outcomes["with what was under way" if last == after.seq > before.seq else "without it"] += 1
        if n % 20 == 0:
            asyncio.run(start(path, last))
            outcomes["started"] += 1
    return outcomes


def test_nothing_acknowledged_is_lost_by_a_power_cut(session: list[Synced], tmp_path: Path) -> None:
    assert len(session) > 30 and len({state.file for state in session}) > 3
    outcomes = cut_everywhere(session, tmp_path / "ledger.db", seed=2, count=200)
    print(f"200 power cuts in {len(session)} steps: {dict(outcomes)}")
    assert min(outcomes["with what was under way"], outcomes["without it"]) > 20


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_ten_thousand_power_cuts(
    session: list[Synced], tmp_path: Path
) -> None:
    outcomes = cut_everywhere(session, tmp_path / "ledger.db", seed=2, count=10_000)
    print(f"10,000 power cuts in {len(session)} steps: {dict(outcomes)}")


def test_a_sync_that_is_left_out_would_be_found(session: list[Synced], tmp_path: Path) -> None:
    """The check can fail: with the log of an earlier commit, inputs that were acknowledged are missing."""
    path, state = tmp_path / "ledger.db", session[-1]
    early = next(s for s in reversed(session) if s.seq < state.seq and s.file == state.file)
    for suffix, data in (("", state.file), ("-wal", early.log), (".head", state.head)):
        Path(f"{path}{suffix}").write_bytes(data)
    with pytest.raises(AssertionError):
        check(path, state, state)
    with closing(sqlite3.connect(path)) as c:
        assert "are missing" in (find_missing(c, read_head(path)) or "")
