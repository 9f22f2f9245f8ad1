"""A body of a known shape is read by a plan: the findings are those of the walk that looks at every key."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.intake.shapes import Plan
from core.intake.vocabulary import ROWS
from core.intake.walk import Reading

KEYS = sorted({key.rpartition(".")[2] for _, _, keys in ROWS for key in keys.split()})
SECTIONS = [
    "meta",
    "event",
    "signal",
    "data",
    "order",
    "strategy",
    "instrument",
    "orders",
    "surprise",
    "text",
]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "LONG", "SPY", "15", "x y"])
)


def objects(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    inner: st.SearchStrategy[Any] = VALUES
    if depth:
        inside = objects(depth - 1)
        inner = st.one_of(VALUES, inside, st.lists(st.one_of(VALUES, inside), max_size=3))
    return st.dictionaries(st.sampled_from([*KEYS, *SECTIONS, "what_is_it"]), inner, max_size=6)


@settings(max_examples=100, deadline=None)
@given(body=objects(3))
def test_a_plan_finds_what_the_walk_finds(body: dict[str, Any]) -> None:
    for _ in range(2):  # made, then remembered
        by_plan, by_walk = Reading(body, [], flat=True), Reading(body, [])
        assert [by_plan.all(slot) for slot, _, _ in ROWS] == [by_walk.all(slot) for slot, _, _ in ROWS]
        assert (by_plan.unread, by_plan.notes) == (by_walk.unread, by_walk.notes)


def test_plans_are_remembered_within_a_bound() -> None:
    before = Plan.remembered
    for n in range(6000):
        Reading({"ticker": "SPY", f"strange_{n}": 1}, [], flat=True)
    assert before < Plan.remembered <= 4096
    assert Reading({"ticker": "SPY", "later": 1}, [], flat=True).value("symbol") == "SPY"
