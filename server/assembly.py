"""Put one engine together and run it: ledger, runtime, deck and listener, started and stopped in order."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.backups import Backups, interval
from server.config import ConfigError, Settings
from server.deck.hub import DeckHub
from server.deck.left_open import left_open
from server.deck.local import LocalDeck
from server.feeds.base import Markets
from server.http.app import HttpServer
from server.http.deck_socket import DeckSocket, LocalSocket, deck_routes
from server.http.metrics import metrics_routes
from server.http.stream import EventStream
from server.http.stream_routes import stream_routes
from server.http.tokens import command_token
from server.ledger.address import is_database, ledger_address
from server.ledger.opened_by_address import open_to_write
from server.retention import Retention
from server.runtime.clock import Clock
from server.runtime.credentials import CredentialLog
from server.runtime.garbage import in_pieces, keep_collecting
from server.runtime.ports import NotStored, Overloaded
from server.runtime.price_sink import RuntimeSink
from server.runtime.refusals import RefusalLog
from server.runtime.runtime import Runtime
from server.runtime.stream_counts import StreamCounts
from server.telemetry.engine_log import EngineLog
from server.telemetry.metrics import EngineMetrics
from server.telemetry.notify_process import require_apprise
from server.telemetry.phone import phone_of

log = logging.getLogger("gatedeck.assembly")

TICK_SECONDS = 1.0
IDLE_TICK_SECONDS = 30.0
WATCH_SECONDS = 1.0
TURN_SECONDS = 0.001


@dataclass(slots=True)
class RunningEngine:
    """A running engine: its runtime, deck, listener and background tasks."""

    runtime: Runtime
    deck: LocalDeck
    http: HttpServer
    rules_change: str = ""
    """Text that says which rules this start put in force in place of which; empty while it changed none."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def supervise(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a background task; its failure is logged and shown on the deck as an alarm."""
        task = asyncio.create_task(work, name=name)
        self.tasks.add(task)
        task.add_done_callback(self._on_task_ended)
        return task

    def _on_task_ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        name = task.get_name()
        log.critical("task %s ended", name, exc_info=task.exception())
        self.runtime.counters.alarms[name] = f"{name} stopped: {task.exception()}"


@asynccontextmanager
async def running_engine(
    settings: Settings,
    clock: Clock,
    markets: Markets,
    rules_text: str | None,
    *,
    ticking: bool,
    ledger_ahead: bool = False,
) -> AsyncIterator[RunningEngine]:
    """Start an engine, and stop it on exit: the listener first, then the engine, then the ledger.

    With ``ticking`` this function sends the timer ticks; a simulation sends its own. With ``ledger_ahead`` a ledger
    whose last entry is ahead of the clock is accepted. Raises ConfigError,
    LedgerError or RulesError when a part cannot start; a ledger file made for it is deleted then.
    """
    if settings.backup_every is not None and is_database(settings.db):
        raise ConfigError(
            "backup_every: copies are made of a ledger file; of a database pg_dump makes them, or gatedeck migrate"
        )
    token = command_token(settings)
    if settings.notify_urls:
        require_apprise()
    ledger = await open_to_write(
        ledger_address(settings.db, settings.engine_id, settings.state_dir), settings.engine_id
    )
    runtime = Runtime(
        ledger,
        clock,
        markets,
        engine_id=settings.engine_id,
        rules_text=rules_text,
        decision_wait=settings.decision_wait_ms / 1000,
        ledger_name=settings.database_shown,
        ledger_ahead=ledger_ahead,
    )
    markets.attach(RuntimeSink(runtime))
    refusals = RefusalLog(clock.now)
    uses = CredentialLog(clock.now)
    deck = LocalDeck(runtime, refusals=refusals, uses=uses)
    hub = DeckHub(deck)
    decks = DeckSocket(hub, settings.engine_id, lambda: deck.listener)
    local_socket = LocalSocket(decks, settings.deck_socket)
    engine_log = EngineLog()
    runtime.listeners.add(engine_log.heard)
    deck.notice_listeners.add(engine_log.notice)
    phone = phone_of(settings, runtime.counters.alarms)
    if phone is not None:
        deck.notice_listeners.add(phone.put)
        deck.phone = phone.rows
    counts = StreamCounts()
    metrics = EngineMetrics(runtime, deck, refusals, counts, lambda: hub.connected)
    runtime.listeners.add(metrics.heard)
    stream = EventStream(runtime, deck, counts)
    try:
        http = HttpServer(
            intake=runtime,
            deck=deck,
            health=runtime,
            settings=settings,
            command_token=token,
            refusals=refusals,
            uses=uses,
            routes=metrics_routes(metrics) + deck_routes(decks) + stream_routes(stream),
        )
    except BaseException:
        ledger.discard()
        await markets.close()
        await ledger.close()  # its threads would keep the process running
        raise
    host = RunningEngine(runtime, deck, http)
    started = False
    try:
        await runtime.start()
        deck.resume()
        await http.start()
        started = True
        deck.listener = http.url
        await local_socket.start()
        await engine_log.resume(runtime)
        engine_log.started(runtime, http.url, settings.feeds)
        if runtime.rules_replaced is not None:
            host.rules_change = deck.tell_rules_change(runtime.rules_replaced)
        host.supervise("feeds", markets.run())
        if phone is not None:
            host.supervise("notify", phone.run())
        host.supervise("loop lag", metrics.watch_loop())
        runtime.counters.upkeep |= _upkeep(settings)
        if settings.backup_every is not None:
            host.supervise("backups", _backups(settings, runtime).run())
        if settings.keep_marks_days is not None or settings.keep_paths_days is not None:
            host.supervise("retention", _retention(settings, runtime).run())
        host.supervise("ledger watch", _watch_ledger(runtime))
        if ticking:
            host.supervise("clock", _tick(runtime))
            host.supervise("stops", _watch(deck))
        with in_pieces(), _taking_turns():
            host.supervise("garbage", keep_collecting(runtime.exchange_is_closed))
            yield host
    finally:
        for task in list(host.tasks):
            task.cancel()
        await asyncio.gather(*host.tasks, return_exceptions=True)
        try:
            if started:
                await hub.close(_left_open(deck))
            await local_socket.stop()
            stream.close()
            await http.stop()
            await markets.close()
        finally:
            if not started:
                ledger.discard()
            await runtime.stop()
            if started:
                engine_log.stopped(runtime)


