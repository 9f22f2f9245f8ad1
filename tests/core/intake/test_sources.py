"""Which source a body is read as: one readable row per mark, and what decides when there is none."""

from __future__ import annotations

import pytest

from core.intake import IntakeError, normalise
from core.model import Source

SATY, DOTS, STRAT = Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC
SIGNAL, ULTIMATE = Source.TRADINGVIEW_SIGNAL, Source.ULTIMATE_OPTIONS

SPY = {"symbol": "SPY"}

MARKS = [
    (SATY, {"meta": {"engine": "SATY_PO"}, "instrument": SPY, "event": {"name": "ENTER_MARKUP"}}),
    (SATY, {"symbol": "SPY", "phase": {"current": 2}}),
    (SATY, {"symbol": "SPY", "phase": {"name": "MARKUP"}}),
    (SATY, {"timeframe": {"chart_tf": "5"}, "event": {"phase_name": "MARKUP"}, "instrument": SPY}),
    (SATY, {"symbol": "SPY", "bias": "BULLISH"}),
    (SATY, {"symbol": "SPY", "bias": "BULLISH", "price": 450, "confidence": 85}),
    (SATY, {"symbol": "SPY", "phase": 2, "type": "PHASE_CHANGE"}),
    (DOTS, {"ticker": "SPY", "timeframes": {"tf3min": {"direction": "bullish"}}}),
    (DOTS, {"ticker": "SPY", "timeframes": {"4h": {"dir": "up"}}}),
    (DOTS, {"ticker": "SPY", "bullish_pct": 75, "bearish_pct": 25}),
    (STRAT, {"symbol": "SPY", "setup_valid": True, "liquidity_ok": False}),
    (SIGNAL, {"signal": {"type": "LONG", "timeframe": "15"}, "instrument": {"ticker": "SPY"}}),
    (SIGNAL, {"signal": {"type": "UP", "ai_score": 8, "quality": "HIGH", "tf": "5", "symbol": "SPY"}}),
    (SIGNAL, {"ticker": "SPY", "trend": "BULLISH", "score": 8.5}),
    (SIGNAL, {"symbol": "SPY", "bias": "BULLISH", "ai_score": 8.5}),
    (SIGNAL, {"symbol": "SPY", "direction": "SHORT", "quality": "HIGH"}),
    (SIGNAL, {"symbol": "SPY", "direction": "LONG", "price": 450.25}),
    (SIGNAL, {"symbol": "SPY", "action": "BUY"}),
    (SIGNAL, {"symbol": "SPY", "order_action": "sell", "order_price": 447.94}),
    (SIGNAL, {"symbol": "SPY", "type": "LONG", "ai_score": 9.5}),
    (SIGNAL, {"signal": {"type": "LONG", "symbol": "SPY", "aiScore": 8}, "satyPhase": {"phase": 45}}),
    (SIGNAL, {"signal": {"type": "LONG", "ai_score": 8.1}, "instrument": {"ticker": "AMD"}}),
    (ULTIMATE, {"signal": {"type": "LONG", "ai_score": 8, "quality": "HIGH"}, "instrument": SPY}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "body"), MARKS, ids=lambda value: str(value)[:60])
def test_a_mark_decides_whatever_the_endpoint(source: Source, body: dict[str, object]) -> None:
    for endpoint in (
        None,
        "/api/webhooks",
        "/api/webhooks/signals",
        "/api/webhooks/trend",
        "/api/webhooks/strat",
    ):
        assert normalise(body, endpoint).source is source


def test_a_body_at_the_wrong_endpoint_is_taken_with_a_note() -> None:
    update = normalise({"symbol": "SPY", "bias": "BULLISH"}, "/api/phase25/webhooks/signals")
    assert update.source is SATY
    assert any("TRADINGVIEW_SIGNAL" in note and "SATY_PHASE" in note for note in update.notes)
    assert not normalise({"symbol": "SPY", "bias": "BULLISH"}, "/api/phase25/webhooks/saty-phase").notes


