"""Exits, reductions, stops and cancellations that a sender asks for, as tables a trader can read."""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import AnswerReceipt, FetchMarket, Notice, StoreReceipt, StoreShadow, StoreTrade
from core.model import Action, ExitReason, Intent, ReceiptStatus
from core.positions import PositionState
from tests.core.engine.conftest import day_of
from tests.core.engine.hand_made import LONG, SHORT, body, entry, read_hand_made, update

EXIT, REDUCE, MOVE_STOP, CANCEL = Intent.EXIT, Intent.REDUCE, Intent.MOVE_STOP, Intent.CANCEL
TELL = '[exits]\non_signal = "tell"\n'
MANY = "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\n"


@pytest.fixture(autouse=True)
def hand_made(monkeypatch: pytest.MonkeyPatch) -> None:
    read_hand_made(monkeypatch)


def told(wire: Any) -> str:
    """The notes of the last receipt, in one text."""
    return " | ".join(wire.of(StoreReceipt)[-1].notes)


def legs(wire: Any, position: Any) -> list[tuple[str, int]]:
    return [(leg.reason.value, leg.contracts) for leg in wire.position(position).legs]


def held(wire: Any) -> list[int]:
    return [p.remaining for p in wire.state.positions.values()]


# --- one position of SPY, LONG, 15 min, 4 contracts: what a request makes of it -----------------------------

# id, request, intent, contracts left, what is told
REQUESTS = [
    ("exit", {}, EXIT, 0, "closed 1 of 1 position of SPY"),
    ("exit long", {"direction": LONG}, EXIT, 0, "closed 1 of 1 position"),
    ("exit short", {"direction": SHORT}, EXIT, 4, "none of this direction"),
    ("exit of the same chart", {"timeframe": 15}, EXIT, 0, "closed 1 of 1"),
    ("exit of another chart", {"timeframe": 60}, EXIT, 4, "none of this timeframe"),
    ("exit of another symbol", {"symbol": "QQQ"}, EXIT, 4, "no position of QQQ is open, nothing to do"),
    ("exit of a future of that name", {"blocked": "NO_CONTRACT"}, EXIT, 4, "nothing is done"),
    ("half", {"fraction": 0.5}, REDUCE, 2, "sold 2 of 4 contracts of SPY 450C 11/27, 2 left"),
    ("a third, rounded up", {"fraction": 1 / 3}, REDUCE, 2, "2 left"),
    ("all of it", {"fraction": 1.0}, REDUCE, 0, "sold 4 of 4 contracts of SPY 450C 11/27: closed"),
    ("one contract", {"contracts": 1}, REDUCE, 3, "sold 1 of 4"),
    ("more than is held", {"contracts": 9}, REDUCE, 0, "9 contracts asked for, 5 more than are held"),
    ("a quarter is to be left", {"remaining_fraction": 0.25}, REDUCE, 1, "sold 3 of 4"),
    ("all is to be left", {"remaining_fraction": 1.0}, REDUCE, 4, "not more than what is to be left"),
    ("no part", {}, REDUCE, 4, "states no part"),
    ("a negative part", {"fraction": -1.0}, REDUCE, 4, "states no part"),
    ("half of the short side", {"fraction": 0.5, "direction": SHORT}, REDUCE, 4, "none of this direction"),
]  # fmt: skip


@pytest.fixture
def roomy(wired: Any) -> Any:
    """Room for many positions of at most four contracts."""
    return wired(
        rules=MANY + "premium_per_trade = 1e6\n[account]\nsize = 200000\n[sizing]\ncontract_cap = 4\n"
    )


def four(wire: Any) -> Any:
    position = wire.enter()
    assert position.remaining == 4
    return position


@pytest.mark.parametrize(
    ("request_", "intent", "left", "says"), [r[1:] for r in REQUESTS], ids=[r[0] for r in REQUESTS]
)
def test_a_request_sells_what_it_states(
    roomy: Any, request_: dict[str, Any], intent: Intent, left: int, says: str
) -> None:
    four(roomy)
    receipt = roomy.later(minutes=1).raw(body(update(intent, **request_)))
    assert (receipt.status, receipt.http_status) == (ReceiptStatus.ACCEPTED, 200)
    assert held(roomy) == ([left] if left else [])
    assert says in told(roomy)
    assert roomy.decision is None and not roomy.of(StoreShadow)
    assert [a.awaits_decision for a in roomy.of(AnswerReceipt)] == [False]


def test_an_exit_is_booked_as_the_senders(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(EXIT, price=450.9)))
    closed = wire.position(position)
    assert legs(wire, position) == [("SIGNAL", position.remaining)]
    assert closed.legs[0].underlying == 450.9, "the body's price is the price of the exit"
    assert wire.notices == ["exit"] and "SIGNAL SPY 450C" in wire.of(Notice)[0].text
    assert wire.state.outcomes[position.decision_id].text == "SIGNAL" and wire.state.day.closed == 1


