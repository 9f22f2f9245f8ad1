"""Halts, dividends, splits and ended symbols: nothing is invented, nothing is taken for a move, a person is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import Notice, StoreMarks, StorePrice, StoreShadow, StoreTrade
from core.events import CorporateAction, CorporateActionSeen, TradingStatusSeen
from core.model import Action, Contract, Direction, ExitReason
from core.positions import Position, PositionState
from server.ledger.codec import encode_any
from server.runtime.checkpoints import decode_state
from tests.core.engine.conftest import day_of

SPLIT, DIVIDEND = CorporateAction.SPLIT, CorporateAction.DIVIDEND
NO_YIELD = "[volatility.dividend]\nSPY = 0.0\n"


def halt(wire: Any, on: bool = True, symbol: str = "SPY") -> None:
    wire.post(TradingStatusSeen, symbol=symbol, halted=on, source="alpaca", reason="LULD pause" if on else "")


def action(wire: Any, kind: CorporateAction, symbol: str = "SPY", **fields: Any) -> None:
    wire.post(CorporateActionSeen, symbol=symbol, action=kind, source="alpaca", **fields)


def texts(wire: Any, everything: bool = False) -> list[str]:
    return [notice.text for notice in wire.of(Notice, everything)]


def held_overnight(wire: Any, direction: Direction = Direction.LONG) -> Position:
    """A position of the 4-hour chart, whose option lives for weeks."""
    position: Position = wire.at("15:30").enter(direction=direction, timeframe=240)
    return position


# --- halts ---------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["feed", "bar", "tick", "webhook", "exit"]),
            st.floats(380, 520),
            st.integers(1, 900),
        ),
        max_size=12,
    )
)
def test_a_halt_invents_nothing(wired: Any, steps: list[tuple[str, float, int]]) -> None:
    """No mark, no price, no sale and no new P&L, whatever comes in between, until it trades again."""
    wire = wired()
    position = wire.enter(timeframe=240)
    halt(wire)
    before = wire.state.positions[position.id]
    for what, price, seconds in steps:
        wire.later(seconds=seconds)
        if what == "feed":
            wire.price(price)
        elif what == "bar":
            wire.price(price, open=price, high=price + 30, low=price - 30)
        elif what == "tick":
            wire.tick()
        elif what == "webhook":
            wire.raw(
                {"ticker": "SPY", "close": price, "open": price, "high": price, "low": price, "interval": "1"}
            )
        else:
            answer = wire.command("exit", position)
            assert (answer.ok, answer.code) == (True, "EXITING") and "halted since 10:00 ET" in answer.text
        assert not wire.of(StoreMarks) and not wire.of(StorePrice)
    after = wire.state.positions[position.id]
    assert (after.last, after.remaining, after.legs) == (before.last, before.remaining, ())


def test_a_stop_that_a_halt_held_up_acts_at_the_first_price_after_it(wire: Any) -> None:
    position = wire.enter()
    halt(wire)
    assert texts(wire) == ["SPY is halted since 10:00 ET (LULD pause): no entries, exits wait"]
    wire.later(minutes=1).price(position.stop - 5)
    wire.later(minutes=5)
    halt(wire, False)
    assert texts(wire) == ["SPY trades again"] and not wire.position(position).legs
    wire.later(seconds=1).price(position.stop - 6)
    (leg,) = wire.position(position).legs
    assert (leg.reason, leg.underlying, leg.stale_fill) == (ExitReason.STOP_LOSS, position.stop - 6, False)


def test_a_halted_symbol_is_not_entered_and_leaves_no_shadow(wire: Any) -> None:
    wire.price(450.0)
    halt(wire)
    wire.agree()
    record = wire.signal()
    assert (record.action, record.code) == (Action.SKIP, "SYMBOL_HALTED")
    assert not wire.of(StoreShadow, everything=True)
    halt(wire, on=True)
    assert texts(wire) == []  # said once


def test_an_exit_asked_for_during_a_halt_is_made_after_it(wire: Any) -> None:
    position = wire.enter()
    halt(wire)
    wire.command("exit", position)
    halt(wire.later(minutes=2), False)
    wire.later(seconds=2).price(450.2)
    assert [leg.reason for leg in wire.position(position).legs] == [ExitReason.MANUAL]


def test_a_sender_is_told_that_its_exit_waits_for_the_halt(wire: Any) -> None:
    position = wire.enter()
    halt(wire)
    receipt = wire.raw({"ticker": "SPY", "action": "exit", "direction": "LONG"})
    assert any("waits: SPY is halted" in note for note in receipt.notes)
    assert wire.state.positions[position.id].pending.reason is ExitReason.SIGNAL


def test_a_halt_does_not_keep_an_option_from_expiring(wire: Any) -> None:
    position = wire.enter(timeframe=5)
    halt(wire)
    wire.at("16:00").tick()
    assert wire.state.positions[position.id].state is PositionState.AWAITING_SETTLEMENT
    wire.later(minutes=1).price(449.0, official_close=True)
    assert wire.position(position).state is PositionState.CLOSED


def test_a_halt_whose_end_was_missed_ends_with_the_next_session(wire: Any) -> None:
    position = held_overnight(wire)
    halt(wire)
    wire.at("15:50").price(400.0)
    assert "SPY" in wire.state.halts
    wire.at("2026-11-25T09:31").price(450.5)
    assert "SPY" not in wire.state.halts and wire.state.positions[position.id].last.spot == 450.5


# --- dividends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", list(Direction))
def test_an_ex_dividend_gap_is_no_move(wire: Any, direction: Direction) -> None:
    """The night's gap of exactly the dividend sells nothing and earns nothing by delta; the stop moves with it."""
    position = held_overnight(wire, direction)
    amount = abs(450.0 - position.stop) + 0.5  # beyond the stop of a long position
    action(wire, DIVIDEND, ex_date=date(2026, 11, 25), amount=amount)
    wire.later(minutes=1).price(450.0)
    before = wire.state.positions[position.id]
    wire.at("2026-11-25T09:30:05").price(450.0 - amount)
    after = wire.state.positions[position.id]
    assert after.stop == pytest.approx(position.stop - amount)
    assert after.levels.target_1 == pytest.approx(position.levels.target_1 - amount)
    assert after.ex_dates == (date(2026, 11, 25),)
    wire.command("breakeven", after)
    assert wire.state.positions[position.id].stop == pytest.approx(450.0 - amount)
    step = after.running.plus(before.running.times(-1))
    tolerance = 0.02 * before.last.mid * 100  # the dividend's interest of a night, and no more
    assert abs(step.delta + step.gamma) < tolerance
    assert step.theta < 0 and step.total == pytest.approx((after.last.mid - before.last.mid) * 100)
    assert any("ex-dividend" in text for text in texts(wire, everything=True))
    wire.later(minutes=1).tick()
    assert wire.state.positions[position.id].levels == after.levels  # once


