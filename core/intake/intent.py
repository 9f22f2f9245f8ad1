"""The one intent of a body: what it says of its trade is collected, then one intent follows or it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from core.intake.change import Change, change_of
from core.intake.errors import IntakeError, shown
from core.intake.flags import (
    Said,
    leaving_flags,
    moved_stops,
    no_size,
    not_yet,
    results,
    side_flags,
    test_of,
    unknown_keys,
)
from core.intake.speech import (
    CANCEL,
    ENTRY,
    EXIT,
    FINISHED,
    MOVE,
    NOTHING,
    REDUCE,
    TEST,
    WAIT,
    Heard,
    hear,
    hear_free,
    hear_label,
    hear_order_name,
    is_command,
)
from core.intake.vocabulary import spelled
from core.intake.walk import Reading
from core.intake.words import ACCEPTED_DIRECTIONS
from core.model import Direction, Intent

_ORDER_TYPES: Final = frozenset(("stop", "stopmarket", "trailingstop"))
_ONLY: Final = frozenset(("reduce", "reduceonly", "onlyreduce", "isreduceonly", "reduceposition"))
"""Flags that say how an order works; without a size the whole position is left."""

_UPS, _DOWNS = ("1", "+1", "1.0"), ("-1", "-1.0")
_ONES: Final = frozenset((*_UPS, *_DOWNS))
_NO_ORDER: Final = frozenset(("signal", "order", "trade"))
"""Keys whose 0 or false says that there is none."""
_NOT_LIVE: Final = frozenset(
    (
        "rejected",
        "failed",
        "error",
        "inactive",
        "disabled",
        "invalid",
        "denied",
        "stale",
        "ignored",
        "blocked",
    )
)
"""Words of a trade's status with which there is nothing to trade."""

_RECEIPT: Final = re.compile(
    r"(?:(?:order|entry|execution)[ _.-]?)?(?:partial(?:ly)?[ _.-]?)?"
    r"(?:fill(?:ed)?|executed|execution|submitted|accepted|acknowledged)",
    re.IGNORECASE,
)
"""Words of a broker's message about an order."""


@dataclass(slots=True)
class Meaning:
    """The intent of a body with the side of the trade and what it says of its position."""

    intent: Intent | None = None
    direction: Direction | None = None
    """The direction that an entry proposes."""
    leaves: Direction | None = None
    """The side of the position to leave, reduce or move; with an ENTRY a stated flip."""
    why: Said | None = None
    change: Change | None = None
    take_one: bool = False
    break_even: bool = False
    leaning: bool = False
    """The direction is only a leaning (trend or bias), not an order."""
    wait: Said | None = None
    """Evidence that nothing is to be traded yet; an exit is obeyed all the same."""


def meaning_of(reading: Reading) -> Meaning:
    """Return the one intent of a body; ``intent`` is ``None`` when nothing in it speaks of a trade.

    Raises IntakeError when it contradicts itself, and names both sides.
    """
    sides, entries, spoken = _spoken(reading)
    if test := test_of(reading) or next((s for s in spoken if s.heard.kind == TEST), None):
        return Meaning(Intent.STATUS, why=test)
    by_kind: dict[str, list[Said]] = {EXIT: [], REDUCE: [], MOVE: [], CANCEL: [], FINISHED: [], WAIT: []}
    for said in spoken:
        by_kind[str(said.heard.kind)].append(said)
    leaving = [*by_kind[EXIT], *by_kind[REDUCE], *leaving_flags(reading)]
    side = _one_side(sides, leaving=bool(leaving))
    change = change_of(reading, side.heard.order or side.heard.direction if side else None)
    if change is not None and not leaving and _is_flip(reading, side, change):
        change = replace(change, kind="flipped", after=change.before and change.before.opposite, certain=True)
    if change is not None and change.named and any(_orders_to_leave(reading, s) for s in leaving):
        partly = not any(s.heard.kind == EXIT for s in leaving)
        change = Change("smaller" if partly else "flat", change.path, change.value, change.after)
    meaning = Meaning(change=change, wait=next(iter(by_kind[WAIT] + not_yet(reading)), None))
    if by_kind[CANCEL]:
        meaning.intent, meaning.why = Intent.CANCEL, by_kind[CANCEL][0]
    elif moved := by_kind[MOVE] + moved_stops(reading):
        if not any(s.heard.kind == EXIT for s in leaving) or change is None:
            meaning.intent, meaning.why = Intent.MOVE_STOP, moved[0]
    elif (finished := by_kind[FINISHED] or results(reading)) and not any(_tells_to_leave(s) for s in leaving):
        meaning.intent, meaning.why = Intent.STATUS, finished[0]
    if meaning.intent is None:
        _leave_or_enter(meaning, side, leaving, entries, change)
    if meaning.intent in (Intent.EXIT, Intent.REDUCE, Intent.MOVE_STOP, Intent.CANCEL):
        meaning.leaves = _left_side(meaning, side, [*leaving, *by_kind[MOVE], *by_kind[CANCEL]], change)
        meaning.break_even = any(s.heard.kind == MOVE for s in by_kind[MOVE])
        meaning.take_one = any(
            s.heard.kind == REDUCE and spelled(s.path.rpartition(".")[2]) not in _ONLY for s in leaving
        )
    return meaning


