"""The difference of two flat snapshots, and a flat snapshot with a difference applied.

A difference holds the fields that changed; for each list the places of its rows in the former list, whole rows that
are new, and the changed values column by column, which compresses better than row by row.
"""

from __future__ import annotations

from typing import Any

from server.deck.wire.flat import LISTS, Flat, Row

Change = dict[str, Any]
GONE = {"gone": True}
"""Stands for a field that is not in the row any more."""
_ABSENT = object()


class DoesNotFit(ValueError):
    """A difference to another snapshot than the one it is applied to."""


def whole(flat: Flat) -> Change:
    """Return a flat snapshot as JSON."""
    return {"at": flat.at, "fields": flat.fields, "lists": flat.lists}


def from_whole(change: Change) -> Flat:
    return Flat(change["at"], change["fields"], change["lists"])


def difference(old: Flat, new: Flat) -> Change:
    """Return what turns one flat snapshot into another."""
    change: Change = {"at": new.at}
    fields = _fields(old.fields, new.fields)
    if fields:
        change["fields"] = fields
    lists = {}
    for name in LISTS:
        if (found := _list(name, old.lists[name], new.lists[name])) is not None:
            lists[name] = found
    if lists:
        change["lists"] = lists
    return change


def apply(old: Flat, change: Change) -> Flat:
    """Return a flat snapshot with a difference applied; rows that did not change are the same objects.

    Raises DoesNotFit.
    """
    lists = dict(old.lists)
    try:
        for name, found in change.get("lists", {}).items():
            lists[name] = _applied(lists[name], found)
        return Flat(change["at"], _with_fields(old.fields, change.get("fields")), lists)
    except (KeyError, IndexError, TypeError) as error:
        raise DoesNotFit(f"a change does not fit the rows it is for: {error!r}") from None


# --- fields -------------------------------------------------------------------------------------------------


def _fields(old: Row, new: Row) -> Row:
    out: Row = {}
    for path, value in new.items():
        before = old.get(path, _ABSENT)
        if before is _ABSENT or before != value:
            out[path] = _value(before, value)
    for path in old.keys() - new.keys():
        out[path] = GONE
    return out


def _value(before: Any, value: Any) -> Any:
    """Return a value as it is sent; of a list only what follows after its common beginning."""
    if isinstance(before, list) and isinstance(value, list) and before:
        same = 0
        for a, b in zip(before, value, strict=False):
            if a != b:
                break
            same += 1
        if same:
            return {"keep": same, "then": value[same:]}
    return value


def _with_fields(old: Row, change: Row | None) -> Row:
    if not change:
        return old
    out = dict(old)
    for path, value in change.items():
        if value == GONE:
            out.pop(path, None)
        elif isinstance(value, dict) and value.keys() == {"keep", "then"}:
            out[path] = [*out[path][: value["keep"]], *value["then"]]
        else:
            out[path] = value
    return out


# --- lists --------------------------------------------------------------------------------------------------


def _key(name: str, row: Row) -> Any:
    paths = LISTS[name]
    return tuple(row.get(path) for path in paths) if paths else repr(row)


def _list(name: str, old: list[Row], new: list[Row]) -> Change | None:
    """Return the difference of two lists; ``None`` without any."""
    if old == new:
        return None
    places = {_key(name, row): place for place, row in enumerate(old)}
    rows: list[Any] = []
    kept = 0
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for n, row in enumerate(new):
        place = places.pop(_key(name, row), None)
        if place is None:
            rows.append(row)
            continue
        kept += 1
        last = rows[-1] if rows else None
        if isinstance(last, list) and last[0] + last[1] == place:
            last[1] += 1
        else:
            rows.append([place, 1])
        for path, value in _fields(old[place], row).items():
            where, values = columns.setdefault(path, ([], []))
            where.append(n)
            values.append(value)
    change: Change = {}
    if rows != ([[0, len(old)]] if old else []):
        change["rows"] = rows
    if columns:
        change["columns"] = {
            path: [values] if len(where) == len(new) else [values, where]
            for path, (where, values) in columns.items()
        }
    return change or None


def _applied(old: list[Row], change: Change) -> list[Row]:
    rows: list[Row] = []
    for each in change["rows"] if "rows" in change else ([[0, len(old)]] if old else []):
        if isinstance(each, list):
            start, count = each
            if not 0 <= start <= start + count <= len(old):
                raise IndexError(f"rows {start} to {start + count} of {len(old)}")
            rows += old[start : start + count]
        else:
            rows.append(each)
    columns = change.get("columns")
    if not columns:
        return rows
    changes: dict[int, Row] = {}
    for path, (values, *rest) in columns.items():
        where = rest[0] if rest else range(len(rows))
        for n, value in zip(where, values, strict=True):
            changes.setdefault(n, {})[path] = value
    for n, found in changes.items():
        rows[n] = _with_fields(rows[n], found)
    return rows
