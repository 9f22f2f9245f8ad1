"""What each source's body says, read into facts; nothing is filled in that was not stated."""

from __future__ import annotations

from typing import Any

import pytest

from core.intake import normalise
from core.model import Bias, Direction, Quality, RegimeFacts, SignalFacts


def regime(body: dict[str, Any]) -> RegimeFacts:
    facts = normalise({"symbol": "SPY", **body}, "saty-phase").regime
    assert facts is not None
    return facts


def signal(body: dict[str, Any]) -> SignalFacts:
    facts = normalise({"symbol": "SPY", "action": "buy", **body}).signal
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    ("stated", "phase"),
    [
        ({"phase": 1}, 1), ({"phase": "2"}, 2), ({"phase": "MARKUP"}, 2), ({"phase": {"current": 3}}, 3),
        ({"phase": {"name": "Markdown"}}, 4), ({"phase": {"current_phase": 2, "phase_name": "MARKUP"}}, 2),
        ({"phase": 2, "phase_name": "Accumulation", "bias": "LONG"}, 1),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "ENTER_ACCUMULATION"}}, 1),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "ENTER_MARKUP"}}, 2),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "ENTER_DISTRIBUTION"}}, 3),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "enter markdown"}}, 4),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "EXIT_ACCUMULATION"}}, 2),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "ZERO_CROSS_UP"}}, 2),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "EXIT_DISTRIBUTION"}}, 4),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "ZERO_CROSS_DOWN"}}, 4),
        ({"meta": {"engine": "SATY_PO"}, "event": {"name": "SQUEEZE"}}, None),
        ({"phase": 75}, None), ({"phase": -65.5}, None), ({"bias": "BULLISH"}, None),
    ],
    ids=str,
)  # fmt: skip
def test_phases(stated: dict[str, Any], phase: int | None) -> None:
    assert regime(stated).phase == phase


