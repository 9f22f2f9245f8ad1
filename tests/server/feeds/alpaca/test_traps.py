"""The traps of Alpaca's answers, one hand-written body each."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.exchange.calendar import Calendar
from core.options.quotes import Refusal
from server.feeds.alpaca_bars import daily_bars_of, minute_bars_of
from server.feeds.alpaca_json import (
    instant,
    next_page,
    stated_fault,
    symbols_in_fault,
    to_vendor,
    trade_counts,
)
from server.feeds.alpaca_options import contracts_of, option_row, options_of
from server.feeds.alpaca_quotes import quotes_of
from server.feeds.values import Fault, OptionRow, Quote, Unavailable

SESSIONS = Calendar.load()
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
T = "2026-11-24T14:59:59.731674112Z"
AT = datetime(2026, 11, 24, 14, 59, 59, 731674, tzinfo=UTC)
OCC = "SPY261127C00660000"
BOOK = {"t": T, "bp": 660.09, "bs": 300, "bx": "V", "ap": 660.11, "as": 200, "ax": "V", "c": ["R"], "z": "B"}
TRADE = {"t": T, "p": 660.1, "s": 100, "c": ["@"], "i": 7, "x": "V", "z": "B"}
OPTION = {"t": T, "bp": 2.0, "bs": 11, "bx": "C", "ap": 2.1, "as": 12, "ax": "C", "c": " "}


def quoted(**parts: Any) -> Quote | Unavailable:
    found = quotes_of({"SPY": {"latestQuote": BOOK, "latestTrade": TRADE} | parts})
    assert not isinstance(found, Unavailable)
    return found["SPY"]


def book(**fields: Any) -> Quote:
    found = quoted(latestQuote=BOOK | fields)
    assert isinstance(found, Quote)
    return found


def row(**fields: Any) -> OptionRow:
    found = option_row(OCC, OPTION | fields)
    assert isinstance(found, OptionRow)
    return found


# --- faults and pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, {"message": "unauthorized."}, Fault.KEY_REFUSED),
        (403, {"code": 40310000, "message": "forbidden."}, Fault.KEY_REFUSED),
        (403, {"message": "subscription does not permit querying recent SIP data"}, Fault.NOT_IN_PLAN),
        (403, {"message": "OPRA agreement is not signed: insufficient subscription"}, Fault.NOT_IN_PLAN),
        (422, {"message": "invalid symbol(s): X$, Y"}, Fault.UNKNOWN_SYMBOL),
        (400, {"message": "code=400, message=invalid symbol: X$"}, Fault.UNKNOWN_SYMBOL),
        (400, {"message": "limit is out of range"}, Fault.REFUSED),
        (429, {"message": "too many requests."}, Fault.BUDGET_SPENT),
        (500, {"code": 50010000, "message": "internal server error occurred"}, Fault.VENDOR_ERROR),
        (200, {"code": 40110000, "message": "request is not authorized"}, Fault.KEY_REFUSED),
        (200, {"message": "something"}, Fault.VENDOR_ERROR),
    ],
)
def test_an_error_is_told_by_its_message_whatever_the_status(status: int, body: Any, fault: Fault) -> None:
    found = stated_fault(status, body)
    assert found is not None and found.fault is fault and body["message"][:20] in found.text
    for parse in (quotes_of, options_of, contracts_of):
        assert isinstance(parse(body), Unavailable)  # type: ignore[operator]


def test_the_bad_symbol_of_a_batch_is_named() -> None:
    fault = stated_fault(400, {"message": "code=400, message=invalid symbol: X$"})
    assert fault is not None and symbols_in_fault(fault, ("SPY", "X$")) == ("X$",)
    several = stated_fault(422, {"message": "invalid symbol(s): BRK.Q,ZZ"})
    assert several is not None and symbols_in_fault(several, ("BRK/Q", "SPY", "ZZ")) == ("BRK/Q", "ZZ")
    assert symbols_in_fault(Unavailable(Fault.REFUSED, "no"), ("SPY",)) == ()


@pytest.mark.parametrize(("body", "token"), [({"next_page_token": "abc="}, "abc="), ({"next_page_token": None}, None),
                                             ({"next_page_token": ""}, None), ({}, None), ([], None)])  # fmt: skip
def test_pages_go_on_until_there_is_no_token(body: Any, token: str | None) -> None:
    assert next_page(body) == token


def test_share_classes_are_written_with_a_dot() -> None:
    assert to_vendor("BRK/B") == "BRK.B" and to_vendor("BRK.B") == "BRK.B"


# --- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "micros"),
    [("2026-11-24T14:59:59.731674112Z", 731674), ("2026-11-24T14:59:59.55240448Z", 552404),
     ("2026-11-24T14:59:59Z", 0), ("2026-11-24T09:59:59.1-05:00", 100_000)],
)  # fmt: skip
def test_times_have_up_to_nine_digits_and_z_or_an_offset(text: str, micros: int) -> None:
    assert instant(text) == datetime(2026, 11, 24, 14, 59, 59, micros, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-24T14:59:59", "soon", "", None, 5, "0001-01-01T00:00:00"])
def test_a_time_without_a_zone_is_none(text: Any) -> None:
    assert instant(text) is None


def test_an_old_trade_keeps_its_age_beside_a_fresh_quote() -> None:
    quote = quoted(latestTrade=TRADE | {"t": "2026-11-20T20:59:59Z"})
    assert isinstance(quote, Quote) and quote.bid_at == AT
    assert quote.last_at == datetime(2026, 11, 20, 20, 59, 59, tzinfo=UTC)


# --- quotes ----------------------------------------------------------------------------------------------


def test_every_form_of_an_answer_says_the_same() -> None:
    forms: list[dict[str, Any]] = [
        {"SPY": {"latestQuote": BOOK}},
        {"snapshots": {"SPY": {"latestQuote": BOOK}}},
        {"symbol": "SPY", "latestQuote": BOOK, "currency": "USD"},
        {"symbol": "SPY", "quote": BOOK},
        {"quotes": {"SPY": BOOK}, "currency": "USD"},
        {"quotes": {"SPY": [BOOK | {"t": "2026-11-24T14:00:00Z", "bp": 1.0}, BOOK]}, "next_page_token": None},
        {"quotes": {"SPY": [BOOK, BOOK | {"t": "2026-11-24T14:00:00Z", "bp": 1.0}]}},
    ]
    found = [quotes_of(form) for form in forms]
    assert all(answer == found[0] for answer in found)
    assert quotes_of({}) == quotes_of({"quotes": {}}) == quotes_of({"snapshots": {}}) == {}


def test_the_latest_trade_and_quote_may_be_absent() -> None:
    only_trade, only_book = quoted(latestQuote=None), quoted(latestTrade=None)
    assert isinstance(only_trade, Quote) and (only_trade.bid, only_trade.last) == (None, 660.1)
    assert isinstance(only_book, Quote) and (only_book.bid, only_book.last) == (660.09, None)
    nothing = quoted(latestQuote=None, latestTrade=None)
    assert isinstance(nothing, Unavailable) and nothing.fault is Fault.MALFORMED


@pytest.mark.parametrize("value", [None, 0, -1, "NaN", "x", True])
def test_a_side_of_0_is_not_quoted(value: Any) -> None:
    assert book(bp=value).bid is None and book(bp=value).bid_size is None and book(bp=value).mid is None
    quote = row(bp=value).quote
    assert quote is not None and quote.bid is None and quote.fault() is Refusal.NO_BID


def test_locked_and_crossed_quotes_are_kept_as_they_are() -> None:
    assert book(bp=660.11).mid == 660.11 and book(bp=660.2).mid is None
    crossed = row(bp=2.2).quote
    assert crossed is not None and crossed.fault() is Refusal.CROSSED


@pytest.mark.parametrize("condition", [["R"], [], None, "R", ["R", "?"]])
def test_conditions_may_be_an_array_a_text_or_absent(condition: Any) -> None:
    assert book(c=condition).mid == pytest.approx(660.10)


@pytest.mark.parametrize("condition", [["N"], ["L"], ["R", "U"], "Z"])
def test_a_quote_that_is_not_firm_has_no_sides(condition: Any) -> None:
    assert book(c=condition).bid is None and book(c=condition).ask is None and book(c=condition).bid_at == AT


@pytest.mark.parametrize(("condition", "firm"), [(" ", True), ("A", True), ("C", True), ("F", False), ("T", False),
                                                 (["A"], True), ("", True), (None, True)])  # fmt: skip
def test_an_option_halted_or_not_firm_has_no_sides(condition: Any, firm: bool) -> None:
    assert (row(c=condition).bid is not None) is firm


def test_sizes_are_in_lots_until_the_tapes_gave_shares() -> None:
    assert book().bid_size == 300 and book(t="2025-10-31T15:00:00Z", bs=3).bid_size == 300
    assert row(t="2025-10-31T15:00:00Z").bid_size == 11  # contracts


@pytest.mark.parametrize(
    ("codes", "counts"),
    [
        (["@"], True), ([" "], True), (["@", "F"], True), ([" ", "O"], True), ([], True), (None, True),
        (["@", "I"], False), (["@", "T", "I"], False), (["Z"], False), ([" ", "7"], False), (["4"], False),
        (["@", "?"], False), (["@", "XX"], False), (["W"], False), (["C"], False), (["U"], False),
    ],
)  # fmt: skip
def test_odd_lots_and_late_evening_or_unknown_trades_set_no_price(codes: Any, counts: bool) -> None:
    assert trade_counts(TRADE | {"c": codes}) is counts
    quote = quoted(latestTrade=TRADE | {"c": codes})
    assert isinstance(quote, Quote) and (quote.last == 660.1) is counts


@pytest.mark.parametrize(
    ("update", "counts"), [("canceled", False), ("incorrect", False), ("corrected", True)]
)
def test_a_trade_that_was_taken_back_sets_no_price(update: str, counts: bool) -> None:
    assert trade_counts(TRADE | {"u": update}) is counts


def test_without_a_trade_that_counts_the_last_minute_gives_the_price() -> None:
    minute = {"t": "2026-11-24T14:58:00Z", "o": 1, "h": 2, "l": 1, "c": 659.9, "v": 5}
    quote = quoted(
        latestTrade=TRADE | {"c": ["I"]}, minuteBar=minute, dailyBar={"v": 77}, prevDailyBar={"c": 655}
    )
    assert isinstance(quote, Quote)
    assert (quote.last, quote.last_at) == (659.9, datetime(2026, 11, 24, 14, 58, tzinfo=UTC))
    assert (quote.volume, quote.previous_close) == (77, 655)


# --- bars ------------------------------------------------------------------------------------------------


def bar(t: str, **fields: Any) -> dict[str, Any]:
    return {"t": t, "o": 10, "h": 12, "l": 9, "c": 11, "v": 5, "n": 1, "vw": 10.5} | fields


def test_bars_come_in_either_order_and_overlap_between_pages() -> None:
    times = ("2026-11-24T14:58:00Z", "2026-11-24T14:57:00Z", "2026-11-24T14:58:00Z", "2026-11-24T15:00:00Z")
    found = minute_bars_of({"bars": {"SPY": [bar(t) for t in times]}}, NOW)
    assert not isinstance(found, Unavailable)
    bars = found["SPY"]
    assert not isinstance(bars, Unavailable) and [b.start.minute for b in bars] == [57, 58]


def test_daily_bars_are_stamped_with_midnight_in_new_york() -> None:
    times = ("2026-07-01T04:00:00Z", "2026-11-23T05:00:00Z", "2026-11-24T05:00:00Z", "2026-11-22T05:00:00Z")
    found = daily_bars_of({"bars": {"SPY": [bar(t) for t in times]}}, SESSIONS, NOW)
    assert not isinstance(found, Unavailable)
    bars = found["SPY"]
    assert not isinstance(bars, Unavailable)
    assert [(b.start.month, b.start.day, b.start.hour, b.complete) for b in bars] == [
        (7, 1, 13, True), (11, 23, 14, True), (11, 24, 14, False)]  # fmt: skip


def test_one_bad_bar_spoils_only_its_symbol() -> None:
    good, bad = bar("2026-11-24T14:57:00Z"), bar("2026-11-24T14:57:00Z", h=1)
    found = minute_bars_of({"bars": {"SPY": [good], "QQQ": [good, bad], "IWM": []}}, NOW)
    assert not isinstance(found, Unavailable)
    assert isinstance(found["QQQ"], Unavailable) and isinstance(found["SPY"], tuple) and found["IWM"] == ()
    assert isinstance(minute_bars_of({"quotes": {}}, NOW), Unavailable)


# --- options ---------------------------------------------------------------------------------------------


def contract(**fields: Any) -> dict[str, Any]:
    return {
        "id": "x", "symbol": OCC, "status": "active", "tradable": True, "expiration_date": "2026-11-27",
        "root_symbol": "SPY", "underlying_symbol": "SPY", "type": "call", "style": "american",
        "strike_price": "660", "multiplier": "100", "size": "100", "open_interest": "237",
    } | fields  # fmt: skip


def listed(**fields: Any) -> OptionRow | Unavailable:
    found = contracts_of({"option_contracts": [contract(**fields)], "next_page_token": None})
    assert not isinstance(found, Unavailable)
    return next(iter(found.values()))


def test_numbers_of_contracts_are_texts() -> None:
    found = listed()
    assert isinstance(found, OptionRow)
    assert (found.strike, found.open_interest, found.multiplier, found.expiry) == (
        660,
        237,
        100,
        date(2026, 11, 27),
    )
    unknown = listed(open_interest=None)
    assert isinstance(unknown, OptionRow) and unknown.open_interest is None


@pytest.mark.parametrize(
    ("fields", "adjusted"),
    [
        ({}, False),
        ({"size": "150"}, True),
        ({"multiplier": "10", "size": "10"}, True),
        ({"symbol": "AAPL1261127C00660000", "root_symbol": "AAPL1", "underlying_symbol": "AAPL"}, True),
        ({"symbol": "AMD1261127C00660000", "root_symbol": "AMD1", "underlying_symbol": "AMD"}, True),
        ({"size": None, "multiplier": None}, False),
    ],
)
def test_adjusted_options_are_marked_by_root_multiplier_or_size(
    fields: dict[str, Any], adjusted: bool
) -> None:
    found = listed(**fields)
    assert isinstance(found, OptionRow) and found.adjusted is adjusted


@pytest.mark.parametrize(
    "fields", [{"strike_price": "661"}, {"type": "put"}, {"expiration_date": "2026-11-28"}]
)
def test_a_contract_may_not_contradict_its_symbol(fields: dict[str, Any]) -> None:
    assert isinstance(listed(**fields), Unavailable)


@pytest.mark.parametrize(
    "parts", [{}, {"latestTrade": {"p": 1}}, {"latestQuote": None}, {"greeks": {}}, None]
)
def test_an_option_without_a_quote_has_no_sides(parts: Any) -> None:
    found = options_of({"snapshots": {OCC: parts}})
    assert not isinstance(found, Unavailable)
    option = found[OCC]
    assert isinstance(option, OptionRow) and option.quote is None and option.bid is None


def test_greeks_and_volatility_of_the_vendor_are_never_read() -> None:
    plain = options_of({"snapshots": {OCC: {"latestQuote": OPTION}}})
    dressed = {"latestQuote": OPTION, "greeks": {"theta": -9}, "impliedVolatility": 3.0, "new": [1]}
    assert options_of({"snapshots": {OCC: dressed}}) == plain
    assert not {"theta", "rho", "delta", "iv"} & set(OptionRow.__slots__)


def test_a_symbol_that_is_no_option_spoils_only_itself() -> None:
    found = options_of({"snapshots": {OCC: {"latestQuote": OPTION}, "SPY": {"latestQuote": OPTION}}})
    assert not isinstance(found, Unavailable)
    assert isinstance(found[OCC], OptionRow) and isinstance(found["SPY"], Unavailable)


def test_no_body_of_any_shape_raises() -> None:
    shapes = ["null", "[]", "1", '"x"', '{"SPY":5}', '{"quotes":5}', '{"quotes":{"SPY":[1,null,[]]}}',
              '{"snapshots":[1]}', '{"snapshots":{"X":[]}}', '{"bars":5}', '{"bars":{"SPY":[1,null]}}', '{"bar":1}',
              '{"option_contracts":[1,{}]}', '{"option_contracts":{}}', '{"symbol":"SPY"}',
              '{"symbol":"SPY","bars":null}', '{"SPY":{"latestQuote":[],"latestTrade":1}}']  # fmt: skip
    for text in shapes:
        body = json.loads(text)
        quotes_of(body), options_of(body), contracts_of(body)
        minute_bars_of(body, NOW), daily_bars_of(body, SESSIONS, NOW + timedelta(days=1))
