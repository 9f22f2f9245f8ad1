"""Expired options over starts of the engine: without a feed they reach their end, and the ledger can be rebuilt."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from core.from_json import read
from core.positions import PositionState, SettlementBasis
from core.positions.position import Position
from server.deck import Command
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.runtime.price_sink import RuntimeSink
from server.runtime.runtime import Runtime

A_WEEK_LATER = datetime(2026, 12, 4, 15, 0, tzinfo=UTC)
"""The options of the station's signals expired on 2026-11-27 at 13:00 exchange time."""


async def looked(runtime: Runtime) -> None:
    """One tick, and one look of a market without a feed for what awaits its settlement."""
    await runtime.tick()
    market = NoFeed()
    market.attach(RuntimeSink(runtime))
    looking = asyncio.create_task(market.run())
    await asyncio.sleep(0.01)
    await runtime.settled()
    looking.cancel()


@pytest.mark.parametrize("killed", [False, True])
async def test_a_position_over_its_expiry_waits_and_settles_over_restarts(station: Any, killed: bool) -> None:
    end = station.kill if killed else station.stop
    first = await station.start(NoFeed())
    await station.enter(first)
    (held,) = first.engine.state.positions.values()
    await end(first)
    station.clock.move(A_WEEK_LATER)
    second = await station.start(NoFeed())
    await looked(second)
    (row,) = LocalDeck(second).snapshot().positions
    assert (row.state, row.expired_at) == ("AWAITING_SETTLEMENT", datetime(2026, 11, 27, 18, 0, tzinfo=UTC))
    assert row.missing == "a price of SPY (there is no feed)"
    await end(second)
    third = await station.start(NoFeed())
    await looked(third)
    assert third.engine.state.positions[held.id].state is PositionState.AWAITING_SETTLEMENT
    station.later(minutes=1)
    await third.price("SPY", 452.0, "webhook")
    assert not third.engine.state.positions
    stored = await third.ledger.position(held.id)
    leg = read(Position, stored).legs[-1]
    assert (leg.settlement, leg.underlying) == (SettlementBasis.FIRST_AFTER, 452.0)
    (trade,) = await third.ledger.closed_trades()
    assert trade.settled_estimate and trade.without_feed and not trade.stale_fill
    assert trade.exit_time == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert (await third.ledger.verify()).ok


async def test_a_settlement_by_hand_is_repeated_by_a_replay(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    (held,) = runtime.engine.state.positions
    station.clock.move(A_WEEK_LATER)
    await looked(runtime)
    deck = LocalDeck(runtime)
    asked = Command(id="s", name="settle", position_id=held, argument="452.0")
    told = await deck.command(asked)
    assert told.ok and (await deck.command(asked)).text == told.text
    detail = await deck.position(held)
    assert detail is not None and detail.closed
    state = runtime.engine.state
    await station.kill(runtime)
    again = await station.start(NoFeed())
    assert again.engine.state == state
