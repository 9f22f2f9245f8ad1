"""Deciding again from the stored inputs gives the identical decision."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decision import decide
from core.decision.from_mapping import context_from, market_from
from core.from_json import FactsError, read
from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    MarketSnapshot,
    Provenance,
    Quality,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
)


class Inputs(NamedTuple):
    """The arguments of ``decide``, beside the rules whose fingerprint the decision names."""

    context: Context
    market: MarketSnapshot


def to_inputs(context: Context, market: MarketSnapshot) -> bytes:
    return orjson.dumps({"context": context, "market": market})


def from_inputs(stored: bytes | str) -> Inputs:
    tree = orjson.loads(stored)
    return Inputs(read(Context, tree["context"]), read(MarketSnapshot, tree["market"]))


number = st.none() | st.floats(allow_nan=False, allow_infinity=False)
word = st.none() | st.text()
instant = st.datetimes(timezones=st.just(UTC))
provenances = st.builds(
    Provenance, source=st.sampled_from(Source), at=instant, valid_until=instant, receipt_id=word,
    timeframe=st.none() | st.integers(1, 1440),
)  # fmt: skip
contexts = st.builds(
    Context,
    symbol=st.text(), as_of=instant, session=st.sampled_from(Session), price=number,
    regime=st.none() | st.builds(
        RegimeFacts, phase=st.integers(1, 4), confidence=number, bias=st.none() | st.sampled_from(Bias),
        volatility=word,
    ),
    alignment=st.none() | st.builds(
        AlignmentFacts, states=st.dictionaries(st.text(), st.sampled_from(Bias)),
        bullish_pct=st.floats(0, 100), bearish_pct=st.floats(0, 100),
    ),
    expert=st.none() | st.builds(
        SignalFacts, direction=st.sampled_from(Direction), quality=st.none() | st.sampled_from(Quality),
        ai_score=number, stop=number, components=st.lists(st.text()).map(tuple),
    ),
    structure=st.none() | st.builds(
        StructureFacts, valid_setup=st.booleans(), liquidity_ok=st.booleans(), pattern=word
    ),
    timeframe=st.none() | st.integers(1, 1440),
    directions=st.dictionaries(st.text(), st.sampled_from(Direction)),
    conflict=st.none() | st.sampled_from(Source),
    provenance=st.dictionaries(st.text(), provenances),
)  # fmt: skip
markets = st.builds(
    MarketSnapshot,
    symbol=st.text(), as_of=st.none() | instant, price=number, spread_bps=number, depth_score=number, atr14=number,
    gamma_bias=word, assumed=st.lists(st.sampled_from(["spread_bps", "atr14"])).map(tuple),
    feeds=st.dictionaries(st.text(), st.text()), ages=st.dictionaries(st.text(), st.floats(0, 1e6)),
)  # fmt: skip


@given(contexts, markets)
def test_stored_inputs_read_back_equal_and_decide_alike(context: Context, market: MarketSnapshot) -> None:
    again = from_inputs(to_inputs(context, market))
    assert again == (context, market)
    assert decide(*again) == decide(context, market)


@given(st.sampled_from([float("nan"), float("inf"), float("-inf")]))
def test_numbers_that_json_cannot_carry_decide_as_absent_ones(odd: float) -> None:
    context = context_from({"price": 100, "expert": {"direction": "LONG", "ai_score": 9}})
    market = MarketSnapshot(spread_bps=odd, atr14=odd, depth_score=odd)
    assert decide(*from_inputs(to_inputs(context, market))) == decide(context, market)


def test_golden_decision_again_from_stored_inputs(golden_decisions: dict[str, Any]) -> None:
    context, market = context_from(golden_decisions["context"]), market_from(golden_decisions["market"])
    assert decide(*from_inputs(to_inputs(context, market))) == decide(context, market)


def test_a_text_of_an_older_version_reads_with_defaults() -> None:
    stored = json.loads(to_inputs(context_from({"symbol": "SPY"}), MarketSnapshot()))
    del stored["context"]["directions"]
    stored["context"]["retired"] = 1
    assert from_inputs(json.dumps(stored)).context == context_from({"symbol": "SPY"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"session": "LUNCH"}, "Context.session"),
        ({"as_of": "yesterday"}, "Context.as_of"),
        ({"price": "100"}, "Context.price"),
        ({"expert": {}}, "Context.expert"),
        ({"expert": {"direction": "LONG", "components": "ab"}}, "Context.expert.components"),
        ({"timeframe": 1.5}, "Context.timeframe"),
        ({"directions": []}, "Context.directions"),
    ],
)
def test_what_does_not_fit_names_its_place(change: dict[str, Any], said: str) -> None:
    stored = json.loads(to_inputs(context_from({"symbol": "SPY"}), MarketSnapshot()))["context"]
    with pytest.raises(FactsError, match=said):
        read(Context, {**stored, **change})


def test_instants_keep_their_zone() -> None:
    at = datetime(2026, 11, 24, 15, 0, 0, 123456, tzinfo=UTC)
    context = Context(symbol="SPY", as_of=at, session=Session.OPEN)
    assert from_inputs(to_inputs(context, MarketSnapshot(as_of=at))).market.as_of == at
