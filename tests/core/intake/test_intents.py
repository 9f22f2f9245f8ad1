"""One intent per body: entries, exits, reductions, moved stops, cancels, tests and finished trades."""

from __future__ import annotations

from typing import Any

import pytest

from core.intake import IntakeError, normalise
from core.model import Direction, Intent, PositionRequest

LONG, SHORT = Direction.LONG, Direction.SHORT
BASE = {"ticker": "SPY", "price": 660.0, "score": 9.4, "tf": "15", "timenow": "2026-11-24T15:05:00Z"}


def read(**said: Any) -> Any:
    return normalise({**BASE, **said}, "/api/webhooks/signals")


ENTRIES = [
    ({"action": "buy"}, LONG),
    ({"action": "enter_long"}, LONG),
    ({"action": "openShort"}, SHORT),
    ({"type": "LONG_ENTRY"}, LONG),
    ({"signal": "CALL"}, LONG),
    ({"signal": "puts"}, SHORT),
    ({"side": "Sell Short"}, SHORT),
    ({"action": "sell_to_open"}, SHORT),
    ({"cmd": "go long"}, LONG),
    ({"orderAction": "BUY"}, LONG),
    ({"Action": "Strong Buy"}, LONG),
    ({"direction": "bearish"}, SHORT),
    ({"signal": 1}, LONG),
    ({"signal": -1}, SHORT),
    ({"side": "S"}, SHORT),
    ({"is_long": True, "is_short": False}, LONG),
    ({"action": "buy", "type": "market", "quantity": 2}, LONG),
    ({"action": "buy", "order_type": "limit", "comment": "close above EMA, new high"}, LONG),
    ({"action": "buy", "reduce_only": False, "close": 660.0, "exit": None, "test": "false"}, LONG),
    ({"action": "buy", "market_position": "long", "prev_market_position": "flat"}, LONG),
    ({"action": "buy", "market_position": "long", "prev_market_position": "long"}, LONG),
    ({"action": "sell", "position_size": "-2", "contracts": 2}, SHORT),
    ({"sentiment": "bullish", "action": "buy"}, LONG),
    ({"market_position": "short", "previous_market_position": "flat"}, SHORT),
    ({"side": "BUY", "positionSide": "LONG"}, LONG),
    ({"strategy": {"order_action": "buy", "order_id": "Long", "market_position": "long",
                   "market_position_size": 10, "prev_market_position": "flat"}}, LONG),
    ({"action": "buy", "comment": "TP1 665 TP2 670 SL 655"}, LONG),
    ({"action": "buy", "status": "open", "pnl": 0, "exit_price": None}, LONG),
    ({"action": "buy", "cancel": True}, LONG),
    ({"order": {"side": "buy", "type": "market"}}, LONG),
    ({"action": "buy", "alert_type": "once_per_bar_close"}, LONG),
    ({"action": "buy", "event": "CLOSE_ABOVE_VWAP", "trigger": "candle closed"}, LONG),
    ({"action": "buy", "order_type": "stop", "exit_strategy": "trailing"}, LONG),
    ({"action": "buy", "strategy": "Trend Close v2", "setup": "Exit Velocity"}, LONG),
]  # fmt: skip


@pytest.mark.parametrize(("said", "direction"), ENTRIES, ids=lambda value: str(value)[:50])
def test_entries(said: dict[str, Any], direction: Direction) -> None:
    update = read(**said)
    assert update.intent is Intent.ENTRY
    assert (update.signal.direction, update.request, update.blocks) == (direction, None, ())


