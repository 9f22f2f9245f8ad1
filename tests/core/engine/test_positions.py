"""Open positions under prices, time and a person's commands; the day's book and what it forbids."""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import AnswerCommand, Notice, StoreMarks, StoreTrade
from core.engine.positions import open_net
from core.events import Ticked
from core.model import Action, Direction, ExitReason, Mode, Source
from core.positions import PositionState, pnl_breakdown

LONG, SHORT = Direction.LONG, Direction.SHORT
MANY = "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\n"
RICH = MANY + "daily_loss = 1e6\n"


def reasons(wire: Any, position: Any) -> list[str]:
    return [leg.reason.value for leg in wire.position(position).legs]


# --- exits through the engine (prices at minutes after the entry) -> the legs' reasons ------------------------

PATHS = [
    ("to the stop", [449.0, 448.2], ["STOP_LOSS"]),
    ("gaps through the stop", [445.0], ["STOP_LOSS"]),
    ("to T1, back to break-even", [452.7, 450.0], ["TARGET_1", "STOP_LOSS"]),
    ("to T1, to T2", [452.7, 454.5], ["TARGET_1", "TARGET_2"]),
    ("gaps through both targets", [456.0], ["TARGET_2"]),
    ("nowhere", [450.2, 449.9, 450.1], []),
]


@pytest.mark.parametrize(("prices", "legs"), [p[1:] for p in PATHS], ids=[p[0] for p in PATHS])
def test_prices_lead_to_exits(wire: Any, prices: list[float], legs: list[str]) -> None:
    position = wire.enter()
    for price in prices:
        wire.later(minutes=1).price(price)
        assert len(wire.of(StoreMarks)) == 1
    assert reasons(wire, position) == legs
    closed = sum(leg.contracts for leg in wire.position(position).legs) == position.remaining
    assert (position.id not in wire.state.positions) is closed
    assert wire.state.day.closed == int(closed)
    assert len([e for e in wire.of(Notice, everything=True) if e.kind == "exit"]) == len(legs)


