"""Import a statement into the ledger of an engine that does not run, and read a statement's file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import orjson

from core.statements.layouts import Statement, read_records, read_statement
from core.statements.row import BookError
from server.config import Settings
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.ledger.address import ledger_address
from server.ledger.opened_by_address import open_to_write
from server.runtime.clock import SteadyClock
from server.runtime.runtime import Runtime

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


@asynccontextmanager
async def engine_at_rest(settings: Settings) -> AsyncIterator[LocalDeck]:
    """Open the ledger of the settings for commands, without feeds, listener or ticks; a new one is created.

    Raises LedgerLocked when an engine writes it, LedgerError, ConfigError.
    """
    address = ledger_address(settings.db, settings.engine_id, settings.state_dir)
    ledger = await open_to_write(address, settings.engine_id)
    runtime = Runtime(
        ledger, SteadyClock(), NoFeed(), engine_id=settings.engine_id, rules_text=None, ledger_ahead=True
    )
    try:
        await runtime.start()
        yield LocalDeck(runtime)
    finally:
        await runtime.stop()
