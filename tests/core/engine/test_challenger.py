"""A challenger beside the champion: what starts and ends it, what it makes, and that it touches nothing else."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import core.engine.decisions
import core.engine.kernel
from core.challenge import ChallengeEnd
from core.effects import FetchMarket, Notice, StoreRules, StoreTrade
from core.engine import Engine
from core.engine.challenger import ASKED_BY_CHALLENGER, MOST_TEXT
from core.events import MarketAnswered, RulesChanged
from core.learning.trade_replay import TradeReplay
from core.rules import DEFAULT, parse_rules
from server.ledger.codec import decode, encode, encode_any
from server.runtime.checkpoints import decode_state
from tests.core.engine.conftest import unasked

STRICT = "[confidence]\nexecute_at = 99\n"
LOOSE = unasked("")
SMALL = unasked("[sizing]\ncontract_cap = 2\n")


def start(wire: Any, toml: str = LOOSE) -> Any:
    answer = wire.command("start_challenger", argument=toml)
    assert answer.code == "CHALLENGING", answer.text
    return wire.state.challenge


def again(wire: Any) -> Engine:
    """The engine made from its journal."""
    engine = Engine(engine_id="wire")
    for event in wire.journal:
        engine.step(decode(encode(event)))
    return engine


# rules of the challenger or argument | code | part of the answer
REFUSED = [
    ("start_challenger", "[confidence]\nexecute_at = 999\n", "BAD_RULES", "confidence.execute_at"),
    ("start_challenger", "[confidence\n", "BAD_RULES", "not valid TOML"),
    ("start_challenger", "#" * (MOST_TEXT + 1), "BAD_RULES", f"at most {MOST_TEXT}"),
    ("adopt_challenger", "somebody", "NO_CHALLENGER", "No challenger runs"),
    ("retire_challenger", "somebody", "NO_CHALLENGER", "No challenger runs"),
]


@pytest.mark.parametrize(("name", "argument", "code", "text"), REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(
    wire: Any, name: str, argument: str, code: str, text: str
) -> None:
    answer = wire.command(name, argument=argument)
    assert (answer.ok, answer.code) == (False, code)
    assert text in answer.text
    assert wire.state.challenge is None and wire.state.challenger is None


def test_one_challenger_runs_at_a_time_and_only_the_one_that_was_seen_is_ended(wire: Any) -> None:
    first = start(wire)
    assert wire.command("start_challenger", argument=STRICT).code == "CHALLENGE_RUNS"
    for name in ("adopt_challenger", "retire_challenger"):
        assert wire.command(name, argument="another").code == "NO_CHALLENGER"
    assert wire.state.challenge is first
    assert wire.command("retire_challenger", argument=first.id).code == "RETIRED"
    assert wire.state.challenge is None and wire.engine.challenger is None
    assert [each.end for each in wire.state.challenges_ended] == [ChallengeEnd.RETIRED]


def test_a_challenger_trades_where_the_champion_waits_and_its_account_stays_apart(wired: Any) -> None:
    wire = wired(rules=STRICT)
    challenge = start(wire)
    wire.agree()
    record = wire.signal()
    assert record.action == "WAIT" and wire.state.positions == {}
    held = list(wire.state.challenger.positions.values())
    assert [each.symbol for each in held] == ["SPY"]
    assert wire.of(StoreTrade, everything=True) == [], "nothing of the challenger is stored as a trade"
    assert [contract.occ for watch in wire.engine.watched() for contract in watch.contracts].count(
        held[0].contract.occ
    ) == 1
    wire.later(minutes=3).price(held[0].levels.target_2 + 5.0)
    assert wire.state.challenger.positions == {} and wire.state.day.realized == 0.0
    (session,) = challenge.sessions
    assert (session.champion.trades, session.challenger.trades) == (0, 1)
    assert session.difference == session.challenger.net > 0.0
    assert wire.state.challenger.day.realized == pytest.approx(session.challenger.net)


def test_what_only_the_challenger_asks_the_market_answers_only_the_challenger(wired: Any) -> None:
    """The champion's SKIP is final; the challenger waits, and asks again when the price moves."""
    wire = wired(rules="[structural]\nmin_ai_score = 10.0\n")
    wire.answering = False
    start(wire, unasked("[confidence]\nexecute_at = 99\n"))
    wire.agree()
    wire.signal()
    assert [ask.signal_id for ask in wire.of(FetchMarket)] == [wire.asked[-1].signal_id], "both ask at once"
    wire.answer()
    decided = len(wire.decisions)
    wire.later(minutes=2)
    (ask,) = [each for each in wire.price(450.2) if isinstance(each, FetchMarket)]
    assert ask.signal_id.startswith(ASKED_BY_CHALLENGER)
    assert wire.engine.unanswered() == (ask,)
    wire.post(MarketAnswered, signal_id=ask.signal_id, snapshot=wire.market("SPY"))
    assert wire.engine.unanswered() == () and len(wire.decisions) == decided
    assert again(wire).state == wire.state


