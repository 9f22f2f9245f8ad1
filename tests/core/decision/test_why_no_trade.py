"""How far a decision was from a trade, decided again by the real code with one value changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.decision import decide
from core.decision.single_changes import NUMBERS, STATES
from core.decision.why_no_trade import WhyNoTrade, why_no_trade
from core.model import (
    ENGINE_VERSION,
    Action,
    AlignmentFacts,
    Bias,
    Context,
    DecisionRecord,
    Direction,
    MarketSnapshot,
    Quality,
    Reason,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
    Tone,
)
from core.rules import DEFAULT, Rules, parse_rules

AT = datetime(2026, 11, 24, 15, tzinfo=UTC)
CONTEXT = Context(
    symbol="SPY",
    as_of=AT,
    session=Session.OPEN,
    price=450.0,
    regime=RegimeFacts(phase=2, confidence=80.0, bias=Bias.LONG),
    alignment=AlignmentFacts(states={}, bullish_pct=70.0, bearish_pct=30.0),
    expert=SignalFacts(direction=Direction.LONG, ai_score=9.0),
    structure=StructureFacts(valid_setup=True, liquidity_ok=True, execution_quality="A"),
    timeframe=15,
)
MARKET = MarketSnapshot(symbol="SPY", price=450.0, spread_bps=4.0, depth_score=80.0, atr14=4.5)


ANY_SIZE = "[sizing]\nleast = 0.01\n"
"""No trade is too small."""


def made(context: Context, market: MarketSnapshot, rules: Rules = DEFAULT, *blocks: Reason) -> DecisionRecord:
    """The record that the engine makes of these inputs."""
    verdict = decide(context, market, rules)
    return DecisionRecord(
        id="d", seq=1, at=AT, signal_id="s", receipt_id="r", symbol="SPY", source=Source.TRADINGVIEW_SIGNAL,
        timeframe=15, quality=Quality.HIGH, action=Action.SKIP if blocks else verdict.action,
        direction=verdict.direction, proposed_direction=Direction.LONG, confidence=verdict.confidence,
        code=blocks[0].code if blocks else None, verdict=verdict, blocks=blocks, size=None, count=None,
        contract=None, levels=None, context=context, market=market,
    )  # fmt: skip


def why(
    context: dict[str, Any] | None = None, market: dict[str, Any] | None = None, rules: str = ANY_SIZE
) -> WhyNoTrade:
    parsed = parse_rules(rules)
    found = why_no_trade(
        made(replace(CONTEXT, **context or {}), replace(MARKET, **market or {}), parsed), parsed
    )
    assert found is not None
    return found


def regime(**changes: Any) -> dict[str, Any]:
    assert CONTEXT.regime is not None
    return {"regime": replace(CONTEXT.regime, **changes)}


def expert(**changes: Any) -> dict[str, Any]:
    assert CONTEXT.expert is not None
    return {"expert": replace(CONTEXT.expert, **changes)}


def structure(**changes: Any) -> dict[str, Any]:
    assert CONTEXT.structure is not None
    return {"structure": replace(CONTEXT.structure, **changes)}


# what is changed of an EXECUTE | the sentence that says how far it was
ONE_REASON: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"spread_bps": 13.4}, "market failed by 1.4 bps of spread; at 12 bps it would have been EXECUTE 80.7"),
    ({}, {"spread_bps": 12.0004}, "market failed by 0.0004 bps of spread; at 12 bps it would have been EXECUTE"),
    ({}, {"spread_bps": None}, "market failed: the spread is not known; at 12 bps it would have been EXECUTE"),
    ({}, {"spread_bps": -3.0}, "market failed: the spread is crossed; at 12 bps it would have been EXECUTE"),
    ({}, {"atr14": 13.5}, "market failed by 0.5 % of daily ATR; at 2.5 % it would have been EXECUTE"),
    ({}, {"atr14": None}, "market failed: the daily ATR is not known; at 2.5 % it would have been EXECUTE"),
    ({}, {"depth_score": None}, "market failed: the depth is not known; at 30 it would have been EXECUTE"),
    ({}, {"depth_score": 22.0}, "market failed by 8 of depth; at 30 it would have been EXECUTE"),
    ({"session": Session.AFTERHOURS}, {}, "Outside the regular session; in the regular session it would have been"),
    (regime(confidence=47.0), {}, "regime failed by 3 of regime confidence; at 50 it would have been EXECUTE"),
    (regime(phase=3), {}, "Phase 3 DISTRIBUTION does not allow LONG; in phase 1 or 2 it would have been EXECUTE"),
    (regime(bias=Bias.SHORT), {}, "Phase bias SHORT is against LONG; with a neutral bias it would have been EXECUTE"),
    (expert(ai_score=5.2), {}, "structural failed by 0.8 of AI score; at 6 it would have been EXECUTE"),
    (expert(ai_score=None), {}, "structural failed: the AI score is not known; at 6 it would have been EXECUTE"),
    (structure(valid_setup=False), {}, "The setup is not valid; with a valid setup it would have been EXECUTE"),
    (structure(liquidity_ok=False), {}, "Liquidity is not sufficient; with enough liquidity it would have been"),
    (structure(execution_quality="C"), {}, "Execution grade C; at grade B it would have been EXECUTE"),
    ({"conflict": Source.ULTIMATE_OPTIONS}, {}, "; if the sources agreed it would have been EXECUTE"),
]  # fmt: skip


@pytest.mark.parametrize(("context", "market", "sentence"), ONE_REASON)
def test_a_single_reason_has_its_distance_and_the_trade_that_it_cost(
    context: dict[str, Any], market: dict[str, Any], sentence: str
) -> None:
    found = why(context, market)
    (distance,) = found.distances
    assert sentence in distance.sentence
    assert distance.would is not None and distance.would.action is Action.EXECUTE
    assert (found.together, found.unknown) == (None, "")


def test_every_reason_that_has_a_change_is_in_the_table_above() -> None:
    codes = {each.code for context, market, _ in ONE_REASON for each in why(context, market).distances}
    assert codes == NUMBERS.keys() | STATES.keys()


def test_several_reasons_are_told_one_by_one_and_the_decision_without_all_of_them() -> None:
    found = why(expert(ai_score=5.2), {"spread_bps": 13.4})
    assert [each.code for each in found.distances] == ["LOW_SCORE", "SPREAD_WIDE"]
    assert [each.would.failed for each in found.distances if each.would] == [("market",), ("structural",)]
    assert all("still have been SKIP" in each.sentence for each in found.distances)
    assert found.together is not None and found.together.action is Action.EXECUTE


def test_a_wait_says_which_value_alone_would_have_made_it_a_trade() -> None:
    alignment = AlignmentFacts(states={}, bullish_pct=50.0, bearish_pct=50.0)
    low = regime(confidence=70.0) | expert(ai_score=8.0) | {"alignment": alignment}
    found = why(low, {"spread_bps": 10.0, "depth_score": 40.0})
    sentences = [each.sentence for each in found.distances]
    assert len(sentences) == 3, sentences
    for of, sentence in zip(("regime confidence", "AI score", "alignment"), sentences, strict=True):
        assert sentence.startswith("confidence ") and f"at {of} " in sentence
        assert "it would have been EXECUTE 7" in sentence
    assert all(each.missing == pytest.approx(found.distances[0].missing) for each in found.distances)


def test_a_wait_that_no_single_value_would_have_made_a_trade_says_so() -> None:
    (distance,) = why(rules="[confidence]\nexecute_at = 99\n").distances
    assert distance.sentence.endswith("; no single value would have raised it enough")
    assert (distance.gate, distance.rule, distance.would) == ("confidence", "confidence.execute_at", None)


def test_a_trade_that_would_have_been_too_small_is_told() -> None:
    found = why({}, {"spread_bps": 13.4}, "[sizing]\nleast = 2.9\nmost = 3\n")
    assert found.distances[0].would is not None
    assert found.distances[0].sentence.endswith("it would still have been SKIP 80.7 (too small a size)")


def test_a_limit_is_told_with_the_decision_that_it_refused() -> None:
    block = Reason("MAX_POSITIONS", "5 positions open, limit 5", Tone.NEGATIVE)
    found = why_no_trade(made(CONTEXT, MARKET, DEFAULT, block), DEFAULT)
    assert found is not None
    (distance,) = found.distances
    assert (distance.gate, distance.code) == ("limit", "MAX_POSITIONS")
    assert distance.sentence.startswith("5 positions open, limit 5; without that it would have been EXECUTE ")
    other = Reason("COOL_DOWN", "3 losses in a row: 12 min of cool-down left", Tone.NEGATIVE)
    both = why_no_trade(made(CONTEXT, MARKET, DEFAULT, block, other), DEFAULT)
    assert both is not None
    assert [each.sentence for each in both.distances] == [block.text, other.text]


def test_a_trade_has_no_distance_and_other_rules_are_not_guessed() -> None:
    assert why_no_trade(made(CONTEXT, MARKET), DEFAULT) is None
    skipped = made(CONTEXT, replace(MARKET, spread_bps=13.4))
    found = why_no_trade(skipped, parse_rules("[market]\nmax_spread_bps = 20\n"))
    assert found is not None and found.distances == () and "decides otherwise" in found.unknown
    older = replace(skipped, verdict=replace(skipped.verdict, engine_version="3"))
    found = why_no_trade(older, parse_rules("[market]\nmax_spread_bps = 20\n"))
    assert found is not None
    assert found.unknown.startswith(
        f"engine version 3 made it, and version {ENGINE_VERSION} decides otherwise"
    )


score = st.floats(0, 100)
contexts = st.builds(
    Context,
    symbol=st.just("SPY"),
    as_of=st.just(AT),
    session=st.sampled_from(Session),
    price=st.none() | st.floats(1, 10_000),
    regime=st.none()
    | st.builds(
        RegimeFacts,
        phase=st.none() | st.integers(1, 4),
        confidence=st.none() | score,
        bias=st.none() | st.sampled_from(Bias),
    ),
    alignment=st.none() | st.builds(AlignmentFacts, states=st.just({}), bullish_pct=score, bearish_pct=score),
    expert=st.none()
    | st.builds(SignalFacts, direction=st.sampled_from(Direction), ai_score=st.none() | st.floats(0, 10.5)),
    structure=st.none()
    | st.builds(
        StructureFacts,
        valid_setup=st.booleans(),
        liquidity_ok=st.booleans(),
        execution_quality=st.none() | st.sampled_from("ABC"),
    ),
    conflict=st.none() | st.just(Source.ULTIMATE_OPTIONS),
)
wild = st.none() | st.floats(-10, 200) | st.sampled_from([float("nan"), float("inf")])
markets = st.builds(
    MarketSnapshot,
    price=st.none() | st.floats(1, 10_000),
    spread_bps=wild,
    depth_score=wild,
    atr14=wild,
    assumed=st.sets(st.sampled_from(["spread_bps", "depth_score", "atr14"])).map(
        lambda names: tuple(sorted(names))
    ),
)


@settings(max_examples=80, deadline=None)
@given(contexts, markets)
def test_a_change_removes_its_reason_and_all_changes_pass_every_gate(
    context: Context, market: MarketSnapshot
) -> None:
    verdict = decide(context, market, DEFAULT)
    assume(verdict.action is not Action.EXECUTE)
    found = why_no_trade(made(context, market), DEFAULT)
    assert found is not None and found.unknown == ""
    reasons = {each.code for each in verdict.reasons}
    for distance in found.distances:
        assert distance.code in reasons or distance.gate == "confidence"
        assert distance.sentence
        change = NUMBERS.get(distance.code)
        if change is not None and distance.would is not None:
            changed = change.to((context, market), change.limit(DEFAULT))
            assert changed is not None
            again = decide(*changed, DEFAULT)
            assert distance.code not in {each.code for each in again.reasons}
            assert distance.would.confidence == again.confidence
        if distance.missing is not None:
            assert distance.missing > 0
    if found.together is not None:
        assert found.together.failed == ()


@settings(max_examples=50, deadline=None)
@given(contexts, markets)
def test_a_raised_value_is_the_least_that_is_enough(context: Context, market: MarketSnapshot) -> None:
    assume(decide(context, market, DEFAULT).action is not Action.EXECUTE)
    found = why_no_trade(made(context, market), DEFAULT)
    assert found is not None
    for distance in found.distances:
        if distance.gate == "confidence" and distance.would is not None:
            assert distance.would.confidence >= DEFAULT.confidence.execute_at
            assert distance.would.action is not Action.SKIP or distance.would.too_small