def test_a_price_of_another_symbol_moves_nothing(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(1.0, "QQQ")
    assert not wire.of(StoreMarks) and wire.state.positions[position.id] == position


def test_a_stale_price_marks_and_does_not_stop(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=5).price(440.0, age=91)
    assert wire.of(StoreMarks) and not wire.of(StoreTrade)
    wire.price(440.0)
    assert reasons(wire, position) == ["STOP_LOSS"]


def test_an_older_price_than_the_last_changes_nothing(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(450.5)
    wire.price(440.0, age=30)
    assert wire.state.prices["SPY"].price == 450.5
    assert wire.state.positions[position.id].last.spot == 450.5


def test_time_alone_takes_a_position_out(wired: Any) -> None:
    """A 15-minute signal's option is weekly: out five minutes before the close of the last session it may have."""
    wire = wired(rules="[exits]\ntheta_decay_pct = 100\n")
    position = wire.enter()
    wire.at("2026-11-27T12:54").tick()
    assert position.id in wire.state.positions
    wire.at("2026-11-27T12:55").tick()
    assert reasons(wire, position) == ["TIME"]
    assert wire.position(position).legs[0].stale_fill


def test_a_day_without_the_engine_leaves_a_position_that_awaits_its_settlement(wire: Any) -> None:
    position = wire.enter()
    wire.at("2026-11-30T09:31").tick()
    assert wire.state.positions[position.id].state is PositionState.AWAITING_SETTLEMENT
    told = wire.command("exit", position)
    assert (told.ok, told.code) == (False, "AWAITING_SETTLEMENT")
    told = wire.command("exit_all")
    assert (told.ok, told.code) == (False, "NOT_ALL_CLOSED") and position.contract.label in told.text
    wire.price(450.0)
    assert wire.state.positions[position.id].state is PositionState.AWAITING_SETTLEMENT


def test_a_command_that_comes_after_the_expiry_says_so(wire: Any) -> None:
    position = wire.enter()
    wire.at("2026-11-27T13:00")
    assert wire.command("exit", position).code == "AWAITING_SETTLEMENT"


# --- commands ---------------------------------------------------------------------------------------------


def test_a_manual_exit_sells_what_was_asked_and_books_it(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(451.0)
    told = wire.command("exit", position, contracts=3, expected=8)
    assert told.ok and told.code == "EXITED" and "Sold 3" in told.text
    held = wire.state.positions[position.id]
    assert (held.remaining, held.legs[0].contracts, held.legs[0].reason) == (5, 3, ExitReason.MANUAL)
    assert wire.state.day.realized == pytest.approx(pnl_breakdown(held).net)
    assert wire.command("exit", position, expected=5).ok
    assert position.id not in wire.state.positions
    assert wire.state.day.realized == pytest.approx(pnl_breakdown(wire.position(position)).net)


COMMANDS = [
    # command, what it says                                       -> code
    ("exit", {"position_id": "nobody"}, "NOT_OPEN"),
    ("exit", {}, "NOT_OPEN"),
    ("exit", {"own": True, "contracts": 9}, "BAD_QUANTITY"),
    ("exit", {"own": True, "contracts": 0}, "BAD_QUANTITY"),
    ("exit", {"own": True, "contracts": -1}, "BAD_QUANTITY"),
    ("exit", {"own": True, "expected": 7}, "CHANGED"),
    ("exit_half", {"own": True, "expected": 7}, "CHANGED"),
    ("breakeven", {"own": True, "expected": 7}, "CHANGED"),
    ("breakeven", {"position_id": "nobody"}, "NOT_OPEN"),
    ("mode", {"argument": "SLEEPING"}, "BAD_MODE"),
    ("mode", {}, "BAD_MODE"),
    ("liquidate", {"own": True}, "UNKNOWN"),
]


@pytest.mark.parametrize(("name", "said", "code"), COMMANDS)
def test_a_command_that_does_not_fit_changes_nothing(
    wire: Any, name: str, said: dict[str, Any], code: str
) -> None:
    position = wire.enter()
    own = {"position_id": position.id} if said.pop("own", False) else {}
    told = wire.command(name, **own, **said)
    assert (told.ok, told.code) == (False, code) and told.text
    assert wire.state.positions == {position.id: position} and wire.state.mode is Mode.ACTIVE


def test_the_same_command_again_does_nothing_and_says_the_same(wire: Any) -> None:
    position = wire.enter()
    first = wire.command("exit", position, contracts=2, command_id="once")
    assert len(wire.of(StoreTrade)) == 1
    again = wire.command("exit", position, contracts=2, command_id="once")
    assert again == first and not wire.of(StoreTrade)
    assert wire.state.positions[position.id].remaining == 6


def test_half_of_an_odd_number_is_the_larger_half(wire: Any) -> None:
    position = wire.enter()
    wire.command("exit", position, contracts=1)
    wire.command("exit_half", position)
    assert wire.state.positions[position.id].remaining == 3


def test_exit_all_leaves_nothing(wired: Any) -> None:
    wire = wired(rules=MANY)
    held = [wire.enter(symbol) for symbol in ("SPY", "QQQ", "IWM")]
    wire.later(minutes=1)
    told = wire.command("exit_all")
    assert told.ok and told.text == "Exit of 3 positions"
    assert not wire.state.positions
    assert [reasons(wire, p) for p in held] == [["MANUAL"]] * 3
    assert wire.command("exit_all").code == "NOTHING_OPEN"


def test_the_stop_at_break_even(wire: Any) -> None:
    position = wire.enter()
    assert wire.command("breakeven", position).code == "MOVED"
    assert wire.state.positions[position.id].stop == 450.0
    wire.later(minutes=1).price(449.99)
    assert reasons(wire, position) == ["STOP_LOSS"]


# --- modes ------------------------------------------------------------------------------------------------


def test_halted_exits_only_by_hand(wire: Any) -> None:
    position = wire.enter()
    wire.command("mode", argument="halted")
    wire.later(minutes=1).price(430.0)
    wire.price(470.0)
    wire.at("2026-11-27T12:56").tick()
    assert wire.state.positions[position.id].remaining == 8
    assert wire.command("exit", position).ok
    assert reasons(wire, position) == ["MANUAL"]


def test_reducing_exits_and_does_not_enter(wire: Any) -> None:
    position = wire.enter()
    wire.command("mode", argument="REDUCING")
    wire.later(minutes=1).price(440.0)
    assert reasons(wire, position) == ["STOP_LOSS"]
    wire.later(minutes=1)
    assert wire.signal("QQQ").code == "MODE_REDUCING"
    wire.command("mode", argument="ACTIVE")
    assert wire.signal("IWM").action is Action.EXECUTE


# --- the day's book ---------------------------------------------------------------------------------------


def lose(wire: Any, symbol: str) -> float:
    position = wire.enter(symbol)
    wire.later(minutes=1).price(448.0, symbol)
    assert reasons(wire, position) == ["STOP_LOSS"]
    return pnl_breakdown(wire.position(position)).net


def test_three_losses_in_a_row_are_followed_by_a_pause(wired: Any) -> None:
    wire = wired(rules=RICH)
    for symbol in ("SPY", "QQQ", "IWM"):
        assert lose(wire, symbol) < 0
        wire.later(minutes=1)
    wire.agree("DIA")
    assert wire.signal("DIA").code == "COOL_DOWN"
    wire.later(minutes=58.9)
    wire.agree("XSP")
    assert wire.signal("XSP").code == "COOL_DOWN"
    wire.later(minutes=0.2)
    assert wire.enter("SPX", 450.0).remaining


def test_a_win_ends_the_run_of_losses(wired: Any) -> None:
    wire = wired(rules=RICH)
    lose(wire, "SPY"), lose(wire, "QQQ")
    won = wire.enter("IWM")
    wire.later(minutes=1).price(456.0, "IWM")
    assert pnl_breakdown(wire.position(won)).net > 0
    assert wire.state.day.losses_in_a_row == 0
    assert lose(wire, "DIA") < 0 and wire.state.day.cool_down_until is None


def test_the_daily_loss_stops_entries_with_what_is_open_counted(wired: Any) -> None:
    wire = wired(rules=MANY + "daily_loss = 600\n")
    wire.enter("SPY")
    wire.later(minutes=1).price(448.3)
    wire.tick()
    assert wire.state.mode is Mode.REDUCING and wire.state.day.realized == 0
    assert "daily loss" in wire.state.mode_reason and "risk" in wire.notices
    wire.later(minutes=1).tick()
    assert "risk" not in wire.notices, "told once"
    assert wire.signal("QQQ").code == "MODE_REDUCING"


def test_the_book_begins_anew_with_each_exchange_day_even_without_a_tick(wired: Any) -> None:
    wire = wired(rules=MANY)
    wire.tick()
    lost = lose(wire, "SPY")
    assert wire.state.day.realized == pytest.approx(lost)
    held = wire.enter("QQQ")
    before = open_net(wire.engine)
    wire.at("2026-11-25T09:31").price(440.0, "QQQ")
    net = pnl_breakdown(wire.position(held)).net
    assert wire.state.day.realized == pytest.approx(net - before), "what yesterday counted is not today's"
    assert wire.state.day.closed == 1 and wire.state.day.losses_in_a_row == 2


def test_the_path_of_the_day_has_one_value_a_minute(wire: Any) -> None:
    wire.enter()
    for _ in range(30):
        wire.later(seconds=10)
        wire.tick()
    assert len(wire.state.day.series) == 5
    wire.at("20:00").tick()
    assert len(wire.state.day.series) == 5


@pytest.mark.parametrize(("begins", "most"), [("10:00", 2 * 10), ("20:00", 2)])
def test_few_of_the_ticks_of_an_open_position_are_stored(wire: Any, begins: str, most: int) -> None:
    wire.enter()
    wire.at(begins).tick()
    stored = 0
    for _ in range(600):
        wire.later(seconds=1)
        event = Ticked(seq=wire.state.seq + 1, at=wire.now)
        stored += wire.engine.pass_time(event) is not None
    assert 0 < stored <= most
    assert event.seq - wire.state.seq in (0, 1)


def test_marks_are_made_each_minute_without_a_price(wire: Any) -> None:
    position = wire.enter()
    made = 0
    for _ in range(60):
        wire.later(seconds=5).tick()
        made += sum(len(e.marks) for e in wire.of(StoreMarks))
    assert made == 5 and wire.state.positions[position.id].last.at == wire.now


# --- prices that senders state ------------------------------------------------------------------------------


def test_a_stated_price_moves_a_position_where_no_feed_speaks(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).send(Source.MTF_DOTS, price=448.0)
    assert reasons(wire, position) == ["STOP_LOSS"]


def test_a_stated_price_is_not_used_beside_a_fresh_feed(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(450.0)
    wire.later(seconds=80).send(Source.MTF_DOTS, price=448.0)
    assert wire.state.positions[position.id].legs == ()
    wire.later(seconds=11).send(Source.MTF_DOTS, price=448.0)
    assert reasons(wire, position) == ["STOP_LOSS"]


@pytest.mark.parametrize(
    ("stated", "minutes", "used"),
    [
        (4500.0, 1, False),
        (45.0, 1, False),
        (427.0, 1, False),
        (429.0, 1, True),
        (472.0, 1, True),
        (473.0, 1, False),
        (427.0, 60, True),
        (400.0, 60, False),
        (400.0, 60 * 24, True),
        (45.0, 60 * 72, False),
        (4500.0, 60 * 72, False),
    ],
)
def test_a_stated_price_far_from_the_last_known_is_noted_and_not_used(
    wire: Any, stated: float, minutes: float, used: bool
) -> None:
    position = wire.enter()
    wire.later(minutes=minutes)
    receipt = wire.send(Source.MTF_DOTS, price=stated)
    assert (wire.state.prices["SPY"].price == stated) is used
    assert any("not used until another source or more" in note for note in receipt.notes) is not used
    if not used:
        assert wire.position(position).legs == () and wire.state.prices["SPY"].price == 450.0


def test_a_jump_that_another_source_confirms_is_believed(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).send(Source.MTF_DOTS, price=420.0)
    assert wire.position(position).legs == ()
    wire.later(seconds=10).send(Source.STRAT_EXEC, price=419.0)
    assert reasons(wire, position) == ["STOP_LOSS"] and not wire.state.doubts


def test_a_jump_that_one_source_repeats_is_believed_after_a_while(wire: Any) -> None:
    wire.enter()
    wire.later(minutes=1)
    for minutes, price in ((0, 420.0), (14, 420.0), (0.9, 421.0), (0.1, 420.0)):
        wire.later(minutes=minutes).send(Source.MTF_DOTS, price=price)
    assert wire.state.prices["SPY"].price == 420.0


def test_a_wrong_template_among_right_ones_never_counts(wire: Any) -> None:
    position = wire.enter()
    for _ in range(20):
        wire.later(minutes=5).send(Source.MTF_DOTS, price=4500.0)
        wire.later(minutes=5).send(Source.STRAT_EXEC, price=450.5)
        wire.tick()
    assert wire.state.prices["SPY"].price == 450.5
    assert not {"STOP_LOSS", "TARGET_1", "TARGET_2"} & set(reasons(wire, position))


def test_a_signal_with_an_unbelievable_price_does_not_trade_at_it(wire: Any) -> None:
    wire.agree()
    wire.later(seconds=10)
    record = wire.signal(price=4500.0)
    assert record.context.price == 450.0
    assert (record.action, record.code) == (Action.SKIP, "LEVEL_PASSED")


def test_every_command_is_answered_last(wire: Any) -> None:
    position = wire.enter()
    wire.command("exit", position)
    assert isinstance(wire.latest[-1], AnswerCommand)


@pytest.mark.parametrize(("price", "reason"), [(452.7, "TARGET_1"), (445.0, "STOP_LOSS"), (450.2, "MANUAL")])
def test_limit_orders_pay_no_slippage_but_stops_and_hands_do(wired: Any, price: float, reason: str) -> None:
    legs, entries = [], []
    for kind in ("market", "limit"):
        wire = wired(rules=f'{RICH}[fills]\norder_type = "{kind}"\n')
        position = wire.enter()
        wire.later(minutes=1).price(price)
        if reason == "MANUAL":
            wire.command("exit", position)
        entries.append(position.entry)
        legs.append(wire.position(position).legs[0])
    (bought, cheaper), (sold, better) = entries, legs
    tick = 0.01
    assert cheaper.slippage < tick * cheaper.filled_contracts * 100 < bought.slippage
    assert sold.reason == better.reason == ExitReason(reason)
    saved = better.slippage < tick * better.contracts * 100 < sold.slippage
    assert saved is (reason == "TARGET_1")
