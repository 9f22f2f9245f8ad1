"""Files to replay: receipts as one JSON object per line, price bars as csv."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from core.events import PriceSeen, Received
from core.intake import split
from core.model import SYMBOL_PATTERN
from server.ledger.snapshot import LedgerSnapshot, is_ledger
from server.replay.instants import INSTANTS, instant
from server.replay.machine import ReplayError
from server.replay.price_files import exported_prices

BODIES = ("body", "payload", "raw")
FEED = "bars"
DAY_SECONDS = 86_400
_NAME = re.compile(SYMBOL_PATTERN)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One webhook body with its time and endpoint."""

    at: datetime
    body: str
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Daily:
    """A completed daily bar; ``day`` is the UTC midnight or open it is stamped with."""

    day: datetime
    high: float
    low: float
    close: float


@dataclass(slots=True)
class Prices:
    """Prices by time, and daily bars by symbol for the ATR."""

    seen: list[PriceSeen]
    daily: dict[str, list[Daily]]


def read_receipts(path: Path) -> list[Receipt]:
    """Return the receipts of a ledger or a jsonl file in order of arrival. Raises ReplayError."""
    if is_ledger(path):
        with LedgerSnapshot(path) as ledger:
            return [
                Receipt(event.at, event.body, event.endpoint)
                for event in ledger.events()
                if isinstance(event, Received)
            ]
    found: list[Receipt] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                found += _receipts(line, f"{path}: line {number}")
    # Arrival order; the sort is stable, so what came in one instant stays in the file's order.
    found.sort(key=lambda receipt: receipt.at)
    return found


def _receipts(line: bytes, where: str) -> Iterator[Receipt]:
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ReplayError(f"{where}: not JSON ({error})") from error
    if not isinstance(item, Mapping):
        raise ReplayError(f"{where}: expected an object with received_at and body")
    at = instant(_first(item, INSTANTS), where)
    body = _first(item, BODIES)
    if body is None:
        raise ReplayError(f"{where}: no {BODIES[0]} in it")
    text = body if isinstance(body, str) else orjson.dumps(body).decode()
    endpoint = item.get("endpoint")
    # A body that is an array was as many receipts as it has items.
    for part in split(text):
        yield Receipt(at, part, endpoint if isinstance(endpoint, str) else None)


def read_prices(named: list[str]) -> Prices:
    """Return every price of some files in order of time.

    Each name is a path or SYMBOL=path: exported prices; csv bars (epoch_ms of the bar's start, open, high, low,
    close; bars of a day serve the ATR only); or a ledger, whose recorded prices are used. Without SYMBOL= the symbol
    of csv bars is the file's name up to its first underscore. Raises ReplayError.
    """
    prices = Prices([], {})
    for name in named:
        symbol, path = _named(name)
        if is_ledger(path):
            with LedgerSnapshot(path) as ledger:
                prices.seen += [event for event in ledger.events() if isinstance(event, PriceSeen)]
        elif (exported := exported_prices(path)) is not None:
            prices.seen += exported
        else:
            _bars(symbol, path, prices)
    prices.seen.sort(key=lambda price: price.at)
    return prices


def _named(name: str) -> tuple[str, Path]:
    symbol, equals, rest = name.partition("=")
    if equals and not Path(name).exists():
        path = Path(rest)
    else:
        path = Path(name)
        symbol = path.stem.partition("_")[0]
    if not path.is_file():
        raise ReplayError(f"{path}: no such file")
    return symbol.upper(), path


def _bars(symbol: str, path: Path, prices: Prices) -> None:
    if not _NAME.fullmatch(symbol):
        raise ReplayError(f"{path}: name its symbol, as SPY={path}")
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = {"epoch_ms", "open", "high", "low", "close"} - set(reader.fieldnames or ())
        if missing:
            raise ReplayError(f"{path}: no column {', '.join(sorted(missing))}")
        try:
            rows = [
                (int(row["epoch_ms"]), *(float(row[name]) for name in ("open", "high", "low", "close")))
                for row in reader
            ]
        except (TypeError, ValueError) as error:
            raise ReplayError(f"{path}: line {reader.line_num}: {error}") from error
    rows.sort()
    steps = [b[0] - a[0] for a, b in pairwise(rows) if b[0] > a[0]]
    length = min(steps, default=60_000) / 1000
    if length >= DAY_SECONDS * 0.9:
        prices.daily.setdefault(symbol, []).extend(
            Daily(datetime.fromtimestamp(ms / 1000, UTC), high, low, close)
            for ms, _, high, low, close in rows
        )
        return
    for ms, opened, high, low, close in rows:
        end = datetime.fromtimestamp(ms / 1000, UTC) + timedelta(seconds=length)
        prices.seen.append(
            PriceSeen(
                seq=0, at=end, symbol=symbol, price=close, priced_at=end, source=FEED,
                open=opened, high=high, low=low, began=end - timedelta(seconds=length),
            )
        )  # fmt: skip


def _first(item: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)
