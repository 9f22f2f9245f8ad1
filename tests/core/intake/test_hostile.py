"""Nothing a sender writes raises anything but IntakeError, or leaves a control character in what was read."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.intake import IntakeError, canonical_hash, clean, normalise, sample, split
from core.model import Direction, Source, Update

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

INJECTIONS = [
    "\x1b[2J\x1b[H",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]0;title\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x9b31m",
    "\x9d52;c;eA==\x9c",
    "\u202egnol\u202c",
    "\u2066S\u2069P\u200bY\ufeff",
    "[/x]",
    "[@click=app.quit]now[/]",
    "[link=https://example.org]x[/link]",
    "\x00\x08\x7f\r\n",
    "\u2028\u2029\u0085",
    "\U000e0041\U000e007f",
    "\ud800",
]

WORDS = [
    "symbol", "ticker", "signal", "type", "direction", "trend", "bias", "action", "score",
    "ai_score", "quality", "price", "close", "timeframes", "timeframe", "tf", "phase", "name",
    "current", "event", "meta", "engine", "instrument", "exchange", "confidence", "setup_valid",
    "liquidity_ok", "bullish_pct", "bearish_pct", "text", "id", "time", "timestamp", "timenow",
    "entry", "stop_loss", "target_1", "targets", "risk", "components", "regime_context",
    "local_bias", "htf_bias", "volatility", "market_position", "satyPhase", "expert", "data", "3m",
    "4h", "1M",
]  # fmt: skip
VALUES = [
    "SPY",
    "LONG",
    "sell",
    "BULLISH",
    "NEUTRAL",
    "SATY_PO",
    "MARKUP",
    "15",
    "4h",
    "HIGH",
    "NaN",
    "flat",
    "{}",
    "[1]",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(VALUES + INJECTIONS)
)
keys = st.sampled_from(WORDS) | st.text(max_size=6)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=8),
    max_leaves=25,
)
bodies = st.dictionaries(keys, trees, max_size=12)
endpoints = st.sampled_from([None, "signals", "saty-phase", "trend", "strat", "ultimate-options", "x"])


def read(body: object, endpoint: str | None = None) -> Update | None:
    try:
        return normalise(body, endpoint)
    except IntakeError as refusal:
        assert refusal.code
        assert_harmless(refusal.reason)
        assert_harmless(refusal.field or "")
        return None


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from texts(key)
            yield from texts(held)
    elif isinstance(value, (list, tuple)):
        for held in value:
            yield from texts(held)


def assert_harmless(text: str) -> None:
    bad = [
        c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or 0x202A <= ord(c) <= 0x202E
    ]
    assert not bad, [hex(ord(c)) for c in bad]
    assert not set(text) & set("\u200b\u200e\u200f\u2066\u2067\u2068\u2069\ufeff\u061c\U000e0041")


def poisoned(body: Any, injection: str) -> Iterator[Any]:
    """The body with the injection in one text field after the other, then in one key after the other."""
    if isinstance(body, dict):
        for key, held in body.items():
            for other in poisoned(held, injection):
                yield {**body, key: other}
            yield {**body, key + injection: held}
    elif isinstance(body, list):
        for n, held in enumerate(body):
            for other in poisoned(held, injection):
                yield [*body[:n], other, *body[n + 1 :]]
    elif isinstance(body, str):
        yield body + injection
        yield injection


@pytest.mark.parametrize("source", list(Source))
def test_an_injection_in_any_text_field_leaves_clean_facts(source: Source) -> None:
    plain = sample(source, NOW, "SPY", 650.0, Direction.LONG)
    taken = 0
    for injection in INJECTIONS:
        for body in poisoned(plain, injection):
            sent = json.dumps(body)
            for form in (sent, json.dumps({"text": sent})) if injection == INJECTIONS[1] else (sent,):
                update = read(form)
                if update is not None:
                    taken += 1
                    for text in texts(dataclasses.asdict(update)):
                        assert_harmless(text)
    assert taken > 100


@given(st.text(alphabet=st.characters() | st.sampled_from("".join(INJECTIONS))))
def test_cleaned_text_has_no_controls_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert_harmless(cleaned)
    assert clean(cleaned) == cleaned
    assert len(cleaned) <= len(text)


def test_cleaning_keeps_what_people_write() -> None:
    for text in ("▲GC", "🚀 LONG 💎", "Zürich", "S&P 500 [weekly] – 4%", "日本"):
        assert clean(text) == text
    assert clean("a\tb\nc") == "a b c"
    assert clean("x" * 50, 10) == "x" * 10


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies, endpoints)
def test_any_json_is_read_or_refused(body: dict[str, Any], endpoint: str | None) -> None:
    parsed = read(body, endpoint)
    posted = read(json.dumps(body), endpoint)
    for update in (parsed, posted):
        for text in texts(dataclasses.asdict(update)) if update else ():
            assert_harmless(text)


@given(st.binary(max_size=60) | st.text(max_size=60) | trees)
def test_any_bytes_and_any_value_are_read_or_refused(body: Any) -> None:
    read(body)


@given(st.sampled_from(list(Source)), st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(source: Source, random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        items = [(key, shuffled(held)) for key, held in value.items()]
        random.shuffle(items)
        return dict(items)

    body = sample(source, NOW, "SPY", 650.0, Direction.SHORT)
    other = shuffled(body)
    assert normalise(other) == normalise(body)
    assert canonical_hash(json.dumps(other)) == canonical_hash(json.dumps(body))


@settings(max_examples=80, deadline=None)
@given(bodies, endpoints)
def test_reading_is_repeatable_and_leaves_its_input_alone(body: dict[str, Any], endpoint: str | None) -> None:
    before = repr(body)
    assert repr(read(body, endpoint)) == repr(read(body, endpoint))
    assert repr(body) == before


@settings(max_examples=80, deadline=None)
@given(bodies, endpoints)
def test_cleaning_a_body_first_changes_nothing_that_is_read(
    body: dict[str, Any], endpoint: str | None
) -> None:
    def cleaned(value: Any) -> Any:
        if isinstance(value, dict):
            out = {clean(key): cleaned(held) for key, held in value.items()}
            assume(len(out) == len(value))  # two keys of one spelling: refused before anything is read
            return out
        if isinstance(value, list):
            return [cleaned(held) for held in value]
        return clean(value) if isinstance(value, str) else value

    if "text" in body:
        return
    first, again = read(body, endpoint), read(cleaned(body), endpoint)
    if first is not None and again is not None:
        first, again = dataclasses.replace(first, notes=()), dataclasses.replace(again, notes=())
    assert repr(first) == repr(again)


@pytest.mark.parametrize("digits", [400, 401, 5000])
def test_a_whole_number_of_any_length_is_json(digits: int) -> None:
    body = '{"ticker":"SPY","action":"buy","n":%s}' % ("9" * digits)
    assert normalise(body).symbol == "SPY"
    assert len(split(f"[{body},{body}]")) == 2
    with pytest.raises(IntakeError) as refusal:
        normalise(body.replace('"n"', '"price"'))
    assert refusal.value.code == "NOT_FINITE"


def test_huge_input_is_answered_quickly_and_in_bounds() -> None:
    words = {f"k{n}": "x" for n in range(5000)}
    update = normalise({"ticker": "SPY", "action": "buy", "comment": "y" * 60000, "id": "z" * 9000, **words})
    assert len(update.sender_id or "") <= 200
    junk = normalise({"ticker": "SPY", "timeframes": {"5m": "up", **words}})
    assert len(junk.notes) <= 16
    assert len(split("[" + ",".join(["{}"] * 256) + "]")) == 256
