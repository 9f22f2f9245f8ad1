"""Export lists of a ledger to csv, jsonl or (with pyarrow) parquet files, oldest first."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson

from core.performance.trade import exchange_date
from server.export_rows import export_row
from server.ledger.lists import LISTS, Item, book_trades, has_book, items
from server.ledger.snapshot import LedgerSnapshot
from server.trade_rows import trade_rows

FORMATS = ("csv", "jsonl", "parquet")
OPENED = ("execution", "exit", "step")
"""Objects whose fields become columns in csv and parquet; every other object becomes one cell of JSON."""


MADE_AT = ("created_at", "received_at", "at", "end")
"""The names under which the items of a list say their time."""
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_CONTROL = frozenset("\t\r\n")
_BLANK = " \t\r\n\v\f\u00a0\u200b\u2060\ufeff"


class ExportError(Exception):
    """An export that is not possible; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Span:
    """The items to write: from a day or an instant to another, both included; ``None`` is no bound.

    A day is the exchange's. Raises ExportError for a text that is neither.
    """

    begin: str | None = None
    end: str | None = None

    def __post_init__(self) -> None:
        for name, text in (("from", self.begin), ("to", self.end)):
            if text is not None:
                _moment(name, text)

    def __contains__(self, item: Item) -> bool:
        if self.begin is None and self.end is None:
            return True
        made = next(item[name] for name in MADE_AT if name in item)
        at = _instant(str(made))
        return _side(at, self.begin) >= 0 and _side(at, self.end) <= 0

    def has_day(self, day: str) -> bool:
        """Return whether an exchange day, known by its date only, lies in the span."""
        found = date.fromisoformat(day)
        for bound, sign in ((self.begin, 1), (self.end, -1)):
            if bound is None:
                continue
            limit = _moment("", bound)
            of = exchange_date(limit) if isinstance(limit, datetime) else limit
            if of is not None and sign * (found - of).days < 0:
                return False
        return True


def _side(at: datetime, bound: str | None) -> int:
    """Return whether an instant lies before (-1), within (0) or after (1) a bound."""
    if bound is None:
        return 0
    limit = _moment("", bound)
    found: date | datetime | None = at if isinstance(limit, datetime) else exchange_date(at)
    if found is None:
        return -1
    return (found > limit) - (found < limit)


def _moment(name: str, text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) == 10 else _instant(text)
    except ValueError:
        raise ExportError(
            f"{name}: {text!r} is neither a day like 2026-11-24 nor an instant like 2026-11-24T10:00-05:00"
        ) from None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


EVERYTHING = Span()
_TOGETHER = 2_000
"""Rows of a parquet file that are in memory at once."""
Rows = Callable[[], Iterator[Item]]
"""Reads the items again from the first one."""


def rows_of(ledger: LedgerSnapshot, what: str, span: Span, book: str | None = None) -> Iterator[Item]:
    """Yield the items of one list that lie in a span of time, oldest first; with ``book`` the trades of that book."""
    if book is not None:
        return (item for item in book_trades(ledger, book) if span.has_day(item["opened_day"]))
    found = trade_rows(ledger) if what == "trades" else items(ledger, what)
    return (export_row(what, item) for item in found if item in span)


def export(
    ledger: LedgerSnapshot,
    what: str,
    form: str,
    out: IO[bytes],
    span: Span = EVERYTHING,
    book: str | None = None,
) -> int:
    """Write one list and return the number of items. Raises ExportError for an unknown list, format or book."""
    if what not in LISTS:
        raise ExportError(f"what: {what!r} is not one of {', '.join(LISTS)}")
    write = _WRITERS.get(form)
    if write is None:
        raise ExportError(f"format: {form!r} is not one of {', '.join(FORMATS)}")
    if book is not None:
        if what != "trades":
            raise ExportError(f"book: a book has trades only, not {what}")
        if not has_book(ledger, book):
            raise ExportError(f"book: there is no {book!r}; gatedeck import lists the books")
    return write(partial(rows_of, ledger, what, span, book), out)


def _jsonl(read: Rows, out: IO[bytes]) -> int:
    count = 0
    for item in read():
        out.write(orjson.dumps(item) + b"\n")
        count += 1
    return count


def _csv(read: Rows, out: IO[bytes]) -> int:
    class Text:
        """Writes the text of csv rows as UTF-8 bytes."""

        def write(self, text: str) -> int:
            return out.write(text.removesuffix("\r\n").encode() + b"\n")

    columns = _columns(read)
    # The writer quotes a line break only if it knows it as an end of a row: a carriage return would begin one.
    writer = csv.writer(Text(), lineterminator="\r\n")
    # Without it a spreadsheet takes the bytes for another encoding than UTF-8.
    out.write(BOM_UTF8)
    writer.writerow(columns)
    count = 0
    for item in read():
        row = flat(item)
        writer.writerow([_cell(row.get(name)) for name in columns])
        count += 1
    return count


def _parquet(read: Rows, out: IO[bytes]) -> int:
    try:
        # Imported by name: pyarrow is an optional extra, and slow to import.
        pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ExportError(
            "format: parquet needs pyarrow (pip install pyarrow); csv and jsonl need nothing"
        ) from None
    schema = pa.schema([(name, _kind(pa, kinds)) for name, kinds in _kinds(read).items()])
    count, rows = 0, map(flat, read())
    with pq.ParquetWriter(out, schema) as writer:
        while some := [
            {name: _json_or_scalar(row.get(name)) for name in schema.names} for row in islice(rows, _TOGETHER)
        ]:
            writer.write_batch(pa.RecordBatch.from_pylist(some, schema))
            count += len(some)
    return count


def _kinds(read: Rows) -> dict[str, set[type]]:
    """Return the columns of all items, in order of first appearance, and the types of their values."""
    found: dict[str, set[type]] = {}
    for row in map(flat, read()):
        for name, value in row.items():
            found.setdefault(name, set()).add(type(value))
    return found


def _kind(pa: Any, kinds: set[type]) -> Any:
    """Return the type of a parquet column: fractions where there are also whole numbers, JSON as text."""
    held = kinds - {type(None)}
    if not held:
        return pa.null()
    if held <= {int, float}:
        return pa.float64() if float in held else pa.int64()
    return pa.bool_() if held == {bool} else pa.string()


_WRITERS: Mapping[str, Callable[[Rows, IO[bytes]], int]] = {
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


def _columns(read: Rows) -> list[str]:
    """Return the columns of all items, in order of first appearance."""
    names: dict[str, None] = {}
    for item in read():
        names |= dict.fromkeys(flat(item))
    return list(names)


def _cell(value: Any) -> Any:
    plain = _json_or_scalar(value)
    # A spreadsheet would run such a text as a formula, and texts come from outside senders. Some skip what is blank
    # or not printable before it, and some know the signs in full width.
    if isinstance(plain, str) and (plain[:1] in _CONTROL or plain.lstrip(_BLANK)[:1] in _FORMULA):
        return f"'{plain}"
    return plain


def _json_or_scalar(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, (Mapping, list, tuple)) else value


def export_to(
    path: Path,
    ledger: LedgerSnapshot,
    what: str,
    form: str,
    span: Span = EVERYTHING,
    book: str | None = None,
) -> int:
    """Export to a file, which appears only once it is complete. Raises ExportError."""
    half = path.with_name(path.name + ".part")
    try:
        with half.open("wb") as out:
            count = export(ledger, what, form, out, span, book)
        half.replace(path)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from error
    finally:
        half.unlink(missing_ok=True)
    return count
