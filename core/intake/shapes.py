"""The keys of a body by section, and the plans of bodies seen before: what each key is, remembered per list of keys.

Senders repeat a few lists of keys all day. A plan leaves out the keys that can say nothing, so that a body of a known
shape is read without a look at them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from core.intake.vocabulary import (
    ALIASES,
    HEARD_THERE,
    INDEX,
    KEPT,
    LEVEL_LOOK,
    OPAQUE,
    OPEN_SECTIONS,
    SECTIONS,
    WRAPPERS,
    spelled,
)
from core.intake.words import listed

NUMBERS: Final = frozenset(("entry", "close", "score"))
"""Slots that also take a word, such as "market": a number in them says nothing of what is meant."""
VARYING: Final = frozenset(
    listed(
        "price order_price open high low volume stop target_1 target_2 targets more_targets rr1 rr2 confidence "
        "volume_ratio strength daily_atr atr phase_confidence decay bullish_pct bearish_pct fired bar_time "
        "bar_close date zone timeframe timeframes sender_id components htf_bias htf_alignment saty_phase "
        "setup_valid liquidity_ok quality grade session day atr_timeframe score_scale stop_unit target_unit "
        "level_unit size_unit out_pct pct amount cancel_flag secret display"
    )
)
"""Slots whose values say nothing of what is meant, so that they may differ from body to body."""
STRANGE_RANK = 1000
"""Added to the rank of keys inside objects nobody knows: they count only where nothing else speaks."""
DEEPEST = 8
_SILENT: Final = SECTIONS | ALIASES.keys()
"""Sections whose other keys are for display."""
_LEVEL_SECTIONS: Final = frozenset(("risk", "entry", "exit", "position"))
"""Sections in which a key that looks like a level is told when it falls into no slot."""
LISTS: Final = frozenset(listed("signals alerts orders legs orderlegcollection trades embeds messages items"))
"""Keys whose list of objects is read."""
_REMEMBERED = 4096
_LONGEST = 64
"""Most keys of a remembered plan, and most characters of a remembered key."""

_Entry = tuple[str, int, str, bool, bool]
"""Slot ("" for none), rank, normalised key, whether an object under it is opened, and whether a value is told."""


class Keys(dict[str, _Entry]):
    """Slots of the keys of one section, remembered per spelling."""

    def __init__(self, name: str, section: str, *, only_own: bool) -> None:
        super().__init__()
        self._name, self._section, self._only_own = name, section, only_own

    def __missing__(self, key: str) -> _Entry:
        plain = spelled(key)
        own = INDEX.get(f"{self._section}.{plain}") if self._section else None
        slot, rank = own or INDEX.get(plain, ("", 0))
        if own is None and self._only_own and not (self._section in OPEN_SECTIONS and slot in HEARD_THERE):
            slot, rank = "", 0
        opens = slot not in KEPT and plain not in OPAQUE
        if self._only_own:
            opens = opens and (bool(slot) or plain in WRAPPERS)
        elif not slot and LEVEL_LOOK.search(plain):
            opens = False  # an object that states a level under a name nobody knows: told, not opened
        level = self._name in _LEVEL_SECTIONS and LEVEL_LOOK.search(plain) is not None
        entry = (slot, rank, plain, opens, self._name not in _SILENT or level)
        if len(self) < _REMEMBERED:
            self[key] = entry
        return entry


class Section(NamedTuple):
    """The keys of one section, the rank its findings are moved down by, and whether its unread objects are told."""

    keys: Keys
    moved: int
    told: bool


class _Sections(dict[str, Section]):
    """The sections, remembered per name."""

    def __missing__(self, name: str) -> Section:
        plain = ALIASES.get(name, name)
        known = plain in SECTIONS
        found = Section(
            Keys(name, plain, only_own=known),
            0 if known or plain in WRAPPERS or not plain else STRANGE_RANK,
            name not in _SILENT,
        )
        if len(self) < _REMEMBERED:
            self[name] = found
        return found


SECTION_KEYS: Final = _Sections()


class Place:
    """Place of a value: its slot ("" for one that is unread), rank, path as sent and normalised key."""

    __slots__ = ("kept", "path", "plain", "rank", "slot")

    def __init__(self, slot: str, rank: int, path: str, plain: str, *, kept: bool = False) -> None:
        self.slot, self.rank, self.path, self.plain = slot, rank, path, plain
        self.kept = kept
        """It belongs to a remembered plan: the same place of the next body is the same object."""


_Step = tuple[str, str, Place, "Plan | None", bool]
"""One key of a plan: key, slot, place, plan of an object under it, and whether a value counts.

