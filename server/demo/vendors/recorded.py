"""Recorded quotes behind a vendor's server: minute bars and option quotes of past sessions, read from CSV files.

Option files: ``epoch_ms`` (the instant at which the row was known), underlying_price, right, strike, expiry, style,
bid, ask, bid_size, ask_size. Bar files: ``epoch_ms`` (the beginning), open, high, low, close, volume. The book of the
underlying is not recorded: a spread of ``spread`` dollars around the last price stands in for it.
"""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from core.exchange.calendar import Calendar
from server.demo.vendors.source import CorporateAction, ListedOption, PriceBar, Stock, local_time

MINUTE = timedelta(minutes=1)
BOOK_SIZE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The files of one underlying; daily bars may be another's, scaled to its price.

    ``kind`` is stock | etf | index; ``proxy`` is an ETF (name, fraction of the price) that an index is quoted by.
    """

    symbol: str
    kind: str
    options: tuple[Path, ...]
    minutes: Path | None = None
    daily: Path | None = None
    daily_until: date | None = None
    spread: float = 0.01
    proxy: tuple[str, float] | None = None


class RecordedSource:
    """Shows a recording at the instant of a clock."""

    def __init__(self, recording: Recording, clock: Callable[[], datetime]) -> None:
        self.recording, self.now = recording, clock
        self.calendar = Calendar.load()
        self._options: dict[str, list[ListedOption]] = {}
        self._expiries: dict[date, list[str]] = {}
        prices: dict[int, float] = {}
        for path in recording.options:
            self._read_options(path, prices)
        self._minutes = _bars(recording.minutes) if recording.minutes else _flat(prices)
        self._daily = self._scaled(_bars(recording.daily)) if recording.daily else []

    def is_open(self) -> bool:
        return self.calendar.session_at(self.now()) is not None

    def stock(self, symbol: str) -> Stock | None:
        factor = self._factor(symbol)
        done = self._done()
        if factor is None or not done:
            return None
        last, today = done[-1], self._of_today(done)
        is_index = self.recording.kind == "index" and symbol == self.recording.symbol
        price, half = last.close * factor, self.recording.spread / 2
        before = [bar for bar in self._daily if bar.began.date() < today[0].began.date()]
        return Stock(
            symbol=symbol,
            kind=self.recording.kind if symbol == self.recording.symbol else "etf",
            last=round(price, 4),
            bid=None if is_index else round(price - half, 4),
            ask=None if is_index else round(price + half, 4),
            bid_size=0 if is_index else BOOK_SIZE,
            ask_size=0 if is_index else BOOK_SIZE,
            at=last.began + MINUTE,
            open=round(today[0].open * factor, 4),
            high=round(max(bar.high for bar in today) * factor, 4),
            low=round(min(bar.low for bar in today) * factor, 4),
            previous_close=round((before[-1].close if before else today[0].open) * factor, 4),
            volume=sum(bar.volume for bar in today),
        )

    def minutes(self, symbol: str, since: datetime, until: datetime) -> Sequence[PriceBar]:
        factor = self._factor(symbol)
        if factor is None:
            return ()
        return [_times(bar, factor) for bar in self._done() if since <= bar.began < until]

    def days(self, symbol: str, since: date, until: date) -> Sequence[PriceBar]:
        factor = self._factor(symbol)
        if factor is None:
            return ()
        return [_times(bar, factor) for bar in self._daily if since <= bar.began.date() <= until]

    def expiries(self, symbol: str) -> tuple[date, ...]:
        if symbol != self.recording.symbol:
            return ()
        today = local_time(self.now()).date()
        return tuple(sorted(day for day in self._expiries if day >= today and self.chain(symbol, day)))

    def strikes(self, symbol: str, expiry: date) -> Mapping[str, Sequence[float]]:
        found: dict[str, list[float]] = {}
        for option in self.chain(symbol, expiry):
            found.setdefault(option.root, []).append(option.strike)
        return {root: sorted(set(strikes)) for root, strikes in found.items()}

    def listing(self, symbol: str, expiry: date) -> Sequence[ListedOption]:
        return self.chain(symbol, expiry)

    def chain(self, symbol: str, expiry: date) -> tuple[ListedOption, ...]:
        if symbol != self.recording.symbol:
            return ()
        rows = (self.option(occ) for occ in self._expiries.get(expiry, ()))
        return tuple(row for row in rows if row is not None)

    def option(self, occ: str) -> ListedOption | None:
        rows = self._options.get(occ, [])
        known = bisect_right(rows, self.now(), key=lambda row: row.at)
        return rows[known - 1] if known else None

    def is_halted(self, symbol: str) -> bool:
        return False

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        return ()

    # --- reading ----------------------------------------------------------------------------------------

    def _factor(self, symbol: str) -> float | None:
        if symbol == self.recording.symbol:
            return 1.0
        proxy = self.recording.proxy
        return proxy[1] if proxy is not None and proxy[0] == symbol else None

    def _done(self) -> Sequence[PriceBar]:
        return self._minutes[: bisect_right(self._minutes, self.now() - MINUTE, key=lambda bar: bar.began)]

    def _of_today(self, done: Sequence[PriceBar]) -> Sequence[PriceBar]:
        today = done[-1].began.replace(hour=0, minute=0)
        return done[bisect_left(done, today, key=lambda bar: bar.began) :]

    def _read_options(self, path: Path, prices: dict[int, float]) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                prices[int(row["epoch_ms"])] = float(row["underlying_price"])
                option = self._option(row)
                if option.symbol not in self._options:
                    self._expiries.setdefault(option.expiry, []).append(option.symbol)
                self._options.setdefault(option.symbol, []).append(option)

    def _option(self, row: Mapping[str, str]) -> ListedOption:
        expiry, strike = datetime.strptime(row["expiry"], "%Y%m%d").date(), float(row["strike"])
        bid, ask = float(row["bid"] or 0), float(row["ask"] or 0)
        return ListedOption(
            symbol=f"{row['underlying']}{expiry:%y%m%d}{row['right']}{round(strike * 1000):08d}",
            underlying=self.recording.symbol, root=row["underlying"], expiry=expiry, strike=strike,
            right=row["right"], bid=bid or None, ask=ask or None, bid_size=int(row["bid_size"] or 0),
            ask_size=int(row["ask_size"] or 0), at=_instant(row["epoch_ms"]), open_interest=None,
        )  # fmt: skip

    def _scaled(self, bars: Sequence[PriceBar]) -> list[PriceBar]:
        """Return the daily bars before the recording, moved and scaled so that they end at its first price."""
        first = self._minutes[0]
        until = self.recording.daily_until or first.began.date()
        before = [bar for bar in bars if bar.began.date() < until][-300:]
        factor = first.open / before[-1].close
        day, found = first.began.date(), []
        for bar in reversed(before):
            session = self.calendar.previous_session(day)
            day = session.date
            found.append(_times(bar, factor, session.open))
        return found[::-1]


def _instant(epoch_ms: str) -> datetime:
    return datetime.fromtimestamp(int(epoch_ms) / 1000, UTC)


def _bars(path: Path) -> list[PriceBar]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            PriceBar(
                began=_instant(row["epoch_ms"]), open=float(row["open"]), high=float(row["high"]),
                low=float(row["low"]), close=float(row["close"]), volume=int(float(row["volume"])),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def _flat(prices: Mapping[int, float]) -> list[PriceBar]:
    """Return minute bars of the prices beside option quotes, which know no range within the minute."""
    return [
        PriceBar(began=_instant(str(ms)) - MINUTE, open=p, high=p, low=p, close=p, volume=0)
        for ms, p in sorted(prices.items())
    ]


def _times(bar: PriceBar, factor: float, began: datetime | None = None) -> PriceBar:
    return PriceBar(
        began=began or bar.began, open=round(bar.open * factor, 4), high=round(bar.high * factor, 4),
        low=round(bar.low * factor, 4), close=round(bar.close * factor, 4), volume=bar.volume,
    )  # fmt: skip
