"""What holds for any stream of prices: late, repeated, out of order, jumping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.feeds.observe import Observation, observed, on_our_clock
from server.feeds.track import Track
from server.feeds.values import Quote, merged

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
seconds = st.integers(0, 120)
prices = st.floats(90, 110).map(lambda x: round(x, 2))
seen = st.builds(
    lambda s, p: Observation(symbol="SPY", price=p, at=NOON + timedelta(seconds=s), source="v"),
    seconds,
    prices,
)
parts = st.builds(
    lambda s, last, bid, ask: Quote(
        symbol="SPY", source="v", last=last, last_at=None if last is None else NOON + timedelta(seconds=s),
        bid=bid, bid_at=None if bid is None else NOON + timedelta(seconds=s),
        ask=ask, ask_at=None if ask is None else NOON + timedelta(seconds=s),
    ),
    seconds, st.none() | prices, st.none() | prices, st.none() | prices,
)  # fmt: skip


@given(st.lists(seen, max_size=30), st.sets(st.integers(0, 29)))
def test_no_price_older_than_the_last_is_taken_and_the_range_holds_every_price_taken(
    given_prices: list[Observation], posts: set[int]
) -> None:
    track, taken = Track("SPY"), list[Observation]()
    for n, one in enumerate(given_prices):
        before = track.last
        if track.take(one, 1.0):
            assert before is None or one.at >= before.at
            taken.append(one)
        if taken and track.range is not None:
            since = [t.price for t in taken if track.posted is None or t.at >= track.posted.at]
            assert track.range.low <= track.last.price <= track.range.high
            assert track.range.low >= min(since) and track.range.high <= max(since)
            assert track.range.began <= track.range.first_at <= track.last.at
        if n in posts:
            track.posted_now(NOON)
            assert track.range is None and not track.has_news


@given(st.lists(seen, min_size=1, max_size=30))
def test_a_jump_is_taken_only_when_a_second_price_says_the_same(given_prices: list[Observation]) -> None:
    track, last = Track("SPY"), None
    heard: list[Observation] = []
    for one in given_prices:
        if track.take(one, 1.0) and last is not None:
            near = abs(one.price / last.price - 1) < 0.0101 * max(
                1.0, ((one.at - last.at).seconds / 60) ** 0.5
            )
            assert near or any(abs(one.price / other.price - 1) < 0.0101 for other in heard)
        heard.append(one)
        last = track.last


@given(st.lists(parts, min_size=1, max_size=12), st.randoms())
def test_messages_twice_or_out_of_order_give_the_same_times(messages: list[Quote], random: object) -> None:
    def whole(order: list[Quote]) -> tuple[object, ...]:
        found: Quote | None = None
        for part in order:
            found = merged(found, part)
        assert found is not None
        return found.last_at, found.bid_at, found.ask_at

    shuffled = [*messages, *messages]
    random.shuffle(shuffled)
    assert whole(messages) == whole(shuffled)


@given(parts, st.floats(-600, 600), st.integers(-300, 300))
def test_a_time_in_the_future_is_no_time(part: Quote, ahead: float, offset: int) -> None:
    now = NOON + timedelta(seconds=offset)
    ours = on_our_clock(part, ahead, now)
    assert all(at is None or at <= now for at in (ours.last_at, ours.bid_at, ours.ask_at))
    price = observed(ours, 1.0)
    assert price is None or price.at <= now
