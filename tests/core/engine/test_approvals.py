"""Trades that wait for a person, as a trader reads them: what happens when, and what is decided then.

A line is a time, what happens, and after the arrow the decision that is recorded (``-`` for none):

    signal            everything that an EXECUTE takes, at 450: $2,238 of premium, above $1,500
    price P           the underlying trades at P
    late P            the same, made ten minutes ago
    tick              time goes by
    approve, reject   a person's word on the trade that was asked about; the same again with ``again``
    spread N          from here on a feed gives N bps (and the price)
    rules TEXT        other rules come into force
    mode MODE         the engine's mode is changed
"""

from __future__ import annotations

from typing import Any

import pytest

from core.approvals import Approval, ApprovalStatus
from core.effects import Notice, ShadowStatus, StoreApproval, StoreDecision, StoreShadow, StoreTrade
from core.events import RulesChanged
from core.model import Action

SCENARIOS = [
    ("a yes buys it at the market of that moment", "EXECUTED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:02 price 450.10   -> -
        10:02 approve        -> EXECUTE
        10:02 approve        -> -
        10:03 price 450.20   -> -
    """),
    ("a no kills the signal", "REJECTED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:02 reject         -> SKIP REJECTED
        10:02 reject         -> -
        10:03 approve        -> -
        10:04 price 450.10   -> -
    """),
    ("nobody says anything until the signal is over", "EXPIRED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:15 tick           -> -
        10:16 tick           -> SKIP APPROVAL_EXPIRED
        10:16 approve        -> -
        10:17 tick           -> -
    """),
    ("a yes that comes too late buys nothing", "EXPIRED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:16 approve        -> SKIP APPROVAL_EXPIRED
    """),
    ("deciding again while it waits asks nobody again", "PENDING", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:02 price 450.10   -> -
        10:04 price 450.30   -> -
        10:06 price 450.20   -> -
    """),
    ("at the moment of the yes the price has gone through the stop", "WITHDRAWN LEVEL_PASSED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:00 price 440.00   -> -
        10:00 approve        -> SKIP LEVEL_PASSED
        10:02 price 450.10   -> -
    """),
    ("while it waits the price goes through the stop", "WITHDRAWN LEVEL_PASSED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:02 price 440.00   -> SKIP LEVEL_PASSED
        10:02 approve        -> -
    """),
    ("the price is late when the yes comes: the next one buys", "EXECUTED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:05 approve        -> SKIP STALE_PRICE
        10:06 price 450.10   -> EXECUTE
    """),
    ("the price is late while it waits: it waits on", "PENDING", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:05 late 450.10    -> SKIP STALE_PRICE
        10:06 price 450.10   -> WAIT APPROVAL_NEEDED
    """),
    ("a yes taken back before it bought anything", "REJECTED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:05 approve        -> SKIP STALE_PRICE
        10:05 reject         -> SKIP REJECTED
        10:06 price 450.10   -> -
    """),
    ("approved, but no price comes until the signal is over", "EXPIRED", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:05 approve        -> SKIP STALE_PRICE
        10:16 tick           -> SKIP APPROVAL_EXPIRED
    """),
    ("the limits count at the moment of the yes", "WITHDRAWN MAX_POSITIONS", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:00 rules [risk]\\nopen_positions = 0 -> -
        10:00 approve        -> SKIP MAX_POSITIONS
    """),
    ("in REDUCING a yes opens nothing", "WITHDRAWN MODE_REDUCING", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:01 mode REDUCING  -> -
        10:01 approve        -> SKIP MODE_REDUCING
    """),
    ("it shrinks under the limit while it waits: still a person's", "PENDING", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:01 rules [sizing]\\ncontract_cap = 1 -> -
        10:02 price 450.10   -> -
    """),
    ("the market gate turns against it, and back: a person is asked anew", "WITHDRAWN VERDICT, PENDING", """
        10:00 signal         -> WAIT APPROVAL_NEEDED
        10:01 spread 30      -> -
        10:02 price 450.10   -> SKIP
        10:02 approve        -> -
        10:03 spread 2       -> -
        10:04 price 450.20   -> WAIT APPROVAL_NEEDED
    """),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "table"), [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS])
def test_a_trade_that_waits_for_a_person(wired: Any, expected: str, table: str) -> None:
    wire = wired(asking=True)
    asked: dict[str, Approval] = {}
    seen: list[tuple[str, str]] = []
    wanted: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, table.splitlines())):
        left, _, told = line.partition("->")
        time, verb, *rest = left.split(maxsplit=2)
        before = len(wire.decisions)
        play(wire.at(time), verb, rest[0].strip() if rest else "", next(iter(asked), ""))
        asked |= {a.id: a for a in (e.approval for e in wire.of(StoreApproval))}
        made = wire.decisions[before:]
        wanted.append((line, told.strip()))
        seen.append((line, " ".join(f"{d.action} {d.code or ''}".strip() for d in made) or "-"))
    assert seen == wanted
    ends = [a.status.value if a.status in OWN_WORDS else f"{a.status.value} {a.code}" for a in asked.values()]
    assert ", ".join(ends) == expected
    positions = {e.position.id for e in wire.of(StoreTrade, everything=True)}
    executed = [d for d in wire.decisions if d.action is Action.EXECUTE]
    assert {d.position_id for d in executed} == positions and len(positions) == len(executed) <= 1


OWN_WORDS = frozenset(ApprovalStatus) - {ApprovalStatus.WITHDRAWN}