REQUESTS = [
    # leaving
    ({"action": "close"}, Intent.EXIT, PositionRequest()),
    ({"action": "exit_long"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "CloseShort"}, Intent.EXIT, PositionRequest(direction=SHORT)),
    ({"action": "sell_to_close"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "buy to cover"}, Intent.EXIT, PositionRequest(direction=SHORT)),
    ({"event": "exit", "direction": "long"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"alert_type": "Stop Loss Hit", "side": "short"}, Intent.EXIT, PositionRequest(direction=SHORT)),
    ({"action": "sell", "comment": "Close entry(s) order Long"}, Intent.EXIT,
     PositionRequest(direction=LONG)),
    ({"action": "buy", "order_id": "Margin call"}, Intent.EXIT, PositionRequest(direction=SHORT)),
    ({"action": "sell", "message": "SPY long was stopped out at 655"}, Intent.EXIT,
     PositionRequest(direction=LONG)),
    ({"action": "sell", "alert_message": "exiting the position now"}, Intent.EXIT,
     PositionRequest(direction=LONG)),
    ({"action": "sell", "sentiment": "flat"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "buy", "market_position": "flat"}, Intent.EXIT, PositionRequest(direction=SHORT)),
    ({"side": "sell", "strategy": {"marketPosition": "flat", "prevMarketPosition": "long"}}, Intent.EXIT,
     PositionRequest(direction=LONG)),
    ({"action": "sell", "prev_position": "long"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "sell", "position_size": 0}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"side": "SELL", "positionSide": "LONG"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "sell", "close_position": "true"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "sell", "reduce_only": True}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"direction": "long", "exit_price": 664.0}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "sell", "close": True}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "exit", "optionType": "put"}, Intent.EXIT, PositionRequest(direction=SHORT)),
    ({"action": "flatten", "pnl": 120.5}, Intent.EXIT, PositionRequest()),
    ({"signal": {"type": "EXIT", "direction": "LONG"}}, Intent.EXIT, PositionRequest(direction=LONG)),
    # a part
    ({"type": "TP1_HIT", "direction": "long"}, Intent.REDUCE,
     PositionRequest(direction=LONG, remaining_fraction=0.5)),
    ({"action": "trim", "percent": 25}, Intent.REDUCE, PositionRequest(fraction=0.25)),
    ({"action": "trim"}, Intent.REDUCE, PositionRequest(fraction=0.5)),
    ({"action": "exit_long", "close_percent": "30%"}, Intent.REDUCE,
     PositionRequest(direction=LONG, fraction=0.3)),
    ({"action": "exit_long", "qty_percent": 100}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "close", "quantity": "50%"}, Intent.REDUCE, PositionRequest(fraction=0.5)),
    ({"action": "reduce_short", "contracts": 3}, Intent.REDUCE,
     PositionRequest(direction=SHORT, contracts=3.0)),
    ({"action": "sell", "reduceOnly": "true", "qty": 2}, Intent.REDUCE,
     PositionRequest(direction=LONG, contracts=2.0)),
    ({"action": "sell", "contracts": "5", "position_size": "5"}, Intent.REDUCE,
     PositionRequest(direction=LONG, fraction=0.5)),
    ({"action": "sell", "market_position": "long", "market_position_size": 3, "prev_market_position_size": 4},
     Intent.REDUCE, PositionRequest(direction=LONG, fraction=0.25)),
    ({"action": "partial close", "remaining_percent": 40}, Intent.REDUCE,
     PositionRequest(remaining_fraction=0.4)),
    ({"action": "sell", "market_position": "long"}, Intent.REDUCE,
     PositionRequest(direction=LONG, fraction=0.5)),
    *(({"action": "exit", **said}, Intent.REDUCE, PositionRequest(fraction=0.25)) for said in (
        {"close_ratio": 0.25}, {"sellPercentage": 25}, {"exit_size": "25%"}, {"size_pct": 25}, {"fraction": 0.25},
        {"amount": "25%"}, {"volume": "25%"}, {"quantity": 25, "currency_type": "position_percent"})),
    *(({"action": said}, Intent.REDUCE, PositionRequest(fraction=0.25)) for said in (
        "close_25", "exit_25_percent", "close 25pct", "close_quarter")),
    ({"action": "exit", "exit_qty": 2}, Intent.REDUCE, PositionRequest(contracts=2.0)),
    ({"action": "sell", "message": "Closed the long for +1.2%"}, Intent.EXIT, PositionRequest(direction=LONG)),
    ({"action": "close long and open short"}, Intent.EXIT, PositionRequest(direction=LONG)),
    # the stop
    *(({"direction": "long", **said}, Intent.MOVE_STOP, PositionRequest(direction=LONG, stop=657.0)) for said in (
        {"event": "move_sl", "value": 657}, {"event": "tighten_sl", "sl": 657}, {"action": "modify", "sl": 657},
        {"event": "trailing_stop_update", "trailing_stop": 657}, {"type": "adjust_stop", "level": 657},
        {"event": "change_stop", "newStopPrice": 657}, {"action": "newsltplong", "sl": 657})),
    *(({"action": said}, Intent.MOVE_STOP, PositionRequest(break_even=True)) for said in (
        "be", "risk_free", "stop_to_entry")),
    ({"action": "move_stop", "stop": 655.5}, Intent.MOVE_STOP, PositionRequest(stop=655.5)),
    ({"event": "breakeven", "direction": "long"}, Intent.MOVE_STOP,
     PositionRequest(direction=LONG, break_even=True)),
    ({"direction": "long", "message": "Move SL to BE"}, Intent.MOVE_STOP,
     PositionRequest(direction=LONG, break_even=True)),
    ({"move_sl_to_be": True}, Intent.MOVE_STOP, PositionRequest(break_even=True)),
    ({"action": "move_sl", "sl": "BE"}, Intent.MOVE_STOP, PositionRequest(break_even=True)),
    ({"action": "update_stop", "stop_loss": "entry price"}, Intent.MOVE_STOP, PositionRequest(break_even=True)),
    ({"move_sl": "at cost"}, Intent.MOVE_STOP, PositionRequest(break_even=True)),
    ({"new_stop": "657.25", "direction": "short"}, Intent.MOVE_STOP,
     PositionRequest(direction=SHORT, stop=657.25)),
    # a flip
    ({"direction": "long", "previous_direction": "short"}, Intent.ENTRY, PositionRequest(direction=SHORT)),
    ({"action": "sell", "market_position": "short", "prev_market_position": "long"}, Intent.ENTRY,
     PositionRequest(direction=LONG)),
    ({"action": "buy", "contracts": 3, "position_size": 1, "prev_position": "short"}, Intent.ENTRY,
     PositionRequest(direction=SHORT)),
]  # fmt: skip


