"""Reads a parsed JSON value into the frozen facts of the core, guided by their type hints.

The inverse of what orjson writes for dataclasses, enumerations and instants. It knows the types the core's
facts are made of and no others; what does not fit raises FactsError naming the place.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
Reader = Callable[[Any, str], Any]


class FactsError(ValueError):
    """JSON that does not fit the type asked for; the message names the place."""


def read(kind: type[T], value: Any) -> T:
    """A value of a type from parsed JSON: dataclasses, enumerations, instants, tuples, mappings, unions.

    Fields that are absent take their defaults, unknown ones are ignored, so that older and newer texts read.
    """
    return typing.cast(T, _reader(typing.cast(Hashable, kind))(value, kind.__name__))


@cache
def _reader(kind: Any) -> Reader:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is object:
        return lambda value, _: value
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is typing.Literal:
        return _literal(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin in (list, set, frozenset):
        return _list(origin, arguments[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*arguments)
    if dataclasses.is_dataclass(origin or kind):
        return _dataclass(origin or kind, arguments)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _converted(kind, kind)
    if kind in (datetime, date):
        return _converted(kind, kind.fromisoformat)
    if kind is float:
        return _float
    if kind in (bool, int, str, type(None)):
        return _exact(kind)
    raise TypeError(f"{kind} is not a type of the core's facts")


def _union(members: tuple[Any, ...]) -> Reader:
    readers = [_reader(member) for member in members if member is not type(None)]
    optional = len(readers) < len(members)

    def take(value: Any, where: str) -> Any:
        if value is None and optional:
            return None
        failures = []
        for reader in readers:
            try:
                return reader(value, where)
            except FactsError as error:
                failures.append(str(error))
        raise FactsError("; ".join(failures))

    return take


def _literal(values: tuple[Any, ...]) -> Reader:
    def take(value: Any, where: str) -> Any:
        if value in values:
            return value
        raise FactsError(f"{where}: {value!r} is none of {values}")

    return take


def _tuple(arguments: tuple[Any, ...]) -> Reader:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda value, where: tuple(item(v, where) for v in _items(value, where))
    readers = [_reader(argument) for argument in arguments]

    def take(value: Any, where: str) -> Any:
        items = _items(value, where)
        if len(items) != len(readers):
            raise FactsError(f"{where}: expected {len(readers)} items, got {len(items)}")
        return tuple(reader(v, where) for reader, v in zip(readers, items, strict=True))

    return take


def _list(container: Callable[[Any], Any], argument: Any) -> Reader:
    item = _reader(argument)
    return lambda value, where: container([item(v, where) for v in _items(value, where)])


def _mapping(key: Any, argument: Any) -> Reader:
    name, item = _reader(key), _reader(argument)

    def take(value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise FactsError(f"{where}: expected an object, got {value!r}")
        return {name(k, where): item(v, f"{where}.{k}") for k, v in value.items()}

    return take


def _dataclass(kind: Any, arguments: tuple[Any, ...]) -> Reader:
    bound = dict(zip(getattr(kind, "__parameters__", ()), arguments, strict=False))
    hints = {name: _bind(hint, bound) for name, hint in typing.get_type_hints(kind).items()}
    fields = [f.name for f in dataclasses.fields(kind) if f.init]

    def take(value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise FactsError(f"{where}: expected an object, got {value!r}")
        given = {
            name: _reader(hints[name])(value[name], f"{where}.{name}") for name in fields if name in value
        }
        try:
            return kind(**given)
        except TypeError as error:
            raise FactsError(f"{where}: {error}") from error

    return take


def _bind(hint: Any, bound: Mapping[Any, Any]) -> Any:
    return bound.get(hint, hint) if isinstance(hint, TypeVar) else hint


def _converted(kind: Any, convert: Callable[[Any], Any]) -> Reader:
    def take(value: Any, where: str) -> Any:
        try:
            return convert(value)
        except (TypeError, ValueError) as error:
            raise FactsError(f"{where}: {value!r} is no {kind.__name__}") from error

    return take


def _float(value: Any, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise FactsError(f"{where}: {value!r} is no number")


def _exact(kind: type) -> Reader:
    def take(value: Any, where: str) -> Any:
        if type(value) is kind:
            return value
        raise FactsError(f"{where}: {value!r} is no {kind.__name__}")

    return take


def _items(value: Any, where: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise FactsError(f"{where}: expected a list, got {value!r}")
