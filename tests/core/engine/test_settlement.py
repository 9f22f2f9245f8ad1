"""Every position reaches its end: settlements without an official close, by hand, and what awaits one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.effects import Notice
from core.engine.day import open_today, pnl_today
from core.engine.settlement import awaited_closes
from core.events import CloseUnavailable, CorporateAction, CorporateActionSeen
from core.model import ExitReason, Mode
from core.positions import Position, PositionState, SettlementBasis, exit_record, pnl_breakdown

AWAITING = PositionState.AWAITING_SETTLEMENT
EXPIRY = date(2026, 11, 27)
"""A half day: the options of a 15-minute signal of the 24th trade until 13:00."""


def no_close(wire: Any, day: date = EXPIRY, symbol: str = "SPY") -> None:
    wire.post(CloseUnavailable, symbol=symbol, day=day, why="there is no feed")


def leg_of(wire: Any, position: Position) -> Any:
    (leg,) = wire.position(position).legs
    return leg


# --- what it is settled on ----------------------------------------------------------------------------------

# prices (exchange time, price) around the last close; what happens after it -> basis, underlying, payoff, flagged
ENDS = [
    ("the last price of its session", [("2026-11-27T12:50", 451.0)], [], "LAST_OF_SESSION", 451.0, True),
    ("a price of the last minute is no old one", [("2026-11-27T12:59", 451.0)], [], "LAST_OF_SESSION", 451.0, False),
    ("no price that day: the first after it", [], [("2026-11-30T10:00", 453.0), ("2026-11-30T10:01", 470.0)],
     "FIRST_AFTER", 453.0, True),
    ("a price of its session that came late", [], [("2026-11-27T13:00:05", 454.5, 10)],
     "LAST_OF_SESSION", 454.5, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "basis", "on", "flagged"), [e[1:] for e in ENDS], ids=[e[0] for e in ENDS]
)
def test_without_an_official_close_it_settles_on_the_best_price_known(
    wired: Any, before: Any, after: Any, basis: str, on: float, flagged: bool
) -> None:
    wire = wired(
        rules="[exits]\ntheta_decay_pct = 100\nminutes_before_close = 0\n[intake]\nprice_jump_pct = 90\n"
    )
    position = wire.enter(changes={})
    for at, price in before:
        wire.at(at).price(price)
    wire.at("2026-11-27T13:00").tick()
    for at, price, *age in after:
        wire.at(at).price(price, age=age[0] if age else 0)
    assert wire.state.positions[position.id].state is AWAITING
    wire.at("2026-11-30T10:05").tick()
    assert awaited_closes(wire.engine) == {("SPY", EXPIRY): False}
    no_close(wire)
    leg = leg_of(wire, position)
    assert (leg.reason, leg.settlement, leg.underlying) == (ExitReason.EXPIRY, SettlementBasis[basis], on)
    assert leg.price == pytest.approx(on - position.contract.strike)
    assert leg.stale_fill is flagged and leg.at == wire.engine.trading.last_close(EXPIRY)
    (partial,) = exit_record(wire.position(position))["partials"]
    assert partial["settlement"] == SettlementBasis[basis].value and partial["settlement_at"] is not None
    assert "settled on the" in wire.of(Notice)[0].text
    assert not awaited_closes(wire.engine)


def test_an_official_close_settles_also_a_week_later_and_is_no_estimate(wire: Any) -> None:
    position = wire.enter()
    wire.at("2026-12-04T10:00").tick()
    close = wire.engine.trading.last_close(EXPIRY)
    wire.price(455.0, age=(wire.now - close).total_seconds(), official_close=True)
    leg = leg_of(wire, position)
    assert (leg.settlement, leg.at, leg.stale_fill) == (SettlementBasis.OFFICIAL_CLOSE, close, False)


def test_a_first_price_of_what_may_be_another_share_waits_for_a_person(wire: Any) -> None:
    position = wire.enter()
    wire.at("2026-11-30T10:00").tick()
    no_close(wire)
    wire.state.prices.clear()
    wire.later(minutes=1).price(45.0)
    held = wire.state.positions[position.id]
    assert held.state is AWAITING
    assert "a person" in wire.command("exit", held).text
    assert wire.command("settle", held, argument="45.0").code == "PRICE_FAR"
    assert wire.command("settle", held, argument="45.0 SURE").code == "SETTLED"


def test_near_the_strike_it_says_so(wire: Any) -> None:
    position = wire.enter()
    wire.at("2026-11-27T13:01").tick()
    strike = position.contract.strike
    assert "so near to the strike" in wire.command("settle", position, argument=str(strike * 1.001)).text
    assert leg_of(wire, position).near_strike


# --- by hand ------------------------------------------------------------------------------------------------

REFUSED = [
    # price, contracts seen -> code
    ("", None, "BAD_PRICE"),
    ("a lot", None, "BAD_PRICE"),
    ("0", None, "BAD_PRICE"),
    ("-1", None, "BAD_PRICE"),
    ("nan", None, "BAD_PRICE"),
    ("inf", None, "BAD_PRICE"),
    ("3.50", None, "PRICE_FAR"),
    ("455", 1, "CHANGED"),
]


@pytest.mark.parametrize(("price", "seen", "code"), REFUSED)
def test_a_settlement_by_hand_that_cannot_be_meant_is_refused(
    wire: Any, price: str, seen: Any, code: str
) -> None:
    position = wire.enter()
    assert wire.command("settle", position, argument="455").code == "NOT_EXPIRED"
    wire.at("2026-11-30T10:00").tick()
    assert wire.command("settle", position, argument=price, expected=seen).code == code
    assert wire.state.positions[position.id].state is AWAITING


def test_a_settlement_by_hand_acts_once_and_is_named(wire: Any) -> None:
    position = wire.enter()
    wire.at("2026-11-30T10:00").tick()
    told = wire.command("settle", position, argument="455.0", command_id="s1", author="ann")
    assert told.ok and "SPY closed at 455, says ann" in told.text
    assert wire.command("settle", position, argument="455.0", command_id="s1").text == told.text
    assert wire.command("settle", position, argument="460.0", command_id="s1").code == "COMMAND_ID_USED"
    assert wire.command("settle", position, argument="460.0").code == "NOT_OPEN"
    leg = leg_of(wire, position)
    assert (leg.settlement, leg.underlying, leg.stale_fill) == (SettlementBasis.BY_HAND, 455.0, False)


def test_a_split_before_the_expiry_leaves_the_settlement_to_a_person(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1)
    wire.post(
        CorporateActionSeen, symbol="SPY", action=CorporateAction.SPLIT, source="feed", ex_date=date(2026, 11, 25),
        ratio=4.0,
    )  # fmt: skip
    wire.at("2026-11-30T10:00").tick()
    held = wire.state.positions[position.id]
    assert held.state is AWAITING and held.suspended and not awaited_closes(wire.engine)
    assert wire.command("settle", position, argument="455").code == "SUSPENDED"
    assert wire.command("close_at", position, argument="2.5").code == "EXITED"


def test_after_a_person_says_that_nothing_was_split_it_settles_by_itself(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1)
    wire.post(
        CorporateActionSeen, symbol="SPY", action=CorporateAction.SPLIT, source="feed", ex_date=date(2026, 11, 25),
        ratio=4.0,
    )  # fmt: skip
    wire.at("2026-11-30T10:00").tick()
    assert wire.command("resume", position).ok
    no_close(wire)
    wire.later(minutes=1).price(455.0)
    assert leg_of(wire, position).settlement is SettlementBasis.FIRST_AFTER


# --- what it does not do while it waits ---------------------------------------------------------------------


def test_what_awaits_its_settlement_takes_no_room_in_the_limits(wired: Any) -> None:
    wire = wired(rules="[risk]\nopen_positions = 1\n")
    wire.enter()
    wire.at("2026-11-30T10:00").tick()
    wire.state.prices.clear()
    assert wire.enter().id in wire.state.positions


def test_a_loss_of_an_earlier_expiry_is_none_of_today(wired: Any) -> None:
    wire = wired(rules="[risk]\ndaily_loss = 50\nlosses_in_a_row = 1\n")
    position = wire.enter()
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        wire.at(f"{day}T10:00").tick()
        assert open_today(wire.engine) == 0 and wire.state.mode is Mode.ACTIVE
        wire.at(f"{day}T16:00").tick()
    wire.at("2026-12-03T10:00")
    assert wire.command("settle", position, argument="430.0").ok
    net = pnl_breakdown(wire.position(position)).net
    before = wire.state.day.carried[position.id] * position.remaining  # the costs of its entry, on that day
    assert net < -50 and pnl_today(wire.engine) == pytest.approx(net - before)
    wire.tick()
    assert wire.state.mode is Mode.ACTIVE and wire.state.day.cool_down_until is None


def test_what_could_not_be_closed_is_named(wire: Any) -> None:
    expired = wire.enter()
    wire.at("2026-11-30T10:00").tick()
    wire.state.prices.clear()
    held = wire.enter()
    told = wire.command("exit_all")
    assert (told.ok, told.code) == (False, "NOT_ALL_CLOSED")
    assert (
        expired.contract.label in told.text
        and "11/27 13:00 ET" in told.text
        and "gatedeck settle" in told.text
    )
    assert held.id not in wire.state.positions
    told = wire.command("mode", argument="HALTED FLATTEN")
    assert not told.ok and expired.contract.label in told.text and wire.state.mode is Mode.HALTED


@given(
    gaps=st.lists(st.sampled_from([0, 1, 5, 60, 60 * 24, 60 * 24 * 7]), min_size=1, max_size=8),
    kinds=st.lists(st.sampled_from(["tick", "price", "none"]), min_size=8, max_size=8),
)
def test_an_expired_option_settles_once_a_price_of_its_underlying_is_known(
    wired: Any, gaps: list[int], kinds: list[str]
) -> None:
    """Whatever was missed: after the last close, one tick, one price and the news that no close comes are enough."""
    wire = wired(rules="[exits]\ntheta_decay_pct = 100\n[intake]\nprice_jump_pct = 90\n")
    position = wire.enter()
    for gap, kind in zip(gaps, kinds, strict=False):
        wire.later(minutes=gap)
        if kind == "tick":
            wire.tick()
        elif kind == "price":
            wire.price(450.5)
    wire.now = max(wire.now, wire.engine.trading.last_close(EXPIRY))
    wire.later(minutes=3).tick()
    wire.later(minutes=1).price(451.0)
    for (symbol, day), told in awaited_closes(wire.engine).items():
        assert not told
        no_close(wire, day, symbol)
    assert not wire.state.positions and not wire.state.shadows
    assert wire.position(position).remaining == 0


@pytest.mark.parametrize(("source", "counted"), [("webhook", True), ("feed", False)])
def test_an_exit_by_time_says_if_there_was_a_feed_at_all(wired: Any, source: str, counted: bool) -> None:
    wire = wired(rules="[exits]\ntheta_decay_pct = 100\n")
    position = wire.enter()
    wire.later(minutes=1).price(450.1, source=source)
    wire.at("2026-11-27T12:55").tick()
    (leg,) = wire.position(position).legs
    assert (leg.reason, leg.stale_fill) == (ExitReason.TIME, True)
    assert (leg.without_feed, leg.is_left_out) == (counted, not counted)
