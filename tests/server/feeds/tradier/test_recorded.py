"""Every recorded answer of Tradier gives values, or says in words that it holds none."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from core.exchange.calendar import Calendar
from server.feeds.tradier_bars import clock_of, daily_bars_of, minute_bars_of
from server.feeds.tradier_options import chain_of, expirations_of
from server.feeds.tradier_quotes import quotes_of
from server.feeds.values import Bar, Fault, OptionRow, Quote, Unavailable

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
SESSIONS = Calendar.load()
PARSERS = {
    "quotes": quotes_of,
    "expirations": expirations_of,
    "options": chain_of,
    "series": lambda body: minute_bars_of(body, "AAPL", SESSIONS, NOW),
    "history": lambda body: daily_bars_of(body, "AAPL", SESSIONS, NOW),
    "clock": clock_of,
}
TICKS = "tradier_rb_2013/timesales"
"""Single trades, which were asked for with the interval "tick" and are no bars."""
ACCOUNT_HISTORY = {"get_history_multiple", "get_history_single"}

GIVES = {
    "get_quotes_single": {"AAPL": Quote},
    "get_quotes_multiple": {"AAPL": Quote, "TSLA240119P00250000": OptionRow},
    "get_quotes_parts_unmatch_symbol": {"AAPL": Quote, "SEFDF": Unavailable},
    "get_quotes_unmatched_symbol": {"SEFDF": Unavailable},
    "get_quotes_with_greeks": {"TSLA240119P00250000": OptionRow},
    "quote": {"AAPL": Quote},
    "quotes": {"AAPL": Quote, "MSFT": Quote},
    "option_quote": {"AAPL7150117C00430000": OptionRow},
    "option_quotes": {"AAPL7150117C00430000": OptionRow, "AAPL150117C00395000": OptionRow},
}
COUNTS = {
    "get_option_chains": 2,
    "get_option_chains_invalid_date": 0,
    "get_option_chains_invalid_symbol": 0,
    "get_option_expirations_all_info": 3,
    "get_option_expirations_only_date": 22,
    "get_option_expirations_toggles": 0,
    "get_historical_quotes": 3,
    "get_historical_quotes_non_list": 1,
    "get_time_and_sale": 3,
    "chain": 330,
    "expirations": 12,
    "expirations_with_strikes": 12,
    "history": 260,
}


def test_each_answer_gives_its_values(recorded_tradier: Any) -> None:
    body, name = recorded_tradier.body, recorded_tradier.name
    found = {wrapper: parse(body) for wrapper, parse in PARSERS.items()}
    own = next((wrapper for wrapper in PARSERS if wrapper in body and name not in ACCOUNT_HISTORY), None)
    for wrapper, value in found.items():
        if wrapper != own and not (wrapper == "history" and name in ACCOUNT_HISTORY):
            # An answer to another question, such as an order, is told from one without values.
            assert isinstance(value, Unavailable) and value.fault in (Fault.MALFORMED, Fault.VENDOR_ERROR), (
                value
            )
    if own is None:
        return
    value = found[own]
    if own == "clock":
        assert not isinstance(value, Unavailable)
    elif f"{recorded_tradier.folder}/{name}" == TICKS:
        assert isinstance(value, Unavailable) and "not four prices" in value.text
    elif name in GIVES:
        assert not isinstance(value, Unavailable)
        assert {symbol: type(quote) for symbol, quote in value.items()} == GIVES[name]
    else:
        assert not isinstance(value, Unavailable), value
        assert len(value) == COUNTS[name]
        assert not any(isinstance(part, Unavailable) for part in value)


@pytest.mark.parametrize(
    ("folder", "name", "parse"),
    [("tradier_rb_2013", "history", "history"), ("tradier_asynctradier_2024", "get_time_and_sale", "series")],
)
def test_bars_follow_each_other(reference: Any, folder: str, name: str, parse: str) -> None:

    bars = PARSERS[parse](json.loads(reference("vendor", folder, f"{name}.json").read_text()))
    assert all(isinstance(bar, Bar) and bar.start < bar.end and bar.complete for bar in bars)
    assert all(earlier.end <= later.start for earlier, later in itertools.pairwise(bars))


def test_a_recorded_chain_holds_adjusted_options_that_are_marked(reference: Any) -> None:

    rows = chain_of(json.loads(reference("vendor", "tradier_rb_2013", "chain.json").read_text()))
    assert not isinstance(rows, Unavailable)
    roots = Counter((row.root, row.adjusted) for row in rows if isinstance(row, OptionRow))
    assert roots == {("AAPL", False): 222, ("AAPL7", True): 108}
