"""Requests about open positions: how much to leave, which stop to set."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from core.intake.errors import IntakeError, shown
from core.intake.fields import price_of
from core.intake.flags import is_set, stated_number
from core.intake.intent import Meaning
from core.intake.speech import MOVE, hear
from core.intake.units import trail_of
from core.intake.walk import Reading
from core.model import Intent, PositionRequest

_COST = frozenset(
    ["BE", "BREAKEVEN", "EVEN", "ENTRY", "ENTRYPRICE", "ATENTRY", "COST", "ATCOST", "AVGPRICE", "AVGENTRY"]
)
"""Words for the entry price in place of a stop's price."""
_HALF = 0.5
_PERCENT = re.compile(r"(?<![+\-.\d])(\d{1,3}(?:\.\d+)?) ?(?:%|PCT|PERCENT)")
_LEFT_PERCENT = re.compile(
    r"\b(?:CLOSE[DS]?|CLOSING|EXIT(?:ED|ING|S)?|SELL|SOLD|REDUCED?|TRIM(?:MED)?) (?:\w+ ){0,2}?(\d{1,3}(?:\.\d+)?) ?"
    r"(?:%|PCT|PERCENT)|^(?:CLOSE|EXIT|SELL) ([1-9]\d)$"
)
"""The percent of an exit: after its verb, since any other may be the profit; "close_50" is one too."""
_NAMED_SHARES = (("QUARTER", 0.25), ("THIRD", 1 / 3))
_OUT_PART = re.compile(
    r"(?:close|exit|sell|reduce|trim|partial|partialexit|partialclose|out|size|qty|quantity|amount)"
    r"(?:percent|pct|percentage|perc|ratio|fraction|portion|share)"
)
_OUT_SIZE = re.compile(
    r"(?:close|exit|sell|reduce|trim|partial)(?:qty|quantity|size|amount|contracts|lots|shares|volume)"
)
_NEW_STOP = re.compile(
    r"(?:new|updated?|modified|to)(?:stop|sl|stoploss)(?:price|level|value)?|(?:to|new)?(?:value|level)|to"
)
"""Keys outside the vocabulary that say how much to leave, and where to move a stop."""
_RATIO = re.compile(r"(?<![\d/])([1-3])/([2-4])(?![\d/])")


def request_of(reading: Reading, meaning: Meaning) -> tuple[Intent | None, PositionRequest | None]:
    """Return the intent and its request: an exit of a stated part is a reduction, one of all is an exit.

    Raises IntakeError for a moved stop that says neither a price nor break-even.
    """
    side = meaning.leaves
    if meaning.intent is Intent.ENTRY:
        return meaning.intent, PositionRequest(direction=side) if side is not None else None
    if meaning.intent is Intent.CANCEL:
        return meaning.intent, PositionRequest(direction=side) if side is not None else None
    if meaning.intent is Intent.MOVE_STOP:
        return meaning.intent, _moved(reading, meaning, side)
    if meaning.intent not in (Intent.EXIT, Intent.REDUCE):
        return meaning.intent, None
    part = _part(reading, meaning)
    if part is None or (part.fraction is not None and part.fraction >= 1):
        return Intent.EXIT, PositionRequest(direction=side)
    return Intent.REDUCE, dataclasses.replace(part, direction=side)


def _part(reading: Reading, meaning: Meaning) -> PositionRequest | None:
    """Return the stated part, ``None`` for the whole position."""
    partly = meaning.intent is Intent.REDUCE
    change = meaning.change
    for slot in ("out_pct", "pct"):
        for _, path, value in reading.all(slot):
            share = _share(reading, path, value)
            if share:
                return PositionRequest(fraction=share)
    if (stated := _stated_part(reading)) is not None:
        return stated
    in_percent = any(
        "percent" in str(unit).lower() or "%" in str(unit) for unit in reading.values("size_unit")
    )
    for slot in ("size", "amount", "volume"):
        for _, path, value in reading.all(slot):
            if (in_percent and slot != "volume") or (isinstance(value, str) and value.strip().endswith("%")):
                share = _share(reading, path, value)
                if share:
                    return PositionRequest(fraction=share)
    if meaning.why is not None and isinstance(meaning.why.value, str):
        said = meaning.why.value.upper().replace("_", " ").replace("-", " -")
        found = (_PERCENT if partly else _LEFT_PERCENT).search(said)
        count = next((group for group in found.groups() if group), None) if found is not None else None
        if count is not None and 0 < (part := float(count) / 100) <= 1:
            reading.notes.append(f"{meaning.why}: read as {part * 100:g} % of the position")
            return PositionRequest(fraction=part)
        if named := next((held for word, held in _NAMED_SHARES if f" {word}" in said), None):
            return PositionRequest(fraction=named)
        if ratio := _RATIO.search(meaning.why.value):
            return PositionRequest(fraction=int(ratio[1]) / int(ratio[2]))
    for _, path, value in reading.all("left_pct"):
        share = _share(reading, path, value)
        if share is not None:
            return PositionRequest(remaining_fraction=min(share, 1.0)) if share > 0 else None
    if change is not None and change.kind == "flat":
        return None
    if change is not None and change.part is not None:
        return PositionRequest(fraction=change.part)
    left = _first_number(reading, "left_size")
    if left is not None:
        left = abs(left)
        if left == 0:
            return None
        before = _first_number(reading, "size_before")
        sold = _first_number(reading, "size")
        whole = abs(before) if before else left + abs(sold) if sold else None
        if whole and left < whole:
            return PositionRequest(fraction=1 - left / whole)
    if not partly:
        return None
    size = _first_number(reading, "size")
    if size is not None and size > 0:
        return PositionRequest(contracts=size)
    if meaning.why is not None and meaning.take_one:
        if _is_first_target(meaning):
            reading.notes.append(f"{meaning.why}: no part is stated; half of the position stays")
            return PositionRequest(remaining_fraction=_HALF)
        reading.notes.append(f"{meaning.why}: no part is stated; half is sold")
        return PositionRequest(fraction=_HALF)
    if change is not None and change.kind == "smaller":
        reading.notes.append(
            f"{change.path}: {shown(change.value)} says smaller without a size; half is sold"
        )
        return PositionRequest(fraction=_HALF)
    return None


