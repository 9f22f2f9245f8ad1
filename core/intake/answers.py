"""Answers that follow from the words of a body alone, remembered: senders repeat the same words all day.

Two bodies of one shape with equal words mean the same, though their times, ids and prices differ. What a question to
the first one was answered is what the second one answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from core.intake.shapes import Shape

Answers = dict[Callable[..., Any], tuple[Any, tuple[str, ...]]]
"""The answer to each question that was put, and the notes it gave."""

_REMEMBERED = 2048
"""Most bodies whose answers are kept; the oldest is dropped for a new one."""
_LONGEST = 64
"""Most characters of a word; a body with a longer text is not remembered."""
_PLAIN_NUMBER: Final = re.compile(r"\d{1,9}(?:\.\d{0,9})?", re.ASCII)
_KNOWN: Final[dict[tuple[object, ...], Answers]] = {}


def recall(
    shape: Shape, values: Sequence[Any], unread: Sequence[tuple[str, str, Any]], *beside: object
) -> Answers | None:
    """Return the answers of bodies with the same words, ``None`` for a body that cannot be compared with others.

    ``beside`` is all else that an answer may depend on.
    """
    if not shape.kept:
        return None
    for n in shape.numbers:
        if not _is_number(values[n]):
            return None
    words = shape.words(values)
    kinds = tuple(map(type, words))  # True is equal to 1, and 1 to 1.0
    if float in kinds:
        words = tuple(map(repr, words))  # 0.0 is equal to -0.0
    said = tuple([_said(plain, value) for _, plain, value in unread]) if unread else ()
    key = (shape, words, kinds, said, beside)
    try:
        known = _KNOWN.get(key)
    except TypeError:
        return None  # a list or an object among the words
    if known is None:
        if any(isinstance(word, str) and len(word) > _LONGEST for word in words + said):
            return None
        if len(_KNOWN) >= _REMEMBERED:
            _KNOWN.pop(next(iter(_KNOWN)), None)
        known = _KNOWN[key] = {}
    return known


def _is_number(value: Any) -> bool:
    kind = type(value)
    return kind is float or kind is int or (kind is str and _PLAIN_NUMBER.fullmatch(value) is not None)


def _said(plain: str, value: Any) -> object:
    """Return what counts of an unread value: of a number only that it is one, unless it is a flag or a profit."""
    kind = type(value)
    if kind is str:
        return value
    if kind is dict or kind is list:
        return kind
    if kind is bool or value in (0, 1) or "pnl" in plain or "profitloss" in plain:
        return kind, repr(value)
    return kind
