"""One walk over a body: every key falls into a slot of the vocabulary, wrappers are opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from core.intake.body import Body, inner_body
from core.intake.vocabulary import INDEX, KEPT, OPAQUE, SECTIONS, WRAPPERS, spelled
from core.intake.words import listed

Found = tuple[int, str, Any]
"""Rank (lower counts first), path as sent, value."""

_TOP, _WRAPPER, _SECTION, _UNKNOWN = "", "wrapper", "section", "unknown"
_DEEPEST = 8
_REMEMBERED = 4096
_STRANGE_RANK = 1000
"""Added to the rank of keys inside objects nobody knows: they count only where nothing else speaks."""
_LISTED = 8
_LISTS: Final = frozenset(listed("signals alerts orders legs trades embeds messages items"))
"""Keys whose list of objects is read."""
_TEXT_WRAPPERS: Final = frozenset(WRAPPERS - {"strategy", "signal", "order", "result", "detail", "value"})

_Place = tuple[str, int, str]
"""Slot ("" for none), rank, normalised key."""


class _Keys(dict[str, _Place]):
    """Where the keys of one section fall, remembered per spelling."""

    def __init__(self, section: str, *, only_own: bool) -> None:
        super().__init__()
        self._section, self._only_own = section, only_own

    def __missing__(self, key: str) -> _Place:
        plain = spelled(key)
        own = INDEX.get(f"{self._section}.{plain}") if self._section else None
        slot, rank = own or (("", 0) if self._only_own else INDEX.get(plain, ("", 0)))
        place = (slot, rank, plain)
        if len(self) < _REMEMBERED:
            self[key] = place
        return place


class _Sections(dict[str, tuple[_Keys, int]]):
    """The keys of each section and the rank its findings are moved down by, remembered per name."""

    def __missing__(self, plain: str) -> tuple[_Keys, int]:
        known = plain in SECTIONS
        found = (
            _Keys(plain, only_own=known),
            0 if known or plain in WRAPPERS or not plain else _STRANGE_RANK,
        )
        if len(self) < _REMEMBERED:
            self[plain] = found
        return found


_SECTION_KEYS: Final = _Sections()


class Reading:
    """What one body says, by slot; ``unread`` are the keys that fall into none."""

    __slots__ = ("_sorted", "body", "notes", "slots", "unread")

    def __init__(self, body: Body, notes: list[str]) -> None:
        self.body, self.notes = body, notes
        self.slots: dict[str, list[Found]] = {}
        self.unread: list[tuple[str, str, Any]] = []
        self._sorted: set[str] = set()
        self._walk(body, "", "", 0, 0)

    def all(self, slot: str) -> list[Found]:
        """Return every finding of a slot, the one that counts most first."""
        found = self.slots.get(slot)
        if found is None:
            return []
        if len(found) > 1 and slot not in self._sorted:
            found.sort(key=_rank_and_path)
            self._sorted.add(slot)
        return found

    def first(self, slot: str) -> tuple[Any, str | None]:
        """Return the value of a slot that counts most and its path, or (None, None)."""
        found = self.all(slot)
        return (found[0][2], found[0][1]) if found else (None, None)

    def value(self, slot: str) -> Any:
        found = self.all(slot)
        return found[0][2] if found else None

    def values(self, *slots: str) -> Iterator[Any]:
        for slot in slots:
            for found in self.all(slot):
                yield found[2]

    def has(self, *slots: str) -> bool:
        return any(slot in self.slots for slot in slots)

    def _walk(self, body: Body, name: str, path: str, moved: int, depth: int) -> None:
        keys, more = _SECTION_KEYS[name]
        moved += more
        slots = self.slots
        for key, value in body.items():
            if value is None or value == "":
                continue
            slot, rank, plain = keys[key]
            kind = type(value)
            if kind is dict:
                if slot not in KEPT:
                    if depth < _DEEPEST and _opens(name, slot, plain):
                        self._walk(value, plain, f"{path}{key}.", moved, depth + 1)
                    continue
            elif kind is str:
                if value[0] in '{"' and plain in _TEXT_WRAPPERS:
                    inner = inner_body(value, f"{path}{key}", self.notes)
                    if inner is not None:
                        self._walk(inner, plain, f"{path}{key}.", moved, depth + 1)
                        continue
            elif kind is list and slot not in KEPT and slot != "components":
                if plain in WRAPPERS or plain in _LISTS:
                    lower = moved if len(value) == 1 else moved + _STRANGE_RANK
                    for n, item in enumerate(value[:_LISTED]):
                        if type(item) is dict and depth < _DEEPEST:
                            self._walk(item, plain, f"{path}{key}[{n}].", lower, depth + 1)
                continue
            if not slot:
                if name not in SECTIONS:
                    self.unread.append((path + key, plain, value))
                continue
            found = slots.get(slot)
            if found is None:
                slots[slot] = [(rank + moved, path + key, value)]
            else:
                found.append((rank + moved, path + key, value))


def _opens(section: str, slot: str, plain: str) -> bool:
    if plain in OPAQUE:
        return False
    return section not in SECTIONS or bool(slot) or f"{section}.{plain}" in _OPENED


_OPENED: Final = frozenset(f"{section}.{wrapper}" for section in SECTIONS for wrapper in WRAPPERS)


def _rank_and_path(found: Found) -> tuple[int, str]:
    return found[0], found[1]
