"""The traps of Alpaca's streams, one hand-written message each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgpack
import orjson
import pytest

from server.feeds.alpaca_messages import FrameError, Market, messages_in
from server.feeds.values import Bar, OptionRow, Quote, StreamGap, merged

T = "2026-11-24T14:59:59.731674112Z"
AT = datetime(2026, 11, 24, 14, 59, 59, 731674, tzinfo=UTC)
OCC = "SPXW261127C06600000"
TRADE = {"T": "t", "S": "SPY", "i": 7, "x": "V", "p": 660.1, "s": 100, "c": ["@"], "z": "B", "t": T}
BOOK = {"T": "q", "S": "SPY", "bx": "V", "bp": 660.0, "bs": 300, "ax": "V", "ap": 660.2, "as": 200, "c": ["R"],
        "z": "B", "t": T}  # fmt: skip
BAR = {"T": "b", "S": "SPY", "o": 1.0, "h": 2.0, "l": 1.0, "c": 2.0, "v": 9, "t": "2026-11-24T14:58:00Z"}
STATUS = {"T": "s", "S": "SPY", "sc": "H", "sm": "Trading Halt", "rc": "T12", "rm": "News", "t": T, "z": "C"}


def tick(message: dict[str, Any]) -> Any:
    return Market().tick(message)


# --- frames ----------------------------------------------------------------------------------------------


def test_a_frame_is_a_list_of_json_in_text_or_bytes() -> None:
    raw = orjson.dumps([TRADE, BOOK])
    assert messages_in(raw) == messages_in(raw.decode()) == (TRADE, BOOK)
    assert messages_in(orjson.dumps(TRADE)) == (TRADE,)


def test_a_frame_of_options_is_messagepack_with_its_own_times() -> None:
    stamp = msgpack.Timestamp.from_unix_nano(round(AT.timestamp() * 1e6) * 1000 + 112)
    packed = msgpack.packb(
        [{"T": "q", "S": OCC, "bp": 1.0, "ap": 1.1, "bs": 1, "as": 2, "c": "A", "t": stamp}]
    )
    (message,) = messages_in(packed)
    row = Market().option(message)
    assert row is not None and row.bid_at == AT and row.ask == 1.1


@pytest.mark.parametrize("frame", ["", " ", b"", b"\n", "[]"])
def test_an_empty_frame_has_no_messages(frame: str | bytes) -> None:
    assert messages_in(frame) == ()


@pytest.mark.parametrize(
    "frame",
    [
        "[1,2]",
        "[[]]",
        "[{}",
        "<html>",
        "plain",
        b"\x00\x01\xff\xfe",
        b"\xc1",
        b"\x93\x01",
        "null",
        "5",
        b"\xff" * 9,
    ],
)
def test_a_frame_that_cannot_be_read_says_so(frame: str | bytes) -> None:
    with pytest.raises(FrameError):
        messages_in(frame)


# --- messages --------------------------------------------------------------------------------------------


def test_each_message_says_only_its_part() -> None:
    trade, book, bar = tick(TRADE), tick(BOOK), tick(BAR)
    assert isinstance(trade, Quote) and isinstance(book, Quote) and isinstance(bar, Bar)
    assert (trade.last, trade.last_at, trade.bid) == (660.1, AT, None)
    assert (book.bid, book.ask, book.last, book.bid_size) == (660.0, 660.2, None, 300)
    assert bar.complete and (bar.end - bar.start).total_seconds() == 60
    assert tick(BAR | {"T": "u", "c": 1.5}).close == 1.5


@pytest.mark.parametrize("codes", [["@", "I"], ["@", "T"], ["Z"], ["?"], ["@", "new"]])
def test_a_trade_that_does_not_count_or_is_not_known_sets_no_price(codes: list[str]) -> None:
    assert tick(TRADE | {"c": codes}) is None


@pytest.mark.parametrize(
    "message",
    [{}, {"T": "n", "S": "SPY"}, {"T": "q"}, {"T": "t", "S": 5}, TRADE | {"p": 0}, TRADE | {"t": "soon"},
     BOOK | {"t": None}, BAR | {"h": 0.5}, BAR | {"t": None}, STATUS | {"sc": "5"}, STATUS | {"sc": "?"},
     STATUS | {"t": None}, {"T": "l", "S": "SPY", "u": 1, "d": 2}],
)  # fmt: skip
def test_what_says_nothing_changes_nothing(message: dict[str, Any]) -> None:
    assert tick(message) is None


@pytest.mark.parametrize(
    ("code", "halted"), [("H", True), ("P", True), ("2", True), ("Q", True), ("T", False), ("3", False)]
)
def test_a_halt_lasts_until_trading_resumes(code: str, halted: bool) -> None:
    found = tick(STATUS | {"sc": code})
    assert isinstance(found, Quote) and (found.halted, found.halted_at, found.last) == (halted, AT, None)


def test_unknown_fields_are_ignored_and_sides_of_0_are_none() -> None:
    assert tick(BOOK | {"new": {"a": [1]}}) == tick(BOOK)
    one_sided = tick(BOOK | {"bp": 0, "bs": 0})
    assert one_sided.bid is None and one_sided.bid_at == AT and one_sided.ask == 660.2


def test_late_and_double_messages_change_nothing() -> None:
    market = Market()
    late = TRADE | {"p": 600.0, "t": "2026-11-24T14:59:58Z", "i": 6}
    whole = None
    for message in (TRADE, BOOK, late, TRADE, BOOK, BOOK | {"bp": 1.0, "t": "2026-11-24T14:59:58Z"}):
        found = market.tick(message)
        assert isinstance(found, Quote)
        whole = merged(whole, found)
    assert whole is not None and (whole.last, whole.bid) == (660.1, 660.0)


def test_the_last_trade_is_corrected() -> None:
    market = Market()
    first = market.tick(TRADE | {"p": 6601.0})
    corrected = market.tick(
        {"T": "c", "S": "SPY", "oi": 7, "op": 6601.0, "ci": 8, "cp": 660.2, "cc": ["@"], "t": T}
    )
    assert isinstance(first, Quote) and isinstance(corrected, Quote)
    whole = merged(first, corrected)
    assert (whole.last, whole.last_at) == (660.2, AT)


def test_an_earlier_trade_that_is_corrected_or_cancelled_leaves_a_gap() -> None:
    market = Market()
    market.tick(TRADE)
    market.tick(TRADE | {"i": 8, "p": 660.2})
    earlier = market.tick({"T": "c", "S": "SPY", "oi": 7, "cp": 660.0, "cc": ["@"], "t": T})
    cancelled = market.tick({"T": "x", "S": "SPY", "i": 8, "p": 660.2, "a": "C", "t": T})
    assert isinstance(earlier, StreamGap) and "corrected" in earlier.text and earlier.symbol == "SPY"
    assert isinstance(cancelled, StreamGap) and "cancelled" in cancelled.text
    # Of trades that were never handed over nothing is to be taken back.
    assert market.tick({"T": "x", "S": "SPY", "i": 999}) is None
    assert market.tick({"T": "c", "S": "QQQ", "oi": 7, "cp": 1.0}) is None


def test_options_belong_to_their_index_and_need_a_quote() -> None:
    market = Market()
    market.underlyings = {OCC: "SPX"}
    message = {"T": "q", "S": OCC, "bp": 11.3, "bs": 1, "ap": 11.6, "as": 2, "c": "A", "t": AT}
    row = market.option(message)
    assert isinstance(row, OptionRow) and (row.underlying, row.root) == ("SPX", "SPXW")
    assert market.option(message | {"T": "t"}) is None and market.option(message | {"t": "x"}) is None
    halted = market.option(message | {"c": "T"})
    assert halted is not None and halted.bid is None


def test_delayed_quotes_are_marked() -> None:
    found = Market(delayed=True).tick(TRADE)
    assert isinstance(found, Quote) and found.delayed
