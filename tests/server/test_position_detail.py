"""What the deck says of one position: open, in part, closed; and of a feed that is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest

from core.events import PriceSeen
from server.deck import Command, FeedStatus, build_rows
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.ledger.codec import encode_any
from server.runtime.runtime import Runtime


async def price(runtime: Runtime, station: Any, spot: float, minutes: float = 1) -> None:
    station.later(minutes=minutes)
    at = station.clock.now()
    await runtime.post(
        lambda seq, now: PriceSeen(seq=seq, at=now, symbol="SPY", price=spot, priced_at=at, source="test")
    )


@pytest.fixture
async def trading(station: Any) -> Any:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    deck = LocalDeck(runtime)
    (row,) = deck.snapshot().positions
    return runtime, deck, row


async def test_an_open_position_has_its_path_its_decay_and_an_attribution_that_adds_up(
    station: Any, trading: Any
) -> None:
    runtime, deck, row = trading
    for spot in (450.2, 450.4, 450.3):
        await price(runtime, station, spot)
    made = await deck.position(row.id)
    assert made is not None and not made.closed
    assert [point.underlying for point in made.path][-3:] == [450.2, 450.4, 450.3]
    assert made.decay and made.exits and made.nearest in [each.reason for each in made.exits]
    view = made.money
    assert sum(cause.total for cause in view.causes) == pytest.approx(view.gross, abs=1e-6)
    assert view.net == pytest.approx(made.row.pnl)
    assert made.row == next(each for each in deck.snapshot().positions if each.id == row.id)
    assert json.loads(orjson.dumps(made))["row"]["contract"] == row.contract


async def test_what_the_row_names_as_half_and_break_even_is_what_the_commands_do(
    station: Any, trading: Any
) -> None:
    runtime, deck, row = trading
    await price(runtime, station, 450.4)
    (row,) = deck.snapshot().positions
    moved = await deck.command(Command(id="b", name="breakeven", position_id=row.id, expected=row.remaining))
    assert moved.ok
    (after,) = deck.snapshot().positions
    assert after.to_stop is not None and after.to_stop.level == row.break_even and after.break_even is None
    sold = await deck.command(
        Command(id="h", name="exit", position_id=row.id, contracts=row.half, expected=row.remaining)
    )
    assert sold.ok
    left = [each.remaining for each in deck.snapshot().positions]
    assert left == ([row.remaining - row.half] if row.remaining > row.half else [])


async def test_a_closed_position_is_read_from_the_ledger(station: Any, trading: Any) -> None:
    runtime, deck, row = trading
    await price(runtime, station, 450.4)
    done = await deck.command(Command(id="x", name="exit", position_id=row.id, expected=row.remaining))
    assert done.ok and not deck.snapshot().positions
    made = await deck.position(row.id)
    assert made is not None and made.closed and made.row.state == "CLOSED"
    assert made.decay == () and made.exits == ()
    ((leg, net),) = made.exit_fills
    assert leg.contracts == row.remaining and net == pytest.approx(made.money.net)
    assert (await deck.entry(made.row.decision_id or ""))["exit"]["exit_reason"] == "MANUAL"
    events = [each for each in deck.snapshot().events if each.kind == "exit"]
    assert [each.position_id for each in events] == [row.id]


async def test_what_does_not_exist_is_none(trading: Any) -> None:
    _, deck, _ = trading
    assert await deck.position("nobody") is None and await deck.entry("nobody") is None


async def test_marks_are_thinned_evenly_and_keep_the_last(station: Any, trading: Any) -> None:
    runtime, _, row = trading
    for n in range(30):
        await price(runtime, station, 450 + n % 3 / 10, 0.2)
    every = await runtime.ledger.marks_of(row.id)
    assert len(every) > 30
    for at_most in (1, 7, 10, 1000):
        some = await runtime.ledger.marks_of(row.id, at_most=at_most)
        assert len(some) <= at_most and some[-1] == every[-1]
        assert len(some) >= min(len(every), at_most) // 2
        assert list(some) == [mark for mark in every if mark in some], "in order"
    with pytest.raises(ValueError, match="at_most"):
        await runtime.ledger.marks_of(row.id, at_most=0)


async def test_a_feed_that_is_lost_and_comes_back_is_told_once_each(station: Any) -> None:
    markets: Any = NoFeed()
    state = "OK"
    markets.status = lambda: (FeedStatus(name="tradier", state=state, detail="timed out"),)
    deck = LocalDeck(await station.start(markets))
    deck.snapshot()
    assert not deck.snapshot().events
    state = "DOWN"
    for _ in range(3):
        deck.snapshot()
    state = "OK"
    deck.snapshot()
    said = [(each.kind, each.text) for each in deck.snapshot().events]
    assert said == [("feed", "Feed tradier is back"), ("feed", "Feed tradier is lost: timed out")]


async def test_a_position_that_cannot_be_valued_fails_alone(
    station: Any, trading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, deck, row = trading
    runtime = deck._runtime
    other = replace(runtime.engine.state.positions[row.id], id="other")
    runtime.engine.state.positions["other"] = other
    valued = build_rows.live_values

    def fails(position: Any, *rest: Any) -> Any:
        if position.id == row.id:
            raise ZeroDivisionError("float division by zero")
        return valued(position, *rest)

    monkeypatch.setattr(build_rows, "live_values", fails)
    failed, good = deck.snapshot().positions
    assert failed.id == row.id and "float division by zero" in failed.fault
    assert (good.id, good.fault) == ("other", "") and good.mark == pytest.approx(row.mark)
    told = json.loads(encode_any(failed))
    assert (told["pnl"], told["mark"], told["contract"]) == (None, None, row.contract)