def test_an_announced_dividend_makes_calls_cheaper_and_the_journal_keeps_it(wired: Any) -> None:
    mids = []
    for amount in (None, 3.0):
        wire = wired(rules=NO_YIELD)
        if amount is not None:
            action(wire, DIVIDEND, ex_date=date(2026, 12, 4), amount=amount)
        mids.append(wire.enter(timeframe=240).last.mid)
        again = type(wire.engine)(engine_id="wire")
        for event in wire.journal:
            again.step(event)
        assert again.state == wire.state
        restored = type(wire.engine)(decode_state(encode_any(wire.state)), "wire")
        assert restored.trading.dividends == wire.engine.trading.dividends
    assert 1.0 < mids[0] - mids[1] < 2.5  # about delta times the dividend


def test_a_withdrawn_dividend_counts_no_longer(wire: Any) -> None:
    action(wire, DIVIDEND, ex_date=date(2026, 12, 4), amount=3.0)
    action(wire, DIVIDEND, ex_date=date(2026, 12, 4), amount=0.0)
    assert wire.state.dividends == {"SPY": ()}
    # The fund's own third Friday of December is left, at the assumed yield of 1.2 % a year.
    assumed = 450.0 * 0.012 / 4
    assert wire.enter(timeframe=240).last.dividends == pytest.approx(assumed, rel=0.01)


