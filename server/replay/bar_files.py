"""Bars in csv files: epoch_ms of the bar's start, open, high, low, close; their length is read from their starts.

A bar ends where its length says, but not after the next one begins, nor after the close of the session it began in:
the last bar of a session is often shorter, as from 15:30 to 16:00 of hourly bars.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from core.events import PriceSeen
from core.exchange.calendar import Calendar
from server.replay.machine import ReplayError

FEED = "bars"
COLUMNS = ("epoch_ms", "open", "high", "low", "close")
DAY_SECONDS = 86_400
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Daily:
    """A completed daily bar; ``day`` is the UTC midnight or open it is stamped with."""

    day: datetime
    high: float
    low: float
    close: float


@dataclass(slots=True)
class BarFile:
    """The prices of one file by time, or its daily bars; ``notes`` tell what is odd about it."""

    seen: list[PriceSeen] = field(default_factory=list)
    daily: list[Daily] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Bar:
    start: datetime
    open: float
    high: float
    low: float
    close: float


def read_bars(symbol: str, path: Path, calendar: Calendar) -> BarFile:
    """Return the bars of a csv file. Raises ReplayError naming the line and field that cannot be read."""
    bars, notes = _in_order(path)
    days = [calendar.market_date(bar.start) for bar in bars]
    steps = [_Step(day, after.start - before.start, other == day)
             for (before, after), (day, other) in zip(pairwise(bars), pairwise(days), strict=True)]  # fmt: skip
    shortest = min((step.length for step in steps), default=MINUTE)
    if shortest.total_seconds() >= DAY_SECONDS * 0.9:
        found = [Daily(bar.start, bar.high, bar.low, bar.close) for bar in bars]
        return BarFile(daily=found, notes=[f"{path.name}: {note}" for note in notes])
    lengths = _lengths(steps)
    usual = Counter(step.length for step in steps if step.within).most_common(1)
    length = usual[0][0] if usual else shortest
    kinds = sorted(set(lengths.values()))
    if len(kinds) > 1:
        notes.append("bars of " + " and ".join(f"{kind / MINUTE:g}" for kind in kinds) + " minutes")
    seen = []
    for index, (bar, day) in enumerate(zip(bars, days, strict=True)):
        end = bar.start + lengths.get(day, length)
        if index + 1 < len(bars):
            end = min(end, bars[index + 1].start)
        session = calendar.session(day)
        if session is not None and bar.start < session.close:
            end = min(end, session.close)
        seen.append(
            PriceSeen(
                seq=0, at=end, symbol=symbol, price=bar.close, priced_at=end, source=FEED,
                open=bar.open, high=bar.high, low=bar.low, began=bar.start,
            )
        )  # fmt: skip
    notes += _gaps(bars, steps, lengths, calendar)
    return BarFile(seen=seen, notes=[f"{path.name}: {note}" for note in notes])


@dataclass(frozen=True, slots=True)
class _Step:
    """The time from one bar's start to the next one's; ``within`` one day of the exchange."""

    day: date
    length: timedelta
    within: bool


def _lengths(steps: list[_Step]) -> dict[date, timedelta]:
    """Return the usual length of the bars of each day that has at least two."""
    by_day: dict[date, Counter[timedelta]] = {}
    for step in steps:
        if step.within:
            by_day.setdefault(step.day, Counter())[step.length] += 1
    # Of two lengths that are as frequent the shorter one is the bar's, the other holds a gap.
    return {day: min(found, key=lambda one: (-found[one], one)) for day, found in by_day.items()}


def _gaps(
    bars: list[_Bar], steps: list[_Step], lengths: dict[date, timedelta], calendar: Calendar
) -> list[str]:
    found = []
    for bar, step in zip(bars, steps, strict=False):
        session = calendar.session(step.day)
        usual = lengths.get(step.day)
        inside = session is not None and session.open <= bar.start < session.close
        if step.within and inside and usual is not None and step.length > usual:
            found.append((step.length - usual, bar.start + usual))
    if not found:
        return []
    longest, since = max(found)
    return [
        f"{len(found)} gaps in sessions, the longest {longest / MINUTE:g} minutes from {since:%Y-%m-%d %H:%M} UTC"
    ]


def _in_order(path: Path) -> tuple[list[_Bar], list[str]]:
    """Return the bars by time, one for each start, and notes on those left out."""
    by_start: dict[datetime, _Bar] = {}
    same = other = 0
    for bar in _rows(path):
        before = by_start.get(bar.start)
        same, other = same + (before == bar), other + (before is not None and before != bar)
        by_start[bar.start] = bar
    notes = [f"{same} bars twice, counted once"] if same else []
    notes += [f"{other} bars with two values for one start, the later line counts"] if other else []
    return [by_start[start] for start in sorted(by_start)], notes


def _rows(path: Path) -> Iterator[_Bar]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise ReplayError(f"{path}: no column {', '.join(sorted(missing))}")
        for row in reader:
            yield _bar(row, f"{path}: line {reader.line_num}")


def _bar(row: dict[str, str | None], where: str) -> _Bar:
    try:
        start = datetime.fromtimestamp(int(row["epoch_ms"] or "") / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise ReplayError(
            f"{where}: epoch_ms {row['epoch_ms']!r} is no whole number of milliseconds since 1970"
        ) from None
    prices = {name: price_in(row[name], name, where) for name in COLUMNS[1:]}
    inside = (prices["open"], prices["close"])
    if not prices["low"] <= min(inside) <= max(inside) <= prices["high"]:
        raise ReplayError(f"{where}: the low and high do not hold the open and close")
    return _Bar(start, **prices)


def price_in(text: object, name: str, where: str) -> float:
    """Return a price of a file as a number above 0. Raises ReplayError naming file, line and column."""
    try:
        value = float(str(text))
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ReplayError(f"{where}: {name} {text!r} is not a price, a number above 0")
    return value