def _left_open(deck: LocalDeck) -> str:
    try:
        return left_open(deck.snapshot())
    except Exception as error:
        log.exception("what stays open is not known", exc_info=error)
        return "what stays open is not known"


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Lower the interpreter's thread switch interval from 5 ms to 1 ms, so that no thread waits longer."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


async def _watch(deck: LocalDeck) -> None:
    """Let the deck announce every second what keeps stops from acting: a service has no screen that asks."""
    while True:
        deck.watch()
        await asyncio.sleep(WATCH_SECONDS)


def _upkeep(settings: Settings) -> dict[str, str]:
    """Return what is said of the jobs that keep the ledger small and safe while they do not run."""
    database = is_database(settings.db)
    return {
        "backup": "by the database's own means" if database else "off: backup_every is not set",
        "retention": "off: all marks and prices of paths are kept (keep_marks_days, keep_paths_days)",
        "archive": "by hand: gatedeck archive FOLDER seals the days that are over",
    }


def _backups(settings: Settings, runtime: Runtime) -> Backups:
    assert settings.backup_every is not None
    return Backups(
        Path(settings.db),
        settings.backup_dir,
        interval(settings.backup_every),
        settings.backup_keep,
        runtime.counters.alarms,
        upkeep=runtime.counters.upkeep,
    )


def _retention(settings: Settings, runtime: Runtime) -> Retention:
    return Retention(
        runtime.ledger,
        settings.keep_marks_days,
        settings.keep_paths_days,
        runtime.counters.alarms,
        closed=runtime.exchange_is_closed,
        now=runtime.clock.now,
        upkeep=runtime.counters.upkeep,
    )


async def _watch_ledger(runtime: Runtime) -> None:
    while True:
        await runtime.check_ledger()
        await asyncio.sleep(WATCH_SECONDS)


async def _check_clock(runtime: Runtime) -> None:
    try:
        await runtime.check_clock()
    except (NotStored, Overloaded) as error:
        log.warning("a check of the clock was not stored: %s", error)


async def _tick(runtime: Runtime) -> None:
    """Send a tick every second while there are positions or signals, else twice a minute.

    Only ticks that something comes of are stored.
    """
    since = IDLE_TICK_SECONDS
    while True:
        state = runtime.engine.state
        await _check_clock(runtime)
        held = any(position.is_open for position in state.positions.values())
        if state.challenger is not None:
            held = held or any(position.is_open for position in state.challenger.positions.values())
        if held or state.signals or since >= IDLE_TICK_SECONDS:
            try:
                await runtime.tick()
                since = 0.0
            except (NotStored, Overloaded) as error:
                # Exits by time depend on ticks: keep sending them as long as the process runs.
                log.warning("a tick was not stored: %s", error)
        await asyncio.sleep(TICK_SECONDS)
        since += TICK_SECONDS
