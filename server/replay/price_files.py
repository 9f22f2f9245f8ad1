"""Prices in files: what ``gatedeck export --what prices`` writes as csv, jsonl or parquet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from core.events import PriceSeen
from core.model import SYMBOL_PATTERN
from server.replay.bar_files import price_in
from server.replay.instants import instant
from server.replay.machine import ReplayError

COLUMNS = frozenset({"symbol", "start", "end", "open", "high", "low", "close", "source"})
"""Columns by which an exported file is known."""
_PARQUET = b"PAR1"
_NAME = re.compile(SYMBOL_PATTERN)


def exported_prices(path: Path) -> list[PriceSeen] | None:
    """Return the prices of an exported file; ``None`` when it is another kind of file. Raises ReplayError."""
    with path.open("rb") as file:
        begin = file.read(4096)
    if begin.startswith(_PARQUET):
        return [_price(row, f"{path}: row {n}") for n, row in enumerate(_parquet(path), 1)]
    if begin.lstrip().startswith(b"{"):
        return [_price(row, f"{path}: line {n}") for n, row in _jsonl(path)]
    if not set(begin.partition(b"\n")[0].decode("utf-8-sig", "replace").strip().split(",")) >= COLUMNS:
        return None
    with path.open(newline="", encoding="utf-8-sig") as text:
        return [_price(row, f"{path}: line {n}") for n, row in enumerate(csv.DictReader(text), 2)]


def _jsonl(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise ReplayError(f"{path}: line {number}: not JSON ({error})") from error
                yield number, row if isinstance(row, Mapping) else {}


def _parquet(path: Path) -> list[dict[str, Any]]:
    try:
        # Imported by name: pyarrow is an optional extra, and slow to import.
        found: list[dict[str, Any]] = import_module("pyarrow.parquet").read_table(path).to_pylist()
    except ImportError:
        raise ReplayError(f"{path}: parquet needs pyarrow (pip install pyarrow)") from None
    return found


def _price(row: Mapping[str, Any], where: str) -> PriceSeen:
    missing = sorted(name for name in COLUMNS if row.get(name) in (None, ""))
    if missing:
        raise ReplayError(f"{where}: no {', '.join(missing)}")
    opened, high, low, close = (price_in(row[name], name, where) for name in ("open", "high", "low", "close"))
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise ReplayError(f"{where}: the low and high do not hold the open and close")
    symbol = str(row["symbol"])
    if not _NAME.fullmatch(symbol):
        raise ReplayError(f"{where}: symbol {symbol!r} is not one of capital letters, digits and . ^ / - _")
    start, end = instant(row["start"], where), instant(row["end"], where)
    if start > end:
        raise ReplayError(f"{where}: its start is after its end")
    ranged = start < end
    return PriceSeen(
        seq=0,
        at=end,
        symbol=symbol,
        price=close,
        priced_at=end,
        source=str(row["source"]),
        open=opened if ranged else None,
        high=high if ranged else None,
        low=low if ranged else None,
        began=start if ranged else None,
    )
