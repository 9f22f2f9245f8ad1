"""What is found in a ledger after a cut or a kill, beside what its senders were told before."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from core.engine import Engine
from core.engine.state import EngineState
from core.events import Received
from server.feeds.base import NoFeed
from server.ledger.chain import GENESIS, verify
from server.ledger.codec import encode_any
from server.ledger.connection import open_file
from server.ledger.journal import JOURNAL, JOURNAL_PART, journal_row
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from server.replay.verify import verify_ledger
from server.runtime.checkpoints import decode_state
from server.runtime.clock import VirtualClock
from server.runtime.runtime import Runtime

ENGINE = "gatedeck"


@dataclass
class Told:
    """What senders were answered with 200: receipts, and decisions to open a position."""

    receipts: set[str] = field(default_factory=set)
    executes: set[str] = field(default_factory=set)

    def add(self, answer: Mapping[str, Any]) -> None:
        self.receipts.add(answer["receipt_id"])
        decision = answer.get("decision")
        if decision is not None and decision["action"] == "EXECUTE":
            self.executes.add(decision["id"])


def check_tables(connection: sqlite3.Connection, told: Told) -> None:
    """Check that what was told is there, and that every decision to open has one position and no more."""
    lost = told.receipts - {row[0] for row in connection.execute("SELECT id FROM receipts")}
    assert not lost, f"{len(lost)} acknowledged receipts are lost"
    decided = {
        row[0] for row in connection.execute("SELECT id FROM ledger_entries WHERE decision = 'EXECUTE'")
    }
    assert told.executes <= decided, f"{len(told.executes - decided)} told EXECUTEs are lost"
    opened = Counter(row[0] for row in connection.execute("SELECT decision_id FROM positions"))
    assert opened == Counter(decided), "a decision opened no position, or more than one"


def check_verified(path: Path) -> None:
    """Check the ledger as `gatedeck verify` does: chain, checkpoints and every table against a replay."""
    report = verify_ledger(path)
    assert report["ok"], report


def check_taken_once(path: Path) -> None:
    """Check that no body was taken twice, although its sender repeated it: it was a duplicate then."""
    with LedgerSnapshot(path) as source:
        accepted = {row[0] for row in source.query("SELECT seq FROM receipts WHERE status = 'accepted'")}
        bodies = Counter(e.body for e in source.events() if isinstance(e, Received) and e.seq in accepted)
    assert bodies.most_common(1)[0][1] == 1, f"taken more than once: {bodies.most_common(1)}"


class Reference:
    """The ledger at the end of a recorded session: its journal, and what the engine made of it after each input."""

    def __init__(self, path: Path) -> None:
        with closing(open_file(path)) as connection:
            self.rows = [tuple(row) for row in connection.execute(JOURNAL)]
        assert verify(map(journal_row, self.rows)).ok
        engine = Engine(engine_id=ENGINE)
        self.summaries = [summary(engine.state)]
        with LedgerSnapshot(path) as source:
            for event in source.events():
                engine.step(event)
                self.summaries.append(summary(engine.state))
        self._known_states: set[bytes] = set()

    async def start(self, path: Path, told: Told) -> int:
        """Open the ledger that a power cut left as a start does, and check it; return its last input."""
        ledger = await SqliteLedger.open(path, ENGINE)
        try:
            assert ledger.missing is None, ledger.missing
            with closing(open_file(path)) as connection:
                last = self._check(connection, told)
            assert ledger.last_seq == last
            saved = await ledger.last_checkpoint()
            if saved is not None and saved.state not in self._known_states:
                # From here on a start makes the state that the reference has: from the same inputs.
                assert (
                    saved.problem is None and summary(decode_state(saved.state)) == self.summaries[saved.seq]
                )
                self._known_states.add(saved.state)
        finally:
            await ledger.close()
        return last

    def _check(self, connection: sqlite3.Connection, told: Told) -> int:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = [tuple(row) for row in connection.execute(JOURNAL)]
        assert rows == self.rows[: len(rows)], "the journal is another one"
        check_tables(connection, told)
        return len(rows)

    async def go_on(self, path: Path, last: int, body: str) -> None:
        """Start the whole runtime on a ledger, check what it made of the inputs, and give it a webhook."""
        ledger = await SqliteLedger.open(path, ENGINE)
        clock = VirtualClock(datetime.fromtimestamp(self.rows[last - 1][1] / 1e6).astimezone(), "test")
        runtime = Runtime(ledger, clock, NoFeed(), engine_id=ENGINE, rules_text=None)
        try:
            await runtime.engine_loop.load()
            assert summary(runtime.engine.state) == self.summaries[last]
            await runtime.start()
            await runtime.submit(body, "/api/webhooks")
            assert ledger.last_seq > last
        finally:
            await runtime.stop()


class Chain:
    """The journal's hash chain as far as it was checked; ``check`` goes on from there."""

    def __init__(self) -> None:
        self.last, self.head = 0, GENESIS

    def check(self, connection: sqlite3.Connection) -> None:
        if self.last:
            found = connection.execute("SELECT hash FROM journal WHERE seq = ?", (self.last,)).fetchone()
            assert found == (self.head,), f"seq {self.last} is another input, or gone"
        rows = connection.execute(JOURNAL_PART, (self.last, 1 << 40))
        verified = verify(map(journal_row, rows), self.head, self.last)
        assert verified.ok, verified.problem
        self.last, self.head = verified.last_seq, verified.head


def summary(state: EngineState) -> bytes:
    """Return what must be the same in two engines of the same inputs, in few bytes."""
    held = sorted((p.id, p.remaining, p.stop, p.last.mid) for p in state.positions.values())
    return encode_any((state.seq, state.at, held, state.day, state.tally, sorted(state.signals)))


def told_by(answers: Iterable[Mapping[str, Any]]) -> Told:
    told = Told()
    for answer in answers:
        told.add(answer)
    return told
