"""Prices of several feeds: order in time, doubt, and late bars."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import Notice, StorePrice
from core.model import ExitReason


def told(wire: Any) -> list[str]:
    return [notice.text for notice in wire.of(Notice, everything=True) if notice.kind == "feed"]


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
    ("name", "prices", "last", "said"),
    [
        ("one bad print of a feed", [("tradier", 45.1), ("tradier", 450.2)], 450.2, 1),
        ("two bad prints of a feed", [("tradier", 45.1), ("tradier", 45.2)], 450.0, 1),
        ("three that agree", [("tradier", 395.0), ("tradier", 394.0), ("tradier", 393.5)], 393.5, 1),
        ("another feed agrees", [("tradier", 395.0), ("alpaca", 394.0)], 394.0, 1),
        ("a wild one after another", [("tradier", 45.1), ("tradier", 4510.0), ("tradier", 45.1)], 450.0, 1),
        ("feeds that differ by 1 %", [("tradier", 454.5), ("alpaca", 450.0)], 450.0, 0),
    ],
)  # fmt: skip
def test_a_wild_price_waits_for_others_that_agree(
    wire: Any, name: str, prices: list[tuple[str, float]], last: float, said: int
) -> None:
    wire.price(450.0, source="tradier")
    for source, price in prices:
        wire.later(seconds=2).price(price, source=source)
    assert wire.state.prices["SPY"].price == last
    assert len(told(wire)) == said


def test_a_wild_price_sells_nothing_until_it_is_believed(wire: Any) -> None:
    position = wire.enter()
    wire.later(seconds=2).price(450.0, source="alpaca")
    wire.later(seconds=2).price(45.0, source="tradier")
    assert not wire.position(position).legs
    assert "not used until more prices agree" in told(wire)[0]
    wire.later(seconds=2).price(450.1, source="alpaca")
    assert not wire.state.feed_doubts and not wire.position(position).legs


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
