"""Change of the sender's position: its side and size before and after the order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from core.fast_init import fast_init
from core.intake.errors import IntakeError, shown
from core.intake.speech import EXIT, hear
from core.intake.vocabulary import spelled
from core.intake.walk import Reading
from core.intake.words import number
from core.model import Direction


@fast_init
@dataclass(frozen=True, slots=True)
class Change:
    """A position's change: ``kind`` is opened, larger, smaller, flat, flipped, held or contradiction.

    ``before`` and ``after`` are sides (``None``: flat or not known); ``part`` is the share that was sold, 0 to 1,
    if it follows from the sizes. ``certain``: the side after the order is stated, not inferred.
    ``named``: the side may be that of the position an exit acts on, as in "close" with position "long".
    """

    kind: str
    path: str
    value: Any
    before: Direction | None = None
    after: Direction | None = None
    part: float | None = None
    certain: bool = False
    named: bool = False


_NAMES: Final = frozenset(("position", "pos", "currentposition", "side", "direction", "type"))
"""Keys of a position after the order that also name the one an exit acts on."""


def change_of(reading: Reading, order: Direction | None) -> Change | None:
    """Return what becomes of the position under an order of this direction, ``None`` if nothing is said."""
    after, after_path, after_value = _side(reading, "position")
    before, before_path, before_value = _side(reading, "position_before")
    size_after, size_path, size_value = _size(reading, "size_after")
    size_before = _size(reading, "size_before")[0]
    ordered = _size(reading, "size")[0]
    if after is not None and size_after is not None and (size_after == 0) != (after == "FLAT"):
        raise _contradiction((after_path, after_value), (size_path, size_value))
    if after is None and size_after is not None:
        after = "FLAT" if size_after == 0 else "SHORT" if size_after < 0 else None
        if after is None and reading.has("position_before", "size_before") and before == "FLAT":
            after = str(order) if order else None
        elif after is None and order is not None:
            # Pine's strategy.position_size carries its sign; of an amount a sale leaves the rest of a long.
            after = "LONG"
        after_path, after_value = size_path, size_value
    if before is None and size_before is not None:
        # A size alone carries its sign, as Pine's strategy.position_size does.
        alone = "LONG" if after is None else None
        before = "FLAT" if size_before == 0 else "SHORT" if size_before < 0 else alone
        before_path, before_value = before_path or "", before_value
    if before is None and after not in (None, "FLAT") and size_after is not None and ordered and order:
        # The order's size tells what was there before it.
        signed = abs(size_after) * (1 if after == "LONG" else -1) - abs(ordered) * order.sign
        if _sentence_like(reading):
            before = "FLAT" if abs(signed) < 1e-12 else "LONG" if signed > 0 else "SHORT"
            size_before = abs(signed)
    if after is None and before is None:
        return _acted_on(reading, order)
    path, value = (after_path, after_value) if after is not None else (before_path, before_value)
    change = _kind(path, value, before, after, order, (size_before, size_after, ordered))
    if change is not None and before is None and spelled(path.rpartition(".")[2]) in _NAMES:
        change = replace(change, named=change.after is not None)
    return change


def _kind(
    path: str,
    value: Any,
    before: str | None,
    after: str | None,
    order: Direction | None,
    sizes: tuple[float | None, float | None, float | None],
) -> Change | None:
    was = Direction(before) if before in ("LONG", "SHORT") else None
    now = Direction(after) if after in ("LONG", "SHORT") else None
    if after == "FLAT":
        return Change("flat", path, value, was or (order.opposite if order and before is None else None))
    if now is None:
        if was is not None and order is not None and order is not was:
            return Change("flat", path, value, was)
        return Change("larger", path, value, was, was) if was is not None and order is None else None
    part = _part(*sizes)
    if was is not None and was is not now:
        if order is not None and order is not now:
            return Change("contradiction", path, value, was, now)
        return Change("flipped", path, value, was, now, certain=True)
    if order is not None and order is not now:
        return Change("smaller", path, value, now, now, part)
    if was is now and sizes[0] is not None and sizes[1] is not None and abs(sizes[1]) < abs(sizes[0]):
        return Change("smaller" if order is None else "contradiction", path, value, now, now, part)
    if was is now and order is None:
        return Change("held", path, value, now, now, certain=True)
    return Change("larger" if was is now else "opened", path, value, was, now, certain=True)


def _part(before: float | None, after: float | None, ordered: float | None) -> float | None:
    if before is None and after is not None and ordered is not None:
        before = abs(after) + abs(ordered)
    if before is None and after is None:
        return None
    if after is None and before and ordered is not None:
        after = abs(before) - abs(ordered)
    if before is None or after is None or abs(before) <= abs(after):
        return None
    return min(1.0, 1.0 - abs(after) / abs(before))


def _acted_on(reading: Reading, order: Direction | None) -> Change | None:
    """Return the change that follows from the position an order acts on (a hedged account)."""
    side, path, value = _side(reading, "position_of")
    if side not in ("LONG", "SHORT"):
        return Change("flat", path, value, None) if side == "FLAT" else None
    acted = Direction(side)
    if order is not None and order is not acted:
        return Change("flat", path, value, acted)
    return Change("opened", path, value, None, acted, certain=True, named=True)


def _side(reading: Reading, slot: str) -> tuple[str | None, str, Any]:
    """Return LONG, SHORT or FLAT as a position states it, with its path and value; raises IntakeError."""
    found: tuple[str | None, str, Any] = (None, "", None)
    for _, path, value in reading.all(slot):
        side = _stated_side(value)
        if side is None:
            continue
        if found[0] is not None and side != found[0]:
            raise _contradiction((found[1], found[2]), (path, value))
        if found[0] is None:
            found = (side, path, value)
    return found


def _stated_side(value: Any) -> str | None:
    if isinstance(value, str):
        if value.strip().upper() in ("FLAT", "NONE", "NEUTRAL", "CLOSED", "CASH", "EMPTY", "NO", "OUT"):
            return "FLAT"
        heard = hear(value)
        if heard.kind == EXIT:
            return "FLAT"
        if heard.direction is not None:
            return str(heard.direction)
    count = _number(value)
    return None if count is None else "FLAT" if count == 0 else "LONG" if count > 0 else "SHORT"


def _contradiction(one: tuple[str, Any], other: tuple[str, Any]) -> IntakeError:
    return IntakeError(
        "CONTRADICTION",
        f"{one[0]}: {shown(one[1])} contradicts {other[0]}: {shown(other[1])}; nothing is done",
        one[0],
    )


def _size(reading: Reading, slot: str) -> tuple[float | None, str, Any]:
    """Return a size with its path and value; raises IntakeError when one says nothing is held and another not."""
    found: tuple[float | None, str, Any] = (None, "", None)
    for _, path, value in reading.all(slot):
        if (count := _number(value)) is None:
            continue
        if found[0] is None:
            found = (count, path, value)
        elif (count == 0) != (found[0] == 0) and slot != "size":
            raise _contradiction((found[1], found[2]), (path, value))
    return found


def _sentence_like(reading: Reading) -> bool:
    return reading.has("size_after") and reading.has("size")


def _number(value: Any) -> float | None:
    try:
        read = None if isinstance(value, bool) else number(value)
    except ValueError:
        return None
    return read if read is not None and abs(read) < 1e12 else None