def play(wire: Any, verb: str, rest: str, approval_id: str) -> None:
    if verb == "signal":
        wire.agree()
        wire.signal()
    elif verb in ("price", "late"):
        wire.price(float(rest), age=600.0 if verb == "late" else 0.0)
    elif verb in ("approve", "reject"):
        wire.command(f"{verb}_trade", argument=approval_id, author="trader")
    elif verb == "spread":
        wire.latest = []
        wire.snapshot = {"spread_bps": float(rest), "depth_score": 80.0, "atr14": 4.5}
    elif verb == "rules":
        wire.post(RulesChanged, toml=rest.replace("\\n", "\n") + "\n")
    elif verb == "mode":
        wire.command("mode", argument=rest)
    else:
        wire.tick()


def waiting(wire: Any) -> Approval:
    wire.agree()
    wire.signal()
    return wire.of(StoreApproval)[0].approval


def test_what_is_asked_names_all_that_a_person_needs(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    record = wire.decision
    assert (approval.decision_id, record.approval_id) == (record.id, approval.id)
    assert record.direction is None and record.position_id is None
    assert record.verdict.action is Action.EXECUTE
    assert approval.contracts == record.count.contracts
    assert approval.premium == pytest.approx(approval.price * 100 * approval.contracts)
    assert approval.planned_loss == pytest.approx(record.count.planned_loss * approval.contracts)
    assert (approval.until - approval.at).total_seconds() == 15 * 60
    assert "$1,500" in approval.why
    assert [e.kind for e in wire.of(Notice)] == ["approval"]
    assert [w.contracts for w in wire.engine.watched()] == [(approval.contract,)]


def test_the_decision_of_a_yes_supersedes_and_is_no_larger_than_what_was_approved(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    first = wire.decision
    # The same signal would now be bought larger: the approved quantity holds.
    wire.post(RulesChanged, toml="[account]\nsize = 250000\n[sizing]\npremium_cap = 1e6\n[risk]\n"
                                 "symbol_premium = 1e6\npremium_per_trade = 1e6\n")  # fmt: skip
    wire.command("approve_trade", argument=approval.id)
    made = wire.decision
    assert (made.action, made.supersedes, made.approval_id) == (Action.EXECUTE, first.id, approval.id)
    assert (made.count.contracts, made.count.bound_by) == (approval.contracts, "approval")
    position = wire.state.positions[made.position_id]
    assert position.contract == approval.contract
    assert position.entry.contracts == approval.contracts


def test_it_is_bought_in_the_contract_that_was_named_although_another_is_at_the_money(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    wire.later(seconds=20).price(451.2)
    wire.command("approve_trade", argument=approval.id)
    assert wire.decision.contract == approval.contract
    assert approval.contract.strike == 450


def test_its_shadow_begins_with_the_first_decision_and_ends_with_the_entry(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    shadow = wire.of(StoreShadow)[0]
    assert shadow.position.decision_id == approval.decision_id
    wire.command("approve_trade", argument=approval.id)
    assert [e.status for e in wire.of(StoreShadow)] == [ShadowStatus.SUPERSEDED]


def test_the_shadow_of_a_trade_that_was_rejected_goes_on(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    wire.command("reject_trade", argument=approval.id)
    assert len(wire.state.shadows) == 1
    assert not wire.of(StoreShadow)


def test_a_word_is_answered_the_same_however_often_it_comes(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    one = wire.command("approve_trade", argument=approval.id, command_id="x")
    assert (one.ok, one.code) == (True, "APPROVING")
    same = wire.command("approve_trade", argument=approval.id, command_id="x")
    assert same == one and not wire.of(StoreDecision)
    again = wire.command("approve_trade", argument=approval.id)
    assert (again.ok, again.code) == (True, "EXECUTED")
    other = wire.command("reject_trade", argument=approval.id)
    assert (other.ok, other.code) == (False, "EXECUTED")
    unknown = wire.command("approve_trade", argument="nothing")
    assert (unknown.ok, unknown.code) == (False, "NO_APPROVAL")
    assert len(wire.state.positions) == 1


def test_a_yes_while_the_market_is_asked_anyway_asks_it_once(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    wire.answering = False
    wire.later(minutes=2).price(450.1)
    before = len(wire.asked)
    wire.command("approve_trade", argument=approval.id)
    assert len(wire.asked) == before
    wire.answer()
    assert wire.decision.action is Action.EXECUTE


def test_a_no_while_the_market_is_asked_leaves_its_answer_without_a_signal(wired: Any) -> None:
    wire = wired(asking=True)
    approval = waiting(wire)
    wire.answering = False
    wire.command("approve_trade", argument=approval.id)
    wire.command("reject_trade", argument=approval.id)
    assert wire.decision.code == "REJECTED"
    assert wire.answer() == []
    assert not wire.state.positions


def test_two_approvals_that_end_in_one_tick_are_two_decisions(wired: Any) -> None:
    wire = wired(asking=True)
    for symbol in ("SPY", "QQQ"):
        wire.agree(symbol)
        wire.signal(symbol)
    wire.later(minutes=16).tick()
    ended = [e.record for e in wire.of(StoreDecision)]
    assert [r.code for r in ended] == ["APPROVAL_EXPIRED"] * 2
    assert len({r.id for r in ended}) == 2
    assert [a.status for a in wire.state.approvals.values()] == [ApprovalStatus.EXPIRED] * 2
