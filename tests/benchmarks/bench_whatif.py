"""What-if over a million stored decisions, and the vectorised verdict against the single one.

The decisions are random; three in ten execute under the rules in force. First they are in columns in memory. Then
they are packed records in a ledger file, as every commit writes them, of which the system's cache has nothing; the
JSON of the entries is not read and left out. The peer is ``decide``, one row at a time, over as many rows as fit
into one turn.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson

from core.decision import decide
from core.decision.batch import EXECUTE, decide_many
from core.decision.columns import DecisionColumns, columns_from_stored
from core.learning import Outcomes, whatif, with_rule
from core.model import (
    AlignmentFacts,
    Context,
    Direction,
    MarketSnapshot,
    RegimeFacts,
    Session,
    SignalFacts,
    StructureFacts,
)
from core.rules import DEFAULT, Rules
from server.ledger.packed import RECORD
from server.ledger.schema import create
from server.ledger.snapshot import LedgerSnapshot
from server.whatif import whatif_of_ledger
from tests.benchmarks.table import Row, alternate, duration, per_second

DECISIONS = 1_000_000
LIMIT = 5.0
READ = 5_000
SESSIONS = 1_000
RUNS = 3


def _columns(count: int, rng: np.random.Generator) -> DecisionColumns:
    up = rng.uniform(0, 100, count)
    return DecisionColumns(
        direction=rng.choice(np.array([1, -1], dtype=np.int8), count),
        ai_score=rng.uniform(5, 10.5, count),
        regime=rng.random(count) < 0.9,
        phase=np.full(count, 2.0),
        regime_confidence=rng.uniform(45, 100, count),
        bias=np.zeros(count, dtype=np.int8),
        bullish_pct=up,
        bearish_pct=100 - up,
        valid_setup=rng.random(count) < 0.98,
        liquidity_ok=rng.random(count) < 0.98,
        grade=rng.choice(np.array([1, 0, -1], dtype=np.int8), count, p=(0.5, 0.45, 0.05)),
        spread_bps=rng.uniform(1, 15, count),
        spread_assumed=np.zeros(count, dtype=np.bool_),
        depth_score=rng.uniform(20, 100, count),
        depth_assumed=np.zeros(count, dtype=np.bool_),
        atr_pct=rng.uniform(0.3, 2.8, count),
        atr_assumed=np.zeros(count, dtype=np.bool_),
        closed=np.zeros(count, dtype=np.bool_),
        conflict=rng.random(count) < 0.02,
    )


def _outcomes(count: int, rng: np.random.Generator) -> Outcomes:
    day = rng.integers(18_000, 18_000 + SESSIONS, count)
    at = np.sort(day * 86_400_000_000 + rng.integers(52_200, 75_600, count) * 1_000_000)
    return Outcomes(
        at=at,
        day=at // 86_400_000_000,
        signal=np.arange(count, dtype=np.int64) * 9 // 10,
        symbol=rng.integers(0, 50, count),
        direction=np.ones(count, dtype=np.int8),
        net=np.where(rng.random(count) < 0.95, rng.normal(2, 200, count), np.nan),
        exit_at=at + rng.integers(60, 600, count) * 1_000_000,
        blocked=rng.random(count) < 0.05,
    )


def _stored(rng: np.random.Generator) -> tuple[list[bytes], list[tuple[Context, MarketSnapshot]]]:
    pairs = []
    for _ in range(READ):
        up = float(rng.uniform(0, 100))
        context = Context(
            symbol="SPY",
            as_of=datetime(2026, 11, 24, 15, tzinfo=UTC),
            session=Session.MIDDAY,
            price=600.0,
            regime=RegimeFacts(phase=2, confidence=float(rng.uniform(45, 100))),
            alignment=AlignmentFacts(states={}, bullish_pct=up, bearish_pct=100 - up),
            expert=SignalFacts(direction=Direction.LONG, ai_score=float(rng.uniform(5, 10.5)), rr1=2.0),
            structure=StructureFacts(valid_setup=True, liquidity_ok=True, execution_quality="A"),
        )
        spread, depth = float(rng.uniform(1, 15)), float(rng.uniform(20, 100))
        pairs.append((context, MarketSnapshot(price=600.0, spread_bps=spread, depth_score=depth, atr14=6.0)))
    return [orjson.dumps({"context": context, "market": market}) for context, market in pairs], pairs


_ENTRY = (
    "INSERT INTO ledger_entries (id, created_at, seq, engine_version, rules_fingerprint, signal_id, receipt_id,"
    " symbol, source, quality, decision, proposed_direction, confidence, signal, decision_breakdown, inputs)"
    " VALUES (?, ?, ?, '1', '', ?, '', 'SPY', 'TRADINGVIEW_SIGNAL', 'HIGH', 'SKIP', 'LONG', 50, '{}', '{}', '{}')"
)


def _ledger(path: Path, columns: DecisionColumns, outcomes: Outcomes) -> None:
    count = len(columns)
    packed = np.zeros(count, dtype=RECORD)
    packed["seq"], packed["at"], packed["signal"] = np.arange(count), outcomes.at, outcomes.signal
    packed["direction"], packed["symbol"][:, 0] = outcomes.direction, outcomes.symbol
    packed["code"] = np.where(outcomes.blocked, b"LATE", b"")
    packed["multiplier"] = 1.0
    for field in fields(DecisionColumns):
        packed["inputs"][field.name] = getattr(columns, field.name)
    left = packed["outcome"]
    left["net"], left["exit_at"], left["shadow"] = outcomes.net, outcomes.exit_at, True
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    create(connection)
    connection.execute("BEGIN")
    connection.executemany(
        _ENTRY, ((f"{n:036d}", at, n, f"{n:036d}") for n, at in enumerate(outcomes.at.tolist()))
    )
    connection.executemany(
        "INSERT INTO decision_columns (seq, id, packed) VALUES (?, ?, ?)",
        ((n, f"{n:036d}", packed[n].tobytes()) for n in range(count)),
    )
    connection.execute("INSERT INTO meta (key, value) VALUES ('engine_id', 'bench')")
    connection.execute("COMMIT")
    connection.close()


def _cold(path: Path) -> None:
    """Remove the file from the system's cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _from_file(columns: DecisionColumns, outcomes: Outcomes, candidate: Rules) -> Row:
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as name:
        path = Path(name) / "ledger.db"
        _ledger(path, columns, outcomes)
        taken = []
        for _ in range(RUNS):
            _cold(path)
            start = time.perf_counter()
            with LedgerSnapshot(path) as ledger:
                found = whatif_of_ledger(ledger, DEFAULT, candidate)
            taken.append(time.perf_counter() - start)
        size = path.stat().st_size / 1e6
    seconds = sorted(taken)[RUNS // 2]
    note = f"{size:,.0f} MB file, {found.whole.changed:,} change"
    return Row(
        "what-if, cold ledger of 1,000,000", duration(seconds), "limit 5 s", LIMIT / seconds, "≤ 5 s", note
    )


def rows() -> Iterator[Row]:
    """Yield rows for a what-if over a million, the verdict alone against ``decide``, and reading stored inputs."""
    rng = np.random.default_rng(13)
    columns, outcomes = _columns(DECISIONS, rng), _outcomes(DECISIONS, rng)
    candidate = with_rule(DEFAULT, "market.max_spread_bps", 13.8)
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = whatif(columns, outcomes, DEFAULT, candidate)
        taken.append(time.perf_counter() - start)
    seconds = sorted(taken)[RUNS // 2]
    share = float((decide_many(columns).action == EXECUTE).mean())
    note = f"{share:.0%} execute, {found.whole.changed:,} change, {found.whole.trades:,} trades within the limits"
    yield Row(
        "what-if over 1,000,000 decisions", duration(seconds), "limit 5 s", LIMIT / seconds, "≤ 5 s", note
    )

    yield _from_file(columns, outcomes, candidate)

    texts, pairs = _stored(rng)
    some = columns_from_stored(orjson.loads(text) for text in texts)
    turn = itertools.cycle(pairs)
    many, one = alternate(lambda: decide_many(some), lambda: decide(*next(turn)))
    ours, peer = per_second(READ, many), per_second(1, one)
    yield Row(
        "verdicts, vectorised", ours, f"decide {peer}", one / (many / READ), "–", f"{READ:,} rows at a time"
    )

    (read,) = alternate(lambda: columns_from_stored(orjson.loads(text) for text in texts))
    note = "JSON into columns, as from a ledger without packed records"
    yield Row("stored inputs read from JSON", per_second(READ, read), "–", None, "–", note)
