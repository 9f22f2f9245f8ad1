"""What-if over a million stored decisions, and the vectorised verdict against the single one.

The decisions are drawn, their inputs in columns as a ledger's are once read. Three in ten execute under the
rules in force. The peer is ``decide``, one row at a time, over as many rows as fit a turn.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import orjson

from core.decision import decide
from core.decision.columns import DecisionColumns, columns_from_stored
from core.decision.many import EXECUTE, decide_many
from core.decision.stored import to_inputs
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
from core.rules import DEFAULT
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
    return [to_inputs(*pair) for pair in pairs], pairs


def rows() -> Iterator[Row]:
    """Yield the what-if over a million, the verdict alone against ``decide``, and reading stored inputs."""
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

    texts, pairs = _stored(rng)
    some = columns_from_stored(orjson.loads(text) for text in texts)
    turn = itertools.cycle(pairs)
    many, one = alternate(lambda: decide_many(some), lambda: decide(*next(turn)))
    ours, peer = per_second(READ, many), per_second(1, one)
    yield Row(
        "verdicts, vectorised", ours, f"decide {peer}", one / (many / READ), "–", f"{READ:,} rows at a time"
    )

    (read,) = alternate(lambda: columns_from_stored(orjson.loads(text) for text in texts))
    note = "JSON of the ledger into columns: once per what-if"
    yield Row("stored inputs read", per_second(READ, read), "–", None, "–", note)
