"""Real sessions: entry to exit at the bid and ask of the day, marks inside the spread, and a real split."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from core.events import OptionChain
from core.model import Direction
from core.options.quotes import OptionQuote
from core.positions.position import Basis

LARGE = "[account]\nsize = 1e6\n[sizing]\npremium_cap = 1e6\n[risk]\npremium_per_trade = 1e6\nsymbol_premium = 1e6\n"


@dataclass
class Minute:
    """The underlying and every quote of one instant, by OCC symbol."""

    at: datetime
    price: float = 0.0
    quotes: dict[str, OptionQuote] = field(default_factory=dict)
    strikes: set[float] = field(default_factory=set)
    expiry: date = date.min


def minutes_of(path: Path, expiry: str, root: str) -> list[Minute]:
    found: dict[int, Minute] = defaultdict(lambda: Minute(datetime.now(UTC)))
    with path.open() as file:
        for row in csv.DictReader(file):
            if row["expiry"] != expiry:
                continue
            minute = found[int(row["epoch_ms"])]
            minute.at = datetime.fromtimestamp(int(row["epoch_ms"]) / 1000, UTC)
            minute.price, minute.expiry = (
                float(row["underlying_price"]),
                datetime.strptime(expiry, "%Y%m%d").date(),
            )
            strike = float(row["strike"])
            minute.strikes.add(strike)
            occ = f"{root}{minute.expiry:%y%m%d}{row['right']}{round(strike * 1000):08d}"
            minute.quotes[occ] = OptionQuote(
                bid=float(row["bid"] or 0) or None,
                ask=float(row["ask"] or 0) or None,
                at=minute.at,
                source="tape",
            )
    return [found[key] for key in sorted(found)]


def chain_of(minute: Minute) -> OptionChain:
    return OptionChain(
        expiries=(minute.expiry,),
        strikes=((minute.expiry, tuple(sorted(minute.strikes))),),
        quotes=tuple(minute.quotes.items()),
    )


def watched(wire: Any, minute: Minute, symbol: str) -> tuple[tuple[str, OptionQuote], ...]:
    wanted = {c.occ for watch in wire.engine.watched() if watch.symbol == symbol for c in watch.contracts}
    return tuple((occ, quote) for occ, quote in minute.quotes.items() if occ in wanted)


def entries(minutes: list[Minute]) -> Iterator[int]:
    """Every hour from half an hour after the first quote."""
    yield from range(30, len(minutes) - 30, 60)


@pytest.mark.parametrize("side", list(Direction))
@pytest.mark.parametrize(
    ("name", "expiry", "symbol", "root", "timeframe"),
    [
        ("SPXW_1m_20210104.csv", "20210104", "SPX", "SPXW", 5),
        ("SPXW_1m_20210106.csv", "20210106", "SPX", "SPXW", 5),
        ("SPY_1m_20230803.csv", "20230901", "SPY", "SPY", 240),
    ],
)
def test_a_real_session_from_entry_to_exit(
    wired: Any,
    reference: Callable[..., Path],
    name: str,
    expiry: str,
    symbol: str,
    root: str,
    timeframe: int,
    side: Direction,
) -> None:
    minutes = minutes_of(reference("market", "options", name), expiry, root)
    marks, inside, offsets, trades = 0, 0, [], 0
    for start in entries(minutes):
        first = minutes[start]
        wire = wired(rules=LARGE, now=first.at)
        wire.chain = chain_of(first)
        wire.price(first.price, symbol)
        wire.agree(symbol, first.price, side)
        record = wire.signal(symbol, first.price, side, timeframe=timeframe)
        if record.position_id is None:
            assert record.code in ("CONTRACT_ILLIQUID", "RISK_TOO_LARGE", "NO_EXPIRY", None), record.blocks
            continue
        trades += 1
        position = wire.state.positions[record.position_id]
        bought = first.quotes[position.contract.occ]
        assert bought.bid is not None and bought.ask is not None
        assert position.entry.entry_price >= bought.ask
        for minute in minutes[start + 1 :]:
            wire.now = minute.at
            quotes = watched(wire, minute, symbol)
            wire.price(minute.price, symbol, quotes=quotes)
            wire.tick()
            now = wire.position(position)
            quote = dict(quotes).get(position.contract.occ)
            if now.last.at == minute.at and now.last.basis is Basis.QUOTE and quote is not None:
                marks += 1
                inside += quote.bid <= now.last.mid <= quote.ask
                if now.last.dividends is not None:
                    offsets.append(now.last.dividends / minute.price * 100)
            for leg in now.legs:
                if leg.at == minute.at and quote is not None and quote.mid is not None:
                    assert leg.price <= quote.bid
            if not now.is_open:
                break
    assert trades >= 3 and marks > 100 and inside == marks
    assert offsets and abs(median(offsets)) < 0.5


def test_a_real_split_stops_the_marks(wired: Any, reference: Callable[..., Path]) -> None:
    """AAPL split 7 for 1 on 2014-06-09: nothing is sold on the fall from 645 to 92."""
    with reference("market", "underlying", "AAPL_1m_20140605_20140609.csv").open() as file:
        bars = [
            (
                datetime.fromtimestamp(int(row["epoch_ms"]) / 1000, UTC) + timedelta(minutes=1),
                float(row["close"]),
            )
            for row in csv.DictReader(file)
        ]
    friday = [bar for bar in bars if bar[0].date() == date(2014, 6, 6)]
    monday = [bar for bar in bars if bar[0].date() == date(2014, 6, 9)]
    at, price = friday[300]
    wire = wired(rules=LARGE, now=at)
    position = wire.enter("AAPL", price, timeframe=240)
    for at, price in friday[301:] + monday[:30]:
        wire.now = at
        wire.price(price, "AAPL")
    after = wire.state.positions[position.id]
    assert after.suspended is not None and "7-for-1" in after.suspended
    assert not after.legs and after.last.spot > 600
