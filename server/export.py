"""Export lists of a ledger to csv, jsonl or (with pyarrow) parquet files, oldest first."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import orjson

from server.ledger.lists import LISTS, Item, items
from server.ledger.snapshot import LedgerSnapshot

FORMATS = ("csv", "jsonl", "parquet")
OPENED = ("execution", "exit", "step")
"""Objects whose fields become columns in csv and parquet; every other object becomes one cell of JSON."""


class ExportError(Exception):
    """An export that is not possible; the message says why and what to do."""


def export(ledger: LedgerSnapshot, what: str, form: str, out: IO[bytes]) -> int:
    """Write one list and return the number of items. Raises ExportError for an unknown list or format."""
    if what not in LISTS:
        raise ExportError(f"what: {what!r} is not one of {', '.join(LISTS)}")
    write = _WRITERS.get(form)
    if write is None:
        raise ExportError(f"format: {form!r} is not one of {', '.join(FORMATS)}")
    return write(ledger, what, out)


def _jsonl(ledger: LedgerSnapshot, what: str, out: IO[bytes]) -> int:
    count = 0
    for item in items(ledger, what):
        out.write(orjson.dumps(item) + b"\n")
        count += 1
    return count


def _csv(ledger: LedgerSnapshot, what: str, out: IO[bytes]) -> int:
    class Text:
        """Writes the text of csv rows as UTF-8 bytes."""

        def write(self, text: str) -> int:
            return out.write(text.encode())

    columns = _columns(ledger, what)
    writer = csv.writer(Text(), lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for item in items(ledger, what):
        row = flat(item)
        writer.writerow([_cell(row.get(name)) for name in columns])
        count += 1
    return count


def _parquet(ledger: LedgerSnapshot, what: str, out: IO[bytes]) -> int:
    try:
        # Imported by name: pyarrow is an optional extra, and slow to import.
        pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ExportError(
            "format: parquet needs pyarrow (pip install pyarrow); csv and jsonl need nothing"
        ) from None
    columns = _columns(ledger, what)
    rows = [
        {name: _json_or_scalar(row.get(name)) for name in columns} for row in map(flat, items(ledger, what))
    ]
    table = pa.Table.from_pylist(_even(rows, columns))
    pq.write_table(table, out)
    return len(rows)


_WRITERS: Mapping[str, Callable[[LedgerSnapshot, str, IO[bytes]], int]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}


def flat(item: Item) -> dict[str, Any]:
    """Return an item as one row; the fields of ``OPENED`` objects get dotted names."""
    row: dict[str, Any] = {}
    for name, value in item.items():
        if name in OPENED and isinstance(value, Mapping):
            row |= {f"{name}.{inner}": held for inner, held in value.items()}
        elif name not in OPENED or value is not None:
            row[name] = value
    return row


def _columns(ledger: LedgerSnapshot, what: str) -> list[str]:
    """Return the columns of all items, in order of first appearance."""
    names: dict[str, None] = {}
    for item in items(ledger, what):
        names |= dict.fromkeys(flat(item))
    return list(names)


def _cell(value: Any) -> Any:
    plain = _json_or_scalar(value)
    # A spreadsheet would run such a text as a formula, and texts come from outside senders.
    if isinstance(plain, str) and plain[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{plain}"
    return plain


def _json_or_scalar(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, (Mapping, list, tuple)) else value


def _even(rows: list[dict[str, Any]], columns: list[str]) -> list[dict[str, Any]]:
    """Turn whole numbers into floats in columns that also hold fractions: a parquet column has one type."""
    mixed = {c for c in columns if {type(row[c]) for row in rows} >= {int, float}}
    for row in rows:
        for name in mixed:
            if isinstance(row[name], int):
                row[name] = float(row[name])
    return rows


def export_to(path: Path, ledger: LedgerSnapshot, what: str, form: str) -> int:
    """Export to a file, which appears only once it is complete. Raises ExportError."""
    half = path.with_name(path.name + ".part")
    try:
        with half.open("wb") as out:
            count = export(ledger, what, form, out)
        half.replace(path)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from error
    finally:
        half.unlink(missing_ok=True)
    return count
