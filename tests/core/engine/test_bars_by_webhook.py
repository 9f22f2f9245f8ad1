"""Bars by webhook: one signal per bar, and a chart that is the feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.effects import AnswerReceipt, StoreReceipt
from core.model import Action, Intent, ReceiptStatus
from tests.core.engine.hand_made import bar, body, entry, read_hand_made, update

EXIT, MOVE_STOP = Intent.EXIT, Intent.MOVE_STOP
MANY = "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\n"


@pytest.fixture(autouse=True)
def hand_made(monkeypatch: pytest.MonkeyPatch) -> None:
    read_hand_made(monkeypatch)


def told(wire: Any) -> str:
    """The notes of the last receipt, in one text."""
    return " | ".join(wire.of(StoreReceipt)[-1].notes)


def legs(wire: Any, position: Any) -> list[tuple[str, int]]:
    return [(leg.reason.value, leg.contracts) for leg in wire.position(position).legs]


# --- one bar, one signal ------------------------------------------------------------------------------------


def test_the_same_bar_again_opens_nothing(wire: Any) -> None:
    wire.agree()
    opened = wire.later(minutes=14).now
    for n in range(3):
        wire.later(seconds=5).raw(body(entry(timestamp=opened, price=450.0 + n / 10)))
    assert len(wire.state.positions) == 1
    assert "repeats the signal of its bar (receipt r4), which is over: opens nothing" in told(wire)
    assert [a.awaits_decision for a in wire.of(AnswerReceipt)] == [False]


OTHERS: list[tuple[str, Callable[[Any], dict[str, Any]]]] = [
    ("the next bar", lambda wire: {"timestamp": wire.now}),
    ("another timeframe", lambda wire: {"timeframe": 60}),
    ("without a bar's time", lambda wire: {"timestamp": None}),
    ("the time is that of firing", lambda wire: {"timestamp": wire.now, "fired": True}),
]


@pytest.mark.parametrize("changes", [o[1] for o in OTHERS], ids=[o[0] for o in OTHERS])
def test_another_bar_is_another_signal(wired: Any, changes: Callable[[Any], dict[str, Any]]) -> None:
    wire = wired(rules=MANY)
    wire.agree()
    opened = wire.now
    wire.raw(body(entry(timestamp=opened)))
    wire.later(minutes=1).raw(body(entry(**({"timestamp": opened, "price": 450.1} | changes(wire)))))
    assert len(wire.state.positions) == 2


def test_the_rule_can_be_switched_off(wired: Any) -> None:
    wire = wired(rules=MANY + "[intake]\none_per_bar = false\n")
    wire.agree()
    opened = wire.now
    for n in range(2):
        wire.later(seconds=5).raw(body(entry(timestamp=opened, price=450.0 + n / 10)))
    assert len(wire.state.positions) == 2


def test_a_repetition_updates_the_signal_that_waits(wire: Any) -> None:
    opened = wire.now
    wire.raw(body(entry(score=6.5, timestamp=opened)))
    assert wire.decision.action is Action.WAIT
    first = wire.decision
    wire.later(seconds=5).raw(body(entry(score=9.9, timestamp=opened)))
    assert wire.decision.signal_id == first.signal_id and wire.decision.supersedes == first.id
    assert len(wire.state.positions) <= 1 and "with other values: decided again" in told(wire)


def test_after_the_sender_left_the_same_bar_may_open_again(wire: Any) -> None:
    wire.agree()
    opened = wire.now
    wire.raw(body(entry(timestamp=opened)))
    wire.later(minutes=1).raw(body(update(EXIT)))
    assert not wire.state.positions
    wire.later(minutes=1).raw(body(entry(timestamp=opened, price=450.1)))
    assert len(wire.state.positions) == 1


# --- bars ---------------------------------------------------------------------------------------------------

# after an entry at 450.00 (stop 448.20, T1 452.70, T2 454.50): minute bars as (open, high, low, close) -> the legs
BARS = [
    ("quiet", [(450.0, 450.4, 449.8, 450.2)], []),
    ("its low meets the stop", [(450.0, 450.1, 448.0, 449.5)], ["STOP_LOSS"]),
    ("opens below the stop", [(447.0, 447.5, 446.8, 447.2)], ["STOP_LOSS"]),
    ("both sides in one bar", [(450.0, 455.0, 448.0, 450.0)], ["STOP_LOSS"]),
    ("T1 inside, then back to break-even in the next", [(450.0, 452.8, 449.9, 452.5), (452.5, 452.6, 449.9, 450.1)],
     ["TARGET_1", "STOP_LOSS"]),
    ("T1 and T2 in one bar", [(450.0, 454.6, 449.9, 454.4)], ["TARGET_1", "TARGET_2"]),
]  # fmt: skip


@pytest.mark.parametrize(("bars", "reasons"), [b[1:] for b in BARS], ids=[b[0] for b in BARS])
def test_bars_mark_a_position_and_act_on_its_levels(wire: Any, bars: Any, reasons: list[str]) -> None:
    position = wire.enter()
    assert position.remaining > 1
    for first, high, low, close in bars:
        began = wire.now
        wire.later(minutes=1).raw(body(bar(close, began, range=(first, high, low))))
        assert wire.state.prices["SPY"].price == close
    assert [reason for reason, _ in legs(wire, position)] == reasons
    if reasons == ["STOP_LOSS"]:
        at = wire.position(position).legs[0].underlying
        assert at == pytest.approx(447.0 if bars[0][0] == 447.0 else 448.2)


def test_what_a_bar_was_before_the_entry_sells_nothing(wire: Any) -> None:
    began = wire.now
    position = wire.later(seconds=30).enter()
    wire.later(seconds=30).raw(body(bar(450.1, began, range=(450.0, 450.2, 440.0))))
    assert position.id in wire.state.positions and wire.state.positions[position.id].last.spot == 450.1


def test_what_a_bar_was_before_the_stop_moved_sells_nothing(wire: Any) -> None:
    position = wire.enter()
    began = wire.later(minutes=1).now
    wire.later(seconds=30).raw(body(update(MOVE_STOP, stop=449.8, price=450.5)))
    wire.later(seconds=30).raw(body(bar(450.6, began, range=(450.0, 450.7, 449.5))))
    assert wire.state.positions[position.id].stop == 449.8
    began = wire.now
    wire.later(minutes=1).raw(body(bar(450.6, began, range=(450.6, 450.7, 449.5))))
    assert legs(wire, position) == [("STOP_LOSS", position.remaining)]


def test_a_bar_out_of_order_never_moves_time_back(wire: Any) -> None:
    position = wire.enter()
    began = wire.now
    wire.later(minutes=5).raw(body(bar(450.4, wire.now.replace(minute=4))))
    known = wire.state.prices["SPY"]
    wire.raw(body(bar(440.0, began, range=(450.0, 450.0, 440.0))))
    assert wire.state.prices["SPY"] == known and wire.state.positions[position.id].remaining
    assert "before the last known price (15:05:00): its close is not used" in told(wire)


@pytest.mark.parametrize(("interval", "began"), [(60, "15:30"), (240, "13:30"), (7, "15:58")])
def test_the_last_bar_of_a_session_is_shorter_and_counts_to_the_close(
    wire: Any, interval: int, began: str
) -> None:
    position = wire.enter(timeframe=240)
    opened, low = wire.at(began).now, position.stop - 0.5
    wire.at("16:00:02").raw(body(bar(450.0, opened, interval, range=(450.0, 450.1, low))))
    assert legs(wire, position)[0][0] == "STOP_LOSS"


def test_the_range_of_a_bar_that_a_newer_price_overtook_still_counts(wire: Any) -> None:
    """At the bar's close a signal of the same chart comes first, with the price of its arrival."""
    position = wire.enter()
    began = wire.now
    wire.later(seconds=60.5).price(449.5, source="webhook")
    wire.later(seconds=1).raw(body(bar(449.4, began, range=(450.0, 450.1, 448.0))))
    assert legs(wire, position) == [("STOP_LOSS", position.remaining)]
    assert wire.state.prices["SPY"].price == 449.5