@pytest.mark.parametrize(
    ("stated", "confidence"),
    [
        ({"confidence": {"confidence_score": 85}}, 85.0),
        ({"confidence": {"confidence_score": 0}}, 0.0),
        ({"confidence": {"score": "78"}}, 78.0),
        ({"confidence": 64.5}, 64.5),
        ({"confidence": 0}, 0.0),
        ({"confidence": {"raw_strength": 0.9}}, None),
        ({"confidence": 140}, None),
        ({"confidence": "NaN"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_stated_confidence_is_kept_and_none_is_invented(
    stated: dict[str, Any], confidence: float | None
) -> None:
    assert regime({"phase": 2, **stated}).confidence == confidence


@pytest.mark.parametrize(
    ("stated", "level"),
    [
        ({"volatility": "NORMAL"}, "NORMAL"),
        ({"volatility_state": "low"}, "LOW"),
        ({"volatility": {"condition": "EXTREME"}}, "EXTREME"),
        ({"regime_context": {"volatility": "High_Vol"}}, "HIGH"),
        ({"regime_context": {"volatility_state": "HIGH"}}, "HIGH"),
        ({"volatility": "wild"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_volatility(stated: dict[str, Any], level: str | None) -> None:
    assert regime({"phase": 2, **stated}).volatility == level


def test_a_saty_body_in_full() -> None:
    update = normalise(
        {
            "meta": {"engine": "SATY_PO", "event_id": "e", "generated_at": "2026-01-14T02:05:00Z"},
            "instrument": {"symbol": "AAPL", "exchange": "NASDAQ"},
            "timeframe": {"chart_tf": "5"},
            "event": {"name": "EXIT_DISTRIBUTION"},
            "regime_context": {"local_bias": "BEARISH", "htf_bias": {"tf": "30", "bias": "BEARISH"}},
            "execution_guidance": {"trade_allowed": False},
            "risk_hints": {"time_decay_minutes": 10},
        }
    )
    assert update.regime == RegimeFacts(
        phase=4, bias=Bias.SHORT, htf_alignment=True, allows_trading=False, event="EXIT_DISTRIBUTION"
    )
    assert (update.timeframe, update.decay_minutes, update.fired, update.sender_id) == (5, 10.0, True, "e")
    assert update.signal is update.alignment is update.structure is None


def test_a_stated_alignment_counts_before_the_higher_bias() -> None:
    higher = {"local_bias": "BULLISH", "htf_bias": {"bias": "BULLISH"}}
    assert regime({"phase": 2, "regime_context": higher}).htf_alignment
    stated = {"confidence": {"htf_alignment": False}}
    assert not regime({"phase": 2, "regime_context": higher, **stated}).htf_alignment
    neutral = {"local_bias": "NEUTRAL", "htf_bias": {"bias": "NEUTRAL"}}
    assert not regime({"phase": 2, "regime_context": neutral}).htf_alignment


def test_dots_count_neutral_among_those_asked_and_show_week_and_month() -> None:
    update = normalise(
        {
            "ticker": "SPY",
            "timeframes": {
                "tf3min": {"direction": "bullish"},
                "5m": {"dir": "up"},
                "15m": "BEARISH",
                "tf1h": {"trend": "NEUTRAL"},
                "tf240min": {"direction": "sideways?"},
                "1w": {"dir": "bearish"},
                "1M": {"dir": "bearish"},
            },
        }
    )
    assert update.alignment is not None
    assert dict(update.alignment.states) == {
        "3": Bias.LONG,
        "5": Bias.LONG,
        "15": Bias.SHORT,
        "60": Bias.NEUTRAL,
        "W": Bias.SHORT,
        "M": Bias.SHORT,
    }
    assert (update.alignment.bullish_pct, update.alignment.bearish_pct) == (50.0, 25.0)
    assert any("tf240min" in note for note in update.notes)


def test_dots_as_percentages() -> None:
    update = normalise({"ticker": "SPY", "bullish_pct": 85, "bearish_pct": "15"})
    assert update.alignment is not None
    assert (update.alignment.bullish_pct, update.alignment.bearish_pct, update.alignment.states) == (
        85,
        15,
        {},
    )


def test_structure() -> None:
    update = normalise(
        {"symbol": "SPY", "setup_valid": "true", "liquidity_ok": 0, "quality": "a", "pattern": "2-1-2"}
    )
    assert update.structure is not None
    assert (update.structure.valid_setup, update.structure.liquidity_ok) == (True, False)
    assert (update.structure.execution_quality, update.structure.pattern) == ("A", "2-1-2")


@pytest.mark.parametrize(
    ("stated", "score", "noted"),
    [
        ({"ai_score": 8.5}, 8.5, False),
        ({"aiScore": "8.5"}, 8.5, False),
        ({"score": 0}, 0.0, False),
        ({"score": 10.5}, 10.5, False),
        ({"score": 10.6}, 1.113, True),
        ({"score": 92}, 9.66, True),
        ({"score": 100}, 10.5, True),
        ({"confidence": 80}, 8.4, True),
        ({"confidence": 7.5}, 7.5, True),
        ({"score": 7.5}, 7.5, True),
        ({"ai_score": 4}, 4.0, True),
        ({"score": 100.1}, None, True),
        ({"score": -1}, None, True),
        ({"score": None}, None, False),
        ({}, None, False),
    ],
    ids=str,
)
def test_scores(stated: dict[str, Any], score: float | None, noted: bool) -> None:
    update = normalise({"symbol": "SPY", "action": "buy", "stop": 655, "targets": [669, 675], **stated})
    assert update.signal is not None
    assert update.signal.ai_score == (None if score is None else pytest.approx(score, abs=1e-12))
    assert bool(update.notes) is noted


@pytest.mark.parametrize(
    ("stated", "quality"),
    [
        ({"quality": "extreme", "score": 3}, Quality.EXTREME),
        ({"quality": "Medium", "score": 10}, Quality.MEDIUM),
        ({"score": 9}, Quality.EXTREME), ({"score": 8.99}, Quality.HIGH), ({"score": 7}, Quality.HIGH),
        ({"score": 6.99}, Quality.MEDIUM), ({"quality": "B+", "score": 9.5}, Quality.EXTREME),
        ({}, Quality.MEDIUM),
    ],
    ids=str,
)  # fmt: skip
def test_qualities(stated: dict[str, Any], quality: Quality) -> None:
    assert signal(stated).quality is quality


@pytest.mark.parametrize("word", ["LONG", "buy", "Bull", "BULLISH", " up "])
def test_words_for_long(word: str) -> None:
    assert signal({"action": word}).direction is Direction.LONG


@pytest.mark.parametrize("word", ["SHORT", "Sell", "bear", "BEARISH", "DOWN"])
def test_words_for_short(word: str) -> None:
    assert signal({"action": word}).direction is Direction.SHORT


def test_an_explicit_direction_counts_before_a_trend() -> None:
    facts = normalise({"ticker": "SPY", "trend": "BULLISH", "direction": "SHORT", "score": 8}).signal
    assert facts is not None
    assert facts.direction is Direction.SHORT


def test_a_signal_in_full() -> None:
    update = normalise(
        {
            "signal": {
                "type": "LONG",
                "timeframe": "15",
                "quality": "EXTREME",
                "ai_score": 9.5,
                "bar_time": 1768410000,
            },
            "instrument": {"ticker": "SPY", "exchange": "NASDAQ", "current_price": 450.25},
            "entry": {"price": 450.3, "stop_loss": 448.5, "target_1": 452, "target_2": 454},
            "risk": {"rr_ratio_t1": 2.5, "rr_ratio_t2": 4},
            "market_context": {"atr": 4.5, "volume_vs_avg": 1.2},
            "trend": {"alignment": "BULLISH", "strength": 85},
            "mtf_context": {"4h_bias": "LONG", "1h_bias": "SHORT"},
            "components": ["STRAT", "TREND"],
            "time_context": {"market_session": "OPEN", "day_of_week": "Tue"},
        }
    )
    assert update.signal == SignalFacts(
        direction=Direction.LONG, ai_score=9.5, quality=Quality.EXTREME, entry=450.3, stop=448.5,
        target_1=452.0, target_2=454.0, rr1=2.5, rr2=4.0, volume_ratio=1.2, trend_strength=85.0,
        bias_4h=Bias.LONG,
        bias_1h=Bias.SHORT, session="OPEN", day="TUESDAY", atr=4.5, components=("STRAT", "TREND"),
    )  # fmt: skip
    assert (update.price, update.timeframe, update.fired, update.notes) == (450.25, 15, False, ())


def test_session_and_day_of_a_flat_body_are_kept() -> None:
    facts = signal({"session": "power_hour", "day": "fri"})
    assert (facts.session, facts.day) == ("POWER_HOUR", "FRIDAY")


def test_a_bare_signal_has_nothing_that_was_not_sent() -> None:
    update = normalise({"ticker": "IWM", "action": "sell"})
    assert update.signal == SignalFacts(direction=Direction.SHORT, quality=Quality.MEDIUM)
    assert update.price is update.timeframe is update.timestamp is update.sender_id is None


def test_levels_of_zero_or_nan_mean_none() -> None:
    facts = normalise('{"ticker":"SPY","action":"buy","stop":0,"target_1":NaN,"target_2":460.5}').signal
    assert facts is not None
    assert (facts.stop, facts.target_1, facts.target_2) == (None, None, 460.5)
    assert signal({"targets": [451, 0, 470]}).target_1 == 451
    assert signal({"targets": [451, 0, 470]}).target_2 is None


def test_atr_is_the_charts_unless_it_says_daily() -> None:
    assert (signal({"atr": 0.9}).atr, signal({"atr": 0.9}).atr_is_daily) == (0.9, False)
    assert signal({"atr": 4.4, "atr_timeframe": "D"}).atr_is_daily
    assert (signal({"daily_atr": 4.4, "atr": 0.9}).atr, signal({"daily_atr": 4.4}).atr_is_daily) == (
        4.4,
        True,
    )


def test_the_legacy_oscillator_is_not_taken_for_a_phase() -> None:
    update = normalise({"signal": {"type": "LONG", "aiScore": 8, "symbol": "SPY"}, "satyPhase": {"phase": 2}})
    assert update.regime is None
    assert any("satyPhase" in note for note in update.notes)