def refuse_order_of_nothing(reading: Reading, meaning: Meaning) -> None:
    """Raise IntakeError for an entry whose order has a size of 0."""
    if meaning.intent is Intent.ENTRY and meaning.why is not None and (size := no_size(reading)) is not None:
        raise contradiction(size, meaning.why)


def _leave_or_enter(
    meaning: Meaning,
    side: Said | None,
    leaving: list[Said],
    entries: list[Said],
    change: Change | None,
) -> None:
    """Set EXIT, REDUCE or ENTRY from what is said and from what becomes of the position."""
    smaller = change is not None and change.kind in ("flat", "smaller")
    if leaving or smaller:
        why = leaving[0] if leaving else Said(change.path, change.value, NOTHING) if change else None
        if entries and why is not None:
            raise contradiction(entries[0], why)
        if change is not None and change.kind in ("opened", "larger") and leaving and change.certain:
            raise contradiction(Said(change.path, change.value, NOTHING), leaving[0])
        partly = any(s.heard.kind == REDUCE for s in leaving)
        flat = change is not None and change.kind == "flat"
        meaning.intent = Intent.REDUCE if (partly or (smaller and not flat)) and not flat else Intent.EXIT
        meaning.why = why
        return
    if meaning.wait is not None and (side is not None or change is not None):
        meaning.intent, meaning.why = Intent.STATUS, meaning.wait
    elif side is not None:
        meaning.intent, meaning.direction, meaning.why = Intent.ENTRY, side.heard.direction, side
        if change is not None:
            if change.kind == "contradiction":
                raise contradiction(side, Said(change.path, change.value, NOTHING))
            if change.kind == "flipped":
                meaning.leaves = change.before
            if change.after is not None and change.certain:
                meaning.direction = change.after
    elif change is not None and change.after is not None:
        meaning.intent, meaning.direction = Intent.ENTRY, change.after
        meaning.why = Said(change.path, change.value, NOTHING)
        if change.kind == "flipped":
            meaning.leaves = change.before


