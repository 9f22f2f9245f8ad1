"""The size multiplier: golden rows, its factors one by one, and the number of contracts."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decision import contract_count, inputs_from, planned_loss, position_size
from core.decision.confluence import confluence
from core.decision.from_mapping import ReadingError
from core.decision.size_inputs import volatility_regime
from core.decision.sizing import FACTORS
from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    ContractCount,
    Direction,
    Levels,
    MarketSnapshot,
    Quality,
    Reason,
    RegimeFacts,
    Session,
    SignalFacts,
    SizeInputs,
)
from core.rules import DEFAULT, parse_rules

AS_OF = datetime(2026, 11, 24, 15, tzinfo=UTC)  # a Tuesday
TIMEFRAMES = tuple(DEFAULT.sizing.confluence_weights)
LONG, SHORT = Direction.LONG, Direction.SHORT


def test_golden_size(golden_sizing: dict[str, Any]) -> None:
    expect = golden_sizing["expect"]
    size = position_size(golden_sizing["inputs"])
    assert {name: size.factors[name] for name in expect["factors"]} == expect["factors"]
    assert size.raw == pytest.approx(expect["raw"], rel=1e-12)
    assert size.final == pytest.approx(expect["final"], rel=1e-12)
    assert size.skip is expect["skip"]


size_inputs = st.builds(
    SizeInputs,
    direction=st.sampled_from(Direction),
    confluence=st.none() | st.floats(0, 100),
    quality=st.sampled_from(Quality),
    htf_alignment=st.sampled_from(["PERFECT", "GOOD", "WEAK", "COUNTER"]),
    rr1=st.none() | st.floats(-5, 20),
    volume_ratio=st.none() | st.floats(0, 10),
    trend_strength=st.none() | st.floats(0, 100),
    session=st.sampled_from(Session),
    day=st.sampled_from(["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]),
    phase_confidence_boost=st.sampled_from([0.0, 0.2]),
    phase_position_boost=st.sampled_from([0.0, 0.1]),
    trend_boost=st.sampled_from([0.0, 0.15, 0.3, 0.45]),
    phase=st.none() | st.integers(1, 4),
    volatility=st.none() | st.sampled_from(["LOW", "NORMAL", "HIGH", "EXTREME", "low", "odd"]),
)


@given(size_inputs)
def test_the_multiplier_is_the_product_of_its_factors_within_bounds(inputs: SizeInputs) -> None:
    size = position_size(inputs)
    assert tuple(size.factors) == FACTORS
    assert size.raw == pytest.approx(math.prod(size.factors.values()), rel=1e-12)
    assert 0.5 <= size.final <= 3.0
    assert size.skip is (size.raw < 0.5)
    if not size.skip and size.raw <= 3.0:
        assert size.final == size.raw


def test_what_is_not_known_is_neither_rewarded_nor_punished() -> None:
    inputs = SizeInputs(
        direction=LONG, confluence=None, quality=Quality.MEDIUM, htf_alignment="WEAK", session=Session.MIDDAY,
        day="WEDNESDAY",
    )  # fmt: skip
    size = position_size(inputs)
    assert {name for name, factor in size.factors.items() if factor != 1} == {"htf_alignment"}
    assert size.final == 0.85
    assert size.confluence is None


@pytest.mark.parametrize(
    ("row", "said"), [({"day": "FUNDAY"}, "day"), ({"day": "MON", "direction": "UPWARDS"}, "UPWARDS")]
)
def test_size_inputs_that_cannot_be_read_name_the_field(row: dict[str, Any], said: str) -> None:
    with pytest.raises(ReadingError, match=said):
        position_size(row)


# --- confluence -----------------------------------------------------------------------------------------

CONFLUENCE = [
    # what is known per timeframe (minutes), of a LONG: the score
    ("all agree", dict.fromkeys(TIMEFRAMES, LONG), 100.0),
    ("none agrees", dict.fromkeys(TIMEFRAMES, SHORT), 0.0),
    ("a lone 4h signal is too little", {"240": LONG}, None),
    ("15, 30 and 60 are exactly half", {"15": LONG, "30": LONG, "60": SHORT}, 50.0),
    ("4h and 15 are half", {"240": LONG, "15": SHORT}, 80.0),
    ("a neutral state is known and does not agree", {"240": LONG, "60": Bias.NEUTRAL}, 61.538461538),
    ("week and month carry no weight", {"240": LONG, "60": LONG, "W": Bias.SHORT}, 100.0),
    ("nothing known", {}, None),
]


@pytest.mark.parametrize(("known", "expected"), [c[1:] for c in CONFLUENCE], ids=[c[0] for c in CONFLUENCE])
def test_confluence(known: dict[str, Direction | Bias], expected: float | None) -> None:
    assert confluence(LONG, known, DEFAULT) == expected


known_sides = st.dictionaries(st.sampled_from(TIMEFRAMES), st.sampled_from(Bias))


@given(known_sides, st.sampled_from(Direction))
def test_confluence_lies_in_0_to_100_and_more_agreement_never_lowers_it(
    known: dict[str, Bias], direction: Direction
) -> None:
    before = confluence(direction, known, DEFAULT)
    assert before is None or 0 <= before <= 100
    for timeframe in known:
        after = confluence(direction, {**known, timeframe: Bias(direction.value)}, DEFAULT)
        assert (after is None) is (before is None)
        assert after is None or before is None or after >= before


@given(known_sides, st.sampled_from(Direction))
def test_confluence_of_both_sides_and_neutral_is_the_whole(
    known: dict[str, Bias], direction: Direction
) -> None:
    sided = {k: v for k, v in known.items() if v is not Bias.NEUTRAL}
    one, other = confluence(direction, sided, DEFAULT), confluence(direction.opposite, sided, DEFAULT)
    if one is not None and other is not None:
        assert one + other == pytest.approx(100, abs=2e-9)


# --- inputs out of a context ----------------------------------------------------------------------------


def _context(**changes: Any) -> Context:
    base: dict[str, Any] = {
        "symbol": "SPY", "as_of": AS_OF, "session": Session.OPEN, "price": 100.0,
        "expert": SignalFacts(direction=LONG, ai_score=8.0),
    }  # fmt: skip
    return Context(**{**base, **changes})


def _states(**sides: Bias) -> AlignmentFacts:
    return AlignmentFacts(states={k[1:]: v for k, v in sides.items()}, bullish_pct=50.0, bearish_pct=50.0)


def _inputs(**changes: Any) -> SizeInputs:
    return inputs_from(_context(**changes), MarketSnapshot(), DEFAULT)


HTF = [
    ("both agree", {"t240": Bias.LONG, "t60": Bias.LONG}, "PERFECT"),
    ("one agrees", {"t240": Bias.LONG, "t60": Bias.SHORT}, "GOOD"),
    ("one known and agrees", {"t60": Bias.LONG}, "GOOD"),
    ("neither is known", {"t15": Bias.LONG}, "WEAK"),
    ("known and none agrees", {"t240": Bias.NEUTRAL, "t60": Bias.SHORT}, "COUNTER"),
    ("one known against", {"t60": Bias.SHORT}, "COUNTER"),
]


@pytest.mark.parametrize(("states", "expected"), [h[1:] for h in HTF], ids=[h[0] for h in HTF])
def test_htf_alignment(states: dict[str, Bias], expected: str) -> None:
    assert _inputs(alignment=_states(**states)).htf_alignment == expected


def test_the_signals_own_higher_timeframes_come_first_then_signals_then_states() -> None:
    against = _states(t240=Bias.SHORT, t60=Bias.SHORT)
    assert _inputs(alignment=against).htf_alignment == "COUNTER"
    assert _inputs(alignment=against, directions={"240": LONG}).htf_alignment == "GOOD"
    own = SignalFacts(direction=LONG, ai_score=8.0, bias_4h=Bias.LONG, bias_1h=Bias.LONG)
    assert _inputs(alignment=against, expert=own).htf_alignment == "PERFECT"


HTF_SAID = {"htf_alignment": True}
UP = {"phase": 2, "confidence": 90.0, "bias": Bias.LONG}
PHASES = [
    # the phase, of a LONG: (confidence boost, position boost)
    ("agrees, strong", {**UP, **HTF_SAID, "confidence": 70.0}, (0.2, 0.1)),
    ("agrees, weaker", {**UP, **HTF_SAID, "confidence": 69.0}, (0.2, 0.0)),
    ("no confidence", {**UP, **HTF_SAID, "confidence": None}, (0.2, 0.0)),
    ("does not say htf", UP, (0.0, 0.0)),
    ("bias against", {**UP, **HTF_SAID, "bias": Bias.SHORT}, (0.0, 0.0)),
    ("bias neutral", {**UP, **HTF_SAID, "bias": Bias.NEUTRAL}, (0.0, 0.0)),
    ("leans by itself", {**UP, **HTF_SAID, "phase": 1, "bias": None}, (0.2, 0.1)),
    ("leans the other way", {**UP, **HTF_SAID, "phase": 4, "bias": None}, (0.0, 0.0)),
    ("no trading", {**UP, **HTF_SAID, "allows_trading": False}, (0.0, 0.0)),
]


@pytest.mark.parametrize(("regime", "expected"), [p[1:] for p in PHASES], ids=[p[0] for p in PHASES])
def test_phase_boosts(regime: dict[str, Any], expected: tuple[float, float]) -> None:
    inputs = _inputs(regime=RegimeFacts(**regime))
    assert (inputs.phase_confidence_boost, inputs.phase_position_boost) == expected
    assert inputs.phase == regime["phase"]


def test_trend_boost_counts_the_timeframes_that_agree_with_the_direction() -> None:
    six = _states(t3=Bias.LONG, t5=Bias.LONG, t15=Bias.LONG, t30=Bias.LONG, t60=Bias.LONG, t240=Bias.LONG)
    assert _inputs(alignment=six).trend_boost == pytest.approx(0.45)
    short = SignalFacts(direction=SHORT, ai_score=8.0)
    assert _inputs(alignment=six, expert=short).trend_boost == 0
    five = _states(t3=Bias.LONG, t5=Bias.LONG, t15=Bias.LONG, t30=Bias.LONG, t240=Bias.LONG)
    assert _inputs(alignment=five).trend_boost == 0.15
    sent = AlignmentFacts(states={}, bullish_pct=75.0, bearish_pct=0.0)
    assert _inputs(alignment=sent).trend_boost == 0.3
    assert _inputs().trend_boost == 0


def test_quality_rr_volume_and_day_are_filled_from_what_is_known() -> None:
    levels = Levels(stop=99.0, target_1=102.0, target_2=103.0, origin="signal")
    inputs = inputs_from(_context(), MarketSnapshot(volume_ratio=1.7), DEFAULT, levels)
    assert (inputs.quality, inputs.rr1, inputs.volume_ratio, inputs.day) == (
        Quality.HIGH,
        2.0,
        1.7,
        "TUESDAY",
    )
    stated = SignalFacts(
        direction=LONG, ai_score=8.0, quality=Quality.EXTREME, rr1=4.0, volume_ratio=0.5, entry=100.0
    )
    own = inputs_from(_context(expert=stated), MarketSnapshot(volume_ratio=1.7), DEFAULT, levels, "FRIDAY")
    assert (own.quality, own.rr1, own.volume_ratio, own.day) == (Quality.EXTREME, 4.0, 0.5, "FRIDAY")


def test_a_late_evening_belongs_to_the_exchanges_day() -> None:
    assert _inputs(as_of=datetime(2026, 11, 25, 2, tzinfo=UTC)).day == "TUESDAY"


def test_there_is_no_size_without_a_signal() -> None:
    with pytest.raises(ValueError, match="signal"):
        _inputs(expert=None)


# --- contracts ------------------------------------------------------------------------------------------

COUNTS = [
    # premium, loss at the stop of one contract, multiplier: contracts, what binds (or None: refused)
    ("budget of 250 over a loss of 50", 1.0, 50.0, 1.0, 5, "budget"),
    ("double size", 1.0, 50.0, 2.0, 10, "budget"),
    ("never less than a quarter of the premium", 4.0, 10.0, 1.0, 2, "budget"),
    ("premium cap", 9.0, 225.0, 3.0, 2, "premium cap"),
    ("contract cap", 0.1, 5.0, 3.0, 20, "contract cap"),
    ("one contract within twice the budget", 15.0, 500.0, 1.0, 1, "one contract"),
    ("a cent more", 15.0, 500.01, 1.0, None, None),
    ("fits the budget but not the premium cap", 25.01, 100.0, 3.0, None, None),
    ("250.0 / 12.5 is 20, not 19", 0.3, 12.5, 1.0, 20, "budget"),
]


@pytest.mark.parametrize(
    ("premium", "loss", "multiplier", "contracts", "bound"),
    [c[1:] for c in COUNTS],
    ids=[c[0] for c in COUNTS],
)
def test_contract_count(
    premium: float, loss: float, multiplier: float, contracts: int | None, bound: str | None
) -> None:
    count = contract_count(premium, loss, multiplier)
    if contracts is None:
        assert isinstance(count, Reason)
        assert count.code == "RISK_TOO_LARGE"
    else:
        assert isinstance(count, ContractCount)
        assert (count.contracts, count.bound_by) == (contracts, bound)


@given(st.floats(0.01, 60), st.floats(0, 6000), st.floats(0.5, 3))
def test_the_risk_and_the_premium_stay_within_their_limits(
    premium: float, loss: float, multiplier: float
) -> None:
    count = contract_count(premium, loss, multiplier)
    if isinstance(count, ContractCount):
        budget = 250 * multiplier
        assert 1 <= count.contracts <= 20
        assert count.planned_loss == planned_loss(premium, loss) >= 0.25 * premium * 100
        assert count.contracts * premium * 100 <= 2500 * (1 + 1e-9)
        most = 2 * budget if count.contracts == 1 else budget
        assert count.contracts * count.planned_loss <= most * (1 + 1e-9)


@pytest.mark.parametrize("premium", [0.0, -1.0, math.nan, math.inf])
def test_a_premium_that_is_no_price_raises(premium: float) -> None:
    with pytest.raises(ValueError, match="premium"):
        contract_count(premium, 10.0, 1.0)


def test_a_larger_account_buys_more() -> None:
    rich = parse_rules("[account]\nsize = 50000\n")
    count = contract_count(1.0, 50.0, 1.0, rich)
    assert isinstance(count, ContractCount)
    assert count.contracts == 10


# the feed's IV percentile | its daily ATR in % of price (at most 2.5) | the sender's word | the regime that counts
VOLATILITY = [
    (None, None, "HIGH", "HIGH"),
    (None, None, None, None),
    (95.0, None, "LOW", "EXTREME"),
    (90.0, None, "LOW", "EXTREME"),
    (40.0, None, "EXTREME", "NORMAL"),
    (10.0, None, None, "LOW"),
    (None, 1.5, "LOW", "HIGH"),
    (None, 1.0, "EXTREME", "NORMAL"),
    (10.0, 2.4, "NORMAL", "EXTREME"),
    (75.0, 1.0, "NORMAL", "HIGH"),
]


@pytest.mark.parametrize(("iv", "atr", "said", "expected"), VOLATILITY)
def test_what_is_measured_goes_before_what_a_sender_says_of_volatility(
    iv: float | None, atr: float | None, said: str | None, expected: str | None
) -> None:
    context = Context(
        symbol="SPY", as_of=datetime(2026, 11, 24, 15, tzinfo=UTC), session=Session.OPEN, price=200.0,
        expert=SignalFacts(direction=Direction.LONG), regime=RegimeFacts(phase=2, volatility=said),
    )  # fmt: skip
    market = MarketSnapshot(iv_percentile=iv, atr14=None if atr is None else 2 * atr)
    assert volatility_regime(context, market, DEFAULT) == expected
    assumed = replace(market, assumed=("atr14", "iv_percentile"))
    assert volatility_regime(context, assumed, DEFAULT) == said