@pytest.mark.parametrize(
    ("endpoint", "source"),
    [
        ("/api/webhooks/signals", SIGNAL),
        ("/api/phase25/webhooks/signals?key=secret", SIGNAL),
        ("saty-phase", SATY),
        ("/api/webhooks/ultimate-options/", ULTIMATE),
        ("/api/webhooks/trend", DOTS),
    ],
)
def test_the_endpoint_decides_what_marks_leave_open(endpoint: str, source: Source) -> None:
    body = {"ticker": "IWM", "trend": "BEARISH", "timeframe": "60"}
    assert normalise(body, endpoint).source is source


@pytest.mark.parametrize("endpoint", [None, "/api/webhooks", "/api/webhooks/strat", "/elsewhere"])
def test_without_a_helping_endpoint_the_candidates_are_named(endpoint: str | None) -> None:
    with pytest.raises(IntakeError) as refusal:
        normalise({"ticker": "SPY", "price": 450.25, "trend": "BULLISH"}, endpoint)
    assert refusal.value.code == "AMBIGUOUS"
    assert refusal.value.candidates == ("SATY_PHASE", "TRADINGVIEW_SIGNAL", "ULTIMATE_OPTIONS")
    assert "SATY_PHASE" in refusal.value.reason


def test_a_phase_beside_a_score_is_what_its_endpoint_says() -> None:
    body = {"symbol": "SPY", "phase": "MARKUP", "score": 8, "timeframe": "15"}
    update = normalise(body, "/api/webhooks/saty-phase")
    assert (update.source, update.phase) == (SATY, 2)
    with pytest.raises(IntakeError) as refusal:
        normalise(body)
    assert refusal.value.candidates == ("SATY_PHASE", "TRADINGVIEW_SIGNAL")


TIMED = {"type": "LONG", "timeframe": "5", "symbol": "SPY"}
UNFILLED = '{"ticker":"SPY","order_contracts": {{strategy.order.contracts}},"action":"buy"}'

