"""Bodies read before their turn, while a commit is under way: what follows is what would have followed anyway."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from core.engine import Engine
from core.engine.kernel import READ_AHEAD
from core.events import Received, RulesChanged

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ENDPOINT = "/api/webhooks/signals"


def received(seq: int, body: str) -> Received:
    return Received(seq=seq, at=AT, receipt_id=f"receipt-{seq}", body=body, endpoint=ENDPOINT)


SIGNAL = {"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0}
BODIES = {
    "signal": json.dumps(SIGNAL | {"timenow": "2026-11-24T15:00:00Z"}),
    "no time zone": json.dumps(SIGNAL | {"time": "2026-11-24T09:59:00"}),
    "context": json.dumps({"symbol": "SPY", "phase": {"current": 2}, "bias": "BULLISH"}),
    "broken": '{"ticker": "SPY",, }',
    "not understood": '{"a": 1}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_read_ahead_has_the_same_effects(body: str) -> None:
    plain, ahead = Engine(), Engine()
    for seq in (1, 2):  # the second is a duplicate
        ahead.read_ahead(body, ENDPOINT)
        assert ahead.step(received(seq, body)) == plain.step(received(seq, body))
    assert ahead.state == plain.state


def test_rules_changed_in_between_count() -> None:
    toml = '[intake]\nnaive_zone = "America/New_York"\n'
    plain, ahead = Engine(), Engine()
    body = BODIES["no time zone"]
    ahead.read_ahead(body, ENDPOINT)
    for engine in (plain, ahead):
        engine.step(RulesChanged(seq=1, at=AT, toml=toml, author="test"))
    assert ahead.step(received(2, body)) == plain.step(received(2, body))


def test_bodies_that_never_come_are_forgotten() -> None:
    engine = Engine()
    for n in range(READ_AHEAD + 10):
        engine.read_ahead(f'{{"n": {n}}}', None)
    assert len(engine._read) == READ_AHEAD
