"""Levels with units, times, timeframes, symbols and scores, as senders state them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.intake import normalise
from core.intake.moments import moment_of
from core.intake.words import timeframe
from core.model import Update
from core.rules.sections import IntakeRules

BASE = {"ticker": "SPY", "price": 660.0, "score": 9.4, "tf": "15", "action": "buy"}


def read(**said: Any) -> Update:
    return normalise({**BASE, **said})


def levels(update: Update) -> tuple[float | None, float | None, float | None]:
    assert update.signal is not None
    found = (update.signal.stop, update.signal.target_1, update.signal.target_2)
    return tuple(None if level is None else round(level, 4) for level in found)  # type: ignore[return-value]


LEVELS = [
    ({"stopLoss": 657, "takeProfit": 669}, (657, 669, None)),
    ({"takeProfit": {"limitPrice": 669.0}, "stopLoss": {"type": "stop", "stopPrice": 657.0}}, (657, 669, None)),
    ({"takeProfit": {"percent": 1}, "stopLoss": {"type": "stop", "percent": 0.5}}, (656.7, 666.6, None)),
    ({"sl_points": 5, "tp_points": "10"}, (655, 670, None)),
    ({"sl_percent": 1.5, "tp1Pct": 2, "tp2_pct": 3}, (650.1, 673.2, 679.8)),
    ({"stop_ticks": 500, "target_ticks": 900}, (655, 669, None)),
    ({"sl_pips": 400}, (656, None, None)),
    ({"sl": "1.5%", "tp": "2R"}, (650.1, 679.8, None)),
    ({"sl": "5 points", "tp": "12 pts"}, (655, 672, None)),
    ({"sl": 5, "sl_type": "points"}, (655, None, None)),
    ({"sl": 0.5, "tp": 1, "unit": "percent"}, (656.7, 666.6, None)),
    ({"stop_loss": {"value": 1, "unit": "%"}}, (653.4, None, None)),
    ({"stop": 656, "tp_r": 2}, (656, 668, None)),
    ({"SL": 655, "targets": [669, 675, 690]}, (655, 669, 675)),
    ({"sl": 655, "take_profits": [{"price": 669, "qty": 50}, {"price": 675}]}, (655, 669, 675)),
    ({"risk": {"stopLoss": 655, "takeProfit": 669}}, (655, 669, None)),
    ({"order": {"side": "buy", "stop_loss": 655}, "target": 669}, (655, 669, None)),
    ({"action": "sell", "sl_points": 5, "tp_percent": 1}, (665, 653.4, None)),
    ({"exit": {"stop_loss": 655, "take_profit": 669}}, (655, 669, None)),
    ({"stopLossOnFill": {"price": "655"}, "takeProfitOnFill": {"price": "669"}}, (655, 669, None)),
    ({"initial_sl": 655, "tgt1": 669, "tgt2": 675}, (655, 669, 675)),
    ({"sl_in_points": 5, "tp_rr": 2}, (655, 670, None)),
]  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), LEVELS, ids=lambda value: str(value)[:50])
def test_levels(said: dict[str, Any], expected: tuple[float | None, ...]) -> None:
    update = read(**said)
    assert levels(update) == expected
    assert update.blocks == ()


BAD = [
    ({"sl": 5}, "sl"),
    ({"stop_loss": 1.5}, "stop_loss"),
    ({"sl": 661}, "wrong side"),
    ({"tp": 650}, "wrong side"),
    ({"tp": 900}, "more than 20 %"),
    ({"sl_percent": 40}, "sl_percent"),
    ({"action": "sell", "sl": 655}, "wrong side"),
    ({"price": None, "sl_points": 5}, "needs a price"),
]


@pytest.mark.parametrize(("said", "told"), BAD, ids=lambda value: str(value)[:40])
def test_a_level_that_cannot_be_meant_blocks_the_entry(said: dict[str, Any], told: str) -> None:
    update = read(**said)
    assert [reason.code for reason in update.blocks] == ["BAD_LEVELS"]
    assert told in update.blocks[0].text
    assert update.blocks[0].text in update.notes


def test_how_far_a_level_may_be_is_a_rule() -> None:
    body = {**BASE, "sl": 500}
    assert [reason.code for reason in normalise(body).blocks] == ["BAD_LEVELS"]
    assert normalise(body, None, IntakeRules(level_max_pct=50)).blocks == ()


UNREAD = [
    ({"my_stop_line": 655}, "my_stop_line"),
    ({"trailing_offset": 3}, "trailing_offset"),
    ({"custom_time_of_signal": "x"}, "custom_time_of_signal"),
    ({"entry_direction_hint": "long"}, "entry_direction_hint"),
    ({"order_lots": 2}, "order_lots"),
    ({"my_tf": "5"}, "my_tf"),
]


@pytest.mark.parametrize(("said", "key"), UNREAD, ids=str)
def test_a_key_that_looks_important_and_is_not_read_is_told(said: dict[str, Any], key: str) -> None:
    assert any(note.startswith(key) and "was not read" in note for note in read(**said).notes)


ONE_MOMENT = [
    "2026-11-23T15:05:00Z", "2026/11/23 15:05:00", "Nov 23, 2026 3:05 PM", "November 23, 2026 at 3:05 PM",
    "11/23/2026 3:05:00 PM", "23.11.2026 15:05", "23-11-2026 15:05", "2026-11-23 10:05 EST",
    "20261123T150500Z", "Mon, 23 Nov 2026 15:05:00 GMT", "23 Nov 2026 15:05", "2026-11-23 10:05:00 -0500",
    "Mon Nov 23 15:05:00 2026", "Mon Nov 23 15:05:00 UTC 2026", "2026.11.23 15:05",
    "2026-11-23 10:05:00 America/New_York", "2026-11-23 15:05:00.000", "1795446300", 1795446300000, 1795446300,
    20261123150500, "/Date(1795446300000)/", "2026年11月23日 15:05", "2026-11-23 15:05:00 +0000 UTC",
    "2026-11-24 00:05 JST", "2026-11-23 23:05 HKT", "2026-11-23 18:05 MSK",
]  # fmt: skip


@pytest.mark.parametrize("text", ONE_MOMENT)
def test_one_moment_in_many_spellings(text: Any) -> None:
    moment = moment_of(text)
    assert moment is not None
    assert moment.at == datetime(2026, 11, 23, 15, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-07-01 10:05 EST", 14), ("2026-07-01 10:05 EDT", 14), ("2026-01-05 10:05 EST", 15),
     ("2026-01-05 10:05 EDT", 14), ("2026-07-01 07:05 PST", 14), ("2026-07-01 10:05 ET", 14)],
)  # fmt: skip
def test_a_standard_time_named_in_summer_is_never_later_than_the_place_s_own(text: str, hour: int) -> None:
    moment = moment_of(text)
    assert moment is not None and (moment.at.hour, moment.at.minute) == (hour, 5)


@pytest.mark.parametrize(
    "key", ["datetime", "timeNow", "Timestamp", "bar_time", "alert_time", "date_time", "ts"]
)
def test_times_under_many_keys(key: str) -> None:
    assert read(**{key: "2026-11-23T15:05:00Z"}).timestamp == datetime(2026, 11, 23, 15, 5, tzinfo=UTC)


@pytest.mark.parametrize("key", ["created", "received_on", "when", "my_clock"])
def test_a_time_under_an_unknown_key_counts_where_no_other_is_stated(key: str) -> None:
    update = read(**{key: "2026-11-23T15:05:00Z"})
    assert update.timestamp == datetime(2026, 11, 23, 15, 5, tzinfo=UTC)
    assert any(note.startswith(key) for note in update.notes)
    assert read(**{key: "2026-11-23T15:05:00Z"}, timenow="2026-11-24T15:05:00Z").timestamp != update.timestamp


def test_a_date_and_a_time_are_one_moment() -> None:
    update = read(date="2026-11-23", time="10:05:00")
    assert update.timestamp == datetime(2026, 11, 23, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["just now", "10:05:00", "2026-13-45 10:00", "yesterday", "26/02/18/23:00"])
def test_a_time_that_cannot_be_read_blocks_the_entry(text: str) -> None:
    update = read(timestamp=text)
    assert [reason.code for reason in update.blocks] == ["TIME_UNREADABLE"]
    other = read(timestamp=text, timenow="2026-11-24T15:05:00Z")
    assert other.blocks == ()
    assert any("timestamp" in note for note in other.notes)


def test_a_time_without_an_offset_is_read_in_the_naive_zone_with_a_note() -> None:
    body = {**BASE, "timestamp": "2026-11-24 10:05:00"}
    update = normalise(body)
    assert update.timestamp == datetime(2026, 11, 24, 10, 5, tzinfo=UTC)
    assert any("UTC" in note and "intake.naive_zone" in note for note in update.notes)
    there = normalise(body, None, IntakeRules(naive_zone="America/New_York"))
    assert there.timestamp == datetime(2026, 11, 24, 15, 5, tzinfo=UTC)
    assert read(timestamp="2026-11-24 10:05:00", timezone="ET").timestamp == there.timestamp


@pytest.mark.parametrize(
    "said",
    [{"timezone": "UTC-5"}, {"timezone": "GMT-05:00"}, {"tz": "-05:00"}, {"utc_offset": -5}, {"tz_offset": "-0500"},
     {"timezone": "Eastern Standard Time"}],
    ids=str,
)  # fmt: skip
def test_a_stated_offset_is_that_of_the_times_without_one(said: dict[str, Any]) -> None:
    update = read(timestamp="2026-11-24 10:05:00", **said)
    assert (update.timestamp, update.blocks) == (datetime(2026, 11, 24, 15, 5, tzinfo=UTC), ())


@pytest.mark.parametrize("said", [{"timezone": "IST"}, {"tz": "local"}, {"utc_offset": 300}], ids=str)
def test_a_stated_zone_that_cannot_be_read_blocks_a_time_without_offset(said: dict[str, Any]) -> None:
    update = read(timestamp="2026-11-24 10:05:00", **said)
    assert [reason.code for reason in update.blocks] == ["TIME_UNREADABLE"]
    assert next(iter(said)) in update.blocks[0].text
    assert read(timestamp="2026-11-24T10:05:00Z", **said).blocks == ()


@pytest.mark.parametrize(
    "said", [{"signal_ts": 1795532700}, {"alertTs": 1795532700}, {"ts_ms": 1795532700000},
             {"timestamp": {"seconds": 1795532700, "nanoseconds": 0}}], ids=str,
)  # fmt: skip
def test_epochs_under_more_keys(said: dict[str, Any]) -> None:
    assert read(**said).timestamp == datetime(2026, 11, 24, 15, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("H4", 240), ("M15", 15), ("D1", 1440), ("W1", 10080), ("MN1", 43200), ("3M", 129600), ("12M", 518400),
     ("4 hours", 240), ("1 Day", 1440), ("PT15M", 15), ("P1D", 1440), ("1hr", 60),
     ("4-hour", 240), ("PERIOD_H4", 240), ("hourly", 60), ("60.0", 60),
     ("Daily", 1440), ("m5", 5), ("FIFTEEN_MINUTE", 15), ("ONE_HOUR", 60), ("Minute15", 15), ("Hour4", 240)],
)  # fmt: skip
def test_timeframes_in_many_spellings(text: str, minutes: int) -> None:
    assert timeframe(text) == minutes


def test_a_timeframe_as_a_number_and_its_unit() -> None:
    body = {name: value for name, value in BASE.items() if name != "tf"}
    for key in ("timeframe", "interval"):
        assert normalise({**body, key: {"multiplier": 4, "timespan": "hour"}}).timeframe == 240


@pytest.mark.parametrize("text", ["100R", "fast", "1/4", {"x": 1}])
def test_a_timeframe_that_cannot_be_read_blocks_the_entry(text: Any) -> None:
    update = read(tf=text)
    expected = [] if isinstance(text, dict) else ["TIMEFRAME_UNKNOWN"]
    assert [reason.code for reason in update.blocks] == expected


@pytest.mark.parametrize(
    ("sent", "symbol"),
    [("BRK/B", "BRK.B"), ("BRK-B", "BRK.B"), ("NYSE:BRK.B", "BRK.B"), ("US.AAPL", "AAPL"), ("AAPL.US", "AAPL"),
     ("AAPL US Equity", "AAPL"), ("$SPY", "SPY"), ("^GSPC", "SPX"), ("CBOE:SPX", "SPX"), ("SPXW", "SPX"),
     ("nasdaq:aapl", "AAPL"), ("SPY", "SPY"), ("BRKB", "BRK.B"), ("AAPL.O", "AAPL"),
     ("NASDAQ.AAPL", "AAPL"), ("SPX.X", "SPX")],
)  # fmt: skip
def test_one_underlying_has_one_name(sent: str, symbol: str) -> None:
    update = read(ticker=sent)
    assert (update.symbol, update.blocks) == (symbol, ())


@pytest.mark.parametrize(
    "said",
    [{"ticker": "FX:EURUSD"}, {"ticker": "EURUSD"}, {"ticker": "EUR/USD"}, {"ticker": "BTCUSDT"},
     {"ticker": "BINANCE:BTCUSDT.P"}, {"ticker": "BTC-USD"}, {"ticker": "SI", "exchange": "COMEX"},
     {"ticker": "ESZ2026"}, {"ticker": "/ES"}, {"ticker": "XAUUSD"}, {"ticker": "US500"}, {"ticker": "RY.TO"},
     {"ticker": "TSX:RY"}, {"ticker": "6E"}, {"ticker": "TVC:DXY"},
     {"ticker": "BTC", "asset_class": "crypto"}, {"ticker": "ES", "type": "futures"},
     {"ticker": "AAPL", "exchange": "OANDA"}, {"ticker": "XBTUSD"}, {"ticker": "WIFUSD"}, {"ticker": "USDT_BTC"},
     {"ticker": "EURUSD.a"}, {"ticker": "XAUUSDm"}, {"ticker": "NAS100.i"}, {"ticker": "SPX500_USD"},
     {"ticker": "NIFTY24NOVFUT"}, {"ticker": "GC", "asset": "futures"}, {"ticker": "BTC", "market": "crypto"},
     {"ticker": "SOL", "quoteCurrency": "USDT"}, {"ticker": "EUR", "secType": "CASH"},
     {"ticker": "AAPL", "product": "cfd"}],
    ids=str,
)  # fmt: skip
def test_what_has_no_us_listed_options_gets_no_contract(said: dict[str, Any]) -> None:
    update = read(**said)
    assert [reason.code for reason in update.blocks] == ["NO_CONTRACT"]


@pytest.mark.parametrize(
    "key", ["Ticker", "TICKER", "tv_instrument", "stock", "underlying", "ticker_symbol", "syminfo.ticker"]
)
def test_symbols_under_many_keys(key: str) -> None:
    body = {name: value for name, value in BASE.items() if name != "ticker"}
    assert normalise({**body, key: "SPY"}).symbol == "SPY"


SCORES = [
    ({"confidence": 0.94}, 9.87), ({"confidence": "94%"}, 9.87), ({"confidence": 94}, 9.87),
    ({"probability": 0.8}, 8.4), ({"score": "4/5"}, 8.4), ({"score": "85 %"}, 8.925),
    ({"score": 4, "max_score": 5}, 8.4), ({"score": 0.9, "score_scale": 1}, 9.45),
    ({"score": 90, "score_scale": "0-100"}, 9.45), ({"rating": "9 of 10"}, 9.45), ({"score": 0.9}, 0.9),
    ({"score": 4.5}, 4.5), ({"conf": 0.9}, 9.45), ({"stars": "4 of 5"}, 8.4),
]  # fmt: skip


@pytest.mark.parametrize(("said", "score"), SCORES, ids=str)
def test_scores_on_other_scales_are_read_with_a_note(said: dict[str, Any], score: float) -> None:
    body = {name: value for name, value in BASE.items() if name != "score"}
    update = normalise({**body, **said})
    assert update.signal is not None
    assert update.signal.ai_score == pytest.approx(score)
    assert any(next(iter(said)) in note for note in update.notes)


def test_a_confidence_in_words_is_left_out_with_a_note() -> None:
    body = {name: value for name, value in BASE.items() if name != "score"}
    update = normalise({**body, "confidence": "High"})
    assert update.signal is not None
    assert update.signal.ai_score is None
    assert any("confidence" in note for note in update.notes)


WRAPPERS = [
    "data",
    "message",
    "payload",
    "alert",
    "strategy",
    "strategy_info",
    "order",
    "signal",
    "body",
    "content",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers_are_opened(wrapper: str) -> None:
    for inner in (BASE, json.dumps(BASE), json.dumps(json.dumps(BASE))):
        if isinstance(inner, str) and wrapper in ("strategy", "order", "signal"):
            continue  # these hold words, never JSON in a text
        update = normalise(json.dumps({wrapper: inner}))
        assert (update.symbol, update.intent, update.price) == ("SPY", "ENTRY", 660.0)
        assert update.signal is not None
        assert update.signal.ai_score == 9.4
