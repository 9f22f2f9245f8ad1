"""A market that never answers leaves nothing behind: first decisions are waited for, further ones are not."""

from __future__ import annotations

from typing import Any


def test_a_first_decision_is_owed_however_late_its_market_comes(wire: Any) -> None:
    wire.answering = False
    wire.signal()
    wire.later(minutes=120).tick()
    assert wire.state.signals and wire.decision is None
    wire.answer()
    assert wire.decisions and not wire.state.signals


def test_a_further_question_is_given_up_when_the_signal_can_no_longer_trade(wire: Any) -> None:
    wire.snapshot = {"price": 450.0, "spread_bps": 50.0, "depth_score": 80.0, "atr14": 4.0}
    wire.signal()  # the spread alone stops it, so it stays open to change
    assert len(wire.decisions) == 1 and wire.state.signals
    wire.answering = False
    wire.later(minutes=2).price(450.1)
    wire.tick()
    assert [signal.asked for signal in wire.state.signals.values()] == [True]
    wire.later(minutes=60).tick()
    assert not wire.state.signals
