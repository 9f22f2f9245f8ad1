"""Dataclasses that are made quickly differ from others in nothing but the time that it takes."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from core.model import Intent, Update
from core.quickly_made import made_quickly


@made_quickly
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    size: int = 3
    more: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Usual:
    name: str
    size: int = 3
    more: str | None = field(default=None, kw_only=True)


@pytest.mark.parametrize(
    "given", [(("a",), {}), (("a", 4), {"more": "b"}), ((), {"size": 5, "name": "c"}), ((), {"name": "d"})]
)
def test_it_is_made_as_the_usual_one(given: tuple[Any, dict[str, Any]]) -> None:
    quick, usual = Quick(*given[0], **given[1]), Usual(*given[0], **given[1])
    assert repr(quick) == repr(usual).replace("Usual", "Quick") and type(quick) is Quick
    assert quick == Quick(*given[0], **given[1]) and hash(quick) == hash(usual)
    assert replace(quick, size=9).size == 9
    assert copy.copy(quick) == copy.deepcopy(quick) == pickle.loads(pickle.dumps(quick)) == quick
    with pytest.raises(FrozenInstanceError):
        quick.size = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "given", [((), {}), (("a", 1, "b"), {}), (("a",), {"other": 1}), (("a",), {"name": "b"})]
)
def test_it_refuses_what_the_usual_one_refuses(given: tuple[Any, dict[str, Any]]) -> None:
    for kind in (Quick, Usual):
        with pytest.raises(TypeError):
            kind(*given[0], **given[1])


def test_a_fact_has_the_parameters_of_its_fields() -> None:
    given = inspect.signature(Update).parameters
    assert list(given) == [f.name for f in fields(Update)]
    assert given["intent"].default is Intent.ENTRY and given["symbol"].default is inspect.Parameter.empty


def test_a_class_that_computes_something_as_it_is_made_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Lists:
        items: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match="Lists computes"):
        made_quickly(Lists)
