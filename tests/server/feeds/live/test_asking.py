"""The market of a signal: first fresh answer, absent and assumed fields, disagreement, daily figures, the chain."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.effects import FetchMarket
from core.model import Direction
from server.feeds.values import Fault, Need, Unavailable

FETCH = FetchMarket(signal_id="s", symbol="SPY", direction=Direction.LONG, timeframe=15)
BARS_ONLY = frozenset({Need.DAILY_BARS, Need.MINUTE_BARS})


async def test_one_vendor_gives_price_book_and_figures_with_source_and_age(desk: Any, days: Any) -> None:
    d = desk("one")
    d.vendors[0].quote("SPY", 100.0, age=2.0, spread=0.04)
    d.vendors[0].days["SPY"] = days("SPY")
    got = (await d.ask()).snapshot
    assert (got.price, got.bid, got.ask, got.feeds["price"], got.ages["price"]) == (
        100.0,
        99.98,
        100.02,
        "one",
        2.0,
    )
    assert got.spread_bps == pytest.approx(4.0) and got.depth_score == pytest.approx(10 * math.sqrt(10))
    assert (got.atr14, got.rsi14, got.rv20, got.trend_slope) == pytest.approx((2.0, 50.0, 0.0, 0.0))
    assert got.assumed == ()


async def test_the_running_day_is_no_part_of_the_atr(desk: Any, days: Any) -> None:
    d = desk("one")
    d.vendors[0].quote("SPY", 100.0)
    d.vendors[0].days["SPY"] = days("SPY", today=180.0)
    assert (await d.ask()).snapshot.atr14 == 2.0


async def test_the_first_fresh_answer_in_the_order_of_the_settings_wins(desk: Any) -> None:
    d = desk("one", "two")
    d.vendors[0].quote("SPY", 100.0, age=40.0)
    d.vendors[1].quote("SPY", 100.3, age=1.0)
    assert (await d.ask()).snapshot.feeds["price"] == "two"
    d.vendors[0].quote("SPY", 100.1)
    d.clock.move(d.clock.now() + timedelta(seconds=6))
    d.vendors[0].quote("SPY", 100.1)
    assert (await d.ask()).snapshot.price == 100.1


@pytest.mark.parametrize("fault", [Fault.TIMED_OUT, Fault.KEY_REFUSED, Fault.BUDGET_SPENT])
async def test_a_vendor_that_fails_leaves_its_fields_absent_or_to_the_next(desk: Any, fault: Fault) -> None:
    alone = desk("one")
    alone.vendors[0].prices["SPY"] = Unavailable(fault, "no", "SPY")
    got = (await alone.ask()).snapshot
    assert (got.price, got.spread_bps, got.atr14, got.assumed) == (None, None, None, ())
    both = desk("one", "two")
    both.vendors[0].prices["SPY"] = Unavailable(fault, "no", "SPY")
    both.vendors[1].quote("SPY", 100.0)
    assert (await both.ask()).snapshot.feeds["price"] == "two"


async def test_a_slow_vendor_does_not_hold_up_the_reply_and_helps_the_next_one(desk: Any) -> None:
    d = desk("one")
    d.vendors[0].quote("SPY", 100.0)
    d.vendors[0].wait = 0.2
    assert (await d.ask()).snapshot.price is None
    for _ in range(500):
        if (price := (await d.ask()).snapshot.price) is not None:
            break
        await asyncio.sleep(0.02)
    assert price == 100.0
    assert d.vendors[0].asked.count("quotes SPY") == 1
    await d.markets.close()


async def test_two_fresh_prices_that_disagree_give_no_price_and_no_spread(desk: Any) -> None:
    d = desk("one", "two")
    d.vendors[0].quote("SPY", 100.0)
    d.vendors[1].quote("SPY", 101.2)
    got = (await d.ask()).snapshot
    assert (got.price, got.spread_bps, got.depth_score) == (None, None, None)
    assert "one 100.00 and two 101.20 are 1.2 % apart" in d.markets.status()[0].detail


async def test_a_delayed_or_old_price_disagrees_with_nothing(desk: Any) -> None:
    d = desk("one", "two")
    d.vendors[0].quote("SPY", 100.0)
    d.vendors[1].quote("SPY", 101.2, delayed=True)
    assert (await d.ask()).snapshot.price == 100.0


async def test_a_field_that_no_configured_vendor_offers_is_assumed(desk: Any, days: Any) -> None:
    d = desk("one", offers=BARS_ONLY)
    d.vendors[0].days["SPY"] = days("SPY")
    got = (await d.ask()).snapshot
    assert got.assumed == ("spread_bps", "depth_score") and got.atr14 == 2.0
    lost = desk("one", offers=BARS_ONLY, unusable=1)
    assert (await lost.ask()).snapshot.assumed == (), "the one that cannot be used might give it"


async def test_a_crossed_book_is_a_negative_spread_and_one_side_is_none(desk: Any) -> None:
    d = desk("one")
    d.vendors[0].quote("SPY", 100.0, bid=100.2, ask=100.0)
    assert ((await d.ask()).snapshot.spread_bps or 0) < 0
    other = desk("one")
    other.vendors[0].quote("SPY", 100.0, bid=None, bid_at=None, bid_size=None)
    assert (await other.ask()).snapshot.spread_bps is None


async def test_the_chain_near_the_money_comes_with_its_quotes(desk: Any) -> None:
    d = desk("one")
    vendor = d.vendors[0]
    vendor.quote("SPY", 100.0)
    vendor.rows = [vendor.option(100.0, 1.0, 1.1), vendor.option(101.0, 0.6, 0.7)]
    chain = (await d.ask()).chain
    assert chain is not None and dict(chain.strikes) == {vendor.expiries[0]: (100.0, 101.0)}
    quote = dict(chain.quotes)["SPY261127C00100000"]
    assert (quote.bid, quote.ask, quote.source) == (1.0, 1.1, "one")
    assert chain.missing == "" and dict(chain.open_interest) == {}
    assert d.markets.at_once(FETCH, d.clock.now()) is None, "no daily bars are known yet"


async def test_adjusted_contracts_and_other_roots_are_left_out(desk: Any) -> None:
    d = desk("one")
    vendor = d.vendors[0]
    vendor.quote("SPY", 100.0)
    row = vendor.option(100.0, 1.0, 1.1)
    vendor.rows = [
        replace(row, occ="SPY1261127C00100000", root="SPY1", adjusted=True),
        replace(row, occ="SPYX261127C00100000", root="SPYX"),
        replace(row, multiplier=10, occ="SPY261127C00102000", strike=102.0),
    ]
    chain = (await d.ask()).chain
    assert chain is not None and chain.strikes == () and chain.quotes == ()


async def test_a_chain_that_does_not_come_is_empty_and_one_nobody_offers_is_none(desk: Any) -> None:
    d = desk("one")
    d.vendors[0].quote("SPY", 100.0)
    d.vendors[0].expiries = Unavailable(Fault.TIMED_OUT, "no answer", "SPY")
    chain = (await d.ask()).chain
    assert chain is not None and chain.expiries == () and chain.missing == "no feed gave the expiries of SPY"
    none = desk("one", offers=BARS_ONLY | {Need.QUOTES})
    assert (await none.ask()).chain is None


async def test_what_is_known_and_fresh_is_replied_at_once_and_not_asked_again(desk: Any, days: Any) -> None:
    d = desk("one")
    vendor = d.vendors[0]
    vendor.quote("SPY", 100.0)
    vendor.days["SPY"] = days("SPY")
    vendor.rows = [vendor.option(100.0, 1.0, 1.1)]
    asked = await d.ask()
    assert d.markets.at_once(FETCH, d.clock.now()) == asked
    requests = list(vendor.asked)
    await d.ask()
    assert vendor.asked == requests
    d.clock.move(d.clock.now() + timedelta(seconds=6))
    assert d.markets.at_once(FETCH, d.clock.now()) is None


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_vendors_wrong_clock_makes_no_old_price_fresh(desk: Any, minutes: int) -> None:
    d = desk("one")
    d.vendors[0].ahead = minutes * 60.0
    d.vendors[0].quote("SPY", 100.0, age=3.0)
    assert (await d.ask()).snapshot.ages["price"] == pytest.approx(3.0)
    other = desk("one")
    other.vendors[0].quote("SPY", 100.0, age=-300.0)  # from the future, by a clock that is otherwise right
    assert (await other.ask()).snapshot.price is None


async def test_daily_closes_are_told_to_the_engine_once_and_without_the_running_day(
    desk: Any, days: Any
) -> None:
    d = desk("one")
    d.vendors[0].days["SPY"] = days("SPY", count=40, close=101.0, today=180.0)
    d.vendors[0].quote("SPY", 180.0)
    await d.ask(chain=False)
    closes = d.notes.closes_of["SPY"]
    assert len(closes) == 39 and {close for _, close in closes} == {101.0}
    assert [day for day, _ in closes] == sorted(day for day, _ in closes)
    d.notes.closes_of.clear()
    await d.ask(chain=False)
    assert d.notes.closes_of == {}
