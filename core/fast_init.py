"""A faster ``__init__`` for frozen dataclasses of which many are made, such as marks and positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")

_TWINS: dict[type, type] = {}
"""By class its mutable twin with the same slots."""
_MAKERS: dict[type, Callable[..., Any]] = {}
"""By class the function that makes an object of the values of its fields; its first argument is not used."""


def fast_init(cls: type[T]) -> type[T]:
    """Replace the ``__init__`` of a frozen dataclass with slots by one that takes about a third of the time.

    The generated one calls ``object.__setattr__`` for every field. This one gives the new object the class of a
    mutable twin with the same slots while it stores the fields, and then its own class. Raises TypeError for a class
    that has no slots, a base class, ``__post_init__``, or a field that is left out of ``__init__``.
    """
    members = fields(cls)  # type: ignore[arg-type]
    names = tuple(member.name for member in members)
    if (
        getattr(cls, "__slots__", None) != names
        or cls.__bases__ != (object,)
        or hasattr(cls, "__post_init__")
    ):
        raise TypeError(
            f"{cls.__name__} must be a dataclass with slots, without a base and without __post_init__"
        )
    if not all(member.init for member in members):
        raise TypeError(f"{cls.__name__}: every field must be an argument")
    twin = _TWINS[cls] = type(f"_Mutable{cls.__name__}", (), {"__slots__": names})
    known = {f"__default_{member.name}": member.default for member in members}
    known |= {f"__make_{member.name}": member.default_factory for member in members}
    known |= {"__put": object.__setattr__, "__twin": twin, "__own": cls, "__missing": MISSING}
    by_place = [_parameter(member) for member in members if not member.kw_only]
    by_name = [_parameter(member) for member in members if member.kw_only]
    parameters = ["self", *by_place, *(["*", *by_name] if by_name else [])]
    lines = [
        "__put(self, '__class__', __twin)",
        *(f"self.{member.name} = {_value(member)}" for member in members),
        "self.__class__ = __own",
    ]
    source = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines)
    made: dict[str, Any] = {}
    exec(source, known, made)
    init = made["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = dict(cls.__init__.__annotations__)
    cls.__init__ = init  # type: ignore[method-assign]
    _pickle_by_values(cls, names)
    return cls


def _pickle_by_values(cls: type, names: tuple[str, ...]) -> None:
    """Have objects of a class pickled as their values in the order of the fields, in a third of the time."""
    get: Any = attrgetter(*names) if len(names) > 1 else lambda made: (getattr(made, names[0]),)

    def reduce(made: Any) -> tuple[Any, ...]:
        return restored, (cls, get(made))

    cls.__reduce__ = reduce  # type: ignore[method-assign,assignment]


def restored(cls: type[T], values: tuple[Any, ...]) -> T:
    """Return an object of a ``fast_init`` class with these values, of all its fields in their order."""
    make = _MAKERS.get(cls)
    if make is None:  # made when it is needed: an import of many classes would wait for them
        make = _MAKERS[cls] = copier(cls, *(member.name for member in fields(cls)))  # type: ignore[arg-type]
    made: T = make(None, *values)
    return made


def copier(cls: type[T], *changed: str) -> Callable[..., T]:
    """Return a function that copies an object of a ``fast_init`` class with other values of some fields.

    It takes the object and the values in the order of ``changed``, and is several times faster than ``replace`` for a
    class of many fields. Raises TypeError for a class without ``fast_init`` or a name that is no field.
    """
    names = tuple(member.name for member in fields(cls))  # type: ignore[arg-type]
    twin = _TWINS.get(cls)
    if twin is None or not set(changed) <= set(names):
        raise TypeError(f"{cls.__name__} has no fast_init, or not all of the fields {', '.join(changed)}")
    lines = [
        "__made = __new(__twin)",
        *(f"__made.{name} = {name if name in changed else f'__of.{name}'}" for name in names),
        "__made.__class__ = __own",
        "return __made",
    ]
    source = f"def copy({', '.join(('__of', *changed))}):\n " + "\n ".join(lines)
    made: dict[str, Any] = {"__new": object.__new__, "__twin": twin, "__own": cls}
    exec(source, made)
    copy: Callable[..., T] = made["copy"]
    return copy


def _parameter(member: Field[Any]) -> str:
    if member.default_factory is not MISSING:
        return f"{member.name}=__missing"
    return member.name if member.default is MISSING else f"{member.name}=__default_{member.name}"


def _value(member: Field[Any]) -> str:
    if member.default_factory is MISSING:
        return member.name
    return f"__make_{member.name}() if {member.name} is __missing else {member.name}"
