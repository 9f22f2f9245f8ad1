"""Invariants of every position, on random paths of prices, bars, quotes, ticks and commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events import PriceSeen
from core.model import Direction
from core.options import price
from core.positions import (
    ExitFill,
    Mark,
    Position,
    PositionChange,
    PositionState,
    entry_mark,
    exit_by_hand,
    exit_record,
    on_price,
    on_time,
    r_multiple,
    settle,
    stop_to_break_even,
)

moves = st.floats(-2.5, 2.5)
events = st.lists(
    st.one_of(
        st.tuples(st.just("price"), moves, st.booleans()),
        st.tuples(st.just("bar"), moves, st.floats(0, 3), st.floats(0, 3), st.booleans()),
        st.tuples(st.just("old"), moves),
        st.tuples(st.just("tick")),
        st.tuples(st.just("sell"), st.integers(1, 60)),
        st.tuples(st.just("wait"), st.integers(1, 300)),
    ),
    max_size=25,
)
trades = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(Direction),
        "contracts": st.one_of(st.integers(1, 9), st.integers(45, 130)),
        "expiry": st.sampled_from(["2026-11-24", "2026-12-04", "2026-12-31"]),
        "quote": st.sampled_from([None, (3.10, 3.20)]),
        "style": st.sampled_from(["american", "european"]),
    }
)


class Trade:
    """A trade and all that was told about it on the way."""

    def __init__(self, desk: Any, facts: dict[str, Any], path: Iterable[tuple[Any, ...]]) -> None:
        self.desk, self.trading = desk, desk.trading
        self.position: Position = desk.open(**facts)
        self.entry: Mark = self.position.last
        self.told: list[Mark | ExitFill] = []
        self.marks: list[Mark] = [self.entry]
        self.legs: list[ExitFill] = []
        self.now = self.position.opened_at
        self.spot = 600.0
        self.last: PriceSeen | None = None
        for event in path:
            self.now += timedelta(seconds=47)
            self.play(*event)

    def play(self, kind: str, *how: Any) -> None:
        match kind, how:
            case "tick", ():
                self.take(on_time(self.position, self.now, self.last, self.trading))
            case "wait", (minutes,):
                self.now += timedelta(minutes=minutes)
                self.take(on_time(self.position, self.now, self.last, self.trading))
            case "sell", (count,):
                self.take(exit_by_hand(self.position, count, self.now, self.last, None, self.trading))
            case "old", (move,):
                self.price(move, priced_at=self.now - timedelta(seconds=120))
            case "price", (move, quoted):
                self.price(move, quote=self.quote(move) if quoted else None)
            case "bar", (move, above, below, quoted):
                first, close = self.spot + move / 2, self.spot + move
                bar = (first, max(first, close) + above, min(first, close) - below)
                self.price(move, bar=bar, quote=self.quote(move) if quoted else None)

    def quote(self, move: float) -> tuple[float, float]:
        """Sometimes below intrinsic value, so that no volatility is implied."""
        intrinsic = max(0.0, (self.spot + move - 600) * self.position.direction.sign)
        return intrinsic + abs(move) - 0.2 + 0.5, intrinsic + abs(move) - 0.2 + 0.6

    def price(self, move: float, **facts: Any) -> None:
        self.spot += move
        self.last = self.desk.seen(self.position, self.now, self.spot, **facts)
        self.take(on_price(self.position, self.last, self.now, self.trading))

    def take(self, outcome: PositionChange) -> None:
        self.position = outcome.position
        self.marks += outcome.marks
        self.legs += outcome.legs

    def finish(self) -> Trade:
        """To the end: by the clock if it still runs, else settled."""
        close = self.trading.last_close(self.position.contract.expiry)
        self.take(settle(self.position, max(1.0, self.spot), max(self.now, close), self.trading))
        return self


def played(desk: Any, facts: dict[str, Any], path: Any) -> Trade:
    return Trade(desk, facts, path).finish()


@given(trades, events)
@settings(max_examples=60, deadline=None)
def test_quantities_are_conserved(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    trade = Trade(desk_by(), facts, path)
    position = trade.position
    assert tuple(trade.legs) == position.legs
    sold = sum(leg.contracts for leg in position.legs)
    assert position.remaining + sold == position.entry.filled_contracts
    assert all(leg.contracts >= 1 for leg in position.legs)
    assert (position.remaining == 0) == (position.state is PositionState.CLOSED)
    assert (position.pending is not None) == (position.state is PositionState.EXITING)
    assert all(a.at <= b.at for a, b in pairwise(position.legs))
    assert all(a.at <= b.at for a, b in pairwise(trade.marks))
    assert trade.finish().position.state is PositionState.CLOSED


@given(trades, events)
@settings(max_examples=60, deadline=None)
def test_gross_less_costs_is_net(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    position = played(desk_by(), facts, path).position
    told = exit_record(position)
    entry, legs = position.entry, position.legs
    costs = told["total_spread_cost"] + told["total_slippage"] + told["total_commission"]
    assert told["pnl_gross"] - costs == pytest.approx(told["pnl_net"], abs=1e-6)

    cash = -round(entry.entry_price * entry.filled_contracts * 100 + entry.commission, 2)
    cash += sum(round(leg.price * leg.contracts * 100 - leg.commission, 2) for leg in legs)
    assert round(told["pnl_net"], 2) == pytest.approx(cash, abs=1e-9)
    assert told["pnl_net"] == pytest.approx(cash, abs=1e-6)

    for leg in legs:  # and each cost once: what a fill gave away is its spread and its slippage
        given_away = (leg.mid - leg.price) * leg.contracts * 100
        assert leg.spread_cost + leg.slippage == pytest.approx(given_away, abs=1e-9)
        free = leg.reason == "EXPIRY" or leg.price == 0  # nobody is paid for what brings nothing
        assert leg.commission == (0 if free else pytest.approx(0.65 * leg.contracts))
    assert sum(p["pnl_net"] for p in told["partials"]) == pytest.approx(told["pnl_net"], abs=1e-6)
    assert r_multiple(position) == pytest.approx(told["pnl_net"] / entry.risk_amount)


@given(trades, events)
@settings(max_examples=60, deadline=None)
def test_attribution_adds_up_to_gross(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    position = played(desk_by(), facts, path).position
    told = exit_record(position)
    parts = [told[f"pnl_from_{name}"] for name in ("delta", "gamma", "iv", "theta")]
    total = sum(parts) + told["pnl_unexplained"]
    assert total == pytest.approx(told["pnl_gross"], abs=1e-6 * position.premium)
    for leg in position.legs:
        gross = (leg.mid - position.entry.entry_mid) * leg.contracts * 100
        assert leg.attribution.total == pytest.approx(gross, abs=1e-6 * position.premium)


@given(trades, events)
@settings(max_examples=40, deadline=None)
def test_the_attribution_can_be_computed_again_from_the_marks(
    desk_by: Any, facts: dict[str, Any], path: Any
) -> None:
    """By the definition over the six orders, from spot, volatility, time and mid of the marks alone."""
    trade = played(desk_by(), facts, path)
    for before, after in pairwise(trade.marks):
        assert before.iv is not None and after.iv is not None
        change = {"s": (before.spot, after.spot), "v": (before.iv, after.iv)}
        change |= {"t": ((before.years, before.carry_years), (after.years, after.carry_years))}

        def value(done: str, change: Any = change) -> float:
            years, carry = change["t"]["t" in done]
            spot, iv = change["s"]["s" in done], change["v"]["v" in done]
            contract = trade.position.contract
            american = contract.style == "american"
            return float(
                price(spot, 600.0, years, iv, contract.is_call, carry_years=carry, american=american)
            )

        part = dict.fromkeys("svt", 0.0)
        for order in ("svt", "stv", "vst", "vts", "tsv", "tvs"):
            for n, factor in enumerate(order):
                part[factor] += (value(order[: n + 1]) - value(order[:n])) / 6 * 100
        step = after.step
        assert step.delta == pytest.approx(before.delta * (after.spot - before.spot) * 100, abs=1e-7)
        assert step.delta + step.gamma == pytest.approx(part["s"], abs=1e-7)
        assert (step.iv, step.theta) == pytest.approx((part["v"], part["t"]), abs=1e-7)
        rest = (after.mid - before.mid - value("svt") + value("")) * 100
        assert step.unexplained == pytest.approx(rest, abs=1e-7)


@given(trades, events)
@settings(max_examples=40, deadline=None)
def test_marked_by_the_model_nothing_is_unexplained(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    path = [(*event[:-1], False) if event[0] in ("price", "bar") else event for event in path]
    trade = played(desk_by(), facts | {"quote": None}, path)
    assert all(mark.step.unexplained == 0 for mark in trade.marks)
    for mark in trade.marks:
        again = entry_mark(trade.position.contract, mark.spot, mark.spot_at, None, mark.at, trade.trading)
        assert (mark.mid, mark.iv) == (again.mid, again.iv)  # as whoever buys it at that instant has it


@given(trades, events)
@settings(max_examples=30, deadline=None)
def test_a_closed_position_never_changes(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    trade = played(desk_by(), facts, path)
    closed, trading, now = trade.position, trade.trading, trade.now
    later = trade.desk.seen(closed, now, 500.0, official=True)
    for outcome in (
        on_price(closed, later, now, trading),
        on_time(closed, now + timedelta(days=1), later, trading),
        exit_by_hand(closed, 1, now, later, None, trading),
        settle(closed, 700.0, now, trading),
    ):
        assert outcome == PositionChange(position=closed)
    assert stop_to_break_even(closed, closed.last.at, "ann") is closed


@given(trades, events)
@settings(max_examples=30, deadline=None)
def test_equal_inputs_make_equal_trades(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    one, two = (played(desk_by(), facts, path) for _ in range(2))
    assert one.position == two.position and one.marks == two.marks


@given(trades, events)
@settings(max_examples=40, deadline=None)
def test_best_and_worst_enclose_every_mark(desk_by: Any, facts: dict[str, Any], path: Any) -> None:
    position = played(desk_by(), facts, path).position
    gross = exit_record(position)["pnl_gross"]
    assert position.mae - 1e-9 <= gross <= position.mfe + 1e-9
    assert position.mae <= 0 <= position.mfe


def test_a_position_is_made_of_plain_values(desk: Any) -> None:
    """Nothing in a fact but numbers, words, times and other facts: it can be stored and compared."""
    plain = (int, float, str, bool, date, type(None), tuple)
    assert all(isinstance(x, plain) for x in astuple(desk.open().entry))
    assert all(isinstance(x, plain) for x in astuple(desk.open().last))