def _spoken(reading: Reading) -> tuple[list[Said], list[Said], list[Said]]:
    """Return the sides, the explicit entries and everything else that texts say."""
    sides: list[Said] = []
    entries: list[Said] = []
    spoken: list[Said] = []
    weak: list[Said] = []  # a side in free text counts only where nothing else states one
    unread: Said | None = None
    empty: Said | None = None  # such as "place": an order without a side
    for _, path, value in reading.near("side"):
        heard = _hear_side(value)
        if heard.kind == WAIT:
            heard = NOTHING  # "hold" is no order
        if (
            heard.kind == EXIT
            and isinstance(value, str)
            and spelled(value) == "trailstop"
            and reading.has("stop")
        ):
            heard = Heard(MOVE, whole=True)  # with its new price it is an order to trail
        said = Said(path, value, heard)
        if heard.both and heard.kind in (None, ENTRY):
            raise IntakeError("AMBIGUOUS_DIRECTION", f"{path}: {shown(value)} names both sides", path)
        if heard.kind not in (None, ENTRY):
            spoken.append(said)
            if heard.direction is not None and heard.kind in (EXIT, REDUCE, CANCEL, MOVE):
                continue
        elif heard.direction is not None and heard.whole:
            sides.append(said)
            if heard.kind == ENTRY:
                entries.append(said)
        elif heard.kind == ENTRY and heard.whole:
            entries.append(said)
        elif not heard.whole:
            unread = unread or said
        else:
            empty = empty or said
    for slot in ("loose", "event"):
        for _, path, value in reading.all(slot):
            if isinstance(value, str) and _RECEIPT.fullmatch(value):
                spoken += _receipt(reading, path, value)
                continue
            if not isinstance(value, str):
                if slot == "loose" and (heard := _hear_side(value)).direction is not None:
                    sides.append(Said(path, value, heard))
                elif slot == "loose" and value in (0, False) and path.rpartition(".")[2].lower() in _NO_ORDER:
                    spoken.append(Said(path, value, Heard(WAIT, whole=True)))
                continue
            heard = _hear_side(value) if value.strip() in _ONES else hear(value)
            if value in ("C", "c") and slot == "event":
                heard = Heard(EXIT, whole=True)  # open_close "C"
            said = Said(path, value, heard)
            if heard.kind == TEST and not heard.whole:
                continue  # "support test" is a chart's word
            if spelled(value) in _ORDER_TYPES and spelled(path.rpartition(".")[2]) == "ordertype":
                continue  # how an entry is ordered
            if heard.kind not in (None, ENTRY):
                spoken.append(said)
            elif heard.whole:
                if heard.kind == ENTRY:
                    entries.append(said)
                if heard.direction is not None and not heard.both:
                    sides.append(said)
    for slot, hears in (
        ("label", hear_order_name),
        ("sender_id", _hear_id),
        ("strategy", _hear_test),
        ("free", hear_free),
        ("status", hear),
    ):
        for _, path, value in reading.all(slot):
            if isinstance(value, str):
                if slot == "status" and _RECEIPT.fullmatch(value):
                    spoken += _receipt(reading, path, value)
                    continue
                heard = hears(value)
                if slot == "status" and (heard.kind in (EXIT, REDUCE) or value.strip().lower() in _NOT_LIVE):
                    if value.strip().lower() != "flat":
                        heard = Heard(FINISHED, heard.order, heard.position, heard.right, whole=True)
                elif slot == "free" and heard.kind is None and len(value) <= 32:
                    heard = hear_label(value)
                    if heard.kind in (None, ENTRY) and heard.whole and heard.direction is not None:
                        weak.append(Said(path, value, heard))
                if heard.kind not in (None, ENTRY) and (heard.kind != WAIT or slot == "status"):
                    spoken.append(Said(path, value, heard))
    for slot in ("asset", "phase", "environment"):
        for _, path, value in reading.all(slot):
            if isinstance(value, str) and (heard := hear(value)).whole and heard.kind in (EXIT, REDUCE):
                spoken.append(Said(path, value, heard))
    for _, path, value in reading.all("symbol"):
        if (
            path.rpartition(".")[2].lower() == "code"
            and is_command(value)
            and (heard := hear(value)).kind == EXIT
        ):
            spoken.append(Said(path, value, heard))
    spoken += unknown_keys(reading)
    sides = sides or weak[:1]
    sides += side_flags(reading)
    unread = unread or (None if sides else empty)
    if not any(_weighty(s) for s in spoken) and unread is not None:
        raise IntakeError(
            "NO_DIRECTION",
            f"{unread.path}: {shown(unread.value)} is not a direction; accepted are {ACCEPTED_DIRECTIONS}",
            unread.path,
        )
    return sides, entries, spoken


def _receipt(reading: Reading, path: str, value: str) -> list[Said]:
    """Return that an order was filled elsewhere: nothing to trade, unless the strategy tells its position."""
    strategy = reading.has("position", "position_before", "size_after")
    return [] if strategy else [Said(path, value, Heard(WAIT, whole=True))]


def hear_no_ids(reading: Reading) -> bool:
    """Return whether the sender's ids of a message say nothing, as most do."""
    return all(
        not isinstance(value, str) or _hear_id(value) is NOTHING for _, _, value in reading.all("sender_id")
    )


def _hear_id(text: str) -> Heard:
    """Return the exit that an id such as "Exit Long" names; a made-up id says nothing."""
    heard = hear_label(text)
    return heard if heard.kind in (EXIT, REDUCE, TEST) and heard.whole else NOTHING


def _hear_test(text: str) -> Heard:
    """Return the test that a strategy's name such as "TEST" states; all else in a name says nothing."""
    return Heard(TEST, whole=True) if text.strip().lower() in ("test", "testing") else NOTHING


def _weighty(said: Said) -> bool:
    return said.heard.kind in (EXIT, REDUCE, MOVE, CANCEL, TEST, FINISHED)