def test_the_senders_exit_comes_before_the_stop_it_would_hit(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(EXIT, price=440.0)))
    assert legs(wire, position) == [("SIGNAL", position.remaining)]


def test_a_senders_part_comes_before_the_target_that_takes_its_own(roomy: Any) -> None:
    position = four(roomy)
    roomy.later(minutes=1).raw(body(update(REDUCE, contracts=1, price=452.8)))
    assert legs(roomy, position) == [("SIGNAL", 1), ("TARGET_1", 2)]


def test_contracts_of_several_positions_leave_from_the_oldest_on(roomy: Any) -> None:
    first = four(roomy)
    second = roomy.later(minutes=1).enter()
    roomy.later(minutes=1).raw(body(update(REDUCE, contracts=5)))
    assert first.id not in roomy.state.positions
    assert roomy.state.positions[second.id].remaining == second.remaining - 1


def test_exits_of_one_strategy_leave_the_positions_of_another(roomy: Any) -> None:
    roomy.agree()
    roomy.raw(body(entry(strategy="Breakout")))
    roomy.later(minutes=1).raw(body(entry(strategy="Pullback", price=450.1)))
    assert [p.strategy for p in roomy.state.positions.values()] == ["Breakout", "Pullback"]
    roomy.later(minutes=1).raw(body(update(EXIT, strategy=" breakout")))
    assert [p.strategy for p in roomy.state.positions.values()] == ["Pullback"]
    roomy.later(minutes=1).raw(body(update(EXIT)))
    assert not roomy.state.positions, "an exit that names no strategy is for all of them"


# --- the stop of a LONG from 450.00 with its stop at 448.20, price 451.00 -----------------------------------

STOPS = [
    ("to break-even", {"break_even": True}, 450.0, "from 448.20 to 450.00"),
    ("nearer", {"stop": 449.5}, 449.5, "from 448.20 to 449.50"),
    ("further away", {"stop": 447.0}, 448.2, "protects more than 447.00: kept"),
    ("where it is", {"stop": 448.2}, 448.2, "is there already"),
    ("through the price", {"stop": 451.5}, 448.2, "wrong side of the price 451.00: kept at 448.20"),
    ("at the price", {"stop": 451.0}, 448.2, "wrong side"),
    ("no price", {"stop": -1.0}, 448.2, "states no price"),
    ("nothing stated", {}, 448.2, "states no price"),
]


@pytest.mark.parametrize(("request_", "stop", "says"), [s[1:] for s in STOPS], ids=[s[0] for s in STOPS])
def test_a_stop_moves_to_the_side_that_protects_more(
    wire: Any, request_: dict[str, Any], stop: float, says: str
) -> None:
    position = wire.enter()
    assert position.stop == pytest.approx(448.2)
    wire.later(minutes=1).raw(body(update(MOVE_STOP, price=451.0, **request_)))
    assert wire.state.positions[position.id].stop == pytest.approx(stop)
    assert says in told(wire)
    assert bool(wire.of(StoreTrade)) is (stop != 448.2)


def test_break_even_of_a_loser_would_sell_at_once_and_is_refused(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(MOVE_STOP, break_even=True, price=449.0)))
    assert wire.state.positions[position.id].stop == pytest.approx(448.2) and "wrong side" in told(wire)


def test_a_moved_stop_acts(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(MOVE_STOP, stop=449.5, price=451.0)))
    wire.later(minutes=1).price(449.4)
    assert legs(wire, position) == [("STOP_LOSS", position.remaining)]


# --- when it is not obeyed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("intent", [EXIT, REDUCE, MOVE_STOP])
def test_with_tell_a_request_is_told_and_moves_nothing(wired: Any, intent: Intent) -> None:
    wire = wired(rules=TELL)
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(intent, fraction=0.5, price=451.0)))
    assert wire.state.positions[position.id].remaining == position.remaining
    assert wire.state.positions[position.id].stop == position.stop
    assert "rule exits.on_signal = tell" in told(wire)
    assert f"says {intent} SPY: told, not obeyed" in wire.of(Notice)[0].text


def test_when_halted_exits_are_made_by_hand_only(wire: Any) -> None:
    position = wire.enter()
    wire.command("mode", argument="HALTED")
    wire.later(minutes=1).raw(body(update(EXIT)))
    assert position.id in wire.state.positions and "HALTED, exits only by hand" in told(wire)
    wire.command("mode", argument="REDUCING")
    wire.later(minutes=6).raw(body(update(EXIT)))
    assert not wire.state.positions, "REDUCING opens nothing; exits are welcome"