REFUSED = [
    ("NO_SYMBOL", "symbol", {"timeframe": "15", "bias": "BULLISH"}),
    ("NO_SYMBOL", "symbol", {"signal": {"type": "LONG", "ai_score": 9}}),
    ("NO_SYMBOL", "symbol", {"meta": {"engine": "SATY_PO"}, "phase": 2}),
    ("NO_SYMBOL", "symbol", {"unknown": "format"}),
    ("NO_SYMBOL", "symbol", {"direction": "LONG", "score": 8.5}),
    ("NO_SYMBOL", "symbol", {"ticker": "", "trend": "UP", "score": 8.5}),
    ("NO_DIRECTION", "direction", {"ticker": "SPY"}),
    ("NO_DIRECTION", "direction", {"ticker": "SPY", "score": 8.5}),
    ("NO_DIRECTION", "signal.type", {"signal": {"type": "SIDEWAYS", "symbol": "SPY", "aiScore": 9}}),
    ("NO_DIRECTION", "direction", {"symbol": "SPY", "direction": "NEUTRAL", "score": 9}),
    ("NO_DIRECTION", "direction", {"symbol": "SPY", "direction": "maybe", "trend": "BULLISH", "score": 9}),
    ("NO_DIRECTION", "type", {"symbol": "SPY", "type": "market", "score": 9}),
    ("AMBIGUOUS_DIRECTION", "action", {"symbol": "SPY", "direction": "LONG", "action": "SELL", "score": 9}),
    ("AMBIGUOUS_DIRECTION", "strategy", {"symbol": "SPY", "action": "BUY", "strategy": "PUT", "score": 9}),
    ("AMBIGUOUS_SYMBOL", "ticker", {"symbol": "SPY", "ticker": "QQQ", "action": "buy"}),
    ("BAD_SYMBOL", "symbol", {"symbol": "ES1!", "action": "buy"}),
    ("BAD_SYMBOL", "symbol", {"symbol": "ABCDEFGHIJKLMNOP", "action": "buy"}),
    ("BAD_SYMBOL", "symbol", {"symbol": "A:B:C", "action": "buy"}),
    ("BAD_SYMBOL", "symbol", {"symbol": 42, "action": "buy"}),
    ("NOT_A_NUMBER", "signal.aiScore", {"signal": {"type": "LONG", "aiScore": "invalid", "symbol": "SPX"}}),
    ("NOT_A_NUMBER", "score", {"symbol": "SPY", "trend": "UP", "score": True}),
    ("NO_SCORE", "score", {"ticker": "SPY", "trend": "BULLISH", "score": None}),
    ("NOT_A_NUMBER", "price", {"symbol": "SPY", "action": "buy", "price": "447,94"}),
    ("BAD_PRICE", "price", {"symbol": "SPY", "action": "buy", "price": 0}),
    ("BAD_PRICE", "instrument.current_price", {"signal": TIMED, "instrument": {"current_price": -1}}),
    ("BAD_PRICE", "entry.stop_loss", {"signal": TIMED, "entry": {"stop_loss": -3}}),
    ("NOT_FINITE", "price", '{"symbol":"SPY","action":"buy","price":NaN}'),
    ("NOT_FINITE", "price", '{"symbol":"SPY","action":"buy","price":Infinity}'),
    ("NOT_FINITE", "price", '{"symbol":"SPY","action":"buy","price":"-Infinity"}'),
    ("NOT_FINITE", "price", '{"symbol":"SPY","action":"buy","price":1e999}'),
    ("PLACEHOLDER", "action", {"ticker": "SPY", "action": "{{strategy.order.action}}", "price": 447.94}),
    ("PLACEHOLDER", "order_contracts", UNFILLED),
    ("PLACEHOLDER", "text", {"text": "{{strategy.order.alert_message}}"}),
    ("PLACEHOLDER", "text", {"ticker": "SPY", "action": "buy", "text": "at {{close}}"}),
    ("PLACEHOLDER", "price", {"text": '{"ticker":"SPY","action":"buy","price":"{{close}}"}'}),
    ("DUPLICATE_KEY", "action", '{"ticker":"SPY","action":"buy","action":"sell"}'),
    ("DUPLICATE_KEY", "action", '{"ticker":"SPY","action":"buy","\\u0061ction" : "sell"}'),
    ("NO_PHASE", "phase", {"meta": {"engine": "SATY_PO"}, "instrument": {"symbol": "SPY"}}),
    ("NO_DIRECTION", "timeframes", {"ticker": "SPY", "timeframes": {}}),
    ("NO_DIRECTION", "timeframes", {"ticker": "SPY", "timeframes": {"1w": {"dir": "up"}}}),
    ("BAD_NUMBER", "bullish_pct", {"ticker": "SPY", "bullish_pct": 140, "bearish_pct": 0}),
    ("BAD_FLAG", "setup_valid", {"symbol": "SPY", "setup_valid": "perhaps", "liquidity_ok": True}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "field", "body"), REFUSED, ids=[f"{row[0]}-{n}" for n, row in enumerate(REFUSED)]
)
def test_a_refusal_names_the_field(code: str, field: str, body: object) -> None:
    with pytest.raises(IntakeError) as refusal:
        normalise(body, "/api/webhooks/signals")
    error = refusal.value
    assert (error.code, error.field, error.http_status) == (code, field, 422)
    assert error.reason.startswith(field)


def test_a_missing_strat_flag_is_named_when_the_endpoint_says_strat() -> None:
    with pytest.raises(IntakeError) as refusal:
        normalise({"symbol": "SPY", "setup_valid": True}, "/api/webhooks/strat")
    assert (refusal.value.code, refusal.value.field) == ("BAD_FLAG", "liquidity_ok")