def _stated_part(reading: Reading) -> PositionRequest | None:
    """Return the part under a key outside the vocabulary, such as ``close_ratio`` or ``exit_qty``."""
    for n, (path, plain, value) in enumerate(reading.unread):
        percent = isinstance(value, str) and value.strip().endswith("%")
        size = _OUT_SIZE.fullmatch(plain) is not None
        if not size and _OUT_PART.fullmatch(plain) is None:
            continue
        if size and not percent:
            count = None if isinstance(value, bool) else stated_number(value)
            found = PositionRequest(contracts=count) if count is not None and count > 0 else None
        else:
            share = _share(reading, path, value)
            found = PositionRequest(fraction=share) if share else None
        if found is not None:
            del reading.unread[n]
            return found
    return None


def _is_first_target(meaning: Meaning) -> bool:
    why = meaning.why
    return why is not None and ("1" in str(why.value) or "1" in why.path.rpartition(".")[2])


def _share(reading: Reading, path: str, value: Any) -> float | None:
    """Return a percent as a share 0 to 1; a number of at most 1 is a share already, with a note."""
    read = stated_number(value)
    if read is None or read < 0:
        return None
    if 0 < read <= 1 and not (isinstance(value, str) and "%" in value):
        if read < 1:
            reading.notes.append(f"{path}: {shown(value)} read as a share, {read * 100:g} %")
        return read
    return read / 100


def _first_number(reading: Reading, slot: str) -> float | None:
    for value in reading.values(slot):
        if not isinstance(value, bool) and (read := stated_number(value)) is not None:
            return read
    return None


def _moved(reading: Reading, meaning: Meaning, side: Any) -> PositionRequest:
    even = meaning.break_even and _names_even(str(meaning.why.value) if meaning.why else "")
    for _, path, value in reading.all("move_flag"):
        if not is_set(value):
            continue
        read = None if isinstance(value, bool) else stated_number(value)
        if read is not None and read > 1:
            return PositionRequest(direction=side, stop=price_of(value, path))
        even = even or _names_even(path)
        even = even or (isinstance(value, str) and (_names_even(value) or _is_cost(value)))
    for _, path, value in reading.all("stop"):
        read = None if isinstance(value, (bool, dict, list)) else stated_number(value)
        if read is not None and read > 0:
            return PositionRequest(direction=side, stop=price_of(value, path))
        if isinstance(value, str) and (_names_even(value) or _is_cost(value)):
            even = True
    for path, plain, value in reading.unread:
        named = _NEW_STOP.fullmatch(plain) or trail_of(plain) == ""
        read = None if isinstance(value, (bool, dict, list)) or not named else stated_number(value)
        if read is not None and read > 1:
            return PositionRequest(direction=side, stop=price_of(value, path))
    if even:
        return PositionRequest(direction=side, break_even=True)
    path = meaning.why.path if meaning.why else "stop"
    raise IntakeError("NO_STOP", f"{path}: moves a stop, but neither a price nor break-even is stated", path)


def _is_cost(text: str) -> bool:
    """Return whether the value of a stop names the entry price, such as "BE", "entry" or "at cost"."""
    return re.sub(r"[^A-Z]", "", text.upper()) in _COST


def _names_even(text: str) -> bool:
    flat = text.upper().replace("_", " ").replace("-", " ")
    return hear(text).kind == MOVE and (
        "EVEN" in flat or " BE" in f" {flat}" or "TOBE" in flat or "ENTRY" in flat or "RISK FREE" in flat
    )
