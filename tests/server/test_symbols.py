"""One symbol and the watchlist, from the engine's state and the ledger."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import orjson
import pytest

from core.events import PriceSeen, TradingStatusSeen
from core.model import Source
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.runtime.runtime import Runtime


async def price(runtime: Runtime, station: Any, spot: float) -> None:
    station.later(minutes=1)
    at = station.clock.now()
    await runtime.post(
        lambda seq, now: PriceSeen(seq=seq, at=now, symbol="SPY", price=spot, priced_at=at, source="test")
    )


@pytest.fixture
async def trading(station: Any) -> Any:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    return runtime, LocalDeck(runtime)


async def test_a_symbol_shows_what_is_known_of_it_and_what_happened_today(station: Any, trading: Any) -> None:
    runtime, deck = trading
    for spot in (450.2, 450.4, 450.3):
        await price(runtime, station, spot)
    view = await deck.symbol("SPY")
    assert view is not None
    names = {section.name for section in view.sections}
    assert {"regime", "alignment", "structure", "expert", "direction"} <= names
    assert all(section.age > 0 and section.left > 0 for section in view.sections)
    assert [price for _, price in view.path][-3:] == [450.2, 450.4, 450.3]
    assert [row.id for row in view.positions] == [row.id for row in deck.snapshot().positions]
    assert {each.source for each in view.senders} >= {Source.SATY_PHASE, Source.TRADINGVIEW_SIGNAL}
    assert [item["decision"] for item in view.decisions][:1] == ["EXECUTE"]
    assert len(view.trades) == 1 and view.trades[0]["contracts"] > 0
    assert view.watched.price is not None and (view.watched.price.price, view.watched.positions) == (450.3, 1)
    assert json.loads(orjson.dumps(view))["symbol"] == "SPY"


async def test_sections_that_are_over_say_so_and_an_old_price_is_stale(station: Any, trading: Any) -> None:
    _, deck = trading
    station.later(minutes=90)
    view = await deck.symbol("SPY")
    assert view is not None and view.watched.price is not None and view.watched.price.stale
    assert all(section.left < 0 for section in view.sections)


async def test_only_the_prices_of_the_latest_hours_are_on_the_path_and_no_more_than_asked(
    station: Any, trading: Any
) -> None:
    runtime, _ = trading
    for n in range(10):
        await price(runtime, station, 450 + n / 100)
    since = station.clock.now() - timedelta(minutes=4, seconds=30)
    path = await runtime.ledger.prices_of("SPY", since, at_most=100)
    assert [round(value, 2) for _, value in path] == [450.05, 450.06, 450.07, 450.08, 450.09]
    few = await runtime.ledger.prices_of("SPY", since, at_most=2)
    assert len(few) <= 2 and few[-1] == path[-1]


async def test_the_watchlist_has_every_symbol_heard_with_those_held_first_and_says_what_is_halted(
    station: Any, trading: Any
) -> None:
    runtime, deck = trading
    await station.send(runtime, Source.SATY_PHASE, symbol="AAPL")
    station.later(seconds=1)
    await runtime.post(
        lambda seq, now: TradingStatusSeen(seq=seq, at=now, symbol="AAPL", halted=True, source="test")
    )
    rows = await deck.symbols()
    assert [row.symbol for row in rows] == ["SPY", "AAPL"]
    assert rows[0].positions == 1 and rows[0].remark == ""
    assert rows[1].heard_age is not None and rows[1].remark.startswith("halted since ")


async def test_a_symbol_never_heard_of_is_unknown(trading: Any) -> None:
    _, deck = trading
    assert await deck.symbol("ZZZZ") is None
