"""The deck says how far a decision was from a trade, under the rules that it was made under."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import RulesChanged
from core.from_json import read_json
from core.model import Action
from server.deck import WhyNoTrade
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.ledger.codec import encode_any

NARROW = "[market]\nmax_spread_bps = 4\n"
OTHER = "[market]\nmax_spread_bps = 3\n"
"""Without a feed the spread is assumed to be 5 bps."""


@pytest.fixture
async def skipped(station: Any) -> Any:
    runtime = await station.start(NoFeed(), rules=NARROW)
    answer = await station.enter(runtime)
    assert answer.decision is not None and answer.decision.action is Action.SKIP
    return runtime, LocalDeck(runtime), answer.decision


async def test_the_card_and_the_detail_say_the_same(skipped: Any) -> None:
    _, deck, record = skipped
    found = await deck.why_no_trade(record.id)
    assert found is not None
    assert found.distances[0].sentence.startswith("market failed by 1 bps of spread; at 4 bps it would have")
    assert deck.snapshot().why_no_trade == found
    assert read_json(WhyNoTrade, encode_any(found)) == found
    assert await deck.why_no_trade("no such decision") is None


async def test_after_a_change_of_rules_a_decision_is_told_by_its_own(station: Any, skipped: Any) -> None:
    runtime, _, record = skipped
    await runtime.post(lambda seq, at: RulesChanged(seq=seq, at=at, toml=OTHER, author="test"))
    deck = LocalDeck(runtime)
    assert deck.snapshot().why_no_trade is not None
    assert "made under other rules" in deck.snapshot().why_no_trade.unknown
    found = await deck.why_no_trade(record.id)
    assert found is not None and "by 1 bps of spread" in found.distances[0].text
    assert deck.snapshot().why_no_trade == found


async def test_an_executed_decision_has_none(station: Any) -> None:
    runtime = await station.start(NoFeed())
    answer = await station.enter(runtime)
    deck = LocalDeck(runtime)
    assert answer.decision.action is Action.EXECUTE
    assert await deck.why_no_trade(answer.decision.id) is None
    assert deck.snapshot().why_no_trade is None