@pytest.mark.parametrize(("said", "intent", "request_"), REQUESTS, ids=lambda value: str(value)[:50])
def test_requests(said: dict[str, Any], intent: Intent, request_: PositionRequest) -> None:
    update = read(**said)
    assert (update.intent, update.request) == (intent, request_)
    assert (update.signal is not None) is (intent is Intent.ENTRY)
    assert update.price == 660.0


STATUSES = [
    {"action": "buy", "heartbeat": True},
    {"action": "buy", "test": "1"},
    {"action": "buy", "dryRun": True},
    {"action": "buy", "environment": "staging"},
    {"action": "test"},
    {"action": "buy", "message": "this is a test alert"},
    {"type": "signal_completed", "bias": "Bullish", "result": "stopped"},
    {"type": "mfe_update", "bias": "Bullish"},
    {"direction": "LONG", "status": "CLOSED", "exit_price": 664.0, "pnl": 120.5},
    {"action": "buy", "realized_pnl": -30},
    {"direction": "short", "outcome": "win"},
]


@pytest.mark.parametrize("said", STATUSES, ids=str)
def test_tests_and_finished_trades_change_nothing(said: dict[str, Any]) -> None:
    update = read(**said)
    assert (update.intent, update.signal, update.regime) == (Intent.STATUS, None, None)


def test_no_exit_is_lost_for_a_bad_price() -> None:
    update = normalise('{"ticker": "SPY", "action": "exit_long", "price": NaN}')
    assert (update.intent, update.price) == (Intent.EXIT, None)
    assert any("price" in note for note in update.notes)


def test_a_cancel_ends_a_signal() -> None:
    for said in ({"action": "cancel"}, {"event": "signal invalidated", "direction": "long"}):
        assert read(**said).intent is Intent.CANCEL


CONTRADICTIONS = [
    ({"action": "enter_long", "event": "exit"}, ("action", "event")),
    ({"action": "buy", "order_id": "Exit Long"}, ("action", "order_id")),
    ({"action": "exit_long", "direction": "short"}, ("exit_long", "direction")),
    ({"action": "close_long", "comment": "exit short"}, ("close_long", "comment")),
    ({"action": "buy", "market_position": "short", "prev_market_position": "long"},
     ("action", "market_position")),
    ({"event": "exit", "market_position": "long", "prev_market_position": "flat"}, ("market_position", "event")),
    ({"action": "exit_short", "prev_market_position": "long"}, ("exit_short", "prev_market_position")),
]  # fmt: skip


@pytest.mark.parametrize(("said", "named"), CONTRADICTIONS, ids=lambda value: str(value)[:50])
def test_a_contradiction_is_refused_and_names_both_sides(
    said: dict[str, Any], named: tuple[str, ...]
) -> None:
    with pytest.raises(IntakeError) as refusal:
        read(**said)
    assert refusal.value.code == "CONTRADICTION"
    assert all(word in refusal.value.reason for word in named), refusal.value.reason


def test_a_moved_stop_without_a_place_is_refused() -> None:
    with pytest.raises(IntakeError) as refusal:
        read(action="update_stop")
    assert refusal.value.code == "NO_STOP"


OPTIONS = [
    ({"action": "buy", "optionType": "put"}, SHORT),
    ({"action": "buy", "right": "P"}, SHORT),
    ({"action": "buy", "option": {"type": "put", "strike": 655, "expiration": "2026-11-27"}}, SHORT),
    ({"action": "buy", "put_call": "CALL"}, LONG),
    ({"action": "BUY_PUT"}, SHORT),
    ({"action": "buy", "option_symbol": "SPY261127P00655000"}, SHORT),
    ({"ticker": "SPY261127C00655000", "action": "buy"}, LONG),
    ({"option_type": "call"}, LONG),
]  # fmt: skip


