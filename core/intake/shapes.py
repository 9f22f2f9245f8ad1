"""The keys of a body by section, and the plans of bodies seen before: what each key is, remembered per list of keys.

Senders repeat a few lists of keys all day. A plan leaves out the keys that can say nothing, so that a body of a known
shape is read without a look at them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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

_Place = tuple[str, int, str, bool, bool]
"""Slot ("" for none), rank, normalised key, whether an object under it is opened, and whether a value is told."""


class Keys(dict[str, _Place]):
    """Slots of the keys of one section, remembered per spelling."""

    def __init__(self, name: str, section: str, *, only_own: bool) -> None:
        super().__init__()
        self._name, self._section, self._only_own = name, section, only_own

    def __missing__(self, key: str) -> _Place:
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
        place = (slot, rank, plain, opens, self._name not in _SILENT or level)
        if len(self) < _REMEMBERED:
            self[key] = place
        return place


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


_Step = tuple[str, str, int, str, "Plan | None", str, bool]
"""One key of a plan: key, slot, rank, path, plan of an object under it, normalised key, whether a value is told.

A plain tuple: one with names takes three times as long to take apart.
"""


class Plan(dict[tuple[str, ...], tuple[_Step, ...]]):
    """The steps through an object at one path, by its keys; only for bodies whose texts hold no other bodies."""

    remembered = 0
    """Lists of keys remembered by all plans together."""

    def __init__(self, name: str, path: str, moved: int, depth: int) -> None:
        super().__init__()
        section = SECTION_KEYS[name]
        self._keys = section.keys
        self.told = section.told
        self.path, self.depth = path, depth
        self.moved = moved + section.moved

    def __missing__(self, keys: tuple[str, ...]) -> tuple[_Step, ...]:
        steps = tuple(step for step in map(self._step, keys) if step is not None)
        if (
            Plan.remembered < _REMEMBERED
            and len(keys) <= _LONGEST
            and max(map(len, keys), default=0) <= _LONGEST
        ):
            Plan.remembered += 1
            self[keys] = steps
        return steps

    def _step(self, key: str) -> _Step | None:
        slot, rank, plain, opens, told = self._keys[key]
        if not (slot or opens or told or plain in WRAPPERS or plain in LISTS or LEVEL_LOOK.search(plain)):
            return None
        path = self.path + key
        inside = (
            Plan(plain, f"{path}.", self.moved, self.depth + 1) if opens and self.depth < DEEPEST else None
        )
        return key, slot, rank + self.moved, path, inside, plain, told


class _Tops(dict[str, Plan]):
    """The plans of whole bodies by the path of the object that is the body."""

    def __missing__(self, path: str) -> Plan:
        plan = Plan("", path, 0, 0)
        if len(self) < _LONGEST and len(path) <= _LONGEST:
            self[path] = plan
        return plan


TOPS: Final = _Tops()