def test_an_exit_with_nothing_open_is_accepted_and_told(wire: Any) -> None:
    receipt = wire.raw(body(update(EXIT)))
    assert receipt.status is ReceiptStatus.ACCEPTED and receipt.code is None
    assert receipt.notes == ("EXIT: no position of SPY is open, nothing to do",)


# --- late, early, twice -------------------------------------------------------------------------------------


def test_a_late_exit_closes_what_was_open_when_it_was_made(wire: Any) -> None:
    position = wire.enter()
    made = wire.now
    wire.later(minutes=60).raw(body(update(EXIT, timestamp=made, fired=True)))
    assert legs(wire, position) == [("SIGNAL", position.remaining)]


def test_a_late_exit_leaves_a_trade_that_was_opened_after_it(wire: Any) -> None:
    made = wire.now
    position = wire.later(minutes=60).enter()
    wire.later(minutes=1).raw(body(update(EXIT, timestamp=made, fired=True)))
    assert position.id in wire.state.positions
    assert "EXIT was made 61 min ago, before 1 position of SPY was opened: kept" in told(wire)


def test_an_exit_in_exchange_time_without_saying_so_closes(wire: Any) -> None:
    position = wire.enter()
    wall = wire.later(minutes=1).now.replace(hour=10)  # 10:01 in New York, read as UTC
    wire.raw(body(update(EXIT, timestamp=wall, fired=True)))
    assert position.id not in wire.state.positions


def test_the_same_exit_again_closes_the_next_trade(wired: Any) -> None:
    """A template without a time is the same body each time: it means the position that is open now."""
    wire = wired(rules=MANY)
    exit_ = body(update(EXIT))
    wire.enter()
    assert wire.later(seconds=60).raw(exit_).status is ReceiptStatus.ACCEPTED
    assert wire.later(seconds=1).raw(exit_).status is ReceiptStatus.DUPLICATE
    wire.later(seconds=60).enter()
    assert wire.later(seconds=1).raw(exit_).status is ReceiptStatus.ACCEPTED
    assert not wire.state.positions


STAMPS: list[tuple[str, dict[str, Any], ReceiptStatus]] = [
    ("no time", {}, ReceiptStatus.ACCEPTED),
    ("the time of the bar", {"timestamp": day_of("10:00"), "sender_id": "Exit Long"}, ReceiptStatus.ACCEPTED),
    ("the time of firing", {"timestamp": day_of("10:00"), "fired": True}, ReceiptStatus.DUPLICATE),
]


@pytest.mark.parametrize(("stamp", "status"), [s[1:] for s in STAMPS], ids=[s[0] for s in STAMPS])
def test_in_and_out_twice_within_one_bar(wired: Any, stamp: dict[str, Any], status: ReceiptStatus) -> None:
    """Each exit means the trade that is open, each entry after it a new one; what states its second is sent twice."""
    wire = wired(rules=MANY)
    wire.agree()
    in_, out = body(entry(**stamp)), body(update(EXIT, **stamp))
    for text in (in_, out):
        assert wire.later(seconds=5).raw(text).status is ReceiptStatus.ACCEPTED
    assert not wire.state.positions
    assert wire.later(seconds=5).raw(in_).status is status
    assert wire.later(seconds=5).raw(out).status is status
    assert not wire.state.positions and wire.state.day.closed == (
        2 if status is ReceiptStatus.ACCEPTED else 1
    )


def test_a_part_that_is_delivered_twice_is_sold_once(roomy: Any) -> None:
    four(roomy)
    half = body(update(REDUCE, fraction=0.5))
    roomy.later(minutes=1).raw(half)
    assert roomy.later(seconds=5).raw(half).status is ReceiptStatus.DUPLICATE
    assert held(roomy) == [2]


def test_an_exit_under_the_id_of_its_entry_is_no_duplicate(wire: Any) -> None:
    wire.agree()
    wire.raw(body(entry(sender_id="s1", timestamp=wire.now)))
    assert len(wire.state.positions) == 1
    same = {"sender_id": "s1", "timestamp": wire.now, "timeframe": 15}
    assert wire.later(seconds=5).raw(body(update(EXIT, **same))).status is ReceiptStatus.ACCEPTED
    assert not wire.state.positions


def test_outside_the_session_an_exit_waits_for_the_next_one(wire: Any) -> None:
    position = wire.enter()
    wire.at("17:00").raw(body(update(EXIT)))
    waiting = wire.state.positions[position.id]
    assert waiting.state is PositionState.EXITING and waiting.remaining == position.remaining
    assert "sold at the first price of the next session" in told(wire)
    wire.at("2026-11-25T09:31").price(449.9)
    assert legs(wire, position) == [("SIGNAL", position.remaining)]


