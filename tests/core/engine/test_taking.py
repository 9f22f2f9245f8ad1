"""Trades that a person takes against a WAIT or SKIP: made and refused like any entry, and apart from the rest."""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import Notice, StoreDecision, StoreNote, StoreShadow
from core.engine import Engine
from core.engine.taking import MOST_PASSED, takeable_signals
from core.events import MarketAnswered
from core.intake import sample
from core.model import Action, Direction, Source

LONG, SHORT = Direction.LONG, Direction.SHORT
WIDE = {"spread_bps": 20.0, "depth_score": 80.0, "atr14": 5.0, "price": 450.0}
"""A market that fails the gate by its spread."""
GOOD = WIDE | {"spread_bps": 4.0}


def skipped(wire: Any, **wanted: Any) -> Any:
    """A signal that the market gate refuses alone: it stays live."""
    wire.agree()
    record = wire.signal(**wanted)
    assert record.action is Action.SKIP
    return record


def weak(wire: Any, **wanted: Any) -> Any:
    """A signal that the structural gate refuses: no rule decides it again."""
    record = wire.signal(score=3.0, **wanted)
    assert record.action is Action.SKIP and not wire.state.signals
    return record


@pytest.fixture
def replayed(wired: Any) -> Any:
    """Checks that the journal of a wire gives the same effects and the same state again."""

    def check(wire: Any) -> None:
        again, effects = Engine(engine_id="wire"), []
        for event in wire.journal:
            effects += again.step(event)
        assert effects == wire.effects and again.state == wire.state

    return check


@pytest.mark.parametrize("by", ["id", "receipt_id", "signal_id"])
@pytest.mark.parametrize("make", [skipped, weak])
def test_a_skip_is_taken_by_its_decision_receipt_or_signal(
    wired: Any, replayed: Any, make: Any, by: str
) -> None:
    wire = wired(snapshot=WIDE if make is skipped else GOOD)
    record = make(wire)
    answer = wire.later(minutes=2).command("take", argument=getattr(record, by), author="ann")
    assert (answer.ok, answer.code) == (True, "TAKING"), answer.text
    taken = wire.decision
    assert (taken.action, taken.code, taken.trigger) == (Action.EXECUTE, "BY_HAND", "person")
    assert taken.verdict.action is Action.SKIP and taken.direction is LONG and taken.supersedes == record.id
    assert next(note.text for note in taken.notes if note.code == "BY_HAND").startswith(
        "Taken by ann against SKIP ("
    )
    (position,) = wire.state.positions.values()
    assert position.taken_by == "ann" and position.decision_id == taken.id
    assert taken.size is not None and taken.count.contracts == position.entry.filled_contracts
    assert not wire.state.signals and not wire.state.passed
    replayed(wire)


def test_a_wait_is_taken(wired: Any, replayed: Any) -> None:
    wire = wired(snapshot=GOOD)
    record = wire.signal(score=6.5)
    assert record.action is Action.WAIT and record.verdict.gates.passed
    assert wire.command("take", argument=record.id).ok
    assert wire.decision.code == "BY_HAND" and "confidence" in wire.decision.notes[-1].text
    replayed(wire)


def test_what_the_rules_execute_by_now_is_theirs(wired: Any) -> None:
    wire = wired(snapshot=WIDE)
    record = skipped(wire)
    wire.snapshot = GOOD
    assert wire.later(minutes=2).command("take", argument=record.id, note="kept").ok
    taken = wire.decision
    assert (taken.action, taken.code) == (Action.EXECUTE, None)
    assert wire.state.positions[taken.position_id].taken_by is None
    assert [note.position_id for note in wire.of(StoreNote)] == [taken.position_id]


def test_the_note_is_kept_on_the_trade_once_that_is_made(wired: Any) -> None:
    wire = wired(snapshot=GOOD, answering=False)
    wire.signal(score=3.0)
    wire.answer()
    assert wire.command("take", argument=wire.decision.id if wire.decision else "r1", note="news #news").ok
    assert not wire.of(StoreNote)
    wire.answer()
    (note,) = wire.of(StoreNote)
    assert note.tags == ("news",) and note.position_id in wire.state.positions