ODD = [
    ("high below the close", 450.2, (450.0, 450.1, 449.9), "do not hold"),
    ("a misplaced decimal point", 450.2, (450.0, 450.3, 45.0), "reaches more than"),
]


@pytest.mark.parametrize(("close", "range_", "says"), [o[1:] for o in ODD], ids=[o[0] for o in ODD])
def test_a_bar_that_cannot_be_counts_by_its_close(wire: Any, close: float, range_: Any, says: str) -> None:
    position = wire.enter()
    began = wire.now
    wire.later(minutes=1).raw(body(bar(close, began, range=range_)))
    assert wire.state.positions[position.id].last.spot == close and says in told(wire)


def test_single_prices_keep_marks_alive(wire: Any) -> None:
    """The same price again is news: nothing else says that the market stands still."""
    position = wire.enter()
    for _ in range(3):
        wire.later(minutes=1)
        receipt = wire.raw(body(bar(450.3, interval=None)))
        assert receipt.status is ReceiptStatus.ACCEPTED
        assert wire.state.positions[position.id].last.at == wire.now
    wire.later(minutes=1).raw(body(bar(448.0, interval=None)))
    assert legs(wire, position) == [("STOP_LOSS", position.remaining)]


def test_bars_are_the_price_of_an_entry(wire: Any) -> None:
    wire.agree()
    wire.later(minutes=10).raw(body(bar(451.0, wire.now.replace(minute=9))))
    wire.later(seconds=5).raw(body(entry(price=None)))
    assert [p.entry.underlying_at_entry for p in wire.state.positions.values()] == [451.0]


def test_while_a_feed_gives_fresh_prices_a_bar_is_told_and_not_used(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).price(450.5, source="feed")
    wire.later(seconds=5).raw(body(bar(448.0, interval=None)))
    assert wire.state.positions[position.id].last.spot == 450.5
    assert told(wire) == "a feed gives fresh prices: the bar is not used"


def test_ever_new_bars_cannot_fill_the_memory(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.one_per_bar.RETAINED_BARS", 3)
    for n in range(6):
        wire.later(minutes=1).raw(body(entry(timestamp=wire.now, timeframe=500_000 + n)))
    assert len(wire.state.bar_signals.known) == 3
