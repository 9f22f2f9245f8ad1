"""How single values are read: numbers, timeframes, moments, symbols, prices."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from core.intake import normalise
from core.intake.words import flag, instant, number, timeframe

NOON = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "minutes"),
    [
        ("15", 15), (15, 15), (15.0, 15), ("15m", 15), ("15M", 15), ("15min", 15), ("15 min", 15),
        ("tf3min", 3),
        ("tf60min", 60), ("1h", 60), ("4H", 240), ("tf4h", 240), ("240", 240), ("D", 1440), ("1D", 1440),
        ("daily", 1440), ("W", 10080), ("1w", 10080), ("tf1week", 10080), ("M", 43200), ("1M", 43200),
        ("1m", 1), ("tf1month", 43200), ("30S", 1), ("90s", 2),
        ("", None), ("h", None), ("0", None), (0, None), (-5, None), (2.5, None), (True, None), (None, None),
        ("15x", None), ("fifteen", None), ("3m,5m", None), ("9" * 40, None), (10**12, None), ("١٥", None),
    ],
)  # fmt: skip
def test_timeframes(sent: object, minutes: int | None) -> None:
    assert timeframe(sent) == minutes


@pytest.mark.parametrize(
    "sent",
    [1768410000, 1768410000000, "1768410000", "1768410000000", 1.76841e12, 1768410000 * 10**9,
     "2026-01-14T17:00:00Z",
     "2026-01-14T12:00:00-05:00", "2026-01-14T17:00:00.000Z", "2026-01-14 17:00:00",
     " 2026-01-14T17:00:00+00:00 "],
)  # fmt: skip
def test_one_moment_in_many_notations(sent: object) -> None:
    assert instant(sent) == NOON


@pytest.mark.parametrize(
    "sent", ["", "now", "'$(date)'", 0, -1, 20260114, True, None, math.nan, math.inf, 10**30, {}]
)
def test_what_is_no_moment_is_none(sent: object) -> None:
    assert instant(sent) is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (1, 1.0),
        ("1.5", 1.5),
        (" -2e3 ", -2000.0),
        ("4,501.89", 4501.89),
        (".5", 0.5),
        ("na", None),
        ("", None),
        ("-", None),
    ],
)
def test_numbers(sent: object, read: float | None) -> None:
    assert number(sent) == read


@pytest.mark.parametrize("sent", ["NaN", "nan", "Infinity", "-inf"])
def test_a_number_that_is_none_stays_visible(sent: str) -> None:
    read = number(sent)
    assert read is not None
    assert math.isnan(read)


@pytest.mark.parametrize(
    "sent", [True, False, [], {}, "1_000", "447,94", "1.2.3", "٣", "0x10", "one", "5 USD"]
)
def test_what_is_not_a_number_raises(sent: object) -> None:
    with pytest.raises(ValueError):
        number(sent)


def test_flags() -> None:
    assert [flag(v) for v in (True, "true", 1, "YES", "1")] == [True] * 5
    assert [flag(v) for v in (False, "False", 0, "no", "0")] == [False] * 5
    assert [flag(v) for v in (2, "maybe", None, [], math.nan)] == [None] * 5


@pytest.mark.parametrize(
    ("sent", "symbol", "exchange"),
    [
        ({"symbol": "spy"}, "SPY", None),
        ({"symbol": " AMEX:SPY "}, "SPY", "AMEX"),
        ({"ticker": "BRK.B", "exchange": "NYSE"}, "BRK.B", "NYSE"),
        ({"ticker": "^SPX"}, "SPX", None),  # one underlying has one name
        ({"symbol": "BINANCE:BTCUSDT.P"}, "BTCUSDT.P", "BINANCE"),
        ({"symbol": "AMEX:SPY", "ticker": "SPY"}, "SPY", "AMEX"),
        ({"instrument": {"symbol": "QQQ", "exchange": "nasdaq"}, "ticker": "qqq"}, "QQQ", "NASDAQ"),
        ({"symbol": "SPY", "exchange": "<script>"}, "SPY", None),
    ],
)
def test_symbols(sent: dict[str, object], symbol: str, exchange: str | None) -> None:
    update = normalise({**sent, "action": "buy"})
    assert (update.symbol, update.exchange) == (symbol, exchange)


def test_the_bars_open_and_the_time_of_sending_are_kept_apart() -> None:
    body = {"ticker": "SPY", "action": "buy", "time": "2026-01-14T16:45:00Z"}
    opened = normalise(body)
    assert (opened.timestamp, opened.fired) == (datetime(2026, 1, 14, 16, 45, tzinfo=UTC), False)
    sent = normalise({**body, "timenow": "2026-01-14T17:00:00Z"})
    assert (sent.timestamp, sent.fired, sent.fired_at) == (opened.timestamp, False, NOON)


def test_an_unreadable_time_is_left_out_with_a_note() -> None:
    update = normalise({"ticker": "SPY", "action": "buy", "timenow": "just now", "time": 1768410000})
    assert (update.timestamp, update.fired) == (NOON, False)
    assert any("timenow" in note for note in update.notes)


@pytest.mark.parametrize(
    "sent",
    [{"meta": {"event_id": "e1"}}, {"audit": {"deduplication_key": "e1"}}, {"alert_id": "e1"}, {"id": "e1"},
     {"meta": {"event_id": "e1"}, "id": "other"}],
)  # fmt: skip
def test_senders_ids(sent: dict[str, object]) -> None:
    assert normalise({"ticker": "SPY", "action": "buy", **sent}).sender_id == "e1"


def test_a_numeric_id_is_a_text_and_none_is_none() -> None:
    assert normalise({"ticker": "SPY", "action": "buy", "id": 7}).sender_id == "7"
    assert normalise({"ticker": "SPY", "action": "buy"}).sender_id is None