A plain tuple: one with names takes three times as long to take apart.
"""


class Plan(dict[tuple[str, ...], tuple[_Step, ...]]):
    """The steps through an object at one path, by its keys; only for bodies whose texts hold no other bodies."""

    remembered = 0
    """Lists of keys remembered by all plans together."""

    def __init__(self, name: str, path: str, moved: int, depth: int, *, kept: bool) -> None:
        super().__init__()
        section = SECTION_KEYS[name]
        self._keys = section.keys
        self.told = section.told
        self.path, self.depth, self.kept = path, depth, kept
        self.moved = moved + section.moved

    def __missing__(self, keys: tuple[str, ...]) -> tuple[_Step, ...]:
        kept = (
            self.kept
            and Plan.remembered < _REMEMBERED
            and len(keys) <= _LONGEST
            and max(map(len, keys), default=0) <= _LONGEST
        )
        steps = tuple(step for key in keys if (step := self._step(key, kept)) is not None)
        if kept:
            Plan.remembered += 1
            self[keys] = steps
        return steps

    def _step(self, key: str, kept: bool) -> _Step | None:
        slot, rank, plain, opens, told = self._keys[key]
        if not (slot or opens or told or plain in WRAPPERS or plain in LISTS or LEVEL_LOOK.search(plain)):
            return None
        path = self.path + key
        inside = (
            Plan(plain, f"{path}.", self.moved, self.depth + 1, kept=kept)
            if opens and self.depth < DEEPEST
            else None
        )
        return key, slot, Place(slot, rank + self.moved, path, plain, kept=kept), inside, bool(slot) or told


class _Tops(dict[str, Plan]):
    """The plans of whole bodies by the path of the object that is the body."""

    def __missing__(self, path: str) -> Plan:
        kept = len(self) < _LONGEST and len(path) <= _LONGEST
        plan = Plan("", path, 0, 0, kept=kept)
        if kept:
            self[path] = plan
        return plan


TOPS: Final = _Tops()


class Shape:
    """The places of a body's values in the order in which they stand: what can be said without the values."""

    __slots__ = ("found", "kept", "numbers", "unread", "words")

    def __init__(self, places: tuple[Place, ...]) -> None:
        found: dict[str, list[tuple[int, str, int]]] = {}
        unread: list[tuple[str, str, int]] = []
        for n, place in enumerate(places):
            if place.slot:
                found.setdefault(place.slot, []).append((place.rank, place.path, n))
            else:
                unread.append((place.path, place.plain, n))
        self.found = {slot: tuple(sorted(each, key=_rank_and_path)) for slot, each in found.items()}
        """Rank, path and number of the values of each slot, the one that counts most first."""
        self.unread = tuple(unread)
        """Path, normalised key and number of the values that fall into no slot."""
        self.kept = all(place.kept for place in places)
        """The next body of this shape finds it here again, so that their words can be compared."""
        looked_at = [(p.slot, n) for n, p in enumerate(places) if p.slot and p.slot not in VARYING]
        self.numbers = tuple(n for slot, n in looked_at if slot in NUMBERS)
        """Values of which words only matter if they are no numbers."""
        words = [n for slot, n in looked_at if slot not in NUMBERS]
        self.words: Callable[[Sequence[Any]], tuple[Any, ...]] = (
            itemgetter(*words) if len(words) > 1 else lambda values: tuple([values[n] for n in words])
        )
        """Takes the values that say what a body means, but for the unread ones."""


def _rank_and_path(found: tuple[int, str, int]) -> tuple[int, str]:
    return found[0], found[1]


class _Shapes(dict[tuple[Place, ...], Shape]):
    """The shapes by their places."""

    def __missing__(self, places: tuple[Place, ...]) -> Shape:
        shape = Shape(places)
        shape.kept = shape.kept and len(self) < _REMEMBERED
        if shape.kept:
            self[places] = shape
        return shape


SHAPES: Final = _Shapes()
