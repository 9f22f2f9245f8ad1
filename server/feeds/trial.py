"""One trial of each vendor without a running engine: everything it offers is asked for once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.model import Contract
from server.feeds.http import CLOCK_TOLERANCE, clock_text
from server.feeds.values import (
    Bar,
    ChainPage,
    Fault,
    Need,
    OptionRow,
    Quote,
    StreamState,
    Tick,
    Unavailable,
)
from server.feeds.vendor import Vendor, Wanted

STREAM_SECONDS = 6.0
"""Longest wait for a stream to accept its subscription."""
NO_FAILURE = frozenset({Fault.NOT_IN_PLAN, Fault.NO_DATA})
"""Faults that do not make a trial fail: the vendor works, and says that it has nothing of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """The result of one kind of data: ``code`` is "OK" or the fault, ``seconds`` until the answer."""

    feed: str
    need: str
    code: str
    text: str
    seconds: float

    @property
    def failed(self) -> bool:
        return self.code != "OK" and self.code not in NO_FAILURE


async def try_vendor(vendor: Vendor, symbol: str, now: datetime) -> tuple[TrialRow, ...]:
    """Ask a vendor for all that it offers about one underlying; return a row for each."""
    rows: list[TrialRow] = []

    async def ask(need: Need, work: Callable[[], Awaitable[str | Unavailable]]) -> None:
        if need not in vendor.offers:
            return
        begun = time.monotonic()
        found = await work()
        seconds = time.monotonic() - begun
        code, text = ("OK", found) if isinstance(found, str) else (found.fault.value, found.text)
        rows.append(
            TrialRow(
                feed=vendor.name, need=need.value.replace("_", " "), code=code, text=text, seconds=seconds
            )
        )

    trial = _Trial(vendor, symbol, now)
    await ask(Need.CLOCK, trial.clock)
    await ask(Need.QUOTES, trial.quote)
    await ask(Need.DAILY_BARS, trial.days)
    await ask(Need.MINUTE_BARS, trial.minutes)
    await ask(Need.EXPIRATIONS, trial.expirations)
    await ask(Need.CHAIN, trial.chain)
    await ask(Need.OPTION_QUOTES, trial.option)
    await ask(Need.DIVIDENDS, trial.dividends)
    await ask(Need.SPLITS, trial.splits)
    await ask(Need.SYMBOL_CHANGES, trial.symbol_changes)
    await ask(Need.STREAM, trial.stream)
    return tuple(rows)


