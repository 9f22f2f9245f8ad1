"""A replay whose bodies another process reads is the same replay, to the byte, whatever becomes of that process."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.engine import Engine
from core.events import Received, RulesChanged
from core.intake import IntakeError, normalise, sample
from core.model import Direction, Source, Update
from server.ledger.base import LedgerError
from server.ledger.bulk import BulkLedger
from server.ledger.receipt_ids import ReceiptIds
from server.ledger.snapshot import LedgerSnapshot
from server.replay import reading_ahead
from server.replay.reading_ahead import other_process, read_ahead, read_bodies
from server.replay.rebuild import rebuild_ledger
from server.replay.recorded import replay_journal
from server.replay.verify import verify_ledger
from tests.core.intake.bodies import OWN, golden

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
STRICT = '[intake]\nnaive_zone = "America/New_York"\n'


def bodies() -> list[str]:
    """Bodies of every source, some twice, some without id and time, and some that cannot be read."""
    made = [
        json.dumps(sample(source, NOW + timedelta(seconds=n), "SPY", 650.0 + n, direction))
        for n in range(60)
        for source in Source
        for direction in Direction
    ]
    plain = [
        json.dumps({"symbol": "QQQ", "signal": "LONG", "score": 8 + n % 5 / 10, "price": 601})
        for n in range(40)
    ]
    return [*made, "{not json", *plain, *made[:30], '{"symbol": ""}', *plain]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the rules of intake change halfway."""
    path = tmp_path_factory.mktemp("ahead") / "ledger.db"
    engine, ids = Engine(engine_id="ahead"), ReceiptIds("ahead")
    texts = bodies()
    with BulkLedger(path, "ahead") as out:
        for seq in range(1, len(texts) + 3):
            at = NOW + timedelta(milliseconds=50 * seq)
            event: Any = (
                RulesChanged(seq=seq, at=at, toml="" if seq == 1 else STRICT, author="test")
                if seq in (1, 300)
                else Received(
                    seq=seq,
                    at=at,
                    receipt_id=ids.of(seq),
                    body=texts[seq - (2 if seq < 300 else 3)],
                    endpoint=None,
                )
            )
            out.add(event, engine.step(event))
        out.finish(engine.state)
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let short journals be read ahead too, in small batches, on any machine."""
    monkeypatch.setattr(reading_ahead, "LEAST", 0)
    monkeypatch.setattr(reading_ahead, "_BATCH", 32)
    monkeypatch.setattr(reading_ahead.os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)


class Waiting(Executor):
    """Reads when a body is handed over; ``lost`` keeps every second batch from being there in time."""

    def __init__(self, *, lost: bool = False) -> None:
        self.handed = 0
        self._lost = lost

    def submit(self, work: Any, /, *arguments: Any, **names: Any) -> Future[Any]:
        self.handed += 1
        future: Future[Any] = Future()
        if not self._lost or self.handed % 2:
            # As between two processes: what comes back is a copy.
            future.set_result(pickle.loads(pickle.dumps(work(*arguments, **names))))
        return future


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as c:
        return list(c.iterdump())


@pytest.mark.parametrize("lost", [False, True])
def test_the_replay_is_the_same_to_the_byte(ledger: Path, tmp_path: Path, small: None, lost: bool) -> None:
    pool = Waiting(lost=lost)
    for name, used in (("alone.db", None), ("ahead.db", pool)):
        with LedgerSnapshot(ledger) as source, BulkLedger(tmp_path / name, "ahead") as out:
            replay_journal(source, output=out, pool=used)
    assert pool.handed > 10
    assert contents(tmp_path / "ahead.db") == contents(tmp_path / "alone.db")


def test_what_another_process_reads_is_what_the_engine_reads(ledger: Path) -> None:
    corpus = [json.dumps(body) for body in (*OWN, *golden())]
    rules = Engine().rules.intake
    for body in (*corpus, *bodies()):
        (reading,) = pickle.loads(pickle.dumps(read_bodies([(body, None)], rules)))
        try:
            expected: Update | None = normalise(body, None, rules)
        except IntakeError:
            expected = None
        assert (None if reading is None else reading[0]) == expected


def test_verify_and_rebuild_with_another_process_find_the_same(
    ledger: Path, tmp_path: Path, small: None
) -> None:
    copy = tmp_path / "ledger.db"
    shutil.copy(ledger, copy)
    with other_process(1) as pool:
        assert pool is not None
        assert pool.submit(os.getpid).result(30) != os.getpid()
    assert verify_ledger(copy, in_parallel=True) == verify_ledger(copy)
    made = rebuild_ledger(copy, engine_id="ahead", in_parallel=True)
    assert (made.inputs, made.left) == (len(bodies()) + 2, 0)
    assert verify_ledger(copy)["ok"]


def test_a_process_that_is_killed_costs_nothing(ledger: Path, tmp_path: Path, small: None) -> None:
    with other_process(1) as pool:
        assert pool is not None
        os.kill(pool.submit(os.getpid).result(30), signal.SIGKILL)
        with LedgerSnapshot(ledger) as source, BulkLedger(tmp_path / "out.db", "ahead") as out:
            replayer = replay_journal(source, output=out, pool=pool)
    assert replayer.tally.events == len(bodies()) + 2


def test_without_memory_for_a_process_there_is_none(monkeypatch: pytest.MonkeyPatch, small: None) -> None:
    def no_memory() -> int:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(os, "fork", no_memory)
    with other_process(1) as pool:
        assert pool is None


def test_a_broken_chain_is_told_after_the_inputs_before_it(small: None) -> None:
    class Row:
        payload = b"{}"

    def inputs() -> Iterator[Any]:
        for seq in range(1, 101):
            yield Row(), Received(seq=seq, at=NOW, receipt_id=str(seq), body="{}", endpoint=None)
        raise LedgerError("the journal was changed at seq 101")

    seen = []
    with pytest.raises(LedgerError, match="seq 101"):
        seen += [event.seq for _, event in read_ahead(inputs(), Engine(), Waiting())] or [0]
    taken = read_ahead(inputs(), Engine(), Waiting())
    assert [next(taken)[1].seq for _ in range(100)] == [*range(1, 101)]


def test_a_damaged_journal_is_rebuilt_up_to_the_damage(ledger: Path, tmp_path: Path, small: None) -> None:
    copy = tmp_path / "ledger.db"
    shutil.copy(ledger, copy)
    with closing(sqlite3.connect(copy)) as c:
        c.execute("UPDATE journal SET at = at + 1 WHERE seq = 200")
        c.commit()
    found = verify_ledger(copy, in_parallel=True)
    assert not found["ok"] and "199" in found["sound_up_to"] and "200" in found["chain"]
    with pytest.raises(LedgerError, match="sound up to seq 199"):
        rebuild_ledger(copy, engine_id="ahead", in_parallel=True)
    assert not copy.with_name("ledger.db.rebuilding").exists()
    made = rebuild_ledger(copy, engine_id="ahead", in_parallel=True, until_damage=True)
    assert (made.inputs, made.left) == (199, len(bodies()) + 2 - 199)
    assert verify_ledger(copy)["ok"]


def test_the_other_process_ends_with_the_one_that_started_it() -> None:
    code = (
        "import os, time\nfrom server.replay import reading_ahead as r\n"
        "r.LEAST = 0\nr.os.sched_getaffinity = lambda pid: {0, 1}\n"
        "with r.other_process(1) as pool:\n print(pool.submit(os.getpid).result(), flush=True)\n time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 20
    while Path(f"/proc/{child}/stat").exists() and time.monotonic() < until:
        if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{child}").exists()
