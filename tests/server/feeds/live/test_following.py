"""Watched prices: what is asked for and how often, what is posted and when, streams, halts, gaps and the close."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.model import Contract
from server.feeds.values import (
    Bar,
    Dividend,
    Fault,
    Need,
    Quote,
    Split,
    StreamGap,
    StreamState,
    SymbolChange,
    Unavailable,
)

CALL = Contract(underlying="SPY", root="SPY", expiry=datetime(2026, 11, 27).date(), strike=100.0, right="C")
HELD = (95.0, 105.0, 110.0)
NEAR = (99.9, 105.0, 110.0)


def trade(d: Any, price: float, *, symbol: str = "SPY", age: float = 0.0) -> Quote:
    at = d.clock.now() - timedelta(seconds=age)
    return Quote(symbol=symbol, source=d.vendors[0].name, last=price, last_at=at)


def send(d: Any, *ticks: Any) -> None:
    """Hand ticks over as the first vendor's stream does."""
    for tick in ticks:
        d.markets.follower.take(d.vendors[0], tick)


async def test_only_what_is_watched_is_asked_for(desk: Any) -> None:
    d = desk()
    for symbol in ("SPY", "QQQ"):
        d.vendors[0].quote(symbol, 100.0)
    await d.round()
    assert d.vendors[0].asked == []
    await d.watch("SPY")
    await d.round()
    assert d.vendors[0].asked == ["quotes SPY"] and d.notes.prices == [100.0]
    await d.watch()
    await d.round(60)
    assert d.vendors[0].asked == ["quotes SPY"]


@pytest.mark.parametrize(("levels", "pause"), [(None, 15), (HELD, 3), (NEAR, 1)])
async def test_a_price_is_asked_for_more_often_when_held_and_near_a_level(
    desk: Any, levels: tuple[float, ...] | None, pause: int
) -> None:
    d = desk()
    if levels is not None:
        d.notes.levels_of["SPY"] = levels
    await d.watch("SPY")
    asked = []
    for _ in range(2 * pause + 1):
        d.vendors[0].quote("SPY", 100.0)
        await d.round(1)
        asked.append(len(d.vendors[0].asked))
    assert asked[0] == 1 and asked[pause] == 2 and asked[2 * pause] == 3


@pytest.mark.parametrize(("limit", "each", "asked"), [(120, False, 20), (8, False, 5), (8, True, 2)])
async def test_a_small_budget_is_spread_over_its_minute(
    desk: Any, limit: int, each: bool, asked: int
) -> None:
    d = desk()
    d.vendors[0].limit, d.vendors[0].costs_per_symbol = limit, each
    for symbol in ("SPY", "QQQ", "IWM"):
        d.notes.levels_of[symbol] = HELD
    await d.watch("SPY", "QQQ", "IWM")
    for _ in range(59):
        for symbol in ("SPY", "QQQ", "IWM"):
            d.vendors[0].quote(symbol, 100.0)
        await d.round(1)
    assert sum(1 for what in d.vendors[0].asked if what.startswith("quotes")) == asked


