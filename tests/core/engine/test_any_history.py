"""Any history of inputs, with requests of senders and bars of charts among them: see ``any_history``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from core.model import Direction, ExitReason, Intent, Mode
from tests.core.engine import hand_made
from tests.core.engine.any_history import SPOT, AnyHistory, moves, sides, symbols

REQUESTS: tuple[tuple[Intent, dict[str, Any]], ...] = (
    (Intent.EXIT, {}),
    (Intent.REDUCE, {"fraction": 0.5}),
    (Intent.REDUCE, {"contracts": 1}),
    (Intent.REDUCE, {"contracts": 30}),
    (Intent.REDUCE, {"remaining_fraction": 0.5}),
    (Intent.MOVE_STOP, {"break_even": True}),
    (Intent.MOVE_STOP, {"stop": 0.999}),
    (Intent.MOVE_STOP, {"stop": 1.001}),
    (Intent.CANCEL, {}),
    (Intent.STATUS, {}),
)


class AnyHistoryOfSenders(AnyHistory):
    """Adds exits, reductions, stops, cancellations, flips and bars by webhook."""

    @rule(
        asked=st.sampled_from(REQUESTS),
        symbol=symbols,
        side=sides,
        names_side=st.booleans(),
        enters=st.booleans(),
        which=st.integers(0, 3),
        move=st.none() | moves,
        timeframe=st.sampled_from([None, None, 5, 15]),
        old=st.sampled_from([None, None, 0, 0, 1, 60, 6000]),
    )
    def a_senders_request(
        self, asked: tuple[Intent, dict[str, Any]], symbol: str, side: Direction, names_side: bool, enters: bool,
        which: int, move: float | None, timeframe: int | None, old: int | None,
    ) -> None:  # fmt: skip
        intent, fields = asked
        if enters:
            self.all_that_an_entry_takes(symbol, side, timeframe or 15, True)
        held = list(self.wire.state.positions.values())
        if held:
            symbol = held[which % len(held)].symbol
        if "stop" in fields:
            fields = {"stop": SPOT[symbol] * fields["stop"]}
        said = hand_made.update(
            intent, symbol, direction=side if names_side else None, timeframe=timeframe, fired=True,
            price=None if move is None else SPOT[symbol] * move,
            timestamp=None if old is None else self.wire.now - timedelta(minutes=old), **fields,
        )  # fmt: skip
        self.obeys(intent, symbol, side if names_side else None, hand_made.body(said))

    @rule(
        symbol=symbols, side=sides, blocked=st.sampled_from([None, None, "BAD_LEVELS"]), again=st.booleans()
    )
    def a_flip(self, symbol: str, side: Direction, blocked: str | None, again: bool) -> None:
        opened = self.wire.now.replace(second=0, microsecond=0)
        fields = {} if blocked is None else {"blocked": blocked}
        known = self.wire.state.prices.get(symbol)
        flip = hand_made.entry(
            side, symbol=symbol, leave=side.opposite, timestamp=opened if again else None,
            price=SPOT[symbol] if known is None else known.price, **fields,
        )  # fmt: skip
        self.receive(hand_made.body(flip))
        self.market_answers_all()

    @rule(
        symbol=symbols,
        first=moves,
        last=moves,
        spread=st.none() | st.floats(0, 0.02),
        old=st.sampled_from([0, 0, 0, 1, 5, 300]),
        interval=st.sampled_from([None, 1, 1, 5]),
    )
    def a_charts_bar(
        self, symbol: str, first: float, last: float, spread: float | None, old: int, interval: int | None
    ) -> None:
        spot = SPOT[symbol]
        high, low = max(first, last) + (spread or 0.0), min(first, last) - (spread or 0.0)
        facts = {} if spread is None else {"range": (spot * first, spot * high, spot * low)}
        opened = self.wire.now - timedelta(minutes=old + (interval or 0))
        before = self.wire.state.prices.get(symbol)
        self.receive(hand_made.body(hand_made.bar(spot * last, opened, interval, symbol=symbol, **facts)))
        after = self.wire.state.prices.get(symbol)
        assert before is None or (after is not None and after.priced_at >= before.priced_at), (
            "time never goes back"
        )

    def obeys(self, intent: Intent, symbol: str, side: Direction | None, text: str) -> None:
        """A sender's request opens nothing, leaves what it does not name, and never loosens a stop."""
        before = dict(self.wire.state.positions)
        told = self.wire.state.mode is Mode.HALTED or self.wire.engine.rules.exits.on_signal == "tell"
        sold = {leg.id for p in self.positions.values() for leg in p.legs}
        self.receive(text)
        assert set(self.wire.state.positions) <= set(before)
        for position_id, was in before.items():
            now = self.positions[position_id]
            assert now.ex_dates != was.ex_dates or (now.stop - was.stop) * was.direction.sign >= 0, (
                "a stop only moves to the side that protects more, but for a dividend"
            )
            by_sender = [leg for leg in now.legs if leg.id not in sold and leg.reason is ExitReason.SIGNAL]
            named = was.symbol == symbol and side in (None, was.direction)
            waited = was.pending is not None and was.pending.reason is ExitReason.SIGNAL
            if by_sender and not waited:
                assert named and not told and intent in (Intent.EXIT, Intent.REDUCE)


DEFAULT = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_any_history(wired: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hand_made.read_hand_made(monkeypatch)
    run_state_machine_as_test(lambda: AnyHistoryOfSenders(wired), settings=DEFAULT)


@pytest.mark.slow
def test_any_long_history(wired: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hand_made.read_hand_made(monkeypatch)
    run_state_machine_as_test(
        lambda: AnyHistoryOfSenders(wired),
        settings=settings(
            DEFAULT, max_examples=400, stateful_step_count=80, derandomize=False, print_blob=True
        ),
    )
