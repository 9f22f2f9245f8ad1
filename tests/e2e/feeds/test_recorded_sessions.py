"""Past sessions with their real quotes, from entry to exit through Tradier's real client.

``pytest -s`` shows the table: entry and exit with bid and ask of that minute, and how far the marks were from the
real middle, in half spreads. The spread of the underlying is not recorded (one cent is assumed), nor are daily bars
of SPX and AAPL (those of SPY are scaled to their price), nor is open interest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.intake import sample
from core.model import Direction, Source
from server.demo.vendors.recorded import RecordedSource, Recording
from server.ledger.paging import PageQuery
from server.runtime.clock import VirtualClock
from server.runtime.ports import Command

SOURCES = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)


@dataclass(frozen=True)
class Past:
    """One session: when a signal comes, and when a person exits if no exit came before."""

    name: str
    symbol: str
    kind: str
    options: str
    minutes: str | None
    signal_at: datetime
    exit_at: datetime
    direction: Direction
    timeframe: int
    step: int = 1
    proxy: tuple[str, float] | None = None
    daily_until: date | None = None


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)


SPX = {"symbol": "SPX", "kind": "index", "proxy": ("SPY", 0.1)}
SESSIONS = [
    Past("SPXW 2021-01-04", options="SPXW_1m_20210104.csv", minutes="SPX_1m_20210104.csv", timeframe=5,
         signal_at=at("2021-01-04", "15:05"), exit_at=at("2021-01-04", "18:00"), direction=Direction.SHORT, **SPX),
    Past("SPXW 2021-01-06", options="SPXW_1m_20210106.csv", minutes=None, timeframe=5,
         signal_at=at("2021-01-06", "15:30"), exit_at=at("2021-01-06", "18:30"), direction=Direction.LONG, **SPX),
    Past("SPY 2023-08-03", "SPY", "etf", options="SPY_1m_20230803.csv", minutes="SPY_1m_20230803.csv",
         timeframe=240, signal_at=at("2023-08-03", "14:30"), exit_at=at("2023-08-03", "15:45"),
         direction=Direction.LONG, daily_until=date(2021, 4, 1)),
    Past("AAPL 2014-06-06", "AAPL", "stock", options="AAPL_1h_20140606.csv",
         minutes="AAPL_1m_20140605_20140609.csv", timeframe=5, signal_at=at("2014-06-06", "15:00"),
         exit_at=at("2014-06-06", "17:00"), direction=Direction.SHORT, step=60),
]  # fmt: skip


class Session:
    """Moves the clock through a recorded session and lets the client follow."""

    def __init__(self, past: Past, clock: VirtualClock, door: Any, host: Any) -> None:
        self.past, self.clock, self.door, self.runtime = past, clock, door, host.runtime

    async def minute(self, to: datetime) -> None:
        self.clock.move(to)
        bars = self.door.source.minutes(self.past.symbol, to - timedelta(minutes=1), to)
        for server in self.door.servers:
            server.publish({self.past.symbol: bars[-1]} if bars else {})
        await self.door.markets.follower.round(wait=True)
        await self.runtime.tick()
        await self.runtime.settled()
        await self.quote_arrives(to)

    async def quote_arrives(self, since: datetime) -> None:
        """Let seconds of the market pass until the minute's quote is there: a busy machine may be late with it."""
        for _ in range(30):
            last = None if self.position is None else self.position.last
            if last is None or (last.quoted_at or last.at) >= since:
                break
            await asyncio.sleep(0.02)
            self.clock.move(self.clock.now() + timedelta(seconds=1))
            await self.door.markets.follower.round(wait=True)
            await self.runtime.tick()
            await self.runtime.settled()

    @property
    def position(self) -> Any:
        return next(iter(self.runtime.engine.state.positions.values()), None)

    async def signal(self) -> None:
        price = self.door.source.stock(self.past.symbol).last
        for source in SOURCES:
            body = sample(
                source, self.clock.now(), self.past.symbol, price, self.past.direction,
                timeframe=self.past.timeframe, risk_pct=1.2,
            )  # fmt: skip
            await self.runtime.submit(json.dumps(body), "/api/webhooks")
        await self.runtime.settled()

    def quoted(self, occ: str) -> tuple[float, float]:
        row = self.door.source.option(occ)
        return row.bid or 0.0, row.ask or 0.0


@pytest.mark.parametrize("past", SESSIONS, ids=[past.name for past in SESSIONS])
async def test_a_real_session(past: Past, engine_before: Any, reference: Callable[..., Path]) -> None:
    clock = VirtualClock(past.signal_at - timedelta(minutes=2), "test")
    recording = Recording(
        symbol=past.symbol, kind=past.kind, options=(reference("market", "options", past.options),),
        minutes=reference("market", "underlying", past.minutes) if past.minutes else None,
        daily=reference("market", "underlying", "SPY_1d_raw.csv"), daily_until=past.daily_until, proxy=past.proxy,
    )  # fmt: skip
    source = RecordedSource(recording, clock.now)
    session = Session(past, clock, *(await engine_before("tradier", source, clock))[:2])
    now = past.signal_at
    await session.minute(now)
    for _ in range(5):  # on a busy machine the first answers may come too late for a decision
        await session.signal()
        if session.position is not None:
            break
        page = await session.runtime.ledger.page(PageQuery(what="decisions", limit=1, cursor=None))
        now += timedelta(minutes=past.step)
        await session.minute(now)
    held = session.position
    assert held is not None, page.items[0]["decision_breakdown"]["reasons"]
    occ = held.contract.occ
    bid, ask = session.quoted(occ)
    entered = f"{held.opened_at:%H:%M} {held.entry.entry_price:7.2f} ({bid:.2f}/{ask:.2f})"
    assert held.entry.entry_price >= ask - 1e-9, "bought at the ask or above, never inside"
    errors = []
    while (held := session.position) is not None:
        last = held.last
        if last is not None and last.mid is not None:
            low, high = session.quoted(occ)
            errors.append((last.mid - (low + high) / 2) / ((high - low) / 2 or 0.01))
            assert low - 1e-9 <= last.mid <= high + 1e-9, (clock.now(), low, last.mid, high)
        if now >= past.exit_at:
            await session.runtime.command(Command(id="by hand", name="exit", position_id=held.id))
            await session.runtime.settled()
            break
        now += timedelta(minutes=past.step)
        await session.minute(now)
    page = await session.runtime.ledger.page(PageQuery(what="ledger", limit=50, cursor=None))
    (trade,) = [item for item in page.items if item["execution"] is not None]
    leg = trade["exit"]["partials"][-1]
    bid, ask = session.quoted(occ)
    assert leg["exit_price"] <= bid + 1e-9, "sold at the bid or below"
    print(
        f"\n{past.name:16} {occ:22} in {entered}  out {now:%H:%M} {leg['exit_price']:7.2f} ({bid:.2f}/{ask:.2f}) "
        f"{leg['exit_reason']:10} net {trade['exit']['pnl_net']:9.2f}  {len(errors)} marks, "
        f"worst {max(map(abs, errors)):.2f} half spreads from the middle"
    )
    assert (await session.runtime.ledger.verify()).ok
