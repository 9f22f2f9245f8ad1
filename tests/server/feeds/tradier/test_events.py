"""The traps of Tradier's stream, one hand-written line each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from server.feeds.tradier_events import LONGEST_LINE, LineError, Lines, StreamFault, events_in, tick_of
from server.feeds.values import OptionRow, Quote, StreamGap, Tick

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
MS = str(int(NOW.timestamp() * 1000))
OCC = "SPXW261127C06600000"
QUOTE = {"type": "quote", "symbol": "SPY", "bid": 281.84, "bidsz": 60, "bidexch": "M", "biddate": MS,
         "ask": 281.85, "asksz": 6, "askexch": "Z", "askdate": MS}  # fmt: skip
TRADE = {"type": "trade", "symbol": "SPY", "exch": "J", "price": "281.85", "size": "100", "cvol": "27978993",
         "date": MS, "last": "281.85"}  # fmt: skip
SALE = {"type": "timesale", "symbol": "SPY", "exch": "Q", "bid": "282.08", "ask": "282.09", "last": "282.09",
        "size": "100", "date": MS, "seq": 352795, "flag": "", "cancel": False, "correction": False,
        "session": "normal"}  # fmt: skip
SUMMARY = {
    "type": "summary",
    "symbol": "SPY",
    "open": "282.42",
    "high": "283.49",
    "low": "281.07",
    "prevClose": "288.1",
}


def tick(event: dict[str, Any], **changes: Any) -> Tick | None:
    return tick_of(event | changes, {OCC: "SPX"})


def test_numbers_are_texts_but_in_quotes() -> None:
    book, trade, summary = tick(QUOTE), tick(TRADE), tick(SUMMARY)
    assert isinstance(book, Quote) and isinstance(trade, Quote) and isinstance(summary, Quote)
    assert (book.bid, book.ask, book.bid_at, book.bid_size) == (281.84, 281.85, NOW, 60)
    assert (trade.last, trade.last_at, trade.last_size, trade.volume) == (281.85, NOW, 100, 27978993)
    assert (trade.bid, book.last, summary.previous_close, summary.last) == (None, None, 288.1, None)
    assert tick(QUOTE, bid="281.84", ask="281.85", bidsz="60", asksz="6") == book


def test_the_sides_of_a_quote_keep_their_times_and_zeros_are_no_sides() -> None:
    late = tick(QUOTE, bid=0, biddate=str(int(MS) - 61_000))
    assert isinstance(late, Quote) and late.bid is None and late.bid_size is None
    assert late.bid_at is not None and late.ask_at == NOW and late.book_at == late.bid_at
    assert tick(QUOTE, biddate="0", askdate=None) is None


def test_options_are_told_by_their_symbol_and_belong_to_the_index() -> None:
    row = tick(QUOTE, symbol=OCC, bid=11.3, ask=11.6)
    assert isinstance(row, OptionRow)
    assert (row.underlying, row.root, row.strike, row.quote and row.quote.mid) == ("SPX", "SPXW", 6600, 11.45)
    assert tick(TRADE, symbol=OCC) is None and tick(QUOTE, symbol=OCC, biddate=None, askdate=None) is None


@pytest.mark.parametrize("flag", [True, "true", "TRUE"])
@pytest.mark.parametrize("kind", ["cancel", "correction"])
def test_a_trade_that_is_taken_back_leaves_a_gap(kind: str, flag: Any) -> None:
    gap = tick(SALE, **{kind: flag})
    assert isinstance(gap, StreamGap) and gap.symbol == "SPY" and kind[:6] in gap.text
    assert tick(SALE) is None and tick(SALE, cancel="false") is None


@pytest.mark.parametrize(
    "event",
    [{}, {"type": "heartbeat"}, {"event": "heartbeat", "status": "active", "timestamp": 1}, {"type": "quote"},
     {"type": "new", "symbol": "SPY"}, TRADE | {"price": "null"}, TRADE | {"date": None}, TRADE | {"price": "0"},
     SUMMARY | {"prevClose": ""}, QUOTE | {"symbol": 5}, TRADE | {"type": "tradex"}],
)  # fmt: skip
def test_what_says_nothing_changes_nothing(event: dict[str, Any]) -> None:
    assert tick_of(event, {}) is None


def test_an_error_in_the_stream_is_raised() -> None:
    with pytest.raises(StreamFault, match="Session not found"):
        tick_of({"error": "Session not found"}, {})


def test_lines_arrive_in_pieces() -> None:
    whole = b"\n" + orjson.dumps(TRADE) + b"\n\n" + orjson.dumps(QUOTE) + b"\r\n" + orjson.dumps(SUMMARY)
    lines, found = Lines(), []
    for n in range(0, len(whole), 7):
        found += [event["type"] for line in lines.take(whole[n : n + 7]) for event in events_in(line)]
    assert found == ["trade", "quote"]
    assert [event["type"] for line in lines.take(b"\n") for event in events_in(line)] == ["summary"]


def test_events_may_follow_each_other_without_a_break() -> None:
    line = orjson.dumps(TRADE) + b" " + orjson.dumps(QUOTE) + orjson.dumps(SUMMARY)
    assert [event["type"] for event in events_in(line)] == ["trade", "quote", "summary"]


@pytest.mark.parametrize(
    "line", [b"<html>", b"\xff\xfe\x00", b"[1,2]", b"5", b'"x"', b'{"type":"trade"', b"{}x"]
)
def test_a_line_that_cannot_be_read_says_so(line: bytes) -> None:
    with pytest.raises(LineError):
        list(events_in(line))


@pytest.mark.parametrize("line", [b"", b"  ", b"\r", "", "\n"])
def test_an_empty_line_keeps_alive(line: bytes | str) -> None:
    assert list(events_in(line)) == []


def test_a_line_without_an_end_is_given_up() -> None:
    lines = Lines()
    with pytest.raises(LineError, match="longer"):
        for _ in range(LONGEST_LINE // 1000 + 2):
            lines.take(b"x" * 1000)
