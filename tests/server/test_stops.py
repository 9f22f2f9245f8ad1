"""The line that says why stops cannot act: late prices, lost feeds, halts, splits, and no feed at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.events import CorporateAction, CorporateActionSeen, TradingStatusSeen
from server.deck.build_stops import NO_FEED, NO_FEED_REASON, stops_warnings
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from tests.core.engine.conftest import Wire

RECONNECTING = "alpaca reconnecting"


def lines(wire: Wire, trouble: str = "", assumed: bool = False) -> list[tuple[str, bool]]:
    found = stops_warnings(wire.engine, lambda _: trouble, assumed, wire.now)
    return [(each.text, each.urgent) for each in found]


@pytest.mark.parametrize(
    ("name", "seconds", "trouble", "assumed", "said"),
    [
        ("fresh", 5, "", False, None),
        ("as old as a stop may be", 90, "", False, None),
        ("older", 91, "", False, "stops cannot act: SPY 91 s old, no price comes"),
        ("much older", 900, "", False, "stops cannot act: SPY 15 min old, no price comes"),
        ("an hour and a half", 5400, "", False, "stops cannot act: SPY 90 min old, no price comes"),
        ("hours", 8100, "", False, "stops cannot act: SPY 2 h 15 min old, no price comes"),
        ("a feed in trouble", 41, RECONNECTING, False, "stops cannot act: SPY 41 s old, alpaca reconnecting"),
        ("a feed in trouble a moment ago", 15, RECONNECTING, False, None),
        ("no feed, a price alert of a minute ago", 60, "", True, NO_FEED),
        ("no feed, nothing for long", 300, "", True, f"stops cannot act: SPY 5 min old, {NO_FEED_REASON}"),
    ],
)  # fmt: skip
def test_late_prices_are_said_in_words(
    name: str, seconds: float, trouble: str, assumed: bool, said: str | None
) -> None:
    wire = Wire()
    wire.enter(timeframe=240)
    wire.later(seconds=seconds)
    assert lines(wire, trouble, assumed) == ([] if said is None else [(said, said != NO_FEED)])


def test_without_a_feed_the_line_stands_there_from_the_start_and_fits_a_narrow_screen() -> None:
    assert lines(Wire(), assumed=True) == [(NO_FEED, False)]
    assert len(NO_FEED) <= 76


def test_outside_the_session_nothing_is_late() -> None:
    wire = Wire()
    wire.enter(timeframe=240)
    assert lines(wire.at("16:30"), RECONNECTING) == []


def test_a_halt_and_a_split_are_said() -> None:
    wire = Wire()
    wire.enter(timeframe=240)
    wire.post(TradingStatusSeen, symbol="SPY", halted=True, source="alpaca", reason="LULD")
    assert lines(wire) == [("stops cannot act: SPY is halted since 10:00 ET (LULD)", True)]
    wire.post(TradingStatusSeen, symbol="SPY", halted=False, source="alpaca")
    wire.at("2026-11-25T09:29")
    wire.post(
        CorporateActionSeen,
        symbol="SPY", action=CorporateAction.SPLIT, source="alpaca", ex_date=date(2026, 11, 25), ratio=2.0,
    )  # fmt: skip
    ((text, urgent),) = lines(wire)
    assert urgent and "2-for-1 split of SPY on 2026-11-25" in text


async def test_stops_that_cannot_act_are_announced_once_and_so_is_their_return(station: Any) -> None:
    class Reconnecting(NoFeed):
        assumed = False
        words = ""

        def trouble(self, symbol: str) -> str:
            return self.words

    markets = Reconnecting()
    runtime = await station.start(markets)
    deck = LocalDeck(runtime)
    answer = await station.enter(runtime)
    assert answer.decision is not None and answer.decision.position_id is not None
    assert deck.snapshot().stops == ()
    station.later(seconds=41)
    markets.words = RECONNECTING
    for _ in range(3):
        deck.watch()  # as a service does that no screen asks
        (warning,) = deck.snapshot().stops
    assert warning.text == "stops cannot act: SPY 41 s old, alpaca reconnecting"
    markets.words = ""
    await runtime.price("SPY", 450.1, "alpaca")
    assert deck.snapshot().stops == ()
    said = [event.text for event in deck.snapshot().events if event.kind == "feed"]
    assert said == ["stops act again: SPY", warning.text]
