"""The snapshot rebuilt from flat rows, at the instant they were made or at any later one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args, get_type_hints

from server.deck.rows import DeckSnapshot
from server.deck.wire.codec import dump, load
from server.deck.wire.flat import LISTS, Flat, Row, complete, from_zero, instant, nested
from server.feeds.base import FeedStatus

STALE_LISTS = ("positions", "approvals")
"""Lists whose rows say whether their price is stale."""


class SnapshotBuilder:
    """Builds snapshots one after the other; rows and fields that did not change are not built again."""

    def __init__(self) -> None:
        self._hints = get_type_hints(DeckSnapshot)
        self._kinds: dict[str, Any] = {
            name: FeedStatus if name == "feeds" else get_args(self._hints[name])[0] for name in LISTS
        }
        self._rows: dict[str, dict[int, tuple[Row, Any]]] = {name: {} for name in LISTS}
        self._fields: dict[str, tuple[Any, Any]] = {}

    def feeds(self, flat: Flat, at: float) -> tuple[FeedStatus, ...]:
        """Return the state of the feeds."""
        found: tuple[FeedStatus, ...] = self._list("feeds", flat.lists["feeds"], at)
        return found

    def snapshot(
        self, flat: Flat, at: float | None = None, *, stale: bool = False, **changes: Any
    ) -> DeckSnapshot:
        """Return the snapshot with its ages as of ``at`` (seconds since 1970), and some fields replaced.

        ``stale`` marks every price as too old to act on, for an engine that is not heard of any more.
        """
        now = flat.at if at is None else max(at, flat.at)
        values: dict[str, Any] = {"at": instant(now)}
        fields = nested(flat.fields | from_zero("", flat.fields, now))
        for name, value in fields.items():
            values[name] = self._field(name, value)
        for name, rows in flat.lists.items():
            if name != "feeds":
                values[name] = self._list(name, rows, now, stale=stale and name in STALE_LISTS)
        return DeckSnapshot(**(values | changes))

    def _field(self, name: str, value: Any) -> Any:
        known = self._fields.get(name)
        if known is not None and known[0] == value:
            return known[1]
        built = load(self._hints[name], dump(value))
        self._fields[name] = (value, built)
        return built

    def _list(self, name: str, rows: list[Row], at: float, *, stale: bool = False) -> tuple[Any, ...]:
        kept, known = {}, self._rows[name]
        out = []
        for row in rows:
            found = known.get(id(row))
            if found is None or found[0] is not row:
                whole = complete(name, row)
                built = load(self._kinds[name], dump(nested(whole | from_zero(name, row, at))))
                found = (row, built)
            kept[id(row)] = found
            clocks: dict[str, Any] = from_zero(name, row, at)
            if stale:
                clocks["stale"] = True
            out.append(replace(found[1], **clocks) if clocks else found[1])
        self._rows[name] = kept
        return tuple(out)
