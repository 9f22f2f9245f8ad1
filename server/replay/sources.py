"""Files to replay: receipts as one JSON object per line, and prices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.events import PriceSeen, Received
from core.exchange.calendar import Calendar
from core.intake import split
from core.model import SYMBOL_PATTERN
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.snapshot import LedgerSnapshot, is_ledger
from server.replay.bar_files import Daily, read_bars
from server.replay.instants import INSTANTS, instant
from server.replay.machine import ReplayError
from server.replay.price_files import exported_prices

BODIES = ("body", "payload", "raw")
_NAME = re.compile(SYMBOL_PATTERN)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One webhook body with its time and endpoint."""

    at: datetime
    body: str
    endpoint: str | None = None


@dataclass(slots=True)
class Prices:
    """Prices by time, daily bars by symbol for the ATR, and notes on what is odd about the files."""

    seen: list[PriceSeen] = field(default_factory=list)
    daily: dict[str, list[Daily]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_receipts(source: LedgerAddress) -> list[Receipt]:
    """Return the receipts of a ledger or a jsonl file in order of arrival. Raises ReplayError."""
    if not isinstance(source, Path) or is_ledger(source):
        with LedgerSnapshot(source) as ledger:
            return [
                Receipt(event.at, event.body, event.endpoint)
                for event in ledger.events()
                if isinstance(event, Received)
            ]
    found: list[Receipt] = []
    with source.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                found += _receipts(line, f"{source}: line {number}")
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


def read_prices(named: Sequence[str | DatabaseLedger], calendar: Calendar) -> Prices:
    """Return every price of some files or databases in order of time.

    Each name is a database, a path or SYMBOL=path: exported prices; csv bars (epoch_ms of the bar's start, open,
    high, low, close; bars of a day serve the ATR only); or a ledger, whose recorded prices are used. Without SYMBOL=
    the symbol of csv bars is the file's name up to its first underscore. Raises ReplayError.
    """
    prices = Prices()
    for name in named:
        symbol, path = ("", name) if isinstance(name, DatabaseLedger) else _named(name)
        if not isinstance(path, Path) or is_ledger(path):
            with LedgerSnapshot(path) as ledger:
                prices.seen += [event for event in ledger.events() if isinstance(event, PriceSeen)]
        elif (exported := exported_prices(path)) is not None:
            prices.seen += exported
        else:
            if not _NAME.fullmatch(symbol):
                raise ReplayError(f"{path}: name its symbol, as SPY={path}")
            bars = read_bars(symbol, path, calendar)
            prices.seen += bars.seen
            prices.notes += bars.notes
            if bars.daily:
                prices.daily.setdefault(symbol, []).extend(bars.daily)
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


def _first(item: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)
