"""Every recorded answer of Alpaca gives values, or says in words that it holds none."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from core.exchange.calendar import Calendar
from server.feeds.alpaca_bars import daily_bars_of, minute_bars_of
from server.feeds.alpaca_json import next_page
from server.feeds.alpaca_options import option_row, options_of
from server.feeds.alpaca_quotes import quotes_of
from server.feeds.values import Fault, OptionRow, Quote, Unavailable, occ_parts

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
SESSIONS = Calendar.load()
CODES = "options_exchange_codes_response_deserializes_official_map_shape"
"""A table of exchange letters, which is never asked for."""


def is_of_options(recorded: Any) -> bool:
    return "ption" in recorded.name


def test_each_answer_gives_its_values(recorded_alpaca: Any) -> None:
    body, name = recorded_alpaca.body, recorded_alpaca.name
    if "bars" in body or "bar" in body:
        for found in (minute_bars_of(body, NOW), daily_bars_of(body, SESSIONS, NOW)):
            assert not isinstance(found, Unavailable)
            for symbol, bars in found.items():
                # The samples "latest bar" of one client library have nothing but a close.
                assert isinstance(bars, Unavailable) == (len(str(body)) < 100), (symbol, bars)
                if not isinstance(bars, Unavailable):
                    assert bars and all(a.start < b.start for a, b in itertools.pairwise(bars))
        return
    if "snapshots" in body or (is_of_options(recorded_alpaca) and "quotes" in body):
        rows = options_of(body)
        assert not isinstance(rows, Unavailable)
        assert set(rows) == set(body.get("snapshots", body.get("quotes")))
        assert all(isinstance(row, OptionRow) and row.ask is not None and row.quote for row in rows.values())
        return
    if "latestQuote" in body:
        assert isinstance(option_row("AAPL260406C00180000", body["latestQuote"]), OptionRow)
        return
    found = quotes_of(body)
    assert not isinstance(found, Unavailable)
    stated = body.get("quotes", body.get("trades", {body["symbol"]: 1} if "symbol" in body else body))
    symbols = {symbol for symbol, value in stated.items() if value and name != CODES}
    assert set(found) == symbols
    for symbol, quote in found.items():
        if isinstance(quote, Unavailable):
            # Odd lots and trades of the evening, trades of options, and trades that were cancelled.
            assert quote.fault is Fault.MALFORMED and ("trades" in body or "trade" in body)
        else:
            assert isinstance(quote, Quote) and (quote.last_at or quote.bid_at) is not None, symbol


def test_a_recorded_cancelled_trade_is_no_price(recorded_alpaca: Any) -> None:
    if recorded_alpaca.name == "TestGetTrades_Update_1":
        found = quotes_of(recorded_alpaca.body)
        assert not isinstance(found, Unavailable) and isinstance(found["A"], Unavailable)


def test_a_recorded_answer_names_its_next_page_or_none(recorded_alpaca: Any) -> None:
    token = next_page(recorded_alpaca.body)
    assert token == (recorded_alpaca.body.get("next_page_token") or None)


def test_every_recorded_option_has_an_occ_symbol(recorded_alpaca: Any) -> None:
    assert all(occ_parts(symbol) for symbol in recorded_alpaca.body.get("snapshots", {}))
