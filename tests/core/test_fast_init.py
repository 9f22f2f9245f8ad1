"""Frozen dataclasses that are made faster: the same objects, as frozen as before."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from core.fast_init import copier, fast_init
from core.positions.attribution import Attribution


@dataclass(frozen=True, slots=True)
class Plain:
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()


@fast_init
@dataclass(frozen=True, slots=True)
class Fast:
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    before: int = 0
    listed: list[int] = field(default_factory=list)


def test_a_default_made_by_a_factory_is_made_anew_for_each_object() -> None:
    first, second = Listed(), Listed(before=1)
    first.listed.append(3)
    assert (first.listed, second.listed, Listed(listed=[1]).listed) == ([3], [], [1])


@fast_init
@dataclass(frozen=True, slots=True)
class NamedAsItsHelpers:
    twin: int
    own: int = 2
    put: int = 3
    missing: int = 4
    make_own: list[int] = field(default_factory=list)
    default_own: int = 5


def test_no_field_has_the_name_of_what_the_method_needs() -> None:
    made = NamedAsItsHelpers(1)
    assert type(made) is NamedAsItsHelpers
    assert (made.twin, made.own, made.put, made.missing) == (1, 2, 3, 4)
    assert (made.make_own, made.default_own) == ([], 5)


def test_it_takes_the_same_arguments_and_makes_the_same_value() -> None:
    for arguments, names in (((1,), {}), ((1, "b"), {"third": (3,)}), ((), {"first": 1, "second": "c"})):
        plain, fast = Plain(*arguments, **names), Fast(*arguments, **names)
        assert (plain.first, plain.second, plain.third) == (fast.first, fast.second, fast.third)
        assert type(fast) is Fast
        assert fast == Fast(*arguments, **names)
        assert hash(fast) == hash(plain)
        assert repr(fast) == repr(plain).replace("Plain", "Fast")


@pytest.mark.parametrize("names", [{}, {"second": "b"}, {"first": 1, "fourth": 4}])
def test_wrong_arguments_are_refused(names: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Fast(**names)


def test_it_is_still_frozen_copied_and_replaced() -> None:
    made = Fast(1)
    with pytest.raises(FrozenInstanceError):
        made.first = 2  # type: ignore[misc]
    assert replace(made, first=2) == Fast(2)
    assert copy.copy(made) == made
    for there in (Attribution(1.0, 2.0, 3.0, 4.0, 5.0), Fast(1, "b", (3,)), Listed(listed=[4])):
        for back in (pickle.loads(pickle.dumps(there)), copy.deepcopy(there)):
            assert back == there and type(back) is type(there)
    with pytest.raises(FrozenInstanceError):
        copy.copy(made).first = 2


def test_classes_that_it_cannot_serve_are_refused() -> None:
    @dataclass(frozen=True)
    class WithoutSlots:
        first: int

    @dataclass(frozen=True, slots=True)
    class WithoutArgument:
        first: int = field(default=0, init=False)

    @dataclass(frozen=True, slots=True)
    class Checked:
        first: int

        def __post_init__(self) -> None:
            raise ValueError

    for unfit in (WithoutSlots, WithoutArgument, Checked):
        with pytest.raises(TypeError, match=unfit.__name__):
            fast_init(unfit)


def test_a_copy_with_other_values_is_what_replace_makes() -> None:
    made = Fast(1, "b", (3,))
    copied = copier(Fast, "third", "first")(made, (4,), 2)
    assert copied == replace(made, first=2, third=(4,))
    assert type(copied) is Fast
    assert made == Fast(1, "b", (3,))
    with pytest.raises(FrozenInstanceError):
        copied.first = 2  # type: ignore[misc]


@pytest.mark.parametrize(("kind", "name"), [(Plain, "first"), (Fast, "fourth")])
def test_a_copier_of_what_it_cannot_serve_is_refused(kind: type, name: str) -> None:
    with pytest.raises(TypeError):
        copier(kind, name)
