"""The whole demo: a simulated market and senders around the real engine, listener and ledger."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from core.exchange.calendar import Calendar
from core.options.trading_clock import TradingClock
from core.rules import Rules, parse_rules
from server.assembly import RunningEngine, running_engine
from server.config import ConfigError, Settings
from server.demo.drive import Drive
from server.demo.feed import SimulatedFeed
from server.demo.market import SimulatedMarket
from server.demo.senders import SimulatedSenders
from server.demo.vendors.faults import Faults
from server.demo.vendors.simulated import SimulatedSource
from server.runtime.clock import VirtualClock

START = datetime(2026, 11, 25, 14, 35, tzinfo=UTC)
"""Five minutes into a Wednesday session; the next one, after a holiday, closes early."""
ENGINE_ID = "demo"


@dataclass(slots=True)
class Demo:
    """A running demo with its driver."""

    host: RunningEngine
    drive: Drive
    rules: Rules
    seed: int


@asynccontextmanager
async def demo_session(
    settings: Settings, *, seed: int, speed: float, vendor: str | None = None, faults: Faults | None = None
) -> AsyncIterator[Demo]:
    """Start engine and simulation; the caller runs ``drive``. Raises ConfigError, RulesError, LedgerError.

    With ``vendor`` the market stands behind that vendor's local server, which makes ``faults``, and the engine reads
    it through the vendor's real client.
    """
    text = files("server.demo").joinpath("rules.toml").read_text(encoding="utf-8")
    if settings.rules is not None:
        try:
            text = settings.rules.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"rules: {settings.rules} cannot be read: {error}") from None
    rules = parse_rules(text)
    clock = VirtualClock(settings.clock or START, _note(speed))
    calendar = Calendar.from_rules(rules.clock)
    try:
        market = SimulatedMarket(clock.now(), calendar, TradingClock.from_rules(rules.clock), seed)
    except ValueError as error:
        raise ConfigError(f"clock: {error}") from None
    feed = SimulatedFeed(market, rules)
    senders = SimulatedSenders(market.symbols, seed)
    if vendor is None:
        async with running_engine(settings, clock, feed, text, ticking=False) as host:
            drive = Drive(host.runtime, clock, market, feed, senders, url=host.http.url, speed=speed)
            yield Demo(host, drive, rules, seed)
        return
    from server.demo.vendors.door import VendorDrive, vendor_door

    source = SimulatedSource(market, feed, seed, clock.now)
    async with (
        vendor_door(
            (vendor,),
            settings,
            source,
            clock,
            seed=seed,
            speed=speed,
            faults=None if faults is None else {vendor: faults},
        ) as door,
        running_engine(settings, clock, door.markets, text, ticking=False) as host,
    ):
        drive = VendorDrive(
            host.runtime, clock, market, feed, senders, url=host.http.url, speed=speed, door=door
        )
        yield Demo(host, drive, rules, seed)


def _note(speed: float) -> str:
    return "DEMO at full speed" if math.isinf(speed) else f"DEMO ×{speed:g}"