class _Trial:
    """The questions to one vendor; later ones use the answers of earlier ones."""

    def __init__(self, vendor: Vendor, symbol: str, now: datetime) -> None:
        self.vendor, self.symbol, self.now = vendor, symbol, now
        self.price: float | None = None
        self.page: ChainPage | None = None

    async def clock(self) -> str | Unavailable:
        found = await self.vendor.exchange_clock()
        if isinstance(found, Unavailable):
            return found
        state = {True: "open", False: "closed", None: "not stated"}[found.open]
        ahead = self.vendor.clock_ahead
        differs = f"; {clock_text(self.vendor.name, ahead)}" if abs(ahead) > CLOCK_TOLERANCE else ""
        return f"exchange {state}{differs}"

    async def quote(self) -> str | Unavailable:
        found = (await self.vendor.quotes((self.symbol,), urgent=True)).get(self.symbol)
        if not isinstance(found, Quote):
            return found or _nothing(self.symbol)
        self.price = found.last or found.mid
        sides = f", {_money(found.bid)} to {_money(found.ask)}" if found.bid or found.ask else ", no book"
        delayed = ", delayed" if found.delayed else ""
        halted = ", halted" if found.halted else ""
        return f"{self.symbol} {_money(found.last)}{sides}, {self._age(found.last_at)}{delayed}{halted}"

    async def days(self) -> str | Unavailable:
        found = (await self.vendor.daily_bars((self.symbol,), 30, urgent=True)).get(self.symbol)
        return self._bars(found)

    async def minutes(self) -> str | Unavailable:
        since = self.now - timedelta(minutes=30)
        found = (await self.vendor.minute_bars((self.symbol,), since, urgent=True)).get(self.symbol)
        return self._bars(found)

    async def expirations(self) -> str | Unavailable:
        found = await self.vendor.expirations(self.symbol, urgent=True)
        if isinstance(found, Unavailable):
            return found
        return f"{len(found)} expiries, the next {found[0]:%Y-%m-%d}" if found else "none is listed"

    async def chain(self) -> str | Unavailable:
        expiries = await self.vendor.expirations(self.symbol, urgent=True)
        if isinstance(expiries, Unavailable):
            return expiries
        ahead = [day for day in expiries if day > self.now.date()]
        if not ahead:
            return Unavailable(Fault.NO_DATA, "no expiry after today is listed")
        window = None if self.price is None else (self.price * 0.97, self.price * 1.03)
        found = await self.vendor.chain(self.symbol, ahead[0], window, urgent=True)
        if isinstance(found, Unavailable):
            return found
        self.page = found
        quoted = sum(1 for row in found.rows if row.bid is not None and row.ask is not None)
        return f"{ahead[0]:%Y-%m-%d}: {len(found.rows)} options, {quoted} with bid and ask"

    async def option(self) -> str | Unavailable:
        rows = () if self.page is None else self.page.rows
        row = min(rows, key=lambda each: abs(each.strike - (self.price or 0.0)), default=None)
        if row is None:
            return Unavailable(Fault.NO_DATA, "no option is known to ask for")
        contract = Contract(
            underlying=row.underlying, root=row.root, expiry=row.expiry, strike=row.strike, right=row.right
        )
        found = (await self.vendor.option_quotes((contract,), urgent=True)).get(contract.occ)
        if not isinstance(found, OptionRow):
            return found or _nothing(contract.occ)
        return f"{found.occ} {_money(found.bid)} to {_money(found.ask)}, {self._age(found.bid_at)}"

    async def dividends(self) -> str | Unavailable:
        found = (await self.vendor.dividends((self.symbol,))).get(self.symbol)
        if found is None or isinstance(found, Unavailable):
            return found or _nothing(self.symbol)
        return f"{len(found)} dividends" + (f", the last {found[-1].ex_date:%Y-%m-%d}" if found else "")

    async def splits(self) -> str | Unavailable:
        found = (await self.vendor.splits((self.symbol,))).get(self.symbol)
        if found is None or isinstance(found, Unavailable):
            return found or _nothing(self.symbol)
        return f"{len(found)} splits"

    async def symbol_changes(self) -> str | Unavailable:
        found = (await self.vendor.symbol_changes((self.symbol,))).get(self.symbol)
        if found is None or isinstance(found, Unavailable):
            return found or _nothing(self.symbol)
        return f"{len(found)} changes"

    async def stream(self) -> str | Unavailable:
        states: asyncio.Queue[StreamState | None] = asyncio.Queue()

        def on_tick(tick: Tick) -> None:
            if isinstance(tick, StreamState):
                states.put_nowait(tick)

        wanted = Wanted()
        wanted.replace((self.symbol,), ())
        running = asyncio.ensure_future(self.vendor.stream(wanted, on_tick))
        # A refused key ends the stream: then there is nothing to wait for.
        running.add_done_callback(lambda _: states.put_nowait(None))
        told = f"no subscription within {STREAM_SECONDS:g} s"
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                while (state := await states.get()) is not None:
                    if state.connected:
                        return "connected and subscribed"
                    told = state.text or told
        except TimeoutError:
            pass
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        refused = self.vendor.status().state == "KEY_REFUSED"
        fault = Fault.KEY_REFUSED if refused else Fault.UNREACHABLE
        return Unavailable(fault, f"{self.vendor.name}: {told.removeprefix(f'{self.vendor.name}: ')}")

    def _bars(self, found: tuple[Bar, ...] | Unavailable | None) -> str | Unavailable:
        if found is None or isinstance(found, Unavailable):
            return found or _nothing(self.symbol)
        if not found:
            return Unavailable(Fault.NO_DATA, "no bars in this time")
        return f"{len(found)} bars, the last closes at {_money(found[-1].close)}, {self._age(found[-1].end)}"

    def _age(self, at: datetime | None) -> str:
        if at is None:
            return "of unknown time"
        seconds = (self.now - at).total_seconds() + self.vendor.clock_ahead
        if seconds < 90:
            return f"{max(0.0, seconds):.0f} s old"
        if seconds < 5400:
            return f"{seconds / 60:.0f} min old"
        return f"of {at:%Y-%m-%d %H:%M} UTC"


def _money(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _nothing(name: str) -> Unavailable:
    return Unavailable(Fault.MALFORMED, f"the answer holds nothing of {name}", name)
