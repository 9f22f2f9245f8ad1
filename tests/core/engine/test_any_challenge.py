"""Any history of inputs with a challenger beside the champion: see ``any_history``."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from core.engine import Engine, EngineState
from core.engine.challenger import ASKED_BY_CHALLENGER
from core.events import Commanded, Event, MarketAnswered, RulesChanged
from core.model import Direction
from tests.core.engine import hand_made
from tests.core.engine.any_history import GREEKS, RULES, UNASKED, WIDE, moves, sides, symbols
from tests.core.engine.test_any_history import DEFAULT, AnyHistoryOfSenders

OTHERS = (
    WIDE + "[confidence]\nexecute_at = 60\n",
    WIDE + "[market]\nmax_spread_bps = 40\n[sizing]\ncontract_cap = 3\n",
    WIDE + "[intake]\none_per_bar = false\n[exits]\nscale_out_fraction = 1.0\n",
    "[risk]\ndaily_loss = 50\n",
)
APART = {"challenge", "challenger", "challenges_ended", "recent", "commands", "notices"}
"""Parts of the state that champion and challenger do not have in common."""


def account(state: EngineState) -> dict[str, Any]:
    return {each.name: getattr(state, each.name) for each in fields(state) if each.name not in APART}


class AnyHistoryWithAChallenger(AnyHistoryOfSenders):
    """Adds challengers under the same rules and under others, and an engine that never has one."""

    def __init__(self, wired: type[Any]) -> None:
        super().__init__(wired)
        self.alone = Engine(engine_id="wire")
        self.taken = 0
        self.other: str | None = None

    @initialize(
        toml=st.sampled_from([WIDE + GREEKS, WIDE + GREEKS + UNASKED]),
        other=st.sampled_from([None] * 6 + list(OTHERS)),
    )
    def rules_of_the_start(self, toml: str, other: str | None) -> None:
        super().rules_of_the_start(toml)
        self.a_challenger_starts(other)

    @rule(other=st.sampled_from([None, None, *OTHERS]), sure=st.integers(0, 4))
    def another_challenger_starts(self, other: str | None, sure: int) -> None:
        if sure == 0:
            challenge = self.wire.state.challenge
            assert challenge is not None
            self.command_of("retire_challenger", challenge.id)
            self.a_challenger_starts(other)

    @rule(toml=st.sampled_from(RULES))
    def rules_change(self, toml: str) -> None:
        self.post(RulesChanged, toml=toml)
        assert self.wire.state.challenge is None, "it compares with rules that are no more"
        self.a_challenger_starts(self.other)

    @rule(symbol=symbols, side=sides, move=moves, by_hand=st.booleans())
    def a_whole_trade(self, symbol: str, side: Direction, move: float, by_hand: bool) -> None:
        self.all_that_an_entry_takes(symbol, side, 15, True)
        self.market_answers_all()
        self.wire.now += timedelta(seconds=61)
        self.price(symbol, move, 0, "a", None, 0)
        if by_hand:
            for position_id in list(self.wire.state.positions):
                self.command_of("exit", None, position_id)

    def a_challenger_starts(self, other: str | None) -> None:
        self.other = other
        self.command_of("start_challenger", self.wire.engine.rules.to_toml() if other is None else other)
        assert self.wire.state.challenge is not None and self.wire.state.challenger is not None

    @rule(answers=st.booleans())
    def the_market_answers_the_challenger(self, answers: bool) -> None:
        self.wire.snapshot = None
        for ask in self.wire.engine.unanswered():
            if answers and ask.signal_id.startswith(ASKED_BY_CHALLENGER):
                self.post(MarketAnswered, signal_id=ask.signal_id, snapshot=self.wire.market(ask.symbol))

    def command_of(self, name: str, argument: str | None, position_id: str | None = None) -> None:
        self.post(
            Commanded, command_id=f"own {self.wire.state.seq}", name=name, argument=argument, position_id=position_id
        )  # fmt: skip

    def post(self, kind: type[Any], **given: Any) -> list[Any]:
        ended = len(self.wire.state.challenges_ended)
        effects = super().post(kind, **given)
        self.check_challenge(ended)
        return effects

    def check_challenge(self, ended: int) -> None:
        state = self.wire.state
        assert [each.why for each in state.challenges_ended if each.end == "FAILED"] == []
        assert state.challenge is not None or len(state.challenges_ended) >= ended
        for event in self.wire.journal[self.taken :]:
            self.alone.step(without_challenge(event))
        self.taken = len(self.wire.journal)
        assert account(self.alone.state) == account(state), "the champion's account is the same without it"
        if state.challenge is None or state.challenger is None:
            return
        assert state.challenger.seq == state.seq
        if state.challenge.fingerprint == state.challenge.champion:
            theirs = account(state.challenger) | {"rules_toml": state.rules_toml}
            assert theirs == account(state), "under equal rules both are equal"
            assert all(each.difference == 0.0 for each in state.challenge.sessions)
            assert all(each.champion == each.challenger for each in state.challenge.sessions)


def without_challenge(event: Event) -> Event:
    """The input as an engine takes it that knows no challengers."""
    return (
        replace(event, name="nothing")
        if isinstance(event, Commanded) and "challenger" in event.name
        else event
    )


def test_any_challenge(wired: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hand_made.read_hand_made(monkeypatch)
    run_state_machine_as_test(
        lambda: AnyHistoryWithAChallenger(wired), settings=settings(DEFAULT, max_examples=12)
    )


@pytest.mark.slow
def test_any_long_challenge(wired: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hand_made.read_hand_made(monkeypatch)
    run_state_machine_as_test(
        lambda: AnyHistoryWithAChallenger(wired),
        settings=settings(
            DEFAULT, max_examples=200, stateful_step_count=80, derandomize=False, print_blob=True
        ),
    )