@pytest.mark.parametrize(("said", "direction"), OPTIONS, ids=lambda value: str(value)[:50])
def test_a_stated_option_counts_for_the_direction(said: dict[str, Any], direction: Direction) -> None:
    update = read(**said)
    assert (update.symbol, update.signal.direction) == ("SPY", direction)


def test_strike_and_expiry_are_a_wish() -> None:
    wish = read(action="buy", option={"type": "put", "strike": "655", "expiration": "2026-11-27"}).option
    assert (wish.right, wish.strike, wish.expiry) == ("P", 655.0, "2026-11-27")


@pytest.mark.parametrize(
    "said",
    [
        {"direction": "LONG", "optionType": "put"},
        {"action": "sell", "right": "C"},
        {"action": "sell_put"},
        {"action": "sell", "option_type": "put"},
        {"action": "buy", "option_type": "call", "right": "P"},
    ],
    ids=str,
)
def test_a_side_that_contradicts_its_option_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(IntakeError) as refusal:
        read(**said)
    assert refusal.value.code == "AMBIGUOUS_DIRECTION"


PREMIUMS: list[dict[str, Any]] = [
    {
        "action": "BTO",
        "strike": 665,
        "right": "call",
        "price": 2.5,
        "entry": 2.5,
        "sl": 1.5,
        "targets": [4, 5],
    },
    {
        "ticker": "SPY261127C00665000",
        "action": "buy",
        "price": 2.5,
        "limit_price": 2.5,
        "stop": {"price": 1.5},
    },
    {"action": "STC", "contract": "SPY 665C 11/27", "price": 3.1},
]


@pytest.mark.parametrize("said", PREMIUMS, ids=lambda value: str(value)[:40])
def test_a_premium_is_no_price_of_the_underlying(said: dict[str, Any]) -> None:
    update = read(**said)
    assert update.price is None
    assert (update.symbol, update.option.right, update.option.strike) == ("SPY", "C", 665.0)
    assert sum("premium" in note for note in update.notes) == sum(
        key in said for key in ("price", "entry", "sl", "targets", "limit_price", "stop")
    )
    if update.signal is not None:
        facts = update.signal
        assert (facts.entry, facts.stop, facts.target_1, facts.target_2) == (None,) * 4


def test_a_price_near_the_strike_is_the_underlyings() -> None:
    update = read(action="BTO", strike=655, right="put", sl=665)
    assert (update.price, update.signal.stop, update.blocks) == (660.0, 665.0, ())


BARS = [
    {"ticker": "SPY", "interval": "1", "time": "2026-11-24T15:04:00Z", "open": 659.8, "high": 660.4,
     "low": 659.5, "close": 660.0, "volume": 1200},
    {"ticker": "BATS:SPY", "tf": "1m", "bar": {"time": 1795532640000, "o": 659.8, "h": 660.4, "l": 659.5,
                                              "c": 660.0}},
    {"data": {"symbol": "SPY", "timeframe": "1", "open": "659.8", "high": "660.4", "low": "659.5",
              "close": "660.0"}},
]  # fmt: skip


@pytest.mark.parametrize("body", BARS, ids=lambda value: str(value)[:40])
def test_bars_are_known_without_an_endpoint(body: dict[str, Any]) -> None:
    for endpoint in (None, "/api/webhooks/price", "/api/webhooks/signals"):
        update = normalise(body, endpoint)
        assert (update.intent, update.symbol, update.timeframe) == (Intent.BAR, "SPY", 1)
        assert update.bar is not None
        assert (update.bar.open, update.bar.high, update.bar.low, update.bar.close) == (
            659.8, 660.4, 659.5, 660.0,
        )  # fmt: skip


def test_a_single_price_is_a_bar_at_its_endpoint() -> None:
    update = normalise({"ticker": "SPY", "price": 660.5}, "/api/webhooks/price")
    assert update.bar is not None
    assert (update.intent, update.bar.close, update.bar.high) == (Intent.BAR, 660.5, None)


def test_a_bar_whose_prices_contradict_is_refused() -> None:
    with pytest.raises(IntakeError) as refusal:
        normalise({"ticker": "SPY", "open": 660, "high": 659, "low": 658, "close": 658.5}, "price")
    assert refusal.value.code == "CONTRADICTION"


def test_a_bias_with_an_event_of_its_own_is_no_regime() -> None:
    body = {
        "type": "be_triggered",
        "signal_id": "x",
        "symbol": "SPY",
        "bias": "Bullish",
        "current_price": 660,
    }
    update = normalise(body, "/api/webhooks/signals")
    assert (update.intent, update.regime) == (Intent.STATUS, None)
