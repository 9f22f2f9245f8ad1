"""The option a sender names: its right counts for the direction, strike and expiry are a wish."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from core.intake.errors import IntakeError, shown
from core.intake.flags import Said, is_set
from core.intake.intent import Meaning
from core.intake.speech import NOTHING, hear
from core.intake.symbols import parse
from core.intake.walk import Reading, of_words
from core.intake.words import flag, number
from core.model import Direction, Intent, OptionWish

_LETTERS: Final = {"C": "C", "P": "P", "CE": "C", "PE": "P"}
_FLAGS: Final = ("put_flag", "call_flag")
_SLOTS: Final = (
    "option_right", "option_symbol", "symbol", "strategy", "asset", "put_flag", "call_flag", "loose",
)  # fmt: skip
"""Slots that state a right; a letter under a loose key such as ``type`` counts beside a strike or expiry."""
_NAMED: Final = re.compile(
    r"(?:^|[ _/-])(?:\$?\d+(?:\.\d+)? ?([CP])(?:(?:UT|ALL)S?)?|([CP])\$?\d+(?:\.\d+)?|([CP])(?:UT|ALL)S?)"
    r"(?:$|[ _,/-])"
)
"""The right in a name such as "650P", "SPY 650 put 12/18" or "SPY 12/18 P650"."""
_STRUCTURE: Final = re.compile(
    r"\b(?:PUT|CALL)S?\b.*\b(?:SPREAD|CREDIT|DEBIT|VERTICAL|CALENDAR|DIAGONAL|RATIO)"
    r"|\b(?:CREDIT|DEBIT|VERTICAL|CALENDAR|COVERED|SECURED|NAKED|SHORT|SOLD|WRITE)\b.*\b(?:PUT|CALL)S?\b"
    r"|\bIRON (?:CONDOR|BUTTERFLY|FLY)|\b(?:STRADDLE|STRANGLE)\b"
)
"""Names of positions of several options or of written ones: a buy or sell of them does not say up or down."""
_BOUGHT: Final = re.compile(
    r"(?:^|\s)\$?\d{1,5}(?:\.\d+)?([PC])(?=$|[\s,.@])"
    r"|\s\d{1,5}(?:\.\d+)? (P|C)(?:UT|ALL)S?$|\b(?:BTO|BUY|BUYING|BOUGHT|LONG)\s(?:\S+\s){0,5}?(P|C)(?:UT|ALL)S?\b"
)
"""The option that a text says is bought, such as "BTO SPY 655P" or "buying puts"."""
_SIDES: Final = {"C": Direction.LONG, "P": Direction.SHORT}
_NAMES: Final = {"C": "call", "P": "put"}


def right_of(reading: Reading) -> tuple[str, str, Any] | None:
    """Return "C" or "P" with the path and value that state it; raises IntakeError when both are stated."""
    found: tuple[str, str, Any] | None = None
    slots = _SLOTS if reading.has("option_strike", "option_expiry") else _SLOTS[:-1]
    for slot in slots:
        for _, path, value in reading.all(slot):
            right = _flagged(slot, value) if slot in _FLAGS else _right(slot, value)
            if right is None:
                continue
            if found is not None and found[0] != right:
                raise IntakeError(
                    "AMBIGUOUS_DIRECTION",
                    f"{path}: {shown(value)} contradicts {found[1]}: {shown(found[2])}",
                    path,
                )
            found = found or (right, path, value)
    return found


def _flagged(slot: str, value: Any) -> str | None:
    if isinstance(value, bool) or flag(value) is not None:
        return "P" if (slot == "put_flag") == is_set(value) else "C"
    return None


def _right(slot: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    text = value.strip().upper()
    if slot == "loose":
        return _LETTERS.get(text)
    if slot == "option_right" and _is_structure(value):
        return None
    if slot in ("option_symbol", "symbol"):
        if slot == "option_symbol" and (named := _NAMED.search(text)):
            return named[1] or named[2] or named[3]
        if len(text) <= 8:
            return None
        read = parse(text)
        return read.option.right if read is not None and read.option is not None else None
    if slot == "strategy":
        return {"PUT": "P", "PUTS": "P", "CALL": "C", "CALLS": "C"}.get(text)
    if slot == "option_right" and (named := _NAMED.search(text)):
        return named[1] or named[2] or named[3]
    return (_LETTERS.get(text) if slot != "asset" else None) or hear(value).right


def heed(reading: Reading, meaning: Meaning) -> None:
    """Let a stated call or put count: a put that is bought is a bearish entry, one that is left a bearish exit.

    Raises IntakeError when the side and the option cannot be meant together.
    """
    stated = right_of(reading)
    why = meaning.why.heard if meaning.why is not None else NOTHING
    if meaning.intent is Intent.ENTRY and why.order is not None and why.position is None:
        _refuse_structure(reading, meaning)
    if stated is None:
        if meaning.intent is Intent.ENTRY and why.right is not None and why.order is Direction.SHORT:
            raise _written(meaning, f"{meaning.why}")
        if meaning.intent is Intent.ENTRY and why.right is None:
            _refuse_other_option(reading, meaning)
        return
    right, path, value = stated
    side = _SIDES[right]
    if meaning.intent in (Intent.EXIT, Intent.REDUCE, Intent.MOVE_STOP):
        meaning.leaves = side
        return
    if (
        meaning.intent is None
        and meaning.wait is None
        and not path.endswith("strategy")
        and not reading.has("leaning", "phase", "phase_name")
    ):
        meaning.intent, meaning.direction = Intent.ENTRY, side
        meaning.why = Said(path, value, NOTHING)
        reading.notes.append(f"direction taken from {path}: {shown(value)}")
        return
    if meaning.intent is not Intent.ENTRY:
        return
    if why.right is not None and why.right != right and meaning.why is not None:
        raise IntakeError("AMBIGUOUS_DIRECTION", f"{meaning.why} contradicts {path}: {shown(value)}", path)
    bought = why.order is Direction.LONG and why.position is None and not path.endswith("strategy")
    if why.order is Direction.SHORT and why.position is None and why.right is None:
        if right == "C" or not path.endswith("strategy"):
            raise _written(meaning, f"{path}: {shown(value)}")
    elif bought and meaning.direction is not side and meaning.leaves is None:
        meaning.direction = side
        reading.notes.append(f"{path}: {shown(value)} is bought, read as {side}")
    elif meaning.direction is not side:
        raise IntakeError(
            "AMBIGUOUS_DIRECTION",
            f"{path}: {shown(value)} contradicts {meaning.why}; a {_NAMES[right]} is {side}: send the underlying's "
            "direction",
            path,
        )


def _refuse_structure(reading: Reading, meaning: Meaning) -> None:
    """Raise IntakeError for an order of a spread, a straddle or a written option."""
    named = [found[1:] for slot in ("strategy", "option_right", "pattern") for found in reading.all(slot)]
    for path, value in named + [(path, value) for path, _, value in reading.unread]:
        if isinstance(value, str) and _is_structure(value):
            raise IntakeError(
                "AMBIGUOUS_DIRECTION",
                f"{path}: {shown(value)} with {meaning.why}: whether it is meant to rise or fall is not said; "
                "send the underlying's direction as LONG or SHORT",
                path,
            )


@lru_cache(maxsize=256)
def _is_structure(text: str) -> bool:
    return _STRUCTURE.search(text.upper().replace("_", " ").replace("-", " ")) is not None


@lru_cache(maxsize=256)
def _bought(text: str) -> str | None:
    found = _BOUGHT.search(text.upper())
    return None if found is None else found[1] or found[2] or found[3]


def _refuse_other_option(reading: Reading, meaning: Meaning) -> None:
    """Raise IntakeError when a text says that the option of the other side is bought."""
    for slot in ("free", "label"):
        for _, path, value in reading.all(slot):
            right = _bought(value) if isinstance(value, str) else None
            if right is not None and _SIDES[right] is not meaning.direction:
                raise IntakeError(
                    "AMBIGUOUS_DIRECTION",
                    f"{path}: {shown(value)} names a {_NAMES[right]}, which contradicts {meaning.why}; "
                    "send option_type, or the underlying's direction alone",
                    path,
                )


def _written(meaning: Meaning, option: str) -> IntakeError:
    return IntakeError(
        "AMBIGUOUS_DIRECTION",
        f"{option} with {meaning.why}: an option that is sold is written or closed, which of both is not said; "
        "send the underlying's direction, or an exit",
        option.partition(":")[0],
    )


@of_words
def wish(reading: Reading, from_symbol: OptionWish | None) -> OptionWish | None:
    """Return the option a sender names, for display, ``None`` when it names none."""
    stated = right_of(reading)
    strike = _number(reading.value("option_strike"))
    expiry = reading.value("option_expiry")
    if from_symbol is None:
        for value in reading.values("option_symbol"):
            if isinstance(value, str) and (read := parse(value)) is not None and read.option is not None:
                from_symbol = read.option
    if strike is None and from_symbol is None:
        named = (
            _NAMED.search(v.upper())
            for v in reading.values("option_symbol", "option_right")
            if isinstance(v, str)
        )
        found = next((n for n in named if n is not None), None)
        strike = _number(re.sub(r"[^0-9.]", "", found[0])) if found is not None else None
    if stated is None and strike is None and expiry is None:
        return from_symbol
    held = from_symbol or OptionWish()
    return OptionWish(
        right=stated[0] if stated else held.right,
        strike=strike if strike is not None else held.strike,
        expiry=str(expiry).strip()[:32] if isinstance(expiry, (str, int, float)) else held.expiry,
    )


def _number(value: Any) -> float | None:
    try:
        read = number(value)
    except ValueError:
        return None
    return read if read is not None and 0 < read < 1e7 else None
