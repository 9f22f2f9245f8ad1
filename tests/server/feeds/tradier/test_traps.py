"""The traps of Tradier's answers, one hand-written body each."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.exchange.calendar import Calendar
from core.options.quotes import Refusal
from server.feeds.tradier_bars import clock_of, daily_bars_of, minute_bars_of
from server.feeds.tradier_json import exchange_text, stated_fault, to_vendor
from server.feeds.tradier_options import chain_of, expirations_of, option_row
from server.feeds.tradier_quotes import quotes_of
from server.feeds.values import Bar, Fault, OptionRow, Quote, Unavailable

SESSIONS = Calendar.load()
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
OCC = "SPY261127C00660000"


def stock(**fields: Any) -> dict[str, Any]:
    base = {
        "symbol": "SPY", "type": "etf", "last": 660.1, "trade_date": MS - 500, "bid": 660.09, "bidsize": 300,
        "bid_date": MS - 1000, "ask": 660.11, "asksize": 200, "ask_date": MS - 2000, "prevclose": 655.0,
        "volume": 1000,
    }  # fmt: skip
    return base | fields


def option(**fields: Any) -> dict[str, Any]:
    base = {
        "symbol": OCC, "type": "option", "underlying": "SPY", "strike": 660.0, "option_type": "call",
        "expiration_date": "2026-11-27", "root_symbol": "SPY", "contract_size": 100, "open_interest": 500,
        "bid": 2.0, "bidsize": 11, "bid_date": MS - 1000, "ask": 2.1, "asksize": 12, "ask_date": MS - 2000,
    }  # fmt: skip
    return base | fields


def quoted(**fields: Any) -> Quote:
    found = quotes_of({"quotes": {"quote": stock(**fields)}})
    assert not isinstance(found, Unavailable)
    quote = found["SPY"]
    assert isinstance(quote, Quote)
    return quote


def row(**fields: Any) -> OptionRow:
    found = option_row(option(**fields))
    assert isinstance(found, OptionRow), found
    return found


# --- the form ------------------------------------------------------------------------------------------


def test_one_result_is_an_object_and_several_are_a_list() -> None:
    one = quotes_of({"quotes": {"quote": stock()}})
    two = quotes_of({"quotes": {"quote": [stock(), stock(symbol="QQQ")]}})
    assert not isinstance(one, Unavailable) and not isinstance(two, Unavailable)
    assert set(one) == {"SPY"} and set(two) == {"SPY", "QQQ"}
    assert expirations_of({"expirations": {"date": "2026-11-27"}}) == (date(2026, 11, 27),)
    single = chain_of({"options": {"option": option()}})
    assert not isinstance(single, Unavailable) and len(single) == 1


@pytest.mark.parametrize("nothing", [None, "null", "", {"option": None}, {"option": "null"}, {"option": []}])
def test_nothing_has_many_forms(nothing: Any) -> None:
    assert chain_of({"options": nothing}) == ()


def test_nothing_is_empty_in_every_answer() -> None:
    assert quotes_of({"quotes": "null"}) == {}
    assert expirations_of({"expirations": None}) == ()
    assert minute_bars_of({"series": "null"}, "SPY", SESSIONS, NOW) == ()
    assert daily_bars_of({"history": None}, "SPY", SESSIONS, NOW) == ()
    clock = clock_of({"clock": "null"})
    assert isinstance(clock, Unavailable) and clock.fault is Fault.NO_DATA


@pytest.mark.parametrize(
    ("body", "fault", "words"),
    [
        ([], Fault.MALFORMED, "no object"),
        ("text", Fault.MALFORMED, "no object"),
        (None, Fault.MALFORMED, "no object"),
        ({}, Fault.MALFORMED, '"quotes" is missing'),
        ({"quotes": 5}, Fault.MALFORMED, '"quote"'),
        ({"errors": {"error": ["Symbol: XQZ not found", "b"]}}, Fault.UNKNOWN_SYMBOL, "XQZ"),
        ({"errors": {"error": "Backend is down"}}, Fault.VENDOR_ERROR, "Backend is down"),
        ({"fault": {"faultstring": "Invalid Access Token", "detail": {}}}, Fault.KEY_REFUSED, "Access Token"),
        ({"fault": {"faultstring": "Rate limit quota violation"}}, Fault.BUDGET_SPENT, "quota"),
        ({"error": "1234 is not a valid session", "quotes": None}, Fault.VENDOR_ERROR, "1234"),
    ],
)
def test_an_error_inside_an_answer_of_status_200_is_an_error(body: Any, fault: Fault, words: str) -> None:
    found = quotes_of(body)
    assert isinstance(found, Unavailable) and found.fault is fault and words in found.text


@pytest.mark.parametrize(
    ("status", "fault"),
    [(401, Fault.KEY_REFUSED), (429, Fault.BUDGET_SPENT), (400, Fault.REFUSED), (502, Fault.VENDOR_ERROR)],
)
def test_a_stated_error_takes_the_status_into_account(status: int, fault: Fault) -> None:
    found = stated_fault(status, {"fault": {"faultstring": "no"}})
    assert found is not None and found.fault is fault
    assert stated_fault(status, {"quotes": None}) is None


def test_a_bad_row_spoils_only_itself() -> None:
    found = quotes_of(
        {"quotes": {"quote": [stock(), {"symbol": "BAD"}, "junk", {}, None, stock(symbol="QQQ")]}}
    )
    assert not isinstance(found, Unavailable)
    assert [type(found[name]) for name in ("SPY", "BAD", "QQQ")] == [Quote, Unavailable, Quote]
    rows = chain_of({"options": {"option": [option(), "junk", option(strike=5.0), option(bid=None)]}})
    assert not isinstance(rows, Unavailable)
    assert [type(r) for r in rows] == [OptionRow, Unavailable, Unavailable, OptionRow]


@pytest.mark.parametrize("names", ["SEFDF", ["SEFDF", "BRK/Q"]])
def test_unmatched_symbols_have_a_reason_each(names: Any) -> None:
    found = quotes_of({"quotes": {"quote": stock(), "unmatched_symbols": {"symbol": names}}})
    assert not isinstance(found, Unavailable)
    reason = found["SEFDF"]
    assert isinstance(reason, Unavailable) and reason.fault is Fault.UNKNOWN_SYMBOL
    assert ("BRK.Q" in found) is isinstance(names, list)


def test_share_classes_are_written_with_a_slash() -> None:
    assert to_vendor("BRK.B") == "BRK/B" and to_vendor("SPX") == "SPX"
    found = quotes_of({"quotes": {"quote": stock(symbol="BRK/B")}})
    assert not isinstance(found, Unavailable) and isinstance(found["BRK.B"], Quote)


# --- numbers -------------------------------------------------------------------------------------------


def test_numbers_may_be_texts_and_unknown_fields_are_ignored() -> None:
    told = {key: str(value) for key, value in stock().items()}
    assert quoted(**told, new_field={"x": [1]}, greeks="null") == quoted()


@pytest.mark.parametrize("value", [None, 0, 0.0, "0", "null", "NaN", "", -1, True, [], {}])
def test_a_side_without_a_price_is_not_quoted(value: Any) -> None:
    quote, listed = quoted(bid=value, bidsize=0), row(bid=value, bidsize=0)
    assert quote.bid is None and quote.bid_size is None and quote.mid is None and quote.ask == 660.11
    assert listed.bid is None and listed.quote is not None and listed.quote.fault() is Refusal.NO_BID


def test_an_index_has_a_price_and_no_book() -> None:
    index = quoted(type="index", bid=0.0, bidsize=0, bid_date=0, ask=0.0, asksize=0, ask_date=0)
    assert (index.last, index.bid, index.ask, index.book_at) == (660.1, None, None, None)


def test_locked_and_crossed_quotes_are_kept_as_they_are() -> None:
    locked, crossed = row(bid=0.32, ask=0.32).quote, row(bid=0.33, ask=0.32).quote
    assert locked is not None and locked.fault() is None and locked.mid == 0.32
    assert crossed is not None and crossed.fault() is Refusal.CROSSED and crossed.mid is None
    assert quoted(bid=660.2).mid is None


def test_sizes_are_in_lots_until_the_tapes_gave_shares() -> None:
    before = int(datetime(2025, 10, 31, 15, tzinfo=UTC).timestamp() * 1000)
    assert (quoted().bid_size, quoted(bid_date=before, bidsize=3).bid_size) == (300, 300)
    assert row(bidsize=3, bid_date=before).bid_size == 3  # contracts


# --- times ---------------------------------------------------------------------------------------------


def test_each_side_keeps_its_own_time() -> None:
    sides = row(bid_date=MS - 61_000, ask_date=MS)
    assert sides.quote is not None and sides.quote.at == NOW - timedelta(seconds=61)
    quote = quoted(bid_date=MS - 61_000, ask_date=MS)
    assert quote.book_at == NOW - timedelta(seconds=61)


@pytest.mark.parametrize("never", [0, "0", None, "null", "", -5, 1e30])
def test_a_trade_date_of_0_means_never(never: Any) -> None:
    assert quoted(trade_date=never).last_at is None
    assert row(bid_date=never, ask_date=never).quote is None


def test_a_last_price_of_days_ago_keeps_its_age() -> None:
    old = quoted(trade_date=MS - 3 * 86_400_000)
    assert old.last_at == NOW - timedelta(days=3) and old.bid_at == NOW - timedelta(seconds=1)


def test_a_time_in_the_future_is_kept_for_whoever_knows_the_clocks() -> None:
    assert quoted(trade_date=MS + 300_000).last_at == NOW + timedelta(minutes=5)


def test_times_with_an_offset_are_read_too() -> None:
    assert quoted(trade_date="2026-11-24T09:30:00-05:00").last_at == datetime(
        2026, 11, 24, 14, 30, tzinfo=UTC
    )
    assert quoted(trade_date="2026-11-24T09:30:00").last_at is None


@pytest.mark.parametrize(
    ("written", "utc"),
    [("2026-11-24T09:30:00", 14), ("2026-07-01T09:30:00", 13), ("2026-03-09T09:30:00", 13)],
)
def test_times_of_bars_without_a_zone_are_those_of_new_york(written: str, utc: int) -> None:
    prices = {"time": written, "open": 1, "high": 2, "low": 1, "close": 2, "volume": 3}
    bars = minute_bars_of({"series": {"data": prices}}, "SPY", SESSIONS, NOW + timedelta(days=1))
    assert not isinstance(bars, Unavailable)
    assert (bars[0].start.hour, bars[0].start.minute) == (utc, 30)
    assert exchange_text(bars[0].start, SESSIONS) == written.replace("T", " ")[:16]


def test_the_time_of_greeks_is_never_the_time_of_a_quote() -> None:
    # It is in UTC without a zone and up to an hour old; neither it nor the Greeks are read.
    greeks = {"delta": 0.5, "theta": -1.0, "mid_iv": 0.0, "smv_vol": 0.3, "updated_at": "2026-11-24 13:59:00"}
    assert row(greeks=greeks) == row() == row(greeks=None) == row(greeks="null")


# --- options -------------------------------------------------------------------------------------------


def test_the_theta_of_a_put_is_the_call_s_and_never_read() -> None:
    put = {"symbol": "SPY261127P00660000", "option_type": "put"}
    assert row(**put, greeks={"theta": -0.0598, "rho": 5.05}) == row(**put)
    assert not {"theta", "rho", "delta", "iv"} & set(OptionRow.__slots__)


@pytest.mark.parametrize(
    ("fields", "adjusted"),
    [
        ({}, False),
        (
            {"symbol": "AAPL1261127C00200000", "root_symbol": "AAPL1", "strike": 200, "underlying": "AAPL"},
            True,
        ),
        ({"symbol": "AMD1261127C00200000", "root_symbol": "AMD1", "strike": 200, "contract_size": 150}, True),
        ({"contract_size": 10}, True),
        ({"root_symbol": "SPY7"}, True),
        (
            {"symbol": "SPXW261127C06600000", "root_symbol": "SPXW", "strike": 6600, "underlying": "SPX"},
            False,
        ),
        ({"contract_size": None, "root_symbol": None}, False),
    ],
)
def test_adjusted_options_are_marked(fields: dict[str, Any], adjusted: bool) -> None:
    assert row(**fields).adjusted is adjusted


@pytest.mark.parametrize(
    "fields",
    [{"strike": 661.0}, {"option_type": "put"}, {"expiration_date": "2026-11-28"},
     {"symbol": "SPY"}, {"symbol": "SPY269927C00660000"}, {"symbol": None}],
)  # fmt: skip
def test_a_row_may_not_contradict_its_symbol(fields: dict[str, Any]) -> None:
    assert isinstance(option_row(option(**fields)), Unavailable)


@pytest.mark.parametrize("body", [{"date": ["2026-11-27", "soon"]}, {"expiration": [{"strikes": {}}]}])
def test_an_expiry_that_is_no_date_is_no_answer(body: Any) -> None:
    assert isinstance(expirations_of({"expirations": body}), Unavailable)


def test_expiries_are_sorted_and_stated_once() -> None:
    detailed = [
        {"date": "2026-12-04", "expiration_type": "weeklys"},
        {"date": "2026-11-27"},
        {"date": "2026-12-04"},
    ]
    assert expirations_of({"expirations": {"expiration": detailed}}) == (
        date(2026, 11, 27),
        date(2026, 12, 4),
    )


# --- bars and clock ------------------------------------------------------------------------------------


def bars_of(*rows: dict[str, Any]) -> tuple[Bar, ...] | Unavailable:
    return minute_bars_of({"series": {"data": list(rows)}}, "SPY", SESSIONS, NOW)


def minute(back: int, **fields: Any) -> dict[str, Any]:
    stamp = int(NOW.timestamp()) - 60 * back
    return {"timestamp": stamp, "open": 1, "high": 2, "low": 1, "close": 2, "volume": 9} | fields


def test_bars_are_sorted_once_each_and_never_from_the_future() -> None:
    bars = bars_of(minute(1), minute(3), minute(3, close=1.5), minute(-4), minute(0))
    assert not isinstance(bars, Unavailable)
    assert [(bar.close, bar.complete) for bar in bars] == [(1.5, True), (2, True)]


def test_a_bar_of_the_running_minute_is_not_complete() -> None:
    running = minute_bars_of({"series": {"data": minute(0)}}, "SPY", SESSIONS, NOW + timedelta(seconds=20))
    assert not isinstance(running, Unavailable)
    assert (running[0].complete, running[0].end) == (False, NOW + timedelta(seconds=20))


@pytest.mark.parametrize(
    "fields", [{"high": 1.5}, {"low": None}, {"close": "null"}, {"open": 0}, {"timestamp": 1e30}]
)
def test_a_bar_with_impossible_prices_is_refused(fields: dict[str, Any]) -> None:
    found = bars_of(minute(2), minute(1, **fields))
    assert isinstance(found, Unavailable) and found.fault is Fault.MALFORMED


def test_daily_bars_are_the_sessions_and_today_s_is_running() -> None:
    prices = {"open": 1, "high": 2, "low": 1, "close": 2, "volume": 9}
    days = [{"date": day, **prices} for day in ("2026-11-24", "2026-11-21", "2026-11-23", "2099-01-02")]
    bars = daily_bars_of({"history": {"day": days}}, "SPY", SESSIONS, NOW)
    assert not isinstance(bars, Unavailable)
    assert [(bar.start.day, bar.complete) for bar in bars] == [(23, True), (24, False)]
    assert bars[1].end == NOW


@pytest.mark.parametrize(
    ("state", "is_open"),
    [("open", True), ("closed", False), ("premarket", False), ("lunch", None), (None, None)],
)
def test_the_clock_says_open_or_that_it_does_not_know(state: Any, is_open: bool | None) -> None:
    found = clock_of({"clock": {"timestamp": "1795532400", "state": state, "next_change": "16:00"}})
    assert not isinstance(found, Unavailable) and found.open is is_open
    assert found.at == datetime.fromtimestamp(1795532400, UTC)


def test_no_body_of_any_shape_raises() -> None:
    shapes = ["null", "[]", "1", '"x"', '{"quotes":[[]]}', '{"quotes":{"quote":[1,null,[]]}}',
              '{"quotes":{"unmatched_symbols":5}}', '{"options":{"option":[[],{},5]}}', '{"options":[]}',
              '{"expirations":{"date":[1,null,{}]}}', '{"expirations":[]}', '{"series":{"data":[1,{}]}}',
              '{"history":{"day":"x"}}', '{"clock":[]}', '{"clock":{"timestamp":"x"}}']  # fmt: skip
    for text in shapes:
        body = json.loads(text)
        quotes_of(body), chain_of(body), expirations_of(body), clock_of(body)
        minute_bars_of(body, "SPY", SESSIONS, NOW), daily_bars_of(body, "SPY", SESSIONS, NOW)