def test_adopted_rules_are_in_force_from_the_next_input_on_under_the_persons_name(wired: Any) -> None:
    wire = wired(rules=STRICT)
    challenge = start(wire)
    answer = wire.command("adopt_challenger", argument=challenge.id, author="owner")
    assert answer.code == "ADOPTED"
    (stored,) = wire.of(StoreRules)
    assert (stored.author, stored.fingerprint) == ("owner", parse_rules(LOOSE).fingerprint)
    assert wire.engine.rules.fingerprint == stored.fingerprint
    (ended,) = wire.state.challenges_ended
    assert (ended.end, ended.author, ended.sessions) == (ChallengeEnd.ADOPTED, "owner", 0)
    assert wire.enter("SPY").symbol == "SPY"
    assert wire.command("adopt_challenger", argument=challenge.id).code == "NO_CHALLENGER"
    assert encode_any(again(wire).state) == encode_any(wire.state)


def test_the_same_command_again_starts_nothing_again(wire: Any) -> None:
    first = wire.command("start_challenger", command_id="c", argument=LOOSE)
    challenge = wire.state.challenge
    wire.command("retire_challenger", argument=challenge.id)
    assert wire.command("start_challenger", command_id="c", argument=LOOSE) == first
    assert wire.state.challenge is None
    assert max(len(done.asked) for done in wire.state.commands.values()) < 200, "rules are kept as a digest"


def test_other_rules_in_force_end_the_comparison(wire: Any) -> None:
    challenge = start(wire)
    wire.post(RulesChanged, toml=STRICT, author="owner")
    (ended,) = wire.state.challenges_ended
    assert (ended.id, ended.end, ended.author) == (challenge.id, ChallengeEnd.CHANGED, "owner")
    assert [notice.kind for notice in wire.of(Notice)] == ["rules"]
    assert wire.engine.challenger is None


def test_positions_of_the_start_are_in_both_accounts_and_count_for_neither(wired: Any) -> None:
    wire = wired()
    position = wire.enter("SPY")
    challenge = start(wire.later(minutes=1), SMALL)
    assert list(wire.state.challenger.positions) == [position.id]
    wire.later(minutes=2).price(position.levels.stop - 5.0)
    assert wire.state.positions == {} == wire.state.challenger.positions
    assert [(each.champion.trades, each.challenger.trades) for each in challenge.sessions] == [(0, 0)]


def test_what_a_person_sells_is_sold_by_the_challenger_too_whatever_it_holds(wired: Any) -> None:
    wire = wired()
    challenge = start(wire, SMALL)
    position = wire.enter("SPY")
    assert position.remaining > 2 == wire.state.challenger.positions[position.id].remaining
    wire.later(minutes=1).price(450.5)
    assert wire.command("exit", position, expected=position.remaining).code == "EXITED"
    (session,) = challenge.sessions
    assert (session.champion.trades, session.challenger.trades) == (1, 1)
    assert session.champion.net != session.challenger.net