@pytest.mark.parametrize(
    ("symbol", "stated", "dollars", "rate"),
    [
        ("SPY", "", 450.0 * 0.012 / 4, 0.0),  # one ex-date until the expiry, by the fund's rule
        ("QQQ", "", None, 0.006),  # no rule fixes its ex-dates: a yield
        ("MSFT", "", None, 0.007),
        ("TSLA", "", None, 0.0),
        ("SPY", "SPY = 0.02", None, 0.02),  # a person's own yield counts in place of the table
    ],
)
def test_without_an_announcement_the_table_of_assumed_dividends_counts(
    wired: Any, symbol: str, stated: str, dollars: float | None, rate: float
) -> None:
    wire = wired(rules=f"[volatility.dividend]\n{stated}\n")
    position = wire.enter(symbol, timeframe=240)
    trading = wire.engine.trading
    assert position.last.dividends == (dollars if dollars is None else pytest.approx(dollars, rel=0.01))
    assert trading.dividend(position.contract) == rate
    action(wire, DIVIDEND, symbol, ex_date=date(2026, 12, 4), amount=1.0)
    known = wire.engine.trading.announced(position.contract, wire.now, wire.now, 450.0)
    assert known == pytest.approx(1.0, rel=0.01)  # what a feed announces counts in place of both


def test_an_ex_date_by_rule_on_a_closed_day_is_the_session_before(wire: Any) -> None:
    contract = Contract(underlying="SPY", root="SPY", expiry=date(2026, 6, 18), strike=600.0, right="C")
    trading, spot = wire.engine.trading, 600.0
    for since, expected in (("2026-06-17T10:00", spot * 0.012 / 4), ("2026-06-18T10:00", 0.0)):
        now = day_of(since)
        assert trading.announced(contract, now, now, spot) == pytest.approx(expected, rel=1e-3)


# --- splits --------------------------------------------------------------------------------------------


def announce(wire: Any) -> None:
    action(wire, SPLIT, ex_date=date(2026, 11, 25), ratio=4.0)


@pytest.mark.parametrize("how", [announce, lambda wire: None], ids=["announced", "seen in the price"])
def test_a_split_stops_the_marks_and_asks_a_person(wire: Any, how: Any) -> None:
    position = held_overnight(wire)
    wire.later(minutes=1).price(450.0)
    how(wire)
    before = wire.state.positions[position.id]
    for second in (5, 6, 7, 8):  # a price so far away is believed at the third
        wire.at(f"2026-11-25T09:30:0{second}").price(112.6)
    after = wire.state.positions[position.id]
    assert after.suspended is not None and "4-for-1 split" in after.suspended
    assert (after.last, after.legs, after.state) == (before.last, (), PositionState.OPEN)
    stored = [e.position for e in wire.of(StoreTrade, everything=True)]
    assert stored[-1].suspended == after.suspended
    assert any("a person must look" in text for text in texts(wire, everything=True))
    refused = wire.command("exit", position)
    assert (refused.ok, refused.code) == (False, "SUSPENDED")
    wire.at("2026-11-25T15:58").tick()
    assert wire.state.positions[position.id].last == before.last


def suspended(wire: Any) -> Position:
    position = held_overnight(wire)
    wire.later(minutes=1).price(450.0)
    for second in (5, 6, 7):
        wire.at(f"2026-11-25T09:30:0{second}").price(112.6)
    found: Position = wire.state.positions[position.id]
    assert found.suspended is not None
    return found


def test_a_person_closes_a_suspended_position_at_a_price(wire: Any) -> None:
    position = suspended(wire)
    for price, code in (("much", "BAD_PRICE"), ("-1", "BAD_PRICE"), ("nan", "BAD_PRICE")):
        assert wire.command("close_at", position, argument=price).code == code
    assert wire.command("close_at", position, argument="3", contracts=1).code == "BAD_QUANTITY"
    assert wire.command("close_at", position, argument="12.5").code == "EXITED"
    (leg,) = wire.position(position).legs
    assert (leg.price, leg.mid, leg.reason, leg.commission) == (12.5, 12.5, ExitReason.MANUAL, 0.0)
    paid = position.entry.entry_mid * 100 * position.remaining
    assert leg.attribution.total == pytest.approx(12.5 * 100 * position.remaining - paid)
    assert not wire.state.positions


def test_a_person_says_that_a_suspended_contract_is_unchanged(wire: Any) -> None:
    position = suspended(wire)
    assert wire.command("resume", position).code == "RESUMED"
    wire.later(seconds=1).price(112.5)
    (leg,) = wire.position(position).legs
    assert (leg.reason, leg.underlying) == (ExitReason.STOP_LOSS, 112.5)


