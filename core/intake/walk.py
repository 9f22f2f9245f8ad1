"""One walk over a body: every key falls into a slot of the vocabulary, wrappers are opened."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from core.intake.answers import Answers, recall
from core.intake.body import Body, inner_body, sentence_body
from core.intake.shapes import DEEPEST, LISTS, SECTION_KEYS, SHAPES, STRANGE_RANK, TOPS, Place, Plan
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


SCORE_KEYS: Final = ("ai_score", "aiScore", "score")
"""Keys of a score whose loss is told."""
_NOT_LOOKED: Final[Answers] = {}
"""Stands for the answers of a body until the first question is put."""


class Reading:
    """Findings of one body by slot; ``unread`` are the keys that fall into none.

    ``flat``: no text of the body begins with a brace or a quote, so none can hold a body of its own. ``endpoint`` is
    the path it was posted to.
    """

    __slots__ = (
        "_found",
        "_known",
        "_places",
        "_trail",
        "_values",
        "body",
        "endpoint",
        "notes",
        "shape",
        "unread",
    )

    def __init__(
        self, body: Body, notes: list[str], *, flat: bool = False, endpoint: str | None = None
    ) -> None:
        self.body, self.notes, self.endpoint = body, notes, endpoint
        self._trail: list[Place] = []
        self._values: list[Any] = []
        self._found: dict[str, list[Found]] = {}
        self._known: Answers | None = _NOT_LOOKED if flat else None
        path = ""
        for _ in range(DEEPEST):
            # An object that is all there is in another one is the body, whatever its name.
            key = next(iter(body), "") if len(body) == 1 else ""
            inner = body.get(key)
            if type(inner) is not dict or (spelled(key) in INDEX and not _names_symbol(inner)):
                break
            body, path = inner, f"{path}{key}."
        if flat:
            self._follow(body, TOPS[path])
        else:
            self._walk(body, "", path, 0, 0)
        self.shape = shape = SHAPES[tuple(self._trail)]
        self._places: Mapping[str, Sequence[tuple[int, str, int]]] = shape.found
        values = self._values
        self.unread = [(path, plain, values[n]) for path, plain, n in shape.unread]

    def all(self, slot: str) -> Sequence[Found]:
        """Return every finding of a slot, the one that counts most first."""
        places = self._places.get(slot)
        if places is None:
            return ()
        found = self._found.get(slot)
        if found is None:
            values = self._values
            found = self._found[slot] = [(rank, path, values[n]) for rank, path, n in places]
        return found

    def first(self, slot: str) -> tuple[Any, str | None]:
        """Return the value of a slot that counts most and its path, or (None, None)."""
        places = self._places.get(slot)
        if places is None:
            return None, None
        _, path, n = places[0]
        return self._values[n], path

    def value(self, slot: str) -> Any:
        """Return the value of a slot that counts most, or ``None``."""
        places = self._places.get(slot)
        return None if places is None else self._values[places[0][2]]

    def values(self, *slots: str) -> list[Any]:
        """Return the values of some slots."""
        return [self._values[n] for slot in slots for _, _, n in self._places.get(slot, ())]

    def has(self, *slots: str) -> bool:
        """Return whether any of the slots is stated."""
        return not self._places.keys().isdisjoint(slots)

    def near(self, slot: str) -> Sequence[Found]:
        """Return the findings of a slot; those of unknown objects only when there are no others."""
        found = self.all(slot)
        if not found or found[-1][0] < STRANGE_RANK:
            return found
        return [each for each in found if each[0] < STRANGE_RANK] or found

    def leave_out(self, slot: str, numbers: Container[int]) -> None:
        """Leave out some findings of a slot, by their number in ``all``."""
        places = dict(self._places)
        rest = [place for n, place in enumerate(places.pop(slot)) if n not in numbers]
        if rest:
            places[slot] = rest
        self._places = places
        self._found.pop(slot, None)

    def answers(self) -> Answers | None:
        """Return what the words of this body answered before, by question; ``None`` if nothing is remembered."""
        known = self._known
        if known is _NOT_LOOKED:
            known = self._known = recall(
                self.shape,
                self._values,
                self.unread,
                self.endpoint,
                _names_score(self.body.get("signal")),
                _names_score(self.body.get("expert")),
                type(self.body.get("event")) is dict,
                type(self.value("timeframes")) is dict,
            )
        return known

    def _follow(self, body: Body, plan: Plan) -> None:
        """Read an object by its plan: the same findings as ``_walk``, without a look at keys that say nothing."""
        place_of, value_of = self._trail.append, self._values.append
        for key, slot, place, inside, counts in plan[tuple(body)]:
            value = body[key]
            kind = type(value)
            if kind is str:
                if not value:
                    continue
                if slot == "free" and "filled on" in value:
                    inner = sentence_body(value, self.notes)
                    if inner is not None:
                        self._walk(inner, "", f"{place.path}.", plan.moved, plan.depth + 1)
                        continue
            elif kind is dict:
                if inside is not None:
                    self._follow(value, inside)
                    continue
                if slot not in KEPT and not (plan.told and not slot and place.plain not in OPAQUE):
                    continue
            elif kind is list:
                if slot not in _LISTS_KEPT:
                    self._walk_list(value, place, plan.moved, plan.depth)
                    continue
            elif value is None:
                continue
            if counts:
                place_of(place)
                value_of(value)

    def _add(self, place: Place, value: Any) -> None:
        self._trail.append(place)
        self._values.append(value)

    def _walk_list(self, items: list[Any], place: Place, moved: int, depth: int) -> None:
        """Read the objects of a list whose key says that they are messages or orders, and the texts of tags."""
        slot, plain, path = place.slot, place.plain, place.path
        if plain in WRAPPERS or plain in LISTS:
            lower = moved if len(items) == 1 else moved + STRANGE_RANK
            for n, item in enumerate(items[:_LISTED]):
                if type(item) is dict and depth < DEEPEST:
                    self._walk(item, plain, f"{path}[{n}].", lower, depth + 1)
        if slot in _WORD_LISTS:
            for n, item in enumerate(items[:_LISTED]):
                if type(item) is str and item:
                    self._add(Place(slot, place.rank, f"{path}[{n}]", plain), item)
        elif not slot and LEVEL_LOOK.search(plain):
            self._add(Place("", 0, path, plain), items)

    def _walk(self, body: Body, name: str, path: str, moved: int, depth: int) -> None:
        keys, more, told_objects = SECTION_KEYS[name]
        moved += more
        for key, value in body.items():
            if value is None or value == "":
                continue
            slot, rank, plain, opens, told = keys[key]
            place = Place(slot, rank + moved, path + key, plain)
            kind = type(value)
            if kind is dict:
                if slot not in KEPT:
                    if opens and depth < DEEPEST:
                        self._walk(value, plain, f"{path}{key}.", moved, depth + 1)
                    elif told_objects and not slot and plain not in OPAQUE:
                        self._add(place, value)
                    continue
            elif kind is str:
                if value[0] in '{"' and (plain in _TEXT_WRAPPERS or slot in _TEXTS):
                    inner = inner_body(value, path + key, self.notes, known=plain in _TEXT_WRAPPERS)
                    if inner is not None:
                        opened = plain if plain in WRAPPERS else ""
                        self._walk(inner, opened, f"{path}{key}.", moved, depth + 1)
                        continue
                elif slot == "free" and "filled on" in value:
                    inner = sentence_body(value, self.notes)
                    if inner is not None:
                        self._walk(inner, "", f"{path}{key}.", moved, depth + 1)
                        continue
            elif kind is list and slot not in _LISTS_KEPT:
                self._walk_list(value, place, moved, depth)
                continue
            if slot or told:
                self._add(place, value)


P = ParamSpec("P")
T = TypeVar("T")


def of_words(ask: Callable[Concatenate[Reading, P], T]) -> Callable[Concatenate[Reading, P], T]:
    """Remember the answers of a question to a reading, which must follow from its words and its shape alone.

    It may look at no value in a slot of ``shapes.VARYING``, and at one in ``shapes.NUMBERS`` only to find a word. An
    answer must not be changed by the one who asks.
    """

    @wraps(ask)
    def answer(reading: Reading, /, *given: P.args, **named: P.kwargs) -> T:
        answers = reading.answers()
        if answers is None:
            return ask(reading, *given, **named)
        known = answers.get(ask)
        if known is None:
            before = len(reading.notes)
            found = ask(reading, *given, **named)
            answers[ask] = found, tuple(reading.notes[before:])
            return found
        if known[1]:
            reading.notes.extend(known[1])
        return known[0]  # type: ignore[no-any-return]

    return answer


def _names_score(held: Any) -> bool | None:
    """Return whether an object has a key of a score, be it without a value; ``None`` for what is no object."""
    return None if type(held) is not dict else not held.keys().isdisjoint(SCORE_KEYS)


def _names_symbol(body: Body) -> bool:
    return any(INDEX.get(spelled(key), ("",))[0] == "symbol" for key in body)
