"""The layouts that are known, each recognised by its columns, and the rows of a file in one of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import orjson

from core.intake.clean import clean
from core.statements import alpaca, own_trades, tastytrade, tradier
from core.statements.fields import Cells, RowError, column_name
from core.statements.row import MOST_ROWS, BookError, StatementRow, with_ids

_HEADER_LINES = 20
"""Lines at the beginning of a file among which its header is looked for: some statements begin with a title."""
_TEXT = 1_000
"""Most characters of a row that are kept as evidence."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout by its columns; ``one_of`` are columns of which one is there, ``book`` the usual name of its book."""

    name: str
    book: str
    columns: tuple[str, ...]
    read: Callable[[Cells], StatementRow]
    one_of: tuple[tuple[str, ...], ...] = ()

    def missing(self, header: Sequence[str]) -> list[str]:
        """Return the columns that a header lacks."""
        absent = [name for name in self.columns if name not in header]
        return absent + [" or ".join(names) for names in self.one_of if not set(names) & {*header}]


LAYOUTS = (
    Layout("tastytrade transaction history", "tastytrade", tastytrade.COLUMNS, tastytrade.read),
    Layout("Alpaca account activities", "alpaca", alpaca.COLUMNS, alpaca.read),
    Layout("Tradier gain/loss", "tradier-gainloss", tradier.GAIN_LOSS_COLUMNS, tradier.read_gain_loss),
    Layout(
        "Tradier account history", "tradier", tradier.COLUMNS, tradier.read,
        (("date", "trade date"), ("amount", "net amount")),
    ),
    Layout("gatedeck export of trades", "gatedeck", own_trades.COLUMNS, own_trades.read),
)  # fmt: skip
_OLD_TASTYWORKS = ("transaction code", "transaction subcode", "account reference")


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Statement:
    """The rows of a file, those that could not be read aside."""

    layout: Layout
    rows: tuple[StatementRow, ...]
    unread: tuple[Unread, ...]


def read_statement(text: str) -> Statement:
    """Return the rows of a file's text, csv or jsonl. Raises BookError."""
    if not text.lstrip("\ufeff \r\n").startswith("{"):
        return read_csv(text)
    records = []
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
        except ValueError as error:
            raise BookError(f"file: line {n} is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise BookError(f"file: line {n} is no JSON object")
        records.append(record)
    return read_records(records)


def read_csv(text: str) -> Statement:
    """Return the rows of a csv statement, of whichever layout its header says.

    Raises BookError when no line near its beginning is the header of a known layout, or it has too many rows.
    """
    try:
        return _read_csv(text)
    except csv.Error as error:
        raise BookError(f"file: it is not csv: {error}") from None


def _read_csv(text: str) -> Statement:
    lines = _Lines(text)
    nearest: tuple[int, Layout, list[str]] | None = None
    # Line ends within quotes belong to their cell; the reader counts lines, not rows.
    reader = csv.reader(lines)
    for _ in range(_HEADER_LINES):
        spelled = next(reader, None)
        if spelled is None:
            break
        header = [column_name(name) for name in spelled]
        layout = _layout_of(header)
        if layout is not None:
            return _rows(layout, spelled, header, _numbered(reader, lines))
        if {*_OLD_TASTYWORKS} <= {*header}:
            raise BookError(
                "file: this is the layout of tastyworks before 2022, which states times without their zone; download "
                "the history again from tastytrade"
            )
        for each in LAYOUTS:
            lacking = each.missing(header)
            if nearest is None or len(lacking) < nearest[0]:
                nearest = (len(lacking), each, lacking)
    known = ", ".join(each.name for each in LAYOUTS)
    close = ""
    if nearest is not None and nearest[0] <= 3:
        close = f"; for {nearest[1].name} these columns are missing: {', '.join(nearest[2])}"
    raise BookError(f"file: no header of a known layout ({known}){close}")


def read_records(records: Iterable[Mapping[str, Any]]) -> Statement:
    """Return the rows of records as gatedeck export writes them to jsonl and parquet. Raises BookError."""
    rows = [_flat(record) for record in records]
    spelled = list(dict.fromkeys(name for row in rows for name in row))
    header = [column_name(name) for name in spelled]
    layout = _layout_of(header)
    if layout is None:
        raise BookError("file: no trades of gatedeck export; jsonl and parquet are read of those only")
    numbered = (
        (n, [row.get(name, "") for name in spelled], "; ".join(f"{k}={v}" for k, v in row.items()))
        for n, row in enumerate(rows, 1)
    )
    return _rows(layout, spelled, header, numbered)


def _flat(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a record as cells; those of an object within it have dotted names."""
    cells: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            cells |= {f"{name}.{inner}": "" if held is None else str(held) for inner, held in value.items()}
        else:
            cells[name] = "" if value is None else str(value)
    return cells


def _layout_of(header: Sequence[str]) -> Layout | None:
    fitting = [layout for layout in LAYOUTS if not layout.missing(header)]
    return max(fitting, key=lambda layout: len(layout.columns), default=None)


_Numbered = Iterable[tuple[int, Sequence[str], str]]


def _rows(layout: Layout, spelled: Sequence[str], header: Sequence[str], numbered: _Numbered) -> Statement:
    names = dict(zip(header, (name.strip().strip('"') for name in spelled), strict=True))
    found: list[StatementRow] = []
    unread: list[Unread] = []
    for line, values, text in numbered:
        if not any(value.strip() for value in values):
            continue
        if len(found) + len(unread) >= MOST_ROWS:
            raise BookError(f"file: more than {MOST_ROWS:,} rows; split it, for instance by year")
        by_name = {name: clean(value, _TEXT).lstrip("'") for name, value in zip(header, values, strict=False)}
        try:
            found.append(layout.read(Cells(line, clean(text, _TEXT), by_name, names)))
        except RowError as error:
            unread.append(Unread(line, str(error)))
    return Statement(layout, with_ids(found, layout.book), tuple(unread))


class _Lines:
    """The lines of a text, with those that were taken since the last row."""

    def __init__(self, text: str) -> None:
        # Not splitlines, which also splits at characters that csv takes for text.
        self._rest = StringIO(text.removeprefix("\ufeff"), newline="")
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._rest)
        self.number += 1
        self.taken.append(line)
        return line


def _numbered(reader: Iterable[list[str]], lines: _Lines) -> _Numbered:
    """Yield each row with the number of its first line, its cells and its text."""
    lines.taken.clear()
    for values in reader:
        text = "".join(lines.taken).rstrip("\r\n")
        yield lines.number - len(lines.taken) + 1, values, text
        lines.taken.clear()
