"""Notes of a person on a trade or a day: their text, and the tags in it.

A tag is a word that begins with ``#`` and a letter, as in "entered too early #fomo"; it is kept in small letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from core.intake.clean import clean

MAX_TEXT = 1_000
"""Most characters of a note."""
MAX_TAG = 32
TAG, DAY_TAG = "tag", "day_tag"
TAG_CUTS: Mapping[str, str] = {TAG: "tag", DAY_TAG: "tag of the day"}
"""Breakdowns by tag with their titles: by the tags on the trade, and by those on the day it closed.

A trade with several tags counts in the group of each, so that the groups add up to more than all trades.
"""
NO_TAG = "no tag"
_TAG = re.compile(rf"(?<!\S)#([^\W\d_][\w-]{{0,{MAX_TAG - 1}}})(?![\w-])")
_NAME = re.compile(rf"#?([^\W\d_][\w-]{{0,{MAX_TAG - 1}}})")


class NoteError(ValueError):
    """A note that is not accepted; the message names the field and what would be accepted."""


@dataclass(frozen=True, slots=True)
class NoteText:
    """A note's text as it is kept, and its tags in the order of the text."""

    text: str
    tags: tuple[str, ...]


def note_text(text: str) -> NoteText:
    """Return a note without control characters, with its tags. Raises NoteError when it is empty or too long."""
    if len(text) > MAX_TEXT:
        raise NoteError(f"text: {len(text)} characters are too many, {MAX_TEXT} are allowed")
    kept = " ".join(clean(text, None).split())
    if not kept:
        raise NoteError("text: a note needs a text or a tag")
    return NoteText(kept, tuple(dict.fromkeys(found.lower() for found in _TAG.findall(kept))))


def with_tags(text: str, tags: Iterable[str]) -> str:
    """Return a text with tags added as ``#`` words. Raises NoteError naming a tag that is not accepted."""
    words = [text.strip()]
    for tag in tags:
        found = _NAME.fullmatch(tag.strip())
        if found is None:
            raise NoteError(
                f"tag: {tag!r} is not a letter followed by at most {MAX_TAG - 1} letters, digits, - or _"
            )
        words.append(f"#{found[1].lower()}")
    return " ".join(word for word in words if word)


def day_of(text: str) -> date:
    """Return the day of a text like 2026-11-24. Raises NoteError."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise NoteError(f"day: {text[:40]!r} is not a day like 2026-11-24") from None
