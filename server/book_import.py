"""Import a statement into the ledger of an engine that does not run, and read a statement's file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import orjson

from core.effects import FetchMarket
from core.events import RulesChanged
from core.statements.layouts import Statement, read_records, read_statement
from core.statements.row import BookError
from server.config import Settings
from server.deck.books import book_fault
from server.feeds.base import NoFeed
from server.ledger.address import ledger_address
from server.ledger.base import OwnLedger
from server.ledger.opened_by_address import open_to_write
from server.runtime.clock import SteadyClock
from server.runtime.command_input import command_event, command_result
from server.runtime.engine_loop import EngineLoop
from server.runtime.ports import Command, CommandResult
from server.runtime.runtime import AT_START

_PARQUET = b"PAR1"
_MOST_BYTES = 64_000_000


def read_file(path: Path) -> tuple[str, Statement]:
    """Return a statement's text, as it can be sent to an engine, and its rows. Raises BookError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BookError(f"file: {path} has more than {_MOST_BYTES // 1_000_000} MB; split it by year")
        data = path.read_bytes()
    except OSError as error:
        raise BookError(f"file: {path} cannot be read: {error.strerror}") from None
    if data.startswith(_PARQUET):
        return _parquet(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Spreadsheets on Windows save csv so.
        text = data.decode("cp1252", errors="replace")
    return text, read_statement(text)


def _parquet(path: Path) -> tuple[str, Statement]:
    try:
        table = import_module("pyarrow.parquet").read_table(path)
    except ImportError:
        raise BookError(
            "file: parquet needs pyarrow (pip install pyarrow); csv and jsonl need nothing"
        ) from None
    except Exception as error:  # pyarrow's errors have no common class
        raise BookError(f"file: {path} cannot be read: {error}") from None
    records = table.to_pylist()
    return "\n".join(orjson.dumps(record, str).decode() for record in records), read_records(records)


class EngineAtRest:
    """An engine that takes commands and nothing else: no feed is asked, no time passes, no signal is decided."""

    def __init__(self, loop: EngineLoop, ledger: OwnLedger) -> None:
        self._loop, self._ledger = loop, ledger

    async def command(self, command: Command) -> CommandResult:
        """Carry out a command and return its result. Raises NotStored."""
        fault = await book_fault(self._ledger, command)
        return fault or command_result(await self._loop.post(command_event(command)))


@asynccontextmanager
async def engine_at_rest(settings: Settings) -> AsyncIterator[EngineAtRest]:
    """Open the ledger of the settings for commands; a new one is created.

    What a killed engine left undecided stays for the next start, whose feeds decide it. Raises LedgerLocked when an
    engine writes the ledger, LedgerError.
    """
    address = ledger_address(settings.db, settings.engine_id, settings.state_dir)
    ledger = await open_to_write(address, settings.engine_id)
    clock = SteadyClock()
    loop = EngineLoop(
        ledger, clock, NoFeed(), settings.engine_id, ask_market=_leave, update_watch=_watch_nothing
    )
    try:
        await loop.load()
        state = loop.engine.state
        if state.at is not None:
            clock.go_on_from(state.at)  # a simulated ledger may be ahead of the clock
        loop.start()
        if state.seq == 0:
            await loop.post(lambda seq, at: RulesChanged(seq=seq, at=at, toml="", author=AT_START))
        yield EngineAtRest(loop, ledger)
    finally:
        await loop.stop()
        await ledger.close()


def _leave(_ask: FetchMarket) -> None:
    return None


async def _watch_nothing() -> None:
    return None
