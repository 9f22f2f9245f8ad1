"""Twelve Data's answers, recorded and from the local server, with each of its habits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import aiohttp
import pytest

from core.exchange.calendar import Calendar
from core.options.trading_clock import TradingClock
from core.rules import DEFAULT
from server.config import Settings
from server.demo.feed import SimulatedFeed
from server.demo.market import SimulatedMarket
from server.demo.vendors import twelvedata as local
from server.demo.vendors.faults import Fault as Trouble
from server.demo.vendors.faults import FaultKind, Faults
from server.demo.vendors.simulated import SimulatedSource
from server.feeds.twelvedata import KEY, TwelveData, make
from server.feeds.values import Bar, Fault, Quote, Unavailable
from server.feeds.vendor import VendorTools
from server.runtime.clock import VirtualClock

START = datetime(2026, 11, 24, 14, 35, tzinfo=UTC)


class Both:
    """The local server and the client."""

    def __init__(self, server: local.TwelveDataServer, client: TwelveData, market: SimulatedMarket) -> None:
        self.server, self.client, self.market = server, client, market


@pytest.fixture
async def both(tmp_path: Any) -> AsyncIterator[Any]:
    """Starts the local server with options, and a client with its key or another."""
    running: list[Any] = []

    async def start(*, key: str = local.KEY, minutes: int = 3, **options: Any) -> Both:
        market = SimulatedMarket(START, Calendar.load(), TradingClock.from_rules(DEFAULT.clock), 7)
        source = SimulatedSource(market, SimulatedFeed(market, DEFAULT), 7)
        server = local.TwelveDataServer(source, **options)
        await server.start()
        for _ in range(minutes):
            source.record(market.step())
        session = aiohttp.ClientSession()
        running.extend((session.close, server.stop))
        tools = VendorTools(
            session=session, settings=Settings(state_dir=tmp_path, twelvedata_url=server.url),
            environment={KEY: key}, clock=VirtualClock(market.now, "test"), random=Random(1),
        )  # fmt: skip
        client = make(tools)
        assert isinstance(client, TwelveData)
        return Both(server, client, market)

    yield start
    for end in running:
        await end()


async def test_a_last_price_is_a_text_with_the_time_of_its_making(both: Any) -> None:
    b = await both()
    quote = (await b.client.quotes(("SPY",)))["SPY"]
    assert isinstance(quote, Quote) and quote.bid is None
    assert quote.last == pytest.approx(b.market.spot("SPY"), abs=1e-4) and quote.last_at == b.market.now
    assert b.server.requests == ["/quote?symbol=SPY"], "the key is in a header, never in the address"


async def test_one_bad_symbol_of_a_batch_leaves_the_others(both: Any) -> None:
    b = await both()
    found = await b.client.quotes(("SPY", "NOSUCH", "AAPL"))
    assert [type(value) for value in found.values()] == [Quote, Unavailable, Quote]
    assert found["NOSUCH"].fault is Fault.UNKNOWN_SYMBOL and found["NOSUCH"].symbol == "NOSUCH"
    alone = await b.client.quotes(("NOSUCH",))
    assert alone["NOSUCH"].fault is Fault.UNKNOWN_SYMBOL


async def test_daily_bars_come_oldest_first_and_the_running_day_is_not_complete(both: Any) -> None:
    b = await both()
    bars = (await b.client.daily_bars(("SPY",), 40))["SPY"]
    assert len(bars) == 40 and [bar.start for bar in bars] == sorted(bar.start for bar in bars)
    assert [bar.complete for bar in bars] == [True] * 39 + [False]
    assert bars[-1].end == b.market.now and bars[0].start.hour in (13, 14), "half past nine in New York"


async def test_minute_bars_are_in_the_exchanges_time_without_a_zone(both: Any) -> None:
    b = await both()
    since = b.market.now - timedelta(minutes=2)
    bars = (await b.client.minute_bars(("SPY",), since))["SPY"]
    assert [bar.end for bar in bars] == [since + timedelta(minutes=1), b.market.now]


@pytest.mark.parametrize("honest", [False, True])
async def test_an_error_is_found_whatever_the_status(honest: bool, both: Any) -> None:
    b = await both(key="wrong", honest_status=honest)
    found = (await b.client.quotes(("SPY", "AAPL")))["AAPL"]
    assert found.fault is Fault.KEY_REFUSED and "apikey" in found.text
    assert b.client.status().state == "KEY_REFUSED" and "wrong" not in b.client.status().detail


async def test_credits_are_counted_and_a_spent_minute_is_waited_for(both: Any) -> None:
    b = await both(per_minute=3)
    await b.client.quotes(("SPY", "AAPL"), urgent=True)
    assert (b.client.http.budget.left, b.client.http.budget.limit) == (1, 3)
    found = (await b.client.quotes(("SPY", "AAPL"), urgent=True))["SPY"]
    assert found.fault is Fault.BUDGET_SPENT and found.retry_at is not None
    assert len(b.server.requests) == 1, "the vendor is not even asked"


async def test_the_credits_of_a_day_end_at_midnight(both: Any) -> None:
    b = await both(per_day=1)
    found = (await b.client.quotes(("SPY", "AAPL")))["SPY"]
    assert found.fault is Fault.BUDGET_SPENT and "for the day" in found.text
    assert b.client.http.budget.resets_in > 3600


async def test_data_of_a_dearer_plan_says_so_and_the_key_stays_good(both: Any) -> None:
    b = await both(faults=Faults((Trouble(kind=FaultKind.FORBIDDEN, path="/time_series"),)))
    found = (await b.client.daily_bars(("SPY",), 3))["SPY"]
    assert found.fault is Fault.NOT_IN_PLAN
    assert isinstance((await b.client.quotes(("SPY",)))["SPY"], Quote)


def _tools(folder: Any) -> VendorTools:
    return VendorTools(
        session=None, settings=Settings(state_dir=folder), environment={}, clock=VirtualClock(START, ""),
        random=Random(1),
    )  # fmt: skip


def test_without_a_key_the_line_names_the_variable(tmp_path: Any) -> None:
    found = make(_tools(tmp_path))
    assert isinstance(found, Unavailable) and KEY in found.text


def test_each_recorded_answer_gives_its_values(recorded_twelvedata: Any, tmp_path: Any) -> None:
    name = recorded_twelvedata.name
    try:
        body = recorded_twelvedata.body
    except json.JSONDecodeError:
        return
    client = TwelveData(_tools(tmp_path), "key")
    if name in ("batch_time_series", "batch_error"):
        rows = {symbol: client._object(body, symbol, alone=False) for symbol in body}
        found = {symbol: client._bars(symbol, row, None) for symbol, row in rows.items()}
        assert isinstance(found["AAPL"], tuple)
        assert all(
            isinstance(value, tuple) or value.fault is Fault.UNKNOWN_SYMBOL for value in found.values()
        )
    elif name == "batch_quote":
        quotes = [client._quote(s, client._object(body, s, alone=False)) for s in body]
        assert [quote.last for quote in quotes if isinstance(quote, Quote)] == [229.87, 414.17]
    elif name == "Test_client_GetTimeSeries_1":
        bars = client._bars("AAPL", body, None)
        assert isinstance(bars, tuple) and isinstance(bars[0], Bar)
        assert (bars[0].close, bars[0].start) == (148.85001, datetime(2021, 9, 16, 19, 59, tzinfo=UTC))
    elif name == "Test_client_GetQuote_1":
        quote = client._quote("AAPL", client._object(body, "AAPL", alone=True))
        assert isinstance(quote, Quote) and quote.last == 148.85001
    elif isinstance(body, dict) and body.get("status") == "error":
        assert isinstance(client._object(body, "X", alone=True), Unavailable)
    else:
        # An answer to another question: no value is made of it.
        row = client._object(body, "AAPL", alone=True)
        assert not isinstance(client._bars("AAPL", row, None), tuple) or "values" in body
