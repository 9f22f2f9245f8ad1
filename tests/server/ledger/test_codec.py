"""What goes into the ledger comes out of it equal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Event, MarketAnswered, OptionChain, PriceSeen, Received
from core.from_json import read_json
from core.model import Context, DecisionRecord, MarketSnapshot, Source
from core.options.quotes import OptionQuote
from core.positions.position import Position
from server.ledger.codec import decode, encode, encode_any

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
INSTANTS = st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1))
SEQS = st.integers(1, 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Received, seq=SEQS, at=INSTANTS, receipt_id=TEXTS, body=TEXTS, endpoint=st.none() | TEXTS),
    st.builds(
        PriceSeen,
        seq=SEQS,
        at=INSTANTS,
        priced_at=INSTANTS,
        price=FLOATS,
        symbol=TEXTS,
        source=TEXTS,
        open=st.none() | FLOATS,
        high=st.none() | FLOATS,
        low=st.none() | FLOATS,
        quotes=st.just(()),
    ),
    st.builds(
        MarketAnswered,
        seq=SEQS,
        at=INSTANTS,
        signal_id=TEXTS,
        snapshot=st.builds(
            MarketSnapshot,
            symbol=TEXTS,
            as_of=st.none() | INSTANTS,
            spread_bps=st.none() | FLOATS,
            atr14=st.none() | FLOATS,
            assumed=st.lists(TEXTS).map(tuple),
            feeds=st.dictionaries(TEXTS, TEXTS),
            ages=st.dictionaries(TEXTS, FLOATS),
        ),
        chain=st.none(),
    ),
)


@given(EVENTS)
def test_an_event_comes_back_equal(event: Event) -> None:
    assert decode(encode(event)) == event


@given(st.builds(Received, seq=SEQS, at=INSTANTS, receipt_id=TEXTS, body=TEXTS, endpoint=st.none() | TEXTS))
def test_a_body_is_written_as_the_fields_of_its_class_in_order(event: Received) -> None:
    assert encode(event) == orjson.dumps(event, option=orjson.OPT_UTC_Z)


def test_instants_come_back_in_one_zone() -> None:
    quote = OptionQuote(bid=1.0, ask=1.1, at=datetime(2026, 11, 24, 15, tzinfo=UTC), source="feed")
    seen = PriceSeen(
        seq=1, at=quote.at, priced_at=quote.at, symbol="SPY", price=600.0, source="feed", quotes=(("SPY", quote),)
    )  # fmt: skip
    back = decode(encode(seen))
    assert isinstance(back, PriceSeen)
    assert all(at.tzinfo is UTC for at in (back.at, back.priced_at, back.quotes[0][1].at))


def test_every_kind_of_event_comes_back_equal(make: Any) -> None:
    for event in make.events():
        back = decode(encode(event))
        assert back == event and type(back) is type(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What an engine keeps, by shape: nested facts, enums as keys, tuples of pairs, dates."""

    contexts: Mapping[str, Context]
    positions: tuple[Position, ...]
    records: dict[str, DecisionRecord]
    last: Mapping[Source, datetime]
    days: tuple[tuple[date, float], ...] = ()
    seen: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    losses: int | None = None


def test_an_engine_state_comes_back_equal(make: Any) -> None:
    state = Kept(
        contexts=MappingProxyType({"SPY": make.context(1)}),
        positions=(make.position(1), make.position(2, closed_at=9)),
        records={"a": make.record(3)},
        last={Source.MTF_DOTS: make.at(4)},
        days=((date(2026, 11, 24), -0.1 - 0.2),),
        seen={"key": ("receipt", make.at(5))},
    )
    back = read_json(Kept, encode_any(state))
    assert back == state
    assert type(back.positions[0]) is Position and back.positions[1].legs[0].at == make.at(9)
    assert isinstance(next(iter(back.last)), Source)


def test_numpy_scalars_left_in_a_fact_become_plain_numbers() -> None:
    assert orjson.loads(encode_any({"x": np.float64(0.1), "n": np.int64(3)})) == {"x": 0.1, "n": 3}


@pytest.mark.parametrize(
    "data", [b"{}", b'{"kind":"later"}', b'{"kind":"tick","seq":"x","at":"now"}', b"not json"]
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


def test_a_value_without_a_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError):
        encode_any({"x": object()})


def test_a_price_without_a_bar_start_is_written_as_before_bars_had_one() -> None:
    at = datetime(2026, 11, 24, 15, 5, tzinfo=UTC)
    price = PriceSeen(seq=1, at=at, symbol="SPY", price=450.0, priced_at=at, source="test")
    bar = replace(price, began=at)
    assert b"began" not in encode(price) and encode(price).endswith(b'"quotes":[]}')
    assert b'"began":"2026-11-24T15:05:00Z"' in encode(bar)
    assert decode(encode(price)) == price and decode(encode(bar)) == bar


def test_a_chain_without_later_fields_is_written_as_before_it_had_them() -> None:
    at = datetime(2026, 11, 24, 15, 5, tzinfo=UTC)
    chain = OptionChain(expiries=(date(2026, 11, 24),))
    answer = MarketAnswered(seq=1, at=at, signal_id="s", snapshot=MarketSnapshot(symbol="SPY"), chain=chain)
    partial = replace(answer, chain=replace(chain, missing="page 2 of 3"))
    assert encode(answer).endswith(b'"strikes":[],"quotes":[]}}') and decode(encode(answer)) == answer
    assert b'"missing":"page 2 of 3"' in encode(partial) and decode(encode(partial)) == partial


NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.none()


@given(
    price=st.floats(), bar=st.tuples(NUMBERS, NUMBERS, NUMBERS), bid=NUMBERS, spread=NUMBERS,
    ages=st.dictionaries(st.sampled_from(["price", "atr14"]), st.floats()),
)  # fmt: skip
def test_what_is_written_is_read_back_or_is_not_written(
    price: float, bar: tuple[Any, Any, Any], bid: float | None, spread: float | None, ages: dict[str, float]
) -> None:
    at = datetime(2026, 11, 24, 15, tzinfo=UTC)
    quote = OptionQuote(bid=bid, ask=2.0, at=at, source="tradier")
    seen = PriceSeen(
        seq=1, at=at, symbol="SPY", price=price, priced_at=at, source="tradier", open=bar[0], high=bar[1], low=bar[2],
        quotes=(("SPY261127C00450000", quote),),
    )  # fmt: skip
    snapshot = MarketSnapshot(symbol="SPY", as_of=at, spread_bps=spread, ages=ages)
    for event in (seen, MarketAnswered(seq=1, at=at, signal_id="s", snapshot=snapshot)):
        try:
            written = encode(event)
        except ValueError as error:
            assert "is not a finite number" in str(error)
            continue
        assert decode(written) == event


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_named(wrong: float) -> None:
    at = datetime(2026, 11, 24, 15, tzinfo=UTC)
    snapshot = MarketSnapshot(symbol="SPY", as_of=at, ages={"price": wrong})
    with pytest.raises(ValueError, match=r"market 7: snapshot\.ages\.price is not a finite number"):
        encode(MarketAnswered(seq=7, at=at, signal_id="s", snapshot=snapshot))
