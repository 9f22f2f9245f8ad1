"""What is remembered of bodies with the same words changes no reading: a parsed body is read without it."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.intake import IntakeError, answers, normalise
from core.intake.answers import _KNOWN
from tests.core.intake.bodies import OWN, golden

BODIES = [*OWN, *golden()]
VALUES = st.sampled_from(
    [0, 1, -1, 0.0, -0.0, 1.0, 650.25, True, False, None, "", "0", "1", "650.25", "$650", "market", "50%", "LONG",
     "sell", "flat", "exit", "test", "BINANCE", "60", "2026-11-24T15:10:00Z", "1764000000", "id_12345678"]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of the values of a body that are no objects and no lists."""
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, held in items for found in places(held, (*path, key))]
    return [path]


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    out = copy.deepcopy(body)
    held: Any = out
    for key in path[:-1]:
        held = held[key]
    held[path[-1]] = value
    return out


def meant(body: dict[str, Any] | str) -> str:
    try:
        return repr(normalise(body, "/api/webhooks/signals"))
    except IntakeError as error:
        return repr((error.code, error.reason, error.field, error.candidates))


@settings(max_examples=200, deadline=None)
@given(data=st.data(), body=st.sampled_from(BODIES))
def test_bodies_with_the_same_words_are_read_as_if_alone(data: st.DataObject, body: dict[str, Any]) -> None:
    path = data.draw(st.sampled_from(places(body)))
    for value in data.draw(st.lists(VALUES, min_size=2, max_size=6)):
        variant = changed(body, path, value)
        for _ in range(2):
            assert meant(json.dumps(variant)) == meant(json.loads(json.dumps(variant)))


def test_an_answer_is_given_again_to_the_same_words() -> None:
    _KNOWN.clear()
    for price in (650.25, 651, "652"):
        normalise(json.dumps({"ticker": "ANSWER", "action": "buy", "price": price}))
    assert len(_KNOWN) == 1


def test_an_object_that_lost_its_score_is_not_taken_for_an_empty_one() -> None:
    body = {"symbol": "SPY", "direction": "LONG", "timeframe": "5"}
    for expert in ({}, {"ai_score": None}, {}):
        text = json.dumps({**body, "expert": expert})
        assert meant(text) == meant(json.loads(text))


def test_answers_are_remembered_within_a_bound() -> None:
    for n in range(answers._REMEMBERED + 10):
        normalise(json.dumps({"ticker": "SPY", "action": "buy", "comment": f"trade {n}"}))
    assert len(_KNOWN) == answers._REMEMBERED
