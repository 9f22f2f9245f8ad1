"""One walk over a body: every key falls into a slot of the vocabulary, wrappers are opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from core.intake.body import Body, inner_body, sentence_body
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

Found = tuple[int, str, Any]
"""Rank (lower counts first), path as sent, value."""

_TOP, _WRAPPER, _SECTION, _UNKNOWN = "", "wrapper", "section", "unknown"
_DEEPEST = 8
_REMEMBERED = 4096
_STRANGE_RANK = 1000
"""Added to the rank of keys inside objects nobody knows: they count only where nothing else speaks."""
_TEXTS: Final = frozenset(("", "free", "event"))
"""Slots whose text may be a whole body."""
_LISTS_KEPT: Final = KEPT | {"components", "timeframe"}
_LISTED = 8
_SILENT: Final = SECTIONS | ALIASES.keys()
"""Sections whose other keys are for display."""
_LEVEL_SECTIONS: Final = frozenset(("risk", "entry", "exit", "position"))
"""Sections in which a key that looks like a level is told when it falls into no slot."""
_WORD_LISTS: Final = frozenset(("label", "event", "free"))
"""Slots whose list of texts is read text by text, such as tags."""
_LISTS: Final = frozenset(
    listed("signals alerts orders legs orderlegcollection trades embeds messages items")
)
"""Keys whose list of objects is read."""
_TEXT_WRAPPERS: Final = frozenset(WRAPPERS - {"strategy", "signal", "order", "result", "detail", "value"})

_Place = tuple[str, int, str, bool]
"""Slot ("" for none), rank, normalised key, and whether an object under it is opened."""


class _Keys(dict[str, _Place]):
    """Slots of the keys of one section, remembered per spelling."""

    def __init__(self, section: str, *, only_own: bool) -> None:
        super().__init__()
        self._section, self._only_own = section, only_own

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
        place = (slot, rank, plain, opens)
        if len(self) < _REMEMBERED:
            self[key] = place
        return place


class _Sections(dict[str, tuple[_Keys, int]]):
    """The keys of each section and the rank its findings are moved down by, remembered per name."""

    def __missing__(self, name: str) -> tuple[_Keys, int]:
        plain = ALIASES.get(name, name)
        known = plain in SECTIONS
        found = (
            _Keys(plain, only_own=known),
            0 if known or plain in WRAPPERS or not plain else _STRANGE_RANK,
        )
        if len(self) < _REMEMBERED:
            self[name] = found
        return found


_SECTION_KEYS: Final = _Sections()


class Reading:
    """Findings of one body by slot; ``unread`` are the keys that fall into none."""

    __slots__ = ("body", "notes", "slots", "unread")

    def __init__(self, body: Body, notes: list[str]) -> None:
        self.body, self.notes = body, notes
        self.slots: dict[str, list[Found]] = {}
        """Findings of each slot, the one that counts most first."""
        self.unread: list[tuple[str, str, Any]] = []
        several: set[str] = set()
        path = ""
        for _ in range(_DEEPEST):
            # An object that is all there is in another one is the body, whatever its name.
            key = next(iter(body), "") if len(body) == 1 else ""
            inner = body.get(key)
            if type(inner) is not dict or (spelled(key) in INDEX and not _names_symbol(inner)):
                break
            body, path = inner, f"{path}{key}."
        self._walk(body, "", path, 0, 0, several)
        for slot in several:
            self.slots[slot].sort(key=_rank_and_path)

    def all(self, slot: str) -> Sequence[Found]:
        """Return every finding of a slot, the one that counts most first."""
        return self.slots.get(slot, ())

    def first(self, slot: str) -> tuple[Any, str | None]:
        """Return the value of a slot that counts most and its path, or (None, None)."""
        found = self.slots.get(slot)
        return (found[0][2], found[0][1]) if found is not None else (None, None)

    def value(self, slot: str) -> Any:
        """Return the value of a slot that counts most, or ``None``."""
        found = self.slots.get(slot)
        return found[0][2] if found is not None else None

    def values(self, *slots: str) -> Iterator[Any]:
        """Yield the values of some slots."""
        for slot in slots:
            for found in self.slots.get(slot, ()):
                yield found[2]

    def has(self, *slots: str) -> bool:
        """Return whether any of the slots is stated."""
        return not self.slots.keys().isdisjoint(slots)

    def near(self, slot: str) -> Sequence[Found]:
        """Return the findings of a slot; those of unknown objects only when there are no others."""
        found = self.slots.get(slot, ())
        if not found or found[-1][0] < _STRANGE_RANK:
            return found
        return [each for each in found if each[0] < _STRANGE_RANK] or found

    def _walk(self, body: Body, name: str, path: str, moved: int, depth: int, several: set[str]) -> None:
        keys, more = _SECTION_KEYS[name]
        moved += more
        slots = self.slots
        for key, value in body.items():
            if value is None or value == "":
                continue
            slot, rank, plain, opens = keys[key]
            kind = type(value)
            if kind is dict:
                if slot not in KEPT:
                    if opens and depth < _DEEPEST:
                        self._walk(value, plain, f"{path}{key}.", moved, depth + 1, several)
                    elif not slot and name not in _SILENT and plain not in OPAQUE:
                        self.unread.append((path + key, plain, value))
                    continue
            elif kind is str:
                if value[0] in '{"' and (plain in _TEXT_WRAPPERS or slot in _TEXTS):
                    inner = inner_body(value, path + key, self.notes, known=plain in _TEXT_WRAPPERS)
                    if inner is not None:
                        self._walk(
                            inner,
                            plain if plain in WRAPPERS else "",
                            f"{path}{key}.",
                            moved,
                            depth + 1,
                            several,
                        )
                        continue
                elif slot == "free" and "filled on" in value:
                    inner = sentence_body(value, self.notes)
                    if inner is not None:
                        self._walk(inner, "", f"{path}{key}.", moved, depth + 1, several)
                        continue
            elif kind is list and slot not in _LISTS_KEPT:
                if plain in WRAPPERS or plain in _LISTS:
                    lower = moved if len(value) == 1 else moved + _STRANGE_RANK
                    for n, item in enumerate(value[:_LISTED]):
                        if type(item) is dict and depth < _DEEPEST:
                            self._walk(item, plain, f"{path}{key}[{n}].", lower, depth + 1, several)
                if slot in _WORD_LISTS:
                    for n, item in enumerate(value[:_LISTED]):
                        if type(item) is str and item:
                            slots.setdefault(slot, []).append((rank + moved, f"{path}{key}[{n}]", item))
                            several.add(slot)
                elif not slot and LEVEL_LOOK.search(plain):
                    self.unread.append((path + key, plain, value))
                continue
            if slot:
                if slot in slots:
                    slots[slot].append((rank + moved, path + key, value))
                    several.add(slot)
                else:
                    slots[slot] = [(rank + moved, path + key, value)]
            elif name not in _SILENT or (name in _LEVEL_SECTIONS and LEVEL_LOOK.search(plain)):
                self.unread.append((path + key, plain, value))


def _names_symbol(body: Body) -> bool:
    return any(INDEX.get(spelled(key), ("",))[0] == "symbol" for key in body)


def _rank_and_path(found: Found) -> tuple[int, str]:
    return found[0], found[1]