def _hear_side(value: Any) -> Heard:
    if isinstance(value, str):
        text = value.strip()
        if text.upper() in ("B", "L", *_UPS):
            return Heard(order=Direction.LONG, whole=True)
        if text.upper() in ("S", *_DOWNS):
            return Heard(order=Direction.SHORT, whole=True)
        return hear(value)
    if not isinstance(value, bool) and isinstance(value, (int, float)) and value in (1, -1):
        return Heard(order=Direction.LONG if value > 0 else Direction.SHORT, whole=True)
    return NOTHING


def _one_side(sides: list[Said], *, leaving: bool) -> Said | None:
    """Return the side that counts; raises IntakeError when two differ.

    An order and a put or call beside it are one side: the option is bought or sold. In an exit an order and the
    position that it acts against are one side too.
    """
    rights = [said for said in sides if said.heard.right is not None and said.heard.order is None]
    bought = [said for said in sides if said.heard.right is None and said.heard.position is None]
    orders = {said.heard.order for said in bought}
    if rights and len(orders) == 1 and len(rights) + len(bought) == len(sides):
        (order,) = orders
        sides = [Said(s.path, s.value, replace(s.heard, order=order)) for s in rights]
    held = [said for said in sides if said.heard.order is None and said.heard.position is not None]
    if leaving and held and {said.heard.position for said in held} | orders == set(Direction):
        (position,) = {said.heard.position for said in held} if len(held) == 1 else (None,)
        if position is not None and orders == {position.opposite}:
            return held[0]
    for said in sides[1:]:
        if said.heard.direction is not sides[0].heard.direction:
            raise IntakeError(
                "AMBIGUOUS_DIRECTION",
                f"{said.path}: says {said.heard.direction}, {sides[0].path} says {sides[0].heard.direction}",
                said.path,
            )
    return sides[0] if sides else None


def _is_flip(reading: Reading, side: Said | None, change: Change) -> bool:
    """Return whether a side such as "long" stands beside the opposite position before: an order is not named."""
    return (
        side is not None
        and side.heard.order is None
        and change.kind == "flat"
        and any(change.path == path for _, path, _ in reading.all("position_before"))
        and change.before is not None
        and side.heard.position is change.before.opposite
    )


def _orders_to_leave(reading: Reading, said: Said) -> bool:
    """Return whether an exit is ordered by the message itself, not by the name of an order or in free text."""
    return any(
        said.path == path
        for slot in ("side", "loose", "event", "close_flag", "reduce_flag")
        for _, path, _ in reading.all(slot)
    )


def _tells_to_leave(said: Said) -> bool:
    """Return whether an exit is ordered, rather than the price or time of a past one being told."""
    return said.heard.whole or said.heard.kind == REDUCE


def _left_side(
    meaning: Meaning, side: Said | None, spoken: list[Said], change: Change | None
) -> Direction | None:
    """Return the side of the position that is spoken of; raises IntakeError when two are named."""
    named: tuple[Direction, Said] | None = None
    for said in spoken:
        left = said.heard.leaves
        if left is None:
            continue
        if named is not None and named[0] is not left:
            raise contradiction(named[1], said)
        named = named or (left, said)
    if change is not None and change.before is not None:
        if named is not None and named[0] is not change.before:
            raise contradiction(named[1], Said(change.path, change.value, NOTHING))
        return change.before
    if side is None or side.heard.direction is None:
        return named[0] if named else None
    if side.heard.right is not None and side.heard.order is Direction.SHORT:
        return named[0] if named else side.heard.leaves  # a put or call that is sold
    # A buying or selling order acts against the position; a side such as "long" names the position.
    ordered = side.heard.order is not None and side.heard.position is None
    key = side.path.lower()
    if ordered and _last(key) == "type" and meaning.intent in (Intent.EXIT, Intent.REDUCE):
        # Senders differ in whether it is the type of the position or of the order that closes it, but for deals
        # ("entry": "out"): what is open is left, whatever its side.
        if not any(_last(said.path.lower()) == "entry" for said in spoken):
            return named[0] if named else None
    as_position = (
        not ordered
        or meaning.intent in (Intent.MOVE_STOP, Intent.CANCEL)
        or ("direction" in key and "order" not in key)
        or "position" in key
    )
    from_side = side.heard.direction if as_position else side.heard.direction.opposite
    if named is not None:
        if from_side is not named[0] and (not ordered or not as_position):
            raise contradiction(side, named[1])
        return named[0]
    return from_side


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def contradiction(one: Said, other: Said) -> IntakeError:
    """Return the refusal of a body that says two things that cannot both hold."""
    return IntakeError("CONTRADICTION", f"{one} contradicts {other}; nothing is done", one.path)