def test_a_trade_is_made_once(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    record = weak(wire)
    assert wire.command("take", argument=record.id, command_id="one").ok
    assert wire.command("take", argument=record.id, command_id="one").ok
    assert wire.command("take", argument=record.id).code == "SIGNAL_ENDED"
    assert wire.command("take", argument=wire.state.recent[-1].id).code == "EXECUTED"
    assert len(wire.state.positions) == 1


def test_the_shadow_of_what_was_taken_goes_on(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    record = weak(wire)
    (shadow,) = wire.state.shadows.values()
    assert wire.command("take", argument=record.id).ok
    assert shadow.signal_id == record.signal_id and list(wire.state.shadows) == [shadow.id]
    assert not wire.of(StoreShadow)


# --- what refuses it ------------------------------------------------------------------------------------

AT_ONCE = [
    ("mode", lambda wire: wire.command("mode", argument="REDUCING"), "MODE_REDUCING"),
    ("ended", lambda wire: wire.later(minutes=15, seconds=1), "SIGNAL_ENDED"),
    ("closed", lambda wire: wire.at("16:00"), "MARKET_CLOSED"),
    ("left", lambda wire: wire.send(Source.TRADINGVIEW_SIGNAL, changes={"action": "exit"}), "SIGNAL_ENDED"),
]


@pytest.mark.parametrize(("name", "happens", "code"), AT_ONCE, ids=[case[0] for case in AT_ONCE])
def test_a_command_is_refused_at_once(wired: Any, name: str, happens: Any, code: str) -> None:
    wire = wired(snapshot=GOOD)
    record = weak(wire.at("15:50") if name == "closed" else wire)
    happens(wire)
    answer = wire.command("take", argument=record.id)
    assert (answer.ok, answer.code) == (False, code), answer.text
    assert not wire.state.positions and not wire.of(StoreDecision)


def test_an_unknown_one_and_a_late_one_are_refused(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    assert wire.command("take", argument="none").code == "NO_SIGNAL"
    assert wire.command("take").code == "NO_SIGNAL"
    body = sample(Source.TRADINGVIEW_SIGNAL, wire.now, "SPY", 450.0, LONG)
    wire.later(minutes=40).raw(body)
    late = wire.decision
    assert late.code == "LATE"
    assert wire.command("take", argument=late.id).code == "SIGNAL_ENDED"


LATER = [
    ("limit", "[risk]\nopen_positions = 1\n", {}, "MAX_POSITIONS"),
    ("stale", "", {"ages": {"price": 120.0}}, "STALE_PRICE"),
    ("level", "", {"price": 430.0}, "LEVEL_PASSED"),
    ("risk", "[account]\nsize = 100\n", {}, "RISK_TOO_LARGE"),
]


@pytest.mark.parametrize(("name", "rules", "market", "code"), LATER, ids=[case[0] for case in LATER])
def test_what_refuses_any_entry_refuses_a_taken_one_and_the_signal_stays_as_it_was(
    wired: Any, replayed: Any, name: str, rules: str, market: Any, code: str
) -> None:
    wire = wired(rules=rules, snapshot=GOOD | {"feeds": {"price": "feed"}})
    if name == "limit":
        wire.enter("QQQ")
    record = weak(wire)
    wire.snapshot = GOOD | {"feeds": {"price": "feed"}} | market
    wire.later(minutes=3)
    assert wire.command("take", argument=record.id, author="ann").ok
    refused = wire.decision
    assert (refused.action, refused.code, refused.trigger) == (Action.SKIP, code, "person")
    assert next(e.text for e in wire.of(Notice) if e.kind == "approval").startswith("Not taken: LONG SPY")
    assert not any(p.symbol == "SPY" for p in wire.state.positions.values())
    wire.snapshot = GOOD
    (again,) = takeable_signals(wire.engine, wire.now)
    assert again.id == record.signal_id and again.taken is None
    if name == "level":
        wire.later(seconds=30).price(450.0)
        assert wire.command("take", argument=refused.id).ok and wire.decision.code == "BY_HAND"
    replayed(wire)


def test_what_the_rules_would_execute_and_a_level_refuses_again_is_told(wired: Any) -> None:
    wire = wired(snapshot=GOOD | {"price": 430.0})
    wire.agree()
    record = wire.signal()
    assert (record.verdict.action, record.code) == (Action.EXECUTE, "LEVEL_PASSED")
    assert wire.command("take", argument=record.id).ok
    assert (wire.decision.code, wire.decision.trigger) == ("LEVEL_PASSED", "person")
    assert any("Not taken" in e.text for e in wire.of(Notice))
    assert not wire.state.signals and [s.taken for s in wire.state.passed.values()] == [None]


def test_a_refused_wait_is_decided_by_the_rules_again(wired: Any) -> None:
    wire = wired(snapshot=WIDE)
    record = skipped(wire)
    wire.command("mode", argument="ACTIVE")
    wire.snapshot = WIDE | {"price": 430.0}
    wire.later(minutes=2).command("take", argument=record.id)
    assert wire.decision.code == "LEVEL_PASSED"
    wire.snapshot = GOOD
    wire.later(minutes=2).price(450.0)
    assert wire.decision.action is Action.EXECUTE and wire.decision.code is None


def test_a_large_one_waits_for_approval_and_is_a_persons_all_the_same(wired: Any, replayed: Any) -> None:
    wire = wired(rules="[risk]\napproval_above_contracts = 1\n", snapshot=GOOD, asking=True)
    record = weak(wire)
    assert wire.command("take", argument=record.id).ok
    assert (wire.decision.action, wire.decision.code) == (Action.WAIT, "APPROVAL_NEEDED")
    (approval,) = wire.state.approvals.values()
    assert wire.command("take", argument=wire.decision.id).code == "TAKING"
    assert wire.command("approve_trade", argument=approval.id).ok
    assert (wire.decision.action, wire.decision.code) == (Action.EXECUTE, "BY_HAND")
    replayed(wire)


def test_a_worked_limit_is_a_persons_all_the_same(wired: Any, replayed: Any) -> None:
    wire = wired(rules='[fills]\norder_type = "walk"\n', snapshot=GOOD | {"feeds": {"price": "feed"}})
    record = weak(wire)
    assert wire.command("take", argument=record.id, note="worked").ok
    assert (wire.decision.action, wire.decision.code) == (Action.WAIT, "WORKING")
    for _ in range(60):
        if wire.state.positions:
            break
        wire.later(seconds=5).price(450.0)
    (position,) = wire.state.positions.values()
    assert wire.decision.code == "BY_HAND" and position.taken_by == "local"
    assert [note.position_id for note in wire.of(StoreNote)] == [position.id]
    replayed(wire)


def test_no_answer_in_time_is_told(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    record = weak(wire)
    wire.answering = False
    assert wire.command("take", argument=record.id).ok
    wire.later(minutes=16).tick()
    assert any("no market answered" in e.text for e in wire.of(Notice))
    assert not wire.state.signals


def test_an_answer_after_the_end_makes_no_trade(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    record = weak(wire)
    wire.answering = False
    assert wire.command("take", argument=record.id).ok
    wire.later(minutes=16)
    wire.answer()
    assert not wire.state.positions and any("no market answered" in e.text for e in wire.of(Notice))


def test_the_latest_are_kept(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    for n in range(MOST_PASSED + 3):
        weak(wire.later(seconds=1), symbol=f"A{n:03}" if n % 2 else "SPY", changes={"alert_id": f"n{n}"})
    assert len(wire.state.passed) <= MOST_PASSED
    assert isinstance(wire.journal[-1], MarketAnswered)


def test_a_bar_whose_signal_was_taken_opens_nothing_more(wired: Any) -> None:
    wire = wired(snapshot=GOOD)
    opened = wire.now.isoformat()
    body = {"ticker": "SPY", "action": "buy", "price": 450.0, "score": 3.0, "timeframe": 15, "time": opened}
    assert wire.raw(body).status == "accepted" and wire.decision.code is None
    assert wire.command("take", argument=wire.decision.id).ok and wire.decision.code == "BY_HAND"
    receipt = wire.later(seconds=30).raw(body | {"score": 9.5})
    assert any("opens nothing" in note for note in receipt.notes), receipt.notes
    assert len(wire.state.positions) == 1
