"""Stop and targets as senders state them: prices, percent, points, ATR, R and more, in objects and lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from core.fast_init import fast_init
from core.intake.errors import IntakeError, shown
from core.intake.fields import LEAST_PRICE, MOST_PRICE, amount, price_of
from core.intake.units import (
    ATR,
    BPS,
    HELD_UNITS,
    PERCENT,
    POINTS,
    PRICE,
    UNITS,
    VALUE,
    WORTH,
    R,
    taken_apart,
    target_of,
    trail_of,
    unit_of,
)
from core.intake.vocabulary import spelled
from core.intake.walk import Reading
from core.intake.words import listed, number
from core.model import Direction, Reason, Tone
from core.thresholds import above

_PRICE_KEYS: Final = listed(
    "price stopprice limitprice triggerprice level value stop limit target trigger at takeprofit stoploss "
    "tp sl"
)
_LEAST_PCT: Final = 0.05
"""A level nearer than this in percent is a share of 1 that was meant as a percent, or a mistake."""


@fast_init
@dataclass(frozen=True, slots=True)
class Level:
    """One level as stated: an amount in a unit, and where it stands."""

    path: str
    value: Any
    amount: float
    unit: str


@dataclass(slots=True)
class Levels:
    """The levels in dollars of the underlying, and the reasons why they may not be traded."""

    stop: float | None = None
    target_1: float | None = None
    target_2: float | None = None
    faults: list[Reason] = field(default_factory=list)


def levels(reading: Reading, direction: Direction, reference: float | None, most_pct: float) -> Levels:
    """Return the stated levels; ``reference`` is the entry's or the present price in dollars.

    A level that cannot be counted from the price, stands on the wrong side of it or further away than
    ``most_pct`` percent is told, and blocks the entry. Raises IntakeError for a level that is no number.
    """
    out = Levels()
    stated = _stated(reading)
    stop = _pick(reading, stated.get("stop", []), PRICE)
    if stop is not None:
        out.stop = _dollars(reading, out, stop, direction.opposite, reference, None, most_pct)
    for name in ("target_1", "target_2"):
        level = _pick(reading, stated.get(name, []), PRICE)
        if level is not None:
            read = _dollars(reading, out, level, direction, reference, out.stop, most_pct)
            if name == "target_1":
                out.target_1 = read
            else:
                out.target_2 = read
    missing = [name for name in ("stop", "target_1", "target_2") if not stated.get(name)]
    if missing and not out.faults:
        reading.notes.append(f"{' and '.join(missing)}: not stated; the deck takes its own")
    return out


def _pick(reading: Reading, found: list[Level], first_unit: str) -> Level | None:
    """Return the level that counts: a price before other units; the ones passed over are told if they differ."""
    if not found:
        return None
    chosen = next((level for level in found if level.unit == first_unit), found[0])
    for level in found:
        if level is not chosen and (level.unit, level.amount) != (chosen.unit, chosen.amount):
            reading.notes.append(f"{level.path}: {shown(level.value)} is passed over; {chosen.path} counts")
    return chosen


def _stated(reading: Reading) -> dict[str, list[Level]]:
    out: dict[str, list[Level]] = {}
    beside = unit_of(reading.value("level_unit"))
    for name, unit_slot in (("stop", "stop_unit"), ("target_1", "target_unit"), ("target_2", "target_unit")):
        unit = unit_of(reading.value(unit_slot)) or beside
        for _, path, value in reading.all(name):
            if (level := _level(reading, path, value, unit)) is not None:
                out.setdefault(name, []).append(level)
            if name == "target_1" and isinstance(value, list):
                _listed(reading, out, path, value, unit)
    unit = unit_of(reading.value("target_unit")) or beside
    for _, path, value in reading.all("targets"):
        _listed(reading, out, path, value, unit)
    _with_units(reading, out)
    for _, path, value in reading.all("more_targets"):
        if not isinstance(value, (dict, list)):
            reading.notes.append(f"{path}: {shown(value)} is not traded; two targets are")
    return out


def _listed(reading: Reading, out: dict[str, list[Level]], path: str, value: Any, unit: str | None) -> None:
    if isinstance(value, dict):
        for key, held in value.items():
            name = target_of(spelled(key))
            if name and (level := _level(reading, f"{path}.{key}", held, unit)) is not None:
                out.setdefault(name, []).append(level)
            elif not name:
                reading.notes.append(f"{path}.{key}: {shown(held)} is not read as a target")
        return
    items = (
        value
        if isinstance(value, list)
        else re.split(r"[;|/ ]+|, +", value)
        if isinstance(value, str)
        else [value]
    )
    for n, item in enumerate(items[:2]):
        level = _level(reading, f"{path}[{n}]", item, unit)
        if level is not None:
            out.setdefault("target_1" if n == 0 else "target_2", []).append(level)
    if len(items) > 2:
        reading.notes.append(f"{path}: two targets are traded, {len(items) - 2} left out")


def _with_units(reading: Reading, out: dict[str, list[Level]]) -> None:
    """Read the keys that name a level and its unit, such as sl_points; they leave the unread ones."""
    kept: list[tuple[str, str, Any]] = []
    trails: list[tuple[str, str, Any, str]] = []
    for path, plain, value in reading.unread:
        name, unit = taken_apart(plain)
        trail = trail_of(plain)
        if trail is not None:
            trails.append((path, plain, value, trail))
        elif name and unit and (level := _level(reading, path, value, unit)) is not None:
            out.setdefault(name, []).append(level)
        else:
            kept.append((path, plain, value))
    for path, plain, value, unit in trails:
        if (level := _trail(reading, out, path, value, unit or None)) is not None:
            out["stop"] = [level]
        else:
            kept.append((path, plain, value))
    reading.unread[:] = kept


def _trail(
    reading: Reading, out: dict[str, list[Level]], path: str, value: Any, unit: str | None
) -> Level | None:
    """Return the stop at which a trailing stop begins, ``None`` if another stop is stated or it has no unit."""
    if out.get("stop"):
        return None
    if isinstance(value, dict):
        value = {key: held for key, held in value.items() if not spelled(key).startswith("activat")}
    elif unit is None and not (isinstance(value, str) and VALUE.fullmatch(value.strip())):
        return None  # dollars or a price, points or percent: nobody can tell
    level = _level(reading, path, value, unit)
    if level is not None:
        reading.notes.append(f"{path}: read as the first stop; how it trails is up to the rules")
    return level


def _level(reading: Reading, path: str, value: Any, unit: str | None) -> Level | None:
    """Return one level, ``None`` when it states none (0, NaN or nothing); raises IntakeError."""
    if isinstance(value, dict):
        return _held(reading, path, value, unit)
    if isinstance(value, list):
        if len(value) == 1 and not isinstance(value[0], list):
            return _level(reading, f"{path}[0]", value[0], unit)
        return None
    if isinstance(value, str) and (found := VALUE.fullmatch(value.strip())):
        after = PERCENT if found[2] == "%" else UNITS.get(spelled(found[2]))
        if after is None:
            raise IntakeError("NOT_A_NUMBER", f"{path}: {shown(value)} is not a number", path)
        unit, value = after, found[1]
    if isinstance(value, str) and "@" not in value and unit is None and value.strip()[:1] == "+":
        unit = POINTS
    if unit in (None, PRICE):
        if value is False or value is True:
            reading.notes.append(f"{path}: {shown(value)} is not a level")
            return None
        price = price_of(value, path, none_is_zero=True)
        return None if price is None else Level(path, value, price, PRICE)
    try:
        read = number(value)
    except ValueError:
        raise IntakeError("NOT_A_NUMBER", f"{path}: {shown(value)} is not a number", path) from None
    if read is None or read == 0 or read != read:
        return None
    if abs(read) == float("inf"):
        raise IntakeError("NOT_FINITE", f"{path}: not a finite number; a level is expected", path)
    return Level(path, value, abs(read), str(unit))


def _held(reading: Reading, path: str, value: dict[str, Any], unit: str | None) -> Level | None:
    stated = {spelled(key): (key, held) for key, held in value.items() if held is not None and held != ""}
    for word in ("unit", "units", "type", "mode", "kind"):
        if word in stated:
            unit = unit_of(stated[word][1]) or unit
    for plain in ("stopprice", "limitprice", "price", "triggerprice"):
        if unit is None and plain in stated and not isinstance(stated[plain][1], (dict, list, bool)):
            return _level(reading, f"{path}.{stated[plain][0]}", stated[plain][1], None)
    for plain, (key, held) in stated.items():
        own = HELD_UNITS.get(plain) or UNITS.get(plain)
        if own not in (None, PRICE) and not isinstance(held, (dict, list, bool)):
            return _level(reading, f"{path}.{key}", held, own)
    for plain in (*_PRICE_KEYS, "amount"):
        if plain in stated and not isinstance(stated[plain][1], (dict, list, bool)):
            key, held = stated[plain]
            if plain == "amount" and unit is None:
                unit = POINTS
            return _level(reading, f"{path}.{key}", held, unit)
    reading.notes.append(f"{path}: an object without price, percent, points, ticks or ATR is not read")
    return None


def _dollars(
    reading: Reading,
    out: Levels,
    level: Level,
    side: Direction,
    reference: float | None,
    stop: float | None,
    most_pct: float,
) -> float | None:
    """Return a level in dollars; faults that forbid trading it go to ``out``."""
    if level.unit == PRICE:
        at = level.amount
    elif reference is None:
        _fault(reading, out, f"{level.path}: {shown(level.value)} in {level.unit} needs a price to count from; "
               "send price")  # fmt: skip
        return None
    else:
        away = _away(reading, level, reference, stop)
        if away is None:
            needs = "the body's atr" if level.unit == ATR else "a stop"
            _fault(
                reading,
                out,
                f"{level.path}: {shown(level.value)} in {level.unit} needs {needs} to count from",
            )
            return None
        at = reference + side.sign * away
        reading.notes.append(_told(level, reference, at))
    if not LEAST_PRICE <= at <= MOST_PRICE:
        _fault(reading, out, f"{_told(level, reference, at)}, which is none")
        return None
    if reference is None:
        return at
    if level.unit == PERCENT and level.amount < _LEAST_PCT:
        share = f"if a share is meant, send {level.amount * 100:g}"
        _fault(reading, out, f"{_told(level, reference, at)}, which is too near; {share}")
        return at
    distance = (at - reference) * side.sign
    if distance <= 0 or above(100 * abs(distance) / reference, most_pct):
        where = "on the wrong side of" if distance <= 0 else f"more than {most_pct:g} % away from"
        hint = (
            "; state a distance as sl_points or sl_percent" if level.unit == PRICE and level.amount < reference / 2
            else ""
        )  # fmt: skip
        _fault(
            reading,
            out,
            f"{_told(level, reference, at)}, {where} {reference:,.2f}{hint}",
        )
    return at


def _told(level: Level, reference: float | None, at: float) -> str:
    """Return what a level is read as, for a note."""
    told = f"a price of {at:,.2f}"
    if level.unit != PRICE:
        told = f"{level.amount:g} {level.unit} from {reference:,.2f}: {told}"
    return f"{level.path}: {shown(level.value)} is read as {told}"


def _away(reading: Reading, level: Level, reference: float, stop: float | None) -> float | None:
    """Return the distance of a level from the price in dollars, ``None`` when what it counts in is not stated."""
    if level.unit in (PERCENT, BPS):
        return level.amount / (100 if level.unit == PERCENT else 10_000) * reference
    if level.unit == R:
        return None if stop is None else level.amount * abs(reference - stop)
    if level.unit == ATR:
        for slot in ("atr", "daily_atr"):
            if (atr := amount(reading, slot, 0, MOST_PRICE)) is not None and atr > 0:
                return level.amount * atr
        return None
    return level.amount * WORTH[level.unit]


def _fault(reading: Reading, out: Levels, text: str) -> None:
    reading.notes.append(text)
    out.faults.append(Reason("BAD_LEVELS", text, Tone.NEGATIVE))