def test_an_exit_that_the_champion_refuses_is_none_of_the_challenger_either(wired: Any) -> None:
    wire = wired()
    start(wire, SMALL)
    position = wire.enter("SPY")
    assert wire.command("exit", position, expected=99).code == "CHANGED"
    assert wire.state.challenger.positions[position.id].remaining == 2


def test_a_challenger_that_fails_ends_and_the_champion_goes_on(
    wired: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = wired()
    start(wire, SMALL)
    decide = core.engine.decisions.decide

    def failing(context: Any, market: Any, rules: Any) -> Any:
        if rules.sizing.contract_cap == 2:
            raise ArithmeticError("no number")
        return decide(context, market, rules)

    monkeypatch.setattr(core.engine.decisions, "decide", failing)
    assert wire.enter("SPY").symbol == "SPY"
    assert wire.state.challenge is None and wire.engine.challenger is None
    (ended,) = wire.state.challenges_ended
    assert ended.end is ChallengeEnd.FAILED and "no number" in ended.why
    assert any("no number" in notice.text for notice in wire.of(Notice, everything=True))


def test_trades_of_the_challenger_that_would_wait_for_a_person_are_counted_and_not_made(wired: Any) -> None:
    wire = wired()
    challenge = start(wire, "[risk]\napproval_above_contracts = 0\n")
    wire.enter("SPY")
    assert challenge.unasked == 1 and wire.state.challenger.positions == {}


def test_a_restart_from_a_checkpoint_goes_on_to_the_byte(wired: Any) -> None:
    wire = wired()
    start(wire, SMALL)
    position = wire.enter("SPY")
    kept = encode_any(wire.state)
    wire.engine = Engine(decode_state(kept), "wire")
    assert encode_any(wire.state) == kept
    wire.later(minutes=2).price(position.levels.target_2 + 5.0)
    wire.later(minutes=1).tick()
    assert encode_any(again(wire).state) == encode_any(wire.state)
    assert wire.state.challenge.sessions[0].challenger.trades == 1


def test_a_body_is_read_once_for_both_and_each_decides_once(
    wired: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()

    def counted(module: Any, name: str) -> None:
        inner = getattr(module, name)

        def outer(*given: Any) -> Any:
            calls[name] += 1
            return inner(*given)

        monkeypatch.setattr(module, name, outer)

    counted(core.engine.kernel, "normalise")
    counted(core.engine.decisions, "decide")
    counts = []
    for challenged in (False, True):
        wire = wired()
        if challenged:
            start(wire, SMALL)
        calls.clear()
        wire.enter("SPY")
        counts.append(dict(calls))
    assert counts == [{"normalise": 4, "decide": 1}, {"normalise": 4, "decide": 2}]


def test_a_challenge_in_the_journal_changes_no_rules_of_a_what_if(wire: Any) -> None:
    challenge = start(wire, SMALL)
    wire.command("adopt_challenger", argument=challenge.id)
    replay = TradeReplay("wire", DEFAULT)
    for event in wire.journal:
        replay.take(event)
    assert replay._kernel.rules.fingerprint == DEFAULT.fingerprint


def test_what_a_person_takes_is_taken_by_both_and_counts_for_neither(wire: Any) -> None:
    challenge = start(wire)
    record = wire.signal(score=3.0)
    assert record.action == "SKIP"
    assert wire.command("take", argument=record.receipt_id, author="ann").ok
    (held,), (theirs,) = wire.state.positions.values(), wire.state.challenger.positions.values()
    assert held == theirs and held.taken_by == "ann"
    assert wire.later(minutes=1).command("exit", held).ok
    assert not wire.state.positions and not wire.state.challenger.positions
    assert not any(pair.champion.trades or pair.challenger.trades for pair in challenge.sessions)
    assert again(wire).state == wire.state


def test_what_the_champion_does_not_take_the_challenger_does_not_take(wire: Any) -> None:
    start(wire)
    record = wire.signal(score=3.0)
    wire.later(minutes=16)
    assert wire.command("take", argument=record.id).code == "SIGNAL_ENDED"
    assert not wire.state.challenger.positions and not wire.state.challenger.signals