# --- signals that wait --------------------------------------------------------------------------------------


def waiting(wire: Any) -> Any:
    """A LONG signal that waits: good enough to be decided again, not to be executed."""
    wire.raw(body(entry(score=6.5)))
    record = wire.decision
    assert record is not None and record.action is Action.WAIT, record
    return record


@pytest.mark.parametrize("intent", [EXIT, CANCEL])
def test_what_its_sender_has_left_or_taken_back_is_never_bought(wire: Any, intent: Intent) -> None:
    first = waiting(wire)
    wire.later(minutes=2).raw(body(update(intent, direction=LONG)))
    assert wire.decision is not None
    assert (wire.decision.action, wire.decision.code) == (Action.SKIP, "CANCELLED")
    assert wire.decision.supersedes == first.id and f"{intent}: ended 1 live signal of SPY" in told(wire)
    assert not wire.state.signals
    wire.later(minutes=1).agree()
    assert not wire.state.positions


def test_a_cancellation_touches_no_position(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(CANCEL)))
    assert wire.state.positions[position.id] == position
    assert told(wire) == "CANCEL: no live signal of SPY, nothing to do"


def test_an_exit_that_overtakes_the_market_s_answer_stops_the_entry(wired: Any) -> None:
    wire = wired(answering=False)
    wire.agree()
    wire.raw(body(entry()))
    wire.later(seconds=1).raw(body(update(EXIT)))
    wire.answer()
    assert not wire.state.positions and wire.decision is not None and wire.decision.code == "CANCELLED"
    assert not wire.of(StoreShadow)


def test_the_other_side_s_signal_outlives_an_exit(wire: Any) -> None:
    waiting(wire)
    wire.later(minutes=1).raw(body(update(EXIT, direction=SHORT)))
    assert len(wire.state.signals) == 1 and not wire.of(FetchMarket)


# --- a stated flip ------------------------------------------------------------------------------------------


def test_a_flip_leaves_first_and_then_decides_the_entry(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=20).agree(direction=SHORT)
    wire.raw(body(entry(SHORT, leave=LONG)))
    assert legs(wire, position) == [("SIGNAL", position.remaining)]
    assert wire.decision is not None and wire.decision.action is Action.EXECUTE
    assert [p.direction for p in wire.state.positions.values()] == [SHORT]
    assert "closed 1 of 1 position of SPY" in told(wire)


def test_a_flip_whose_entry_may_not_trade_still_leaves(wire: Any) -> None:
    wire.enter()
    wire.later(minutes=1).raw(body(entry(SHORT, leave=LONG, timeframe=None, blocked="TIMEFRAME_UNKNOWN")))
    assert not wire.state.positions
    assert wire.decision is not None and wire.decision.code == "TIMEFRAME_UNKNOWN"


# --- what an entry may not be traded for, and what is no entry ----------------------------------------------


@pytest.mark.parametrize("code", ["TIME_UNREADABLE", "TIMEFRAME_UNKNOWN", "NO_CONTRACT", "BAD_LEVELS"])
def test_a_blocked_entry_is_recorded_and_trades_nothing(wire: Any, code: str) -> None:
    wire.agree()
    receipt = wire.raw(body(entry(blocked=code)))
    assert receipt.status is ReceiptStatus.ACCEPTED
    record = wire.decision
    assert (record.action, record.code, record.verdict.action) == (Action.SKIP, code, Action.EXECUTE)
    assert not wire.state.positions and not wire.state.shadows and not wire.state.signals
    assert not wire.state.contexts.symbols["SPY"].experts, "it is no opinion to be reckoned with"


def test_the_price_of_a_status_counts_as_a_price(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).raw(body(update(Intent.STATUS, price=450.4)))
    assert wire.state.prices["SPY"].price == 450.4
    assert wire.position(position).last.spot == 450.4


def test_a_test_changes_nothing_but_its_receipt(wire: Any) -> None:
    position = wire.enter()
    before = (dict(wire.state.prices), dict(wire.state.contexts.symbols), dict(wire.state.signals))
    receipt = wire.later(minutes=1).raw(body(update(Intent.STATUS, price=450.4, blocked="TEST")))
    assert (wire.state.prices, wire.state.contexts.symbols, wire.state.signals) == before
    assert wire.state.positions[position.id] == position
    assert any("its price is not used" in note for note in receipt.notes)


def test_every_exit_of_a_sender_has_its_place_right_after_the_one_by_hand() -> None:
    from core.positions.exits import EXITS

    assert [row[0] for row in EXITS] == list(ExitReason)
    assert list(ExitReason)[:2] == [ExitReason.MANUAL, ExitReason.SIGNAL]
