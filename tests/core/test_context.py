"""What is known of a symbol: freshness at its limit, replacement, disagreement, completeness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.context import ContextBook, LiveSignal
from core.decision import decide
from core.from_json import read
from core.model import (
    Action,
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    MarketSnapshot,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
    Update,
)
from core.rules import DEFAULT

T0 = datetime(2026, 11, 24, 15, tzinfo=UTC)
MS = timedelta(milliseconds=1)
LONG, SHORT = Direction.LONG, Direction.SHORT
TV, ULTIMATE = Source.TRADINGVIEW_SIGNAL, Source.ULTIMATE_OPTIONS


def _signal(
    source: Source = TV, direction: Direction = LONG, timeframe: int | None = 15, **more: Any
) -> Update:
    facts = SignalFacts(direction=direction, ai_score=9.0)
    return Update(source=source, symbol="SPY", timeframe=timeframe, signal=facts, **more)


def _phase(timeframe: int | None = 15, **more: Any) -> Update:
    facts = RegimeFacts(phase=2, confidence=80.0)
    return Update(source=Source.SATY_PHASE, symbol="SPY", timeframe=timeframe, regime=facts, **more)


def _dots() -> Update:
    facts = AlignmentFacts(states={"15": Bias.LONG}, bullish_pct=100.0, bearish_pct=0.0)
    return Update(source=Source.MTF_DOTS, symbol="SPY", alignment=facts)


def _strat() -> Update:
    facts = StructureFacts(valid_setup=True, liquidity_ok=True, execution_quality="A")
    return Update(source=Source.STRAT_EXEC, symbol="SPY", structure=facts)


def _book(*updates: tuple[Update, datetime]) -> ContextBook:
    book = ContextBook()
    for n, (update, at) in enumerate(updates):
        book.absorb(update, at, f"r{n}", DEFAULT)
    return book


def _at(book: ContextBook, as_of: datetime, signal: LiveSignal | None = None) -> Context:
    return book.context_for("SPY", as_of, Session.OPEN, 100.0, DEFAULT, signal)


def _live(update: Update, at: datetime = T0) -> LiveSignal:
    return LiveSignal.arriving("s1", "r9", update, at, DEFAULT)


VALIDITY = [
    # timeframe, stated decay: valid for so many minutes
    (None, None, 30),
    (5, None, 30),
    (15, None, 30),
    (30, None, 30),
    (31, None, 36),
    (60, None, 65),
    (240, None, 245),
    (1440, None, 1445),
    (60, 10.0, 10),
    (5, 90.0, 90),
]


@pytest.mark.parametrize(("timeframe", "decay", "minutes"), VALIDITY)
def test_valid_at_the_limit_to_the_millisecond_and_not_one_later(
    timeframe: int | None, decay: float | None, minutes: float
) -> None:
    book = _book(
        (_phase(timeframe, decay_minutes=decay), T0), (_signal(timeframe=timeframe, decay_minutes=decay), T0)
    )
    limit = T0 + timedelta(minutes=minutes)
    for instant in (T0, limit, limit + timedelta(microseconds=999)):
        context = _at(book, instant)
        assert context.regime is not None
        assert context.expert is not None
        assert bool(context.directions) is (timeframe is not None)
    after = _at(book, limit + MS)
    assert (after.regime, after.expert, dict(after.directions)) == (None, None, {})
    assert after.provenance == {}
    assert after.completeness == 0


@given(st.integers(1, 1440), st.integers(-3_000_000, 100_000_000))
def test_a_section_is_there_exactly_while_its_provenance_is_valid(timeframe: int, ms: int) -> None:
    book = _book((_phase(timeframe), T0))
    as_of = T0 + ms * MS
    context = _at(book, as_of)
    state = book.symbols["SPY"].regime
    assert state is not None
    assert (context.regime is not None) is (as_of <= state.origin.valid_until)
    assert ("regime" in context.provenance) is (context.regime is not None)


def test_an_absurd_decay_or_timeframe_does_not_overflow() -> None:
    book = _book((_phase(decay_minutes=1e300), T0), (_signal(timeframe=10**15), T0))
    assert _at(book, T0).regime is not None
    assert _at(_book((_phase(decay_minutes=-5.0), T0)), T0 + MS).regime is None
    assert _live(_signal(timeframe=10**15)).is_live(T0)


def test_completeness_is_fresh_sources_of_five() -> None:
    updates = [_signal(), _phase(), _dots(), _strat(), _signal(ULTIMATE, timeframe=None)]
    book = ContextBook()
    for n, update in enumerate(updates, 1):
        book.absorb(update, T0, None, DEFAULT)
        assert _at(book, T0).completeness == n / 5
    book.absorb(_signal(), T0, None, DEFAULT)
    assert _at(book, T0).completeness == 1


def test_another_symbol_knows_nothing() -> None:
    book = _book((_signal(), T0))
    context = book.context_for("QQQ", T0, Session.OPEN, None, DEFAULT)
    assert (context.expert, context.completeness) == (None, 0)
    assert list(book.symbols) == ["SPY"]


def test_within_one_source_the_newest_expert_replaces() -> None:
    book = _book((_signal(direction=LONG), T0), (_signal(direction=SHORT), T0 + MS))
    context = _at(book, T0 + MS)
    assert context.expert is not None
    assert context.expert.direction is SHORT
    assert context.conflict is None
    assert context.provenance["expert"].receipt_id == "r1"


def test_fresh_experts_of_different_sources_that_disagree_are_a_conflict() -> None:
    book = _book((_signal(TV, LONG), T0), (_signal(ULTIMATE, SHORT), T0 + MS))
    assert _at(book, T0 + MS).conflict is TV
    agreeing = _book((_signal(TV, LONG), T0), (_signal(ULTIMATE, LONG), T0 + MS))
    assert _at(agreeing, T0 + MS).conflict is None
    assert _at(book, T0 + timedelta(minutes=30) + MS).conflict is None


def test_disagreement_waits_until_the_other_is_stale() -> None:
    book = _book(
        (_signal(ULTIMATE, SHORT, timeframe=None), T0), (_phase(60), T0), (_signal(TV, LONG, 60), T0 + MS)
    )
    signal = _live(_signal(TV, LONG, 60), T0 + MS)
    market = MarketSnapshot(price=100.0, spread_bps=2.0, atr14=1.0, depth_score=90.0)
    verdicts = [
        decide(_at(book, T0 + timedelta(minutes=30) + late, signal), market).action for late in (0 * MS, MS)
    ]
    assert verdicts == [Action.WAIT, Action.EXECUTE]


def test_a_signal_is_decided_on_its_own_facts_not_on_a_newer_one() -> None:
    older = _signal(direction=LONG, timeframe=60)
    book = _book((older, T0), (_signal(direction=SHORT, timeframe=5), T0 + MS))
    context = _at(book, T0 + MS, _live(older))
    assert context.expert is older.signal
    assert (context.timeframe, context.conflict) == (60, None)
    assert dict(context.directions) == {"60": LONG, "5": SHORT}


def test_a_signal_whose_stated_decay_is_over_is_no_expert_any_more() -> None:
    update = _signal(decay_minutes=5.0)
    book = _book((update, T0))
    signal = _live(update)
    assert _at(book, T0 + timedelta(minutes=5), signal).expert is update.signal
    assert _at(book, T0 + timedelta(minutes=5) + MS, signal).expert is None


def test_the_freshest_signal_of_each_timeframe_gives_its_direction() -> None:
    book = _book(
        (_signal(TV, LONG, 240), T0), (_signal(TV, LONG, 15), T0), (_signal(ULTIMATE, SHORT, 15), T0 + MS),
        (_signal(TV, SHORT, None), T0 + MS),
    )  # fmt: skip
    assert dict(_at(book, T0 + MS).directions) == {"240": LONG, "15": SHORT}
    assert dict(_at(book, T0 + timedelta(hours=1)).directions) == {"240": LONG}


def test_pruning_forgets_only_what_is_stale() -> None:
    book = _book((_signal(timeframe=60), T0), (_phase(), T0))
    before = _at(book, T0 + timedelta(minutes=40))
    book.prune(T0 + timedelta(minutes=40))
    assert _at(book, T0 + timedelta(minutes=40)) == before
    assert book.symbols["SPY"].regime is None
    book.prune(T0 + timedelta(minutes=66))
    assert book.symbols == {}


def test_the_book_reads_back_equal_from_json() -> None:
    book = _book((_signal(), T0), (_phase(), T0), (_dots(), T0), (_strat(), T0), (_signal(ULTIMATE), T0))
    assert read(ContextBook, orjson.loads(orjson.dumps(book))) == book
    signal = _live(_signal(price=101.5))
    assert read(LiveSignal, orjson.loads(orjson.dumps(signal))) == signal
