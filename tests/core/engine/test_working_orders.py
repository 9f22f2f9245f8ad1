"""Working orders: a limit that walks from the mid to the ask, filled by a later quote alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import StoreDecision, StoreShadow
from core.events import TradingStatusSeen
from core.model import Action, DecisionRecord
from core.options.quotes import OptionQuote
from server.ledger.codec import encode_any
from server.runtime.checkpoints import decode_state

WALKING = '[fills]\norder_type = "walk"\nwalk_steps = 4\nwalk_seconds = 5.0\n'


def working(wire: Any) -> Any:
    """Everything that it takes for an EXECUTE; returns the order that works for it."""
    wire.agree()
    wire.signal(timeframe=240)
    (order,) = wire.state.orders.values()
    return order


def quote(wire: Any, ask: float, bid: float | None = None, price: float = 450.0) -> None:
    (order,) = wire.state.orders.values()
    sides = OptionQuote(bid=ask - 0.1 if bid is None else bid, ask=ask, at=wire.now, source="feed")
    wire.price(price, quotes=((order.contract.occ, sides),))


def recorded(wire: Any) -> list[DecisionRecord]:
    return [effect.record for effect in wire.of(StoreDecision, everything=True)]


@pytest.fixture
def walking(wired: Any) -> Any:
    return wired(rules=WALKING)


def test_a_signal_places_an_order_and_waits(walking: Any) -> None:
    order = working(walking)
    record = walking.decision
    assert (record.action, record.code) == (Action.WAIT, "WORKING")
    assert not walking.state.positions and order.mid < order.ask
    assert any(order.contract in watch.contracts for watch in walking.engine.watched())


def test_the_limit_goes_from_the_mid_to_the_ask_in_steps(walking: Any) -> None:
    order, rules = working(walking), walking.engine.rules.fills
    limits = [order.limit(step, rules) for step in range(5)]
    assert limits == sorted(limits)
    assert limits[0] <= order.mid and order.ask <= limits[-1] < order.ask + 0.011
    assert [order.step(walking.later(seconds=5).now, rules) for _ in range(6)] == [1, 2, 3, 4, 4, 4]


def test_a_later_ask_at_the_limit_fills_there_and_its_evidence_is_kept(walking: Any) -> None:
    order = working(walking)
    limit = order.limit(1, walking.engine.rules.fills)
    walking.later(seconds=7)
    quote(walking, limit + 0.01)
    assert walking.state.orders  # a cent above the limit sells nothing
    walking.later(seconds=2)
    quote(walking, limit)
    (position,) = walking.state.positions.values()
    assert not walking.state.orders
    assert position.entry.entry_price == limit and position.entry.slippage <= 0
    assert position.entry.evidence == f"ask {limit:.2f} at 10:00:09 ET: limit {limit:.2f}, step 1 of 4"
    first, last = recorded(walking)
    assert (last.action, last.position_id, last.supersedes) == (Action.EXECUTE, position.id, first.id)
    assert last.notes[-1].code == "LIMIT_FILLED" and position.entry.evidence in last.notes[-1].text
    assert walking.of(StoreShadow)[-1].status == "SUPERSEDED"
    assert position.entry.entry_worst > limit  # what a market order would have cost


def test_a_quote_of_before_the_order_fills_nothing(walking: Any) -> None:
    order = working(walking)
    old = OptionQuote(bid=0.5, ask=0.6, at=order.at, source="feed")
    walking.later(seconds=21)
    walking.price(450.0, age=30, quotes=((order.contract.occ, old),))
    assert not walking.state.positions


def test_what_nobody_meets_is_given_up_with_its_reason(walking: Any) -> None:
    order = working(walking)
    for _ in range(5):
        walking.later(seconds=5)
        quote(walking, order.ask + 0.5)
    assert not walking.state.orders and not walking.state.positions
    last = recorded(walking)[-1]
    assert (last.action, last.code) == (Action.SKIP, "NOT_FILLED")
    assert last.blocks[0].text.endswith(f"within 25 s, the ask was {order.ask + 0.5:.2f}")
    assert walking.state.shadows  # what it would have made is followed


def test_the_far_side_is_taken_at_the_end_where_the_rule_says_so(wired: Any) -> None:
    wire = wired(rules=WALKING + 'walk_end = "take"\n')
    order = working(wire)
    wire.later(seconds=25)
    quote(wire, order.ask + 0.05)
    (position,) = wire.state.positions.values()
    assert position.entry.entry_price >= order.ask + 0.05
    assert position.entry.evidence.endswith("at market")


def test_without_option_quotes_the_models_ask_counts_and_is_flagged(walking: Any) -> None:
    working(walking)
    walking.later(seconds=3).price(
        448.5
    )  # the underlying falls: the call's modelled ask comes under the limit
    (position,) = walking.state.positions.values()
    assert "modelled" in position.entry.evidence


@pytest.mark.parametrize("how", ["mode", "halt", "exit_all", "sender", "expiry"])
def test_whatever_ends_entries_ends_a_working_order(walking: Any, how: str) -> None:
    order = working(walking)
    walking.later(seconds=1)
    if how == "mode":
        walking.command("mode", argument="REDUCING")
    elif how == "halt":
        walking.post(TradingStatusSeen, symbol="SPY", halted=True, source="feed", reason="LULD")
    elif how == "exit_all":
        walking.command("exit_all")
    elif how == "sender":
        walking.raw({"ticker": "SPY", "action": "cancel", "direction": "LONG", "timeframe": "240"})
    else:
        walking.later(minutes=300).tick()
    assert not walking.state.orders, how
    quote_after = OptionQuote(bid=0.1, ask=0.2, at=walking.now, source="feed")
    walking.later(seconds=1).price(450.0, quotes=((order.contract.occ, quote_after),))
    assert not walking.state.positions
    assert recorded(walking)[-1].action is Action.SKIP


def test_a_working_order_survives_a_restart(walking: Any) -> None:
    order = working(walking)
    again = type(walking.engine)(engine_id="wire")
    for event in walking.journal:
        again.step(event)
    assert again.state == walking.state
    walking.engine = type(walking.engine)(decode_state(encode_any(walking.state)), "wire")
    assert walking.state.orders == {order.signal_id: next(iter(again.state.orders.values()))}
    walking.later(seconds=2)
    quote(walking, order.limit(0, walking.engine.rules.fills))
    assert walking.state.positions


asks = st.lists(st.tuples(st.integers(1, 8), st.floats(-0.3, 0.3)), max_size=8)


@settings(max_examples=30, deadline=None)
@given(asks)
def test_only_a_later_ask_fills_and_an_order_fills_or_ends_once(
    wired: Any, path: list[tuple[int, float]]
) -> None:
    wire = wired(rules=WALKING)
    order = working(wire)
    rules = wire.engine.rules.fills
    for seconds, away in path:
        wire.later(seconds=seconds)
        if not wire.state.orders:
            break
        ask = round(order.ask + away, 2)
        limit = order.limit(order.step(wire.now, rules), rules)
        quote(wire, ask)
        if wire.state.positions:
            (position,) = wire.state.positions.values()
            assert ask <= limit == position.entry.entry_price
    ends = [r for r in recorded(wire) if r.code != "WORKING"]
    assert len(ends) <= 1 and bool(ends) is not bool(wire.state.orders)