# price before, after the night, what a person says -> the code, new shares for an old one, the spot in old terms
GAPS = [
    ("crash, believed by a person", 450.0, 250.0, ("resume", None), "RESUMED", 1, 250.0),
    ("4-for-1 split", 450.0, 113.0, ("adjust", "4:1"), "ADJUSTED", 4, 452.0),
    ("reverse split", 450.0, 4520.0, ("adjust", "1:10"), "ADJUSTED", 0.1, 452.0),
    ("the wrong way round", 450.0, 113.0, ("adjust", "1:4"), "BAD_RATIO", 1, None),
    ("no split", 450.0, 113.0, ("adjust", "4"), "BAD_RATIO", 1, None),
    ("no split", 450.0, 113.0, ("adjust", "0:4"), "BAD_RATIO", 1, None),
]


@pytest.mark.parametrize(("before", "after", "says", "code", "shares", "spot"), [g[1:] for g in GAPS])
def test_a_wide_gap_after_a_night_waits_for_a_person_who_accepts_or_adjusts(
    wired: Any,
    before: float,
    after: float,
    says: tuple[str, str | None],
    code: str,
    shares: float,
    spot: float | None,
) -> None:
    wire = wired(rules="[intake]\nprice_jump_pct = 2000\n[exits]\ntheta_decay_pct = 100\n")
    position = wire.enter(price=before)
    wire.later(minutes=1).price(before)
    wire.at("2026-11-25T09:31").price(after)
    held = wire.state.positions[position.id]
    assert held.suspended is not None and not held.legs
    wire.later(seconds=30).tick()
    assert wire.state.positions[position.id].last.spot == before
    name, argument = says
    assert wire.command(name, position, argument=argument).code == code
    held = wire.state.positions[position.id]
    assert held.new_shares == pytest.approx(shares)
    if spot is None:
        assert held.suspended is not None
        return
    wire.later(seconds=30).price(after)
    held = wire.position(position)
    assert held.suspended is None and held.last.spot == pytest.approx(spot)
    if name == "adjust":
        assert not held.legs, "as bought, the price has hardly moved"
        wire.later(seconds=30).price(after * 0.99)
        (leg,) = wire.position(position).legs
        assert leg.reason is ExitReason.STOP_LOSS
        assert leg.underlying == pytest.approx(spot * 0.99)


def test_a_usual_gap_waits_for_nobody(wired: Any) -> None:
    wire = wired(rules="[intake]\nprice_jump_pct = 2000\n")
    position = wire.enter(price=450.0)
    wire.at("2026-11-25T09:31").price(450.0 * 1.39)
    assert wire.position(position).suspended is None and wire.position(position).legs


def test_an_option_on_a_symbol_without_further_prices_is_closed_at_a_price(wire: Any) -> None:
    position = wire.enter()
    action(wire, CorporateAction.SYMBOL_CHANGE, text="now ABC")
    assert wire.command("close_at", position, argument="2.5").code == "EXITED"


def test_a_position_that_is_priced_is_neither_resumed_nor_closed_at_a_price(wire: Any) -> None:
    position = wire.enter()
    assert wire.command("resume", position).code == "NOT_SUSPENDED"
    assert wire.command("close_at", position, argument="9.9").code == "NOT_SUSPENDED"
    assert wire.state.positions[position.id].is_open


def test_a_price_by_day_that_falls_like_a_split_is_a_fall(wire: Any) -> None:
    position = wire.enter()
    for second in (1, 2, 3, 4):
        wire.later(seconds=second).price(225.0)
    assert [leg.reason for leg in wire.position(position).legs] == [ExitReason.STOP_LOSS]


def test_what_is_opened_after_a_split_is_marked(wire: Any) -> None:
    action(wire, SPLIT, ex_date=date(2026, 11, 24), ratio=4.0)
    position = wire.enter()
    wire.later(minutes=1).price(450.3)
    assert wire.state.positions[position.id].last.spot == 450.3


# --- ended symbols -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [CorporateAction.SYMBOL_CHANGE, CorporateAction.DELISTING])
def test_an_ended_symbol_is_not_entered_and_its_positions_wait(wire: Any, kind: CorporateAction) -> None:
    position = wire.enter(timeframe=240)
    action(wire, kind, text="trades as SPYX from today")
    assert "no more prices: trades as SPYX from today" in texts(wire)[0]
    wire.later(minutes=5).price(300.0)
    wire.now += timedelta(minutes=5)
    wire.tick()
    assert wire.state.positions[position.id].last == position.last
    wire.agree()
    assert wire.signal().code == "SYMBOL_ENDED"
