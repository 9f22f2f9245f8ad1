"""One walk over a body: every key falls into a slot of the vocabulary, wrappers are opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from core.intake.body import Body, inner_body, sentence_body
from core.intake.shapes import DEEPEST, LISTS, SECTION_KEYS, STRANGE_RANK, TOPS, Plan
from core.intake.vocabulary import INDEX, KEPT, LEVEL_LOOK, OPAQUE, WRAPPERS, spelled

Found = tuple[int, str, Any]
"""Rank (lower counts first), path as sent, value."""

_TEXTS: Final = frozenset(("", "free", "event"))
"""Slots whose text may be a whole body."""
_LISTS_KEPT: Final = KEPT | {"components", "timeframe"}
_WORD_LISTS: Final = frozenset(("label", "event", "free"))
"""Slots whose list of texts is read text by text, such as tags."""
_LISTED = 8
_TEXT_WRAPPERS: Final = frozenset(WRAPPERS - {"strategy", "signal", "order", "result", "detail", "value"})


class Reading:
    """Findings of one body by slot; ``unread`` are the keys that fall into none.

    ``flat``: no text of the body begins with a brace or a quote, so none can hold a body of its own.
    """

    __slots__ = ("body", "notes", "slots", "unread")

    def __init__(self, body: Body, notes: list[str], *, flat: bool = False) -> None:
        self.body, self.notes = body, notes
        self.slots: dict[str, list[Found]] = {}
        """Findings of each slot, the one that counts most first."""
        self.unread: list[tuple[str, str, Any]] = []
        several: set[str] = set()
        path = ""
        for _ in range(DEEPEST):
            # An object that is all there is in another one is the body, whatever its name.
            key = next(iter(body), "") if len(body) == 1 else ""
            inner = body.get(key)
            if type(inner) is not dict or (spelled(key) in INDEX and not _names_symbol(inner)):
                break
            body, path = inner, f"{path}{key}."
        if flat:
            self._walk_flat(body, TOPS[path], several)
        else:
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

    def values(self, *slots: str) -> list[Any]:
        """Return the values of some slots."""
        out: list[Any] = []
        for slot in slots:
            for found in self.slots.get(slot, ()):
                out.append(found[2])
        return out

    def has(self, *slots: str) -> bool:
        """Return whether any of the slots is stated."""
        return not self.slots.keys().isdisjoint(slots)

    def near(self, slot: str) -> Sequence[Found]:
        """Return the findings of a slot; those of unknown objects only when there are no others."""
        found = self.slots.get(slot, ())
        if not found or found[-1][0] < STRANGE_RANK:
            return found
        return [each for each in found if each[0] < STRANGE_RANK] or found

    def _walk_flat(self, body: Body, plan: Plan, several: set[str]) -> None:
        """Read an object by its plan: the same findings as ``_walk``, without a look at keys that say nothing."""
        slots = self.slots
        for key, slot, rank, path, inside, plain, told in plan[tuple(body)]:
            value = body[key]
            kind = type(value)
            if kind is str:
                if not value:
                    continue
                if slot == "free" and "filled on" in value:
                    inner = sentence_body(value, self.notes)
                    if inner is not None:
                        self._walk(inner, "", f"{path}.", plan.moved, plan.depth + 1, several)
                        continue
            elif kind is dict:
                if inside is not None:
                    self._walk_flat(value, inside, several)
                    continue
                if slot not in KEPT:
                    if plan.told and not slot and plain not in OPAQUE:
                        self.unread.append((path, plain, value))
                    continue
            elif kind is list:
                if slot not in _LISTS_KEPT:
                    self._walk_list(value, (slot, rank, plain), path, plan.moved, plan.depth, several)
                    continue
            elif value is None:
                continue
            if slot:
                if slot in slots:
                    slots[slot].append((rank, path, value))
                    several.add(slot)
                else:
                    slots[slot] = [(rank, path, value)]
            elif told:
                self.unread.append((path, plain, value))

    def _walk_list(
        self,
        items: list[Any],
        place: tuple[str, int, str],
        path: str,
        moved: int,
        depth: int,
        several: set[str],
    ) -> None:
        """Read the objects of a list whose key says that they are messages or orders, and the texts of tags."""
        slot, rank, plain = place
        if plain in WRAPPERS or plain in LISTS:
            lower = moved if len(items) == 1 else moved + STRANGE_RANK
            for n, item in enumerate(items[:_LISTED]):
                if type(item) is dict and depth < DEEPEST:
                    self._walk(item, plain, f"{path}[{n}].", lower, depth + 1, several)
        if slot in _WORD_LISTS:
            for n, item in enumerate(items[:_LISTED]):
                if type(item) is str and item:
                    self.slots.setdefault(slot, []).append((rank, f"{path}[{n}]", item))
                    several.add(slot)
        elif not slot and LEVEL_LOOK.search(plain):
            self.unread.append((path, plain, items))

    def _walk(self, body: Body, name: str, path: str, moved: int, depth: int, several: set[str]) -> None:
        keys, more, told_objects = SECTION_KEYS[name]
        moved += more
        slots = self.slots
        for key, value in body.items():
            if value is None or value == "":
                continue
            slot, rank, plain, opens, told = keys[key]
            kind = type(value)
            if kind is dict:
                if slot not in KEPT:
                    if opens and depth < DEEPEST:
                        self._walk(value, plain, f"{path}{key}.", moved, depth + 1, several)
                    elif told_objects and not slot and plain not in OPAQUE:
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
                self._walk_list(value, (slot, rank + moved, plain), path + key, moved, depth, several)
                continue
            if slot:
                if slot in slots:
                    slots[slot].append((rank + moved, path + key, value))
                    several.add(slot)
                else:
                    slots[slot] = [(rank + moved, path + key, value)]
            elif told:
                self.unread.append((path + key, plain, value))


def _names_symbol(body: Body) -> bool:
    return any(INDEX.get(spelled(key), ("",))[0] == "symbol" for key in body)


def _rank_and_path(found: Found) -> tuple[int, str]:
    return found[0], found[1]
