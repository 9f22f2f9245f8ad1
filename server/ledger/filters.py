"""Filters of the lists, each with the function that parses its text, and the keys of their orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from core.model import SYMBOL_PATTERN

Parse = Callable[[str, str], Any]
MAX_TEXT = 200
"""Most characters of a text that is searched for."""
_SYMBOL = re.compile(SYMBOL_PATTERN)


@dataclass(frozen=True, slots=True)
class Filter:
    """One accepted filter: the function that parses its text, and its SQL condition (each ``?`` is a value).

    ``parse`` returns a tuple where the condition has several values.
    """

    parse: Parse
    condition: str


@dataclass(frozen=True, slots=True)
class Key:
    """A part of an order: an SQL expression that is never NULL, and the type of its values."""

    expression: str
    kind: type | tuple[type, ...] = int


SEQ, ID = Key("seq"), Key("id", str)


@dataclass(frozen=True, slots=True)
class Listing:
    """One list that can be paged; ``orders`` maps an order's name to its keys, all descending.

    ``ascending`` are the orders that are accepted with ``.asc`` after the name: their keys, all ascending. ``grows``
    if rows are only added, each with a higher seq: the first page then bounds the later ones.
    """

    table: str
    filters: Mapping[str, Filter]
    orders: Mapping[str, tuple[Key, ...]]
    always: str = ""
    ascending: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    grows: bool = True


def one_of(kind: type[StrEnum], fold: Callable[[str], str] = str.upper) -> Parse:
    """Return the parser of a filter whose values are those of an enum."""

    def parse(name: str, text: str) -> str:
        try:
            return kind(fold(text.strip())).value
        except ValueError:
            raise ValueError(f"{name}: {text!r} is not one of {', '.join(kind)}") from None

    return parse


def choice(*accepted: str) -> Parse:
    """Return the parser of a filter with these values."""

    def parse(name: str, text: str) -> str:
        plain = text.strip().lower()
        if plain not in accepted:
            raise ValueError(f"{name}: {text!r} is not one of {', '.join(accepted)}")
        return plain

    return parse


def minutes(name: str, text: str) -> int:
    """Return a timeframe in minutes from a text such as 15, 15m, 4h or D. Raises ValueError."""
    units = {"M": 1, "H": 60, "D": 1440, "W": 10080}
    plain = text.strip().upper()
    unit = units.get(plain[-1:], 1)
    digits = plain[:-1] if plain[-1:] in units else plain
    if digits.isascii() and digits.isdigit() and 0 < len(digits) <= 6:
        return int(digits) * unit
    if not digits and plain in ("D", "W"):
        return unit
    raise ValueError(f"{name}: {text!r} is not a number of minutes, nor like 15m, 4h, D")


def symbol(name: str, text: str) -> str:
    plain = text.strip().upper().rpartition(":")[2]
    if not _SYMBOL.fullmatch(plain):
        raise ValueError(f"{name}: {text!r} is not a symbol")
    return plain


def plain_text(name: str, text: str) -> str:
    """Return a text that the database can compare. Raises ValueError."""
    if not 1 <= len(text) <= MAX_TEXT:
        raise ValueError(f"{name}: {len(text)} characters, but 1 to {MAX_TEXT} are accepted")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in text):
        raise ValueError(f"{name}: {text!r} is not text")
    return text


def folded(name: str, text: str) -> str:
    """Return a text to search for, whatever its letters' case."""
    return plain_text(name, text).casefold()


def tag(name: str, text: str) -> str:
    """Return a tag without the # before it, in small letters."""
    return plain_text(name, text.strip().removeprefix("#")).lower()


def day(name: str, text: str) -> str:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{name}: {text[:40]!r} is not a day like 2026-11-24") from None
