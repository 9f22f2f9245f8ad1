"""Past its exit an option is followed to its last close: prices are kept, and nothing of the trade changes."""

from __future__ import annotations

from typing import Any

from core.effects import StoreMarks, StorePrice, StoreShadow, StoreTrade
from core.positions import PositionState


def watched(wire: Any) -> set[str]:
    return {contract.occ for watch in wire.engine.watched() for contract in watch.contracts}


def test_prices_go_on_past_the_exit_to_the_last_close_and_touch_nothing(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(440.0)
    closed = wire.position(position)
    assert closed.state is PositionState.CLOSED and len(wire.of(StorePrice)) == 1
    wire.later(minutes=30).tick()
    assert position.contract.occ in watched(wire)
    wire.price(441.0)
    (kept,) = wire.of(StorePrice)
    assert (kept.seen.price, kept.seen.symbol) == (441.0, "SPY")
    assert not wire.of(StoreMarks) and not wire.of(StoreTrade) and wire.position(position) == closed
    wire.price(100.0, "QQQ")
    assert not wire.of(StorePrice)


def test_a_tail_ends_after_the_settlement_of_its_option(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(440.0)
    close = wire.engine.trading.last_close(position.contract.expiry)
    wire.now = close
    wire.tick()
    wire.price(441.0, official_close=True)
    assert wire.of(StorePrice)
    wire.later(minutes=13 * 60).tick()
    assert not wire.state.tails and position.contract.occ not in watched(wire)
    wire.price(442.0)
    assert not wire.of(StorePrice)


def test_a_closed_shadow_has_a_tail_and_a_superseded_one_has_none(wired: Any) -> None:
    wire = wired(rules="[confidence]\nexecute_at = 100.0\nwait_at = 99.9\n")
    wire.agree()
    wire.signal()
    (shadow,) = wire.of(StoreShadow)
    occ = shadow.position.contract.occ
    wire.later(minutes=1).price(440.0)
    assert not wire.state.shadows and occ in wire.state.tails["SPY"]