async def test_a_fresh_stream_spares_requests_and_a_silent_one_is_replaced_by_them(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    for n in range(10):
        send(d, trade(d, 100.0 + n / 100))
        await d.round(1)
    assert d.vendors[0].asked == []
    d.vendors[0].quote("SPY", 100.5)
    await d.round(4)
    assert d.vendors[0].asked == ["quotes SPY"] and d.notes.prices[-1] == 100.5


async def test_the_range_since_the_last_post_comes_with_the_price(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    began = d.clock.now()
    for price in (100.1, 100.4, 99.8, 100.2):
        d.clock.move(d.clock.now() + timedelta(seconds=0.2))
        send(d, trade(d, price))
    await d.round(0.5)
    post = d.notes.posts[-1]
    assert (post["price"], post["bar"], post["began"]) == (100.2, (100.1, 100.4, 99.8), began)


async def test_a_price_that_crosses_a_level_is_posted_at_once(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = (99.5, 105.0, 110.0)
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.clock.move(d.clock.now() + timedelta(seconds=0.1))
    send(d, trade(d, 99.4))
    await d.round()
    assert d.notes.prices == [100.0, 99.4]


async def test_an_older_or_repeated_price_is_never_posted_as_new(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.clock.move(d.clock.now() + timedelta(seconds=2))
    send(d, trade(d, 99.0, age=10), trade(d, 100.0, age=2))
    await d.round()
    assert d.notes.prices == [100.0]
    made = [post["priced_at"] for post in d.notes.posts]
    assert made == sorted(made)


async def test_a_lone_jump_waits_for_a_second_price(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.vendors[0].quote("SPY", 100.01)
    d.clock.move(d.clock.now() + timedelta(seconds=2))
    send(d, trade(d, 90.0))
    d.vendors[0].quote("SPY", 100.01)
    await d.round()
    await d.round(2)
    assert d.notes.prices == [100.0, 100.01], "a single bad print sells nothing"
    d.clock.move(d.clock.now() + timedelta(seconds=6))
    send(d, trade(d, 90.0))
    d.clock.move(d.clock.now() + timedelta(seconds=1))
    send(d, trade(d, 90.1))
    await d.round()
    assert d.notes.prices[-1] == 90.1, "a second one says the same: it is a move"


async def test_another_vendors_price_confirms_a_jump(desk: Any) -> None:
    d = desk("one", "two")
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.clock.move(d.clock.now() + timedelta(seconds=2))
    other = trade(d, 90.2)
    d.markets.follower.take(d.vendors[1], Quote(symbol="SPY", source="two", last=90.2, last_at=other.last_at))
    send(d, trade(d, 90.0))
    await d.round()
    assert d.notes.prices == [100.0, 90.0]


async def test_a_jump_that_another_vendor_denies_is_no_move_however_often_it_comes(desk: Any) -> None:
    d = desk("one", "two")
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.vendors[1].quote("SPY", 100.0)
    for _ in range(3):
        d.clock.move(d.clock.now() + timedelta(seconds=3))
        for vendor, price in zip(d.vendors, (90.0, 100.0), strict=True):
            vendor.quote("SPY", price)
        await d.round()
        assert set(d.notes.prices) == {100.0}
    assert "quotes SPY" in d.vendors[1].asked, "the other vendor is asked at once"
    for _ in range(2):
        d.clock.move(d.clock.now() + timedelta(seconds=4))
        for vendor, price in zip(d.vendors, (90.0, 90.1), strict=True):
            vendor.quote("SPY", price)
        await d.round()
        await d.round()
    assert d.notes.prices[-1] == pytest.approx(90.0, abs=0.2), "both say it now"


async def test_the_vendor_followed_is_kept_while_it_is_fresh(desk: Any) -> None:
    d = desk("one", "two")
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.clock.move(d.clock.now() + timedelta(seconds=2))
    two = Quote(symbol="SPY", source="two", last=100.2, last_at=d.clock.now())
    d.markets.follower.take(d.vendors[1], two)
    await d.round()
    assert d.notes.prices == [100.0]


async def test_when_the_first_vendor_fails_the_next_is_asked(desk: Any) -> None:
    d = desk("one", "two")
    d.vendors[0].prices["SPY"] = Unavailable(Fault.TIMED_OUT, "no answer", "SPY")
    d.vendors[1].quote("SPY", 100.0)
    await d.watch("SPY")
    await d.round()
    assert [(post["price"], post["source"]) for post in d.notes.posts] == [(100.0, "two")]


async def test_a_halted_underlying_is_not_priced_and_is_told(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    d.vendors[0].quote("SPY", 100.0, halted=True, halted_at=d.clock.now())
    await d.round()
    assert d.notes.posts == [] and d.markets.trouble("SPY") == "SPY is halted"
    assert d.notes.statuses == [("SPY", True, "hand")]
    d.clock.move(d.clock.now() + timedelta(seconds=5))
    d.vendors[0].quote("SPY", 100.1, halted=False, halted_at=d.clock.now())
    await d.round()
    assert d.notes.prices == [100.1] and d.notes.statuses[1:] == [("SPY", False, "hand")]


async def test_a_trade_after_a_halt_shows_that_it_is_over(desk: Any) -> None:
    """The message of its end was lost: the position must not stay unguarded for the rest of the day."""
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    halt = d.clock.now()
    d.vendors[0].quote("SPY", 100.0, halted=True, halted_at=halt)
    await d.round()
    d.clock.move(halt + timedelta(seconds=400))
    d.vendors[0].quote("SPY", 99.0, halted=True, halted_at=halt)
    await d.round()
    assert d.notes.statuses == [("SPY", True, "hand"), ("SPY", False, "hand")]
    assert d.notes.prices == [99.0]


async def test_a_halt_that_ended_while_the_engine_was_stopped_is_ended_by_a_trade(desk: Any) -> None:
    d = desk()
    d.notes.halts["SPY"] = d.clock.now() - timedelta(minutes=10)
    await d.watch("SPY")
    d.vendors[0].quote("SPY", 100.0)
    await d.round()
    assert d.notes.statuses == [("SPY", False, "hand")]


async def test_dividends_and_splits_of_what_is_watched_are_told_once(desk: Any) -> None:
    d = desk()
    day = d.clock.now().date()
    d.vendors[0].actions["SPY"] = (
        Split(symbol="SPY", ex_date=day + timedelta(days=1), new=4.0, old=1.0, source="hand"),
        Dividend(symbol="SPY", ex_date=day + timedelta(days=10), amount=1.7, source="hand"),
        Dividend(symbol="SPY", ex_date=day - timedelta(days=80), amount=1.6, source="hand"),
    )
    await d.watch("SPY")
    await d.round()
    await d.round(60)
    assert [(symbol, kind) for symbol, kind, _ in d.notes.actions] == [("SPY", "SPLIT"), ("SPY", "DIVIDEND")]
    assert d.notes.actions[0][2]["ratio"] == 4.0 and d.notes.actions[1][2]["amount"] == 1.7


async def test_a_changed_symbol_is_told_on_its_day_and_once(desk: Any) -> None:
    d = desk()
    day = d.clock.now().date()
    d.vendors[0].actions |= {
        "SPY": (SymbolChange(symbol="SPY", day=day + timedelta(days=2), to="SPYX", source="hand"),),
        "FB": (SymbolChange(symbol="FB", day=day, to="META", source="hand"),),
        "OLD": (SymbolChange(symbol="OLD", day=day - timedelta(days=9), to=None, source="hand"),),
    }
    await d.watch("SPY", "FB", "OLD")
    await d.round()
    await d.round(60)
    assert d.notes.actions == [("FB", "SYMBOL_CHANGE", {"ex_date": day, "text": "it is META now"})]


async def test_fresh_quotes_of_held_options_come_with_the_price(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    vendor = d.vendors[0]
    vendor.quote("SPY", 100.0)
    vendor.rows = [vendor.option(100.0, 1.0, 1.1)]
    await d.watch("SPY", contracts=(CALL,))
    await d.round()
    assert [occ for occ, _ in d.notes.posts[-1]["quotes"]] == [CALL.occ]
    vendor.rows = Unavailable(Fault.TIMED_OUT, "no answer")
    for _ in range(15):
        vendor.quote("SPY", 100.0 + len(d.notes.posts) / 100)
        await d.round(5)
    assert d.notes.posts[-1]["quotes"] == (), "an old quote is not posted again as if it were new"


async def test_the_bars_of_an_interruption_tell_what_happened_in_it(desk: Any) -> None:
    d = desk()
    vendor = d.vendors[0]
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    last = d.clock.now()
    vendor.prices["SPY"] = Unavailable(Fault.TIMED_OUT, "no answer", "SPY")
    send(d, StreamState(source="hand", connected=False, text="reconnecting"))
    await d.round(150)
    bar = Bar(
        symbol="SPY", source="hand", start=last + timedelta(minutes=1), end=last + timedelta(minutes=2),
        open=99.0, high=99.2, low=94.0, close=99.1,
    )  # fmt: skip
    vendor.minutes["SPY"] = (bar,)
    vendor.quote("SPY", 99.6)
    send(d, StreamState(source="hand", connected=True))
    await d.round()
    post = d.notes.posts[-1]
    assert (post["price"], post["bar"]) == (99.6, (99.0, 99.6, 94.0))
    assert post["began"] <= bar.start


async def test_without_a_stream_the_bar_of_each_minute_tells_what_was_between_two_requests(desk: Any) -> None:
    d = desk()
    vendor = d.vendors[0]
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    vendor.quote("SPY", 100.0)
    await d.round()
    start = d.clock.now()
    spike = Bar(
        symbol="SPY", source="hand", start=start, end=start + timedelta(minutes=1),
        open=100.0, high=100.2, low=94.9, close=100.1,
    )  # fmt: skip
    vendor.minutes["SPY"] = (spike,)
    for _ in range(21):
        vendor.quote("SPY", 100.0 + len(d.notes.posts) / 1000)
        await d.round(3)
    vendor.quote("SPY", 100.1)
    await d.round(3)
    lows = [post["bar"][2] for post in d.notes.posts if post["bar"] is not None]
    assert min(lows) == 94.9 and vendor.asked.count("minutes") == 1
    assert next(p["began"] for p in d.notes.posts if p["bar"] and p["bar"][2] == 94.9) <= start


async def test_a_gap_in_the_sequence_asks_again(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.vendors[0].quote("SPY", 100.3)
    d.clock.move(d.clock.now() + timedelta(seconds=1))
    d.vendors[0].quote("SPY", 100.3)
    send(d, StreamGap(source="hand", text="3 messages missing", symbol="SPY"))
    await d.round()
    assert d.notes.prices == [100.0, 100.3]


async def test_a_price_that_could_not_be_stored_is_posted_again_with_its_range(desk: Any) -> None:
    d = desk()
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 100.0))
    await d.round()
    d.notes.broken = True
    d.clock.move(d.clock.now() + timedelta(seconds=1))
    send(d, trade(d, 99.6))
    d.clock.move(d.clock.now() + timedelta(seconds=1))
    send(d, trade(d, 100.2))
    with suppress(RuntimeError):
        await d.round()
    d.notes.broken = False
    send(d, trade(d, 100.1))
    await d.round(1)
    assert d.notes.posts[-1]["bar"] == (99.6, 100.2, 99.6)


async def test_after_the_close_the_official_close_is_posted_once(desk: Any, days: Any) -> None:
    d = desk(at=datetime(2026, 11, 24, 20, 59, tzinfo=UTC))
    vendor = d.vendors[0]
    await d.watch("SPY")
    vendor.quote("SPY", 100.0)
    await d.round()
    *_, today = days("SPY", today=101.5)
    vendor.days["SPY"] = (today,)
    await d.round(60)
    await d.round(150)
    assert len(d.notes.posts) == 1, "the day's bar is not complete yet"
    close = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    vendor.days["SPY"] = (Bar(**{**_fields(today), "end": close, "complete": True}),)
    await d.round(150)
    await d.round(150)
    assert [(p["price"], p["priced_at"], p.get("official_close")) for p in d.notes.posts[1:]] == [
        (101.5, close, True)
    ]


async def test_without_a_session_no_price_is_asked_for(desk: Any) -> None:
    d = desk(at=datetime(2026, 11, 26, 17, 0, tzinfo=UTC))  # Thanksgiving
    d.vendors[0].quote("SPY", 100.0)
    await d.watch("SPY")
    await d.round()
    assert "quotes SPY" not in d.vendors[0].asked and d.notes.posts == []


async def test_the_stream_is_told_what_is_watched(desk: Any) -> None:
    d = desk(offers=frozenset(Need))
    running = asyncio.create_task(d.markets.run())
    await d.watch("SPY", contracts=(CALL,))
    await d.vendors[0].streaming.wait()
    wanted = d.vendors[0].wanted
    assert (wanted.symbols, wanted.contracts) == ({"SPY"}, (CALL,))
    await d.watch("QQQ")
    await wanted.changed()
    assert (wanted.symbols, wanted.contracts) == ({"QQQ"}, ())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _fields(bar: Bar) -> dict[str, Any]:
    return {name: getattr(bar, name) for name in Bar.__slots__}


async def test_the_trouble_of_the_feed_that_prices_a_symbol_is_said(desk: Any) -> None:
    d = desk("one", "two", unusable=1)
    await d.watch("SPY")
    assert d.markets.trouble("SPY") == "lost0: "
    send(d, trade(d, 100.0))
    await d.round()
    assert d.markets.trouble("SPY") == ""
    d.markets.follower.streaming.on_tick(
        d.vendors[0], StreamState(source="one", connected=False, text="reconnecting in 8 s")
    )
    assert d.markets.trouble("SPY") == "one reconnecting in 8 s"


async def test_a_trade_before_the_opening_is_no_price_of_the_session(desk: Any) -> None:
    d = desk(at=datetime(2026, 11, 24, 14, 30, 5, tzinfo=UTC))
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    send(d, trade(d, 94.0, age=20))
    await d.round()
    assert d.notes.posts == []
    d.clock.move(d.clock.now() + timedelta(seconds=1))
    send(d, trade(d, 100.0))
    await d.round()
    assert d.notes.prices == [100.0]


async def test_the_first_vendor_is_taken_again_when_the_second_has_been_quiet(desk: Any) -> None:
    d = desk("one", "two")
    d.notes.levels_of["SPY"] = HELD
    await d.watch("SPY")
    d.vendors[1].quote("SPY", 100.0)
    await d.round()
    for _ in range(3):
        d.vendors[0].quote("SPY", 100.2)
        await d.round(3)
    assert [post["source"] for post in d.notes.posts] == ["two", "one", "one"]


async def test_the_close_of_an_earlier_expiry_is_asked_for_in_the_session_too(desk: Any, days: Any) -> None:
    d = desk()
    yesterday = date(2026, 11, 23)
    d.vendors[0].days["SPY"] = days("SPY", count=5, close=99.5)
    d.notes.awaited = {("SPY", yesterday): False}
    await d.round()
    await d.round(1)
    close = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert [(p["price"], p["priced_at"], p["official_close"]) for p in d.notes.posts] == [(99.5, close, True)]


async def test_a_close_that_no_vendor_gives_is_waited_for_as_long_as_the_rules_say(desk: Any) -> None:
    d = desk()
    d.notes.awaited = {("SPY", date(2026, 11, 23)): False}
    await d.round()
    await d.round(59 * 60)
    assert d.notes.missing == []
    await d.round(60)
    await d.round(3600)
    assert [(symbol, day) for symbol, day, _ in d.notes.missing] == [("SPY", date(2026, 11, 23))]
    assert "60 min" in d.notes.missing[0][2]


async def test_without_a_vendor_of_official_closes_the_engine_is_told_at_once(desk: Any) -> None:
    d = desk(offers=frozenset({Need.QUOTES}))
    d.notes.awaited = {("SPY", date(2026, 11, 23)): False}
    await d.round()
    assert d.notes.missing == [("SPY", date(2026, 11, 23), "no feed gives official closes")]
