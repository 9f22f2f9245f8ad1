"""Prices of several feeds: order in time, doubt, and late bars."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import StorePrice, StoreRiskEvent
from core.model import ExitReason, Source


def told(wire: Any) -> list[str]:
    return [event.text for event in wire.of(StoreRiskEvent, everything=True)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(440, 460), st.floats(0, 80), st.sampled_from(["tradier", "alpaca"])),
        min_size=1,
        max_size=12,
    )
)
def test_a_price_older_than_the_last_never_moves_time_back(
    wired: Any, prices: list[tuple[float, float, str]]
) -> None:
    wire = wired()
    position = wire.enter(timeframe=240)
    newest = None
    for price, age, source in prices:
        wire.later(seconds=5).price(price, age=age, source=source)
        known = wire.state.prices["SPY"]
        assert newest is None or known.priced_at >= newest
        newest = known.priced_at
        last = wire.position(position).last
        assert last.spot_at <= newest
        assert all(e.seen.priced_at == known.priced_at for e in wire.of(StorePrice))


@pytest.mark.parametrize(
    ("name", "prices", "last", "doubted"),
    [
        ("one bad print of a feed", [("tradier", 45.1), ("tradier", 450.2)], 450.2, 0),
        ("two bad prints of a feed", [("tradier", 45.1), ("tradier", 45.2)], 450.0, 2),
        ("three that agree", [("tradier", 395.0), ("tradier", 394.0), ("tradier", 393.5)], 393.5, 0),
        ("three that fall and fall", [("tradier", 420.0), ("tradier", 390.0), ("tradier", 350.0)], 350.0, 0),
        ("another feed agrees", [("tradier", 395.0), ("alpaca", 394.0)], 394.0, 0),
        ("another feed has a third price", [("tradier", 395.0), ("alpaca", 45.0)], 450.0, 1),
        ("a wild one after another", [("tradier", 45.1), ("tradier", 4510.0), ("tradier", 45.1)], 450.0, 1),
        ("feeds that differ by 1 %", [("tradier", 454.5), ("alpaca", 450.0)], 450.0, 0),
    ],
)  # fmt: skip
def test_a_wild_price_waits_for_others_that_agree(
    wire: Any, name: str, prices: list[tuple[str, float]], last: float, doubted: int
) -> None:
    wire.price(450.0, source="tradier")
    for source, price in prices:
        wire.later(seconds=2).price(price, source=source)
    assert wire.state.prices["SPY"].price == last
    doubt = wire.state.doubts.get("SPY")
    assert (doubt.times if doubt else 0) == doubted


@pytest.mark.parametrize("source", ["tradier", "webhook"])
@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(5, 447.5), min_size=3, max_size=6))
def test_a_stop_is_acted_on_at_most_n_prices_after_it_was_crossed(
    wired: Any, source: str, prices: list[float]
) -> None:
    """However the market falls: each price lies beyond the stop, in any order and in any steps."""
    wire = wired()
    position = wire.enter()
    assert position.stop > max(prices)
    if source != "webhook":
        wire.later(seconds=5).price(450.0, source=source)
    for price in prices[: wire.engine.rules.intake.price_jump_prices]:
        wire.later(seconds=5)
        if source == "webhook":
            wire.send(Source.MTF_DOTS, price=round(price, 2))
        else:
            wire.price(price, source=source)
    assert wire.position(position).legs[0].reason is ExitReason.STOP_LOSS


def test_a_wild_price_sells_nothing_until_it_is_believed(wire: Any) -> None:
    position = wire.enter()
    wire.later(seconds=2).price(450.0, source="alpaca")
    wire.later(seconds=2).price(45.0, source="tradier")
    wire.later(seconds=1).tick()
    wire.later(seconds=1).tick()
    assert not wire.position(position).legs
    (alarm,) = told(wire)
    assert "price 45 of tradier is -90.0 % from the last known 450: doubted (1 of 3)" in alarm
    assert [e.code for e in wire.of(StoreRiskEvent, everything=True)] == ["PRICE_DOUBTED"]
    wire.later(seconds=2).price(450.1, source="alpaca")
    wire.tick()
    assert not wire.state.doubts and not wire.position(position).legs
    assert [e.cleared for e in wire.of(StoreRiskEvent, everything=True)] == [False, True]


@pytest.mark.parametrize(("doubt", "flagged"), [(False, False), (True, True)])
@pytest.mark.parametrize("how", ["hand", "time"])
def test_a_sale_while_a_newer_price_is_doubted_is_flagged(
    wired: Any, how: str, doubt: bool, flagged: bool
) -> None:
    wire = wired(rules="[exits]\ntheta_decay_pct = 100\n")
    position = wire.enter(timeframe=5)
    wire.later(minutes=354.5 if how == "time" else 1).price(450.0)
    if doubt:
        wire.later(seconds=5).price(420.0)
    if how == "hand":
        said = wire.command("exit", position, contracts=position.remaining)
        assert ("doubted (1 of 3)" in said.text) is doubt
    else:
        wire.later(seconds=30).tick()
    (leg,) = wire.position(position).legs
    assert leg.stale_fill is flagged


def test_a_bar_with_one_wild_low_counts_by_its_close(wire: Any) -> None:
    position = wire.enter()
    bar = {"open": 450.0, "high": 450.4, "low": 4.5, "began": wire.now}
    wire.later(minutes=1).price(450.2, **bar)
    assert wire.position(position).last.spot == 450.2 and not wire.position(position).legs


def test_a_bar_that_comes_after_the_next_price_still_meets_the_stop(wire: Any) -> None:
    """A minute's bar is often published after the first price of the next minute."""
    position = wire.enter()
    began = wire.now
    wire.later(seconds=62).price(450.1, source="alpaca")
    low = position.stop - 0.05
    wire.price(450.0, age=2, source="alpaca", open=450.0, high=450.2, low=low, began=began)
    (leg,) = wire.position(position).legs
    assert (leg.reason, leg.underlying) == (ExitReason.STOP_LOSS, position.stop)
    assert wire.state.prices["SPY"].price == 450.1


@pytest.mark.parametrize("age", [91, 300, 900])
def test_no_exit_at_a_stale_price(wire: Any, age: int) -> None:
    """A feed that delivers late prices, such as delayed ones, sells nothing by level."""
    position = wire.enter()
    wire.later(seconds=age + 30).price(position.stop - 3, age=age)
    assert not wire.position(position).legs


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_a_price_that_is_not_positive_is_none(wire: Any, bad: float) -> None:
    position = wire.enter()
    wire.later(seconds=5).price(bad)
    wire.later(seconds=5).price(450.0, open=450.0, high=450.5, low=bad)
    assert wire.position(position).last == position.last and wire.state.prices["SPY"].price == 450.0


def test_a_feed_replaces_a_senders_price_at_once(wire: Any) -> None:
    wire.agree()
    wire.signal(price=450.0)
    wire.later(seconds=1).price(520.0, source="alpaca")
    assert wire.state.prices["SPY"].source == "alpaca" and not told(wire)
