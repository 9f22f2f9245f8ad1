"""Whatever a vendor sends, its parsers give values or a reason: they never raise anything else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import msgpack
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exchange.calendar import Calendar
from server.feeds import (
    alpaca_actions,
    alpaca_bars,
    alpaca_options,
    alpaca_quotes,
    tradier_bars,
    tradier_options,
    tradier_quotes,
)
from server.feeds.alpaca_messages import FrameError, Market, messages_in
from server.feeds.tradier_events import LineError, StreamFault, events_in, tick_of

SESSIONS, NOW = Calendar.load(), datetime(2026, 11, 24, 15, tzinfo=UTC)
KEYS = [
    "quotes", "quote", "symbol", "unmatched_symbols", "options", "option", "expirations", "date",
    "expiration", "series", "data", "time", "timestamp", "history", "day", "clock", "state", "last", "bid",
    "ask", "bid_date", "ask_date", "trade_date", "strike", "open", "high", "low", "close", "contract_size",
    "type", "bars", "bar", "trades", "trade", "snapshots", "latestQuote", "latestTrade", "minuteBar",
    "dailyBar", "t", "o", "h", "l", "c", "v", "p", "s", "S", "T", "bp", "ap", "i", "oi", "ci", "cp", "cc",
    "sc", "x", "u", "option_contracts", "strike_price", "multiplier", "size", "open_interest",
    "next_page_token", "corporate_actions", "cash_dividends", "forward_splits", "ex_date", "rate",
    "new_rate", "old_rate", "message", "code", "fault", "errors", "error", "biddate", "askdate", "price",
    "cancel", "prevClose", "SPY",
]  # fmt: skip
WORDS = ["null", "SPY", "SPY261127C00660000", "2026-11-24", "2026-11-24T14:59:00Z", "0001-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59Z", "1795532400000", "NaN", "-1", "1e400", "q", "t", "b", "c", "x", "s", "H", "quote",
         "trade", "timesale", "summary", ""]  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)
MESSAGES = st.dictionaries(st.sampled_from(KEYS), BODIES, max_size=8)


@settings(max_examples=50)
@given(BODIES | st.dictionaries(st.sampled_from(KEYS), BODIES, max_size=6))
def test_no_body_makes_a_parser_raise(body: Any) -> None:
    tradier_quotes.quotes_of(body), tradier_options.chain_of(body), tradier_options.expirations_of(body)
    tradier_bars.minute_bars_of(body, "SPY", SESSIONS, NOW), tradier_bars.clock_of(body)
    tradier_bars.daily_bars_of(body, "SPY", SESSIONS, NOW)
    alpaca_quotes.quotes_of(body), alpaca_options.options_of(body), alpaca_options.contracts_of(body)
    alpaca_bars.minute_bars_of(body, NOW), alpaca_bars.daily_bars_of(body, SESSIONS, NOW)
    alpaca_actions.dividends_of(body), alpaca_actions.splits_of(body), alpaca_actions.changes_of(body)


@settings(max_examples=50)
@given(st.lists(MESSAGES, max_size=4))
def test_no_message_makes_a_stream_raise(messages: list[Any]) -> None:
    market = Market()
    for message in messages:
        market.tick(message), market.option(message)
        try:
            tick_of(message, {})
        except StreamFault:
            assert message.get("error") is not None


@settings(max_examples=50)
@given(
    st.binary(max_size=40)
    | BODIES.map(lambda body: msgpack.packb(body, default=str) if _packs(body) else b"\x90")
)
def test_no_frame_and_no_line_raises_anything_but_its_own_error(raw: bytes) -> None:
    with contextlib.suppress(FrameError):
        assert all(isinstance(message, dict) for message in messages_in(raw))
    with contextlib.suppress(LineError):
        assert all(isinstance(event, dict) for event in events_in(raw))


def _packs(body: Any) -> bool:
    try:
        return bool(orjson.dumps(body)) and bool(msgpack.packb(body))
    except (TypeError, ValueError, OverflowError):
        return False
