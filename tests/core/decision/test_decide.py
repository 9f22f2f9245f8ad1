"""The verdict: golden rows, a table a trader can read, and the invariants under their own names."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decision import decide
from core.decision.confidence import combine
from core.decision.deciding_reason import code_in_evidence
from core.decision.from_mapping import ReadingError, context_from, market_from
from core.model import (
    Action,
    AlignmentFacts,
    Bias,
    Component,
    Context,
    Direction,
    MarketSnapshot,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
    Tone,
)
from core.rules import DEFAULT, Rules, parse_rules

AS_OF = datetime(2026, 11, 24, 15, tzinfo=UTC)

score = st.floats(0, 100)
maybe_score = st.none() | score
contexts = st.builds(
    Context,
    symbol=st.just("SPY"),
    as_of=st.just(AS_OF),
    session=st.sampled_from(Session),
    price=st.none() | st.floats(0.01, 10_000),
    regime=st.none()
    | st.builds(
        RegimeFacts,
        phase=st.none() | st.integers(1, 4),
        confidence=maybe_score,
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
    price=st.none() | st.floats(0.01, 10_000),
    spread_bps=wild,
    depth_score=wild,
    atr14=wild,
    gamma_bias=st.none() | st.sampled_from(["POSITIVE", "NEGATIVE"]),
    assumed=st.sets(st.sampled_from(["spread_bps", "depth_score", "atr14"])).map(
        lambda names: tuple(sorted(names))
    ),
)


def test_golden_decision(golden_decisions: dict[str, Any]) -> None:
    expect = golden_decisions["expect"]
    decision = decide(golden_decisions["context"], golden_decisions["market"])
    assert decision.action == expect["action"]
    assert decision.direction == expect["direction"]
    assert decision.confidence == expect["confidence"]
    for name, gate in decision.gates.items():
        assert gate.passed is expect["gates"][name]["passed"], name
        assert gate.score == pytest.approx(expect["gates"][name]["score"], abs=1e-9, rel=0), name


# --- scenarios: what is changed against a good LONG, and what comes of it ------------------------------

GOOD: dict[str, Any] = {
    "context": {
        "symbol": "SPY",
        "price": 100.0,
        "regime": {"phase": 2, "confidence": 90, "bias": "LONG"},
        "alignment": {"bullish_pct": 100, "bearish_pct": 0},
        "expert": {"direction": "LONG", "ai_score": 9.2, "quality": "EXTREME"},
        "structure": {"valid_setup": True, "liquidity_ok": True, "execution_quality": "A"},
    },
    "market": {"spread_bps": 5, "atr14": 1.0, "depth_score": 80},
}

SCENARIOS = [
    # name, changes, action, failed gates, a reason that must be there and its tone
    ("all is well", {}, "EXECUTE", (), ("HIGH_SCORE", "positive")),
    ("no phase", {"context.regime": None}, "EXECUTE", (), ("NO_REGIME", "neutral")),
    ("accumulation lets no SHORT", {"context.regime.phase": 1, "context.expert.direction": "SHORT"},
     "SKIP", ("regime",), ("PHASE_FORBIDS", "negative")),
    ("weak phase", {"context.regime.confidence": 49.9}, "SKIP", ("regime",), ("REGIME_WEAK", "negative")),
    ("opposed bias", {"context.regime.bias": "SHORT"}, "SKIP", ("regime",), ("BIAS_OPPOSED", "negative")),
    ("phase without confidence", {"context.regime.confidence": None}, "EXECUTE", (),
     ("REGIME_UNSTATED", "neutral")),
    ("phase confidence 0 counts", {"context.regime.confidence": 0}, "SKIP", ("regime",),
     ("REGIME_WEAK", "negative")),
    ("invalid setup", {"context.structure.valid_setup": False}, "SKIP", ("structural",),
     ("INVALID_SETUP", "negative")),
    ("illiquid", {"context.structure.liquidity_ok": False}, "SKIP", ("structural",),
     ("ILLIQUID", "negative")),
    ("grade C", {"context.structure.execution_quality": "C"}, "SKIP", ("structural",),
     ("GRADE_C", "negative")),
    ("no structure", {"context.structure": None}, "EXECUTE", (), ("NO_STRUCTURE", "neutral")),
    ("weak score", {"context.expert.ai_score": 5.9}, "SKIP", ("structural",), ("LOW_SCORE", "negative")),
    ("no score", {"context.expert.ai_score": None}, "SKIP", ("structural",), ("NO_SCORE", "negative")),
    ("no signal", {"context.expert": None}, "SKIP", ("regime", "structural"), ("NO_EXPERT", "negative")),
    ("wide spread", {"market.spread_bps": 14.2}, "SKIP", ("market",), ("SPREAD_WIDE", "negative")),
    ("crossed quote", {"market.spread_bps": -1}, "SKIP", ("market",), ("SPREAD_CROSSED", "negative")),
    ("spread unknown", {"market.spread_bps": None}, "SKIP", ("market",), ("SPREAD_ABSENT", "negative")),
    ("wild ATR", {"market.atr14": 2.51}, "SKIP", ("market",), ("ATR_HIGH", "negative")),
    ("thin", {"market.depth_score": 29}, "SKIP", ("market",), ("DEPTH_THIN", "negative")),
    ("after hours", {"context.session": "AFTERHOURS"}, "SKIP", ("market",), ("SESSION_CLOSED", "negative")),
    ("nothing but assumptions", {"market": {"assumed": ("spread_bps", "atr14", "depth_score")}}, "EXECUTE",
     (), ("MARKET_ASSUMED", "neutral")),
    ("gamma headwind", {"market.gamma_bias": "NEGATIVE", "context.alignment.bullish_pct": 80}, "EXECUTE", (),
     ("GAMMA_HEADWIND", "neutral")),
    ("gamma overridden", {"market.gamma_bias": "NEGATIVE"}, "EXECUTE", (), ("GAMMA_OVERRIDDEN", "positive")),
    ("sources disagree", {"context.conflict": "ULTIMATE_OPTIONS"}, "WAIT", (),
     ("SOURCES_DISAGREE", "negative")),
    ("a failed gate comes before disagreement",
     {"context.conflict": "ULTIMATE_OPTIONS", "market.depth_score": 0}, "SKIP", ("market",),
     ("SOURCES_DISAGREE", "negative")),
    ("no alignment", {"context.alignment": None}, "EXECUTE", (), ("NO_ALIGNMENT", "neutral")),
    ("timeframes against it", {"context.alignment": {"bullish_pct": 0, "bearish_pct": 100},
     "context.regime.confidence": 80}, "WAIT", (), ("AGAINST_TIMEFRAMES", "negative")),
    ("daily ATR from the signal", {"market.atr14": None, "context.expert.atr": 1.0,
     "context.expert.atr_is_daily": True}, "EXECUTE", (), ("ATR_FROM_SIGNAL", "neutral")),
    ("a chart's ATR does not count", {"market.atr14": None, "context.expert.atr": 1.0}, "SKIP", ("market",),
     ("ATR_ABSENT", "negative")),
]  # fmt: skip


def _changed(changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    tree: dict[str, Any] = {
        side: {k: dict(v) if isinstance(v, dict) else v for k, v in rows.items()}
        for side, rows in GOOD.items()
    }
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = tree
        for parent in parents:
            node = node[parent]
        node[last] = value
    return tree["context"], tree["market"]


@pytest.mark.parametrize(
    ("changes", "action", "failed", "reason"), [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS]
)
def test_scenario(changes: Any, action: str, failed: tuple[str, ...], reason: tuple[str, str]) -> None:
    decision = decide(*_changed(changes))
    assert decision.action == action
    assert decision.gates.failed == failed
    assert reason in [(r.code, r.tone) for r in decision.reasons]


def test_by_rule_a_signal_without_a_score_passes_and_its_component_is_left_out() -> None:
    rules = parse_rules('[structural]\nno_score = "pass"\n')
    without, scored = _changed({"context.expert.ai_score": None}), _changed({})
    decision, usual = decide(*without, rules), decide(*scored, rules)
    assert decision.gates.structural.passed and decision.gates.structural.score == 100.0  # grade A alone
    assert ("UNSCORED", "neutral") in [(r.code, r.tone) for r in decision.reasons]
    assert [c.value for c in decision.components if c.name == "expert"] == [None]
    assert usual.confidence == decide(*scored).confidence, "a score that is stated counts as before"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"context.expert.ai_score": None}, "NO_SCORE"),
        ({"market.depth_score": 29}, "DEPTH_THIN"),
        ({"market.depth_score": 29, "context.expert.ai_score": 5}, "LOW_SCORE"),
        ({"context.conflict": "ULTIMATE_OPTIONS"}, "SOURCES_DISAGREE"),
        (
            {"context.regime.confidence": 50, "context.alignment": None, "context.expert.ai_score": 6.0},
            "UNSURE",
        ),
    ],
)
def test_what_was_not_executed_has_a_code(changes: Any, code: str | None) -> None:
    decision = decide(*_changed(changes))
    evidence = {"gates": {name: {"passed": g.passed, "reason": g.reason} for name, g in decision.gates.items()},
                "reasons": [{"code": r.code, "text": r.text} for r in decision.reasons]}  # fmt: skip
    assert (code_in_evidence(decision.action, evidence).partition(" ")[0] or None) == code


def test_reasons_say_what_a_trader_would_say() -> None:
    texts = [r.text for r in decide(*_changed({"market.spread_bps": 14.2})).reasons]
    assert "High AI score (9.2)" in texts
    assert "Spread too wide (14.2 bps > 12)" in texts


def test_disagreement_waits_even_when_unsure() -> None:
    weak = _changed({
        "context.conflict": "ULTIMATE_OPTIONS", "context.regime.confidence": 50, "context.expert.ai_score": 6,
        "context.alignment": {"bullish_pct": 0, "bearish_pct": 100}, "market.depth_score": 30,
    })  # fmt: skip
    decision = decide(*weak)
    assert decision.confidence < 50
    assert decision.action is Action.WAIT


def test_assumed_fields_are_never_shown_as_data() -> None:
    decision = decide(*_changed({"market": {"assumed": ("spread_bps", "atr14", "depth_score")}}))
    codes = {r.code for r in decision.reasons}
    assert not codes & {"SPREAD_OK", "ATR_OK", "DEPTH_OK"}
    assert decision.gates.market.score == 70
    assert next(r.text for r in decision.reasons if r.code == "MARKET_ASSUMED") == (
        "Assumed, as no feed gives it: spread 5 bps, ATR 1 %, depth 70"
    )


def test_absent_terms_are_left_out_and_zero_ones_are_not() -> None:
    present = [Component(name="a", weight=0.3, value=80.0), Component(name="b", weight=0.2, value=None)]
    assert combine(present) == 80.0
    assert combine([*present, Component(name="c", weight=0.3, value=0.0)]) == 40.0
    assert combine([]) == 0.0


def test_other_rules_give_another_verdict_and_another_fingerprint() -> None:
    strict = parse_rules("[confidence]\nexecute_at = 99\nwait_at = 98\n")
    one, other = decide(*_changed({})), decide(*_changed({}), strict)
    assert (one.action, other.action) == (Action.EXECUTE, Action.SKIP)
    assert one.rules_fingerprint != other.rules_fingerprint


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"expert": {"ai_score": 8}}, "direction"),
        ({"expert": {"direction": "SIDEWAYS"}}, "SIDEWAYS"),
        ({"regime": {"phase": 2, "bias": "MAYBE"}}, "MAYBE"),
        ({"regime": [1]}, "regime"),
        ({"session": "LUNCH"}, "LUNCH"),
        ({"price": "cheap"}, "price"),
        ({"alignment": {"bullish_pct": 50}}, "bearish_pct"),
    ],
)
def test_a_mapping_that_cannot_be_read_names_the_field(context: dict[str, Any], said: str) -> None:
    with pytest.raises(ReadingError, match=said):
        decide(context, {})


# --- invariants -----------------------------------------------------------------------------------------


@given(contexts, markets)
def test_equal_inputs_give_equal_decisions(context: Context, market: MarketSnapshot) -> None:
    again = dataclasses.replace(context), dataclasses.replace(market)
    assert decide(context, market, DEFAULT) == decide(*again, Rules())


@given(contexts, markets)
def test_execute_implies_all_gates_pass_and_confidence(context: Context, market: MarketSnapshot) -> None:
    decision = decide(context, market)
    if decision.action is Action.EXECUTE:
        assert decision.gates.passed
        assert decision.confidence >= DEFAULT.confidence.execute_at
        assert context.conflict is None
    if not decision.gates.passed:
        assert decision.action is Action.SKIP


@given(contexts, markets)
def test_direction_is_none_unless_execute(context: Context, market: MarketSnapshot) -> None:
    decision = decide(context, market)
    proposed = context.expert.direction if context.expert else None
    assert decision.proposed_direction is proposed
    assert decision.direction is (proposed if decision.action is Action.EXECUTE else None)


@given(contexts, markets)
def test_scores_and_confidence_lie_in_0_to_100(context: Context, market: MarketSnapshot) -> None:
    decision = decide(context, market)
    assert 0 <= decision.confidence <= 100
    assert round(decision.confidence, 1) == decision.confidence
    assert all(0 <= gate.score <= 100 for _, gate in decision.gates.items())
    assert all(0 <= term.value <= 100 for term in decision.components if term.value is not None)


@given(contexts, markets)
def test_each_failed_gate_has_a_negative_reason_of_its_own(context: Context, market: MarketSnapshot) -> None:
    decision = decide(context, market)
    negative = {r.text for r in decision.reasons if r.tone is Tone.NEGATIVE}
    for name in decision.gates.failed:
        gate = getattr(decision.gates, name)
        assert any(text in gate.reason for text in negative), name
    codes = [r.code for r in decision.reasons]
    assert len(codes) == len(set(codes))


FAILING = [
    {"spread_bps": 13.0},
    {"spread_bps": None},
    {"atr14": 1e9},
    {"atr14": None},
    {"depth_score": 10.0},
    {"depth_score": None},
]


@given(
    contexts,
    st.builds(
        MarketSnapshot,
        price=st.just(100.0),
        spread_bps=st.floats(0, 30),
        atr14=st.floats(0, 8),
        depth_score=st.floats(0, 100),
    ),
    st.sampled_from(FAILING),
)
def test_adding_a_failing_part_never_raises_the_market_score(
    context: Context, market: MarketSnapshot, failing: dict[str, float | None]
) -> None:
    healthy = {"spread_bps": 1.0, "atr14": 1e-9, "depth_score": 100.0}
    name = next(iter(failing))
    before = decide(context, dataclasses.replace(market, **{name: healthy[name]})).gates.market
    after = decide(context, dataclasses.replace(market, **failing)).gates.market
    assert after.score <= before.score
    assert not after.passed


@given(contexts, markets)
def test_all_market_parts_are_collected_whatever_failed(context: Context, market: MarketSnapshot) -> None:
    gate = decide(context, market).gates.market
    parts = gate.evidence["parts"]
    assert set(parts) == {"spread", "atr", "depth"}
    closed = [0.0] if context.session is Session.AFTERHOURS else []
    assert gate.score == min([*parts.values(), *closed])


@settings(max_examples=50)
@given(contexts, markets, st.floats(0, 10.5), st.floats(0, 10.5))
def test_a_higher_ai_score_never_lowers_the_confidence(
    context: Context, market: MarketSnapshot, one: float, other: float
) -> None:
    def confidence(ai_score: float) -> float:
        expert = SignalFacts(direction=Direction.LONG, ai_score=ai_score)
        return decide(dataclasses.replace(context, expert=expert, structure=None), market).confidence

    low, high = sorted((one, other))
    # Grade and score are averaged above the least score only: at it the structural score may drop.
    if (low < 6) == (high < 6):
        assert confidence(low) <= confidence(high)


def test_mappings_and_facts_are_decided_alike() -> None:
    context, market = _changed({})
    assert decide(context, market) == decide(context_from(context), market_from(market))
