"""One decision, from the context of a symbol to the bytes of its stored evidence, against a time limit.

Each call decides another of many setups, so that no cache of one setup helps. Nothing is written to disk.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
import orjson

from core.context import ContextBook
from core.decision import decide, inputs_from, levels_for, position_size
from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    MarketSnapshot,
    Quality,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
    Update,
)
from core.rules import DEFAULT
from tests.benchmarks.table import Row, alternate, duration

LIMIT = 50e-6
SETUPS = 256
AS_OF = datetime(2026, 11, 24, 15, tzinfo=UTC)
TIMEFRAMES = ("3", "5", "15", "30", "60", "240")

Setup = tuple[Context, MarketSnapshot]


def _setups() -> list[Setup]:
    """Return contexts with all sections fresh, as an engine builds them, each with a market from a feed."""
    rng = np.random.default_rng(5)
    found = []
    for n in range(SETUPS):
        symbol, book = f"S{n}", ContextBook()
        up = rng.random(6) < 0.6
        sides = (Direction.LONG, Direction.SHORT)
        score, confidence = float(rng.uniform(4, 10.5)), float(rng.uniform(30, 100))
        states = {
            name: Bias.LONG if is_up else Bias.SHORT for name, is_up in zip(TIMEFRAMES, up, strict=True)
        }
        bullish = float(100 * up.mean())
        signal = SignalFacts(
            direction=sides[n % 2],
            ai_score=score,
            quality=Quality.HIGH,
            entry=100.0,
            rr1=2.0,
            components=("trend", "volume"),
        )
        for update in (
            Update(
                source=Source.SATY_PHASE,
                symbol=symbol,
                timeframe=15,
                regime=RegimeFacts(phase=1 + n % 4, confidence=confidence, volatility="NORMAL"),
            ),
            Update(
                source=Source.MTF_DOTS,
                symbol=symbol,
                alignment=AlignmentFacts(states=states, bullish_pct=bullish, bearish_pct=100 - bullish),
            ),
            Update(
                source=Source.STRAT_EXEC,
                symbol=symbol,
                structure=StructureFacts(valid_setup=True, liquidity_ok=True, execution_quality="A"),
            ),
            Update(source=Source.TRADINGVIEW_SIGNAL, symbol=symbol, timeframe=15, signal=signal),
        ):
            book.absorb(update, AS_OF, f"receipt-{n}", DEFAULT)
        spread, atr, depth = rng.uniform(1, 15), rng.uniform(0.3, 3), rng.uniform(10, 100)
        market = MarketSnapshot(
            symbol=symbol,
            as_of=AS_OF,
            price=100.0,
            spread_bps=float(spread),
            atr14=float(atr),
            depth_score=float(depth),
            feeds={"spread_bps": "feed", "atr14": "feed", "depth_score": "feed"},
        )
        found.append((book.context_for(symbol, AS_OF, Session.MIDDAY, 100.0, DEFAULT), market))
    return found


def _each(setups: list[Setup], work: Callable[[Context, MarketSnapshot], object]) -> Callable[[], object]:
    turn = itertools.cycle(setups)
    return lambda: work(*next(turn))


def _verdict_only(context: Context, market: MarketSnapshot) -> object:
    return decide(context, market, DEFAULT)


def _stored(context: Context, market: MarketSnapshot) -> bytes:
    return orjson.dumps((decide(context, market, DEFAULT), context, market))


def _sized_and_stored(context: Context, market: MarketSnapshot) -> bytes:
    decision = decide(context, market, DEFAULT)
    levels = levels_for(context, market, DEFAULT)
    size = position_size(inputs_from(context, market, DEFAULT, levels), DEFAULT)
    return orjson.dumps((decision, levels, size, context, market))


def rows() -> Iterator[Row]:
    """Yield rows for the verdict alone, the verdict with stored evidence, and both with levels and size."""
    setups = _setups()
    works = (_verdict_only, _stored, _sized_and_stored)
    verdict, stored, sized = alternate(*(_each(setups, work) for work in works))
    limit = f"limit {duration(LIMIT)}"
    yield Row(
        "one decision, context to stored evidence",
        duration(stored),
        limit,
        LIMIT / stored,
        "≤ 50 µs",
        f"verdict alone {duration(verdict)}; JSON of verdict, context and market in memory",
    )
    yield Row(
        "the same with levels and size",
        duration(sized),
        limit,
        LIMIT / sized,
        "≤ 50 µs",
        f"{SETUPS} setups with all four sections fresh",
    )
