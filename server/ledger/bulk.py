"""Write a whole ledger file at once, as a replay does: synced to disk only once, at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from core.effects import Effect
from core.engine import EngineState
from core.events import Event
from server.ledger.base import Entry, LedgerError
from server.ledger.chain import GENESIS, JournalRow
from server.ledger.checkpoint import compress, put_checkpoint
from server.ledger.codec import encode_any
from server.ledger.lock import WriterLock
from server.ledger.rows import Tables, carried_rows, copied_rows, rows_of, write
from server.ledger.schema import allow_gaps, begin_after, create
from server.private_files import make_private_file, make_private_folder

_BATCH = 1_000


class BulkLedger:
    """A new ledger, filled in order; without ``finish`` it is deleted at ``close``."""

    def __init__(
        self, path: Path, engine_id: str, after: tuple[int, bytes] = (0, GENESIS), *, scratch: bool = False
    ) -> None:
        """Create the file; its journal begins ``after`` the input of a seq and hash.

        With ``scratch`` it is made faster, to be compared and deleted: JSON is not compressed, copied inputs with
        bodies and the checkpoint are left out, and nothing is synced. Raises LedgerError when it exists already or
        cannot be created.
        """
        self.path = path
        self._scratch = scratch
        if path.exists() and path.stat().st_size:
            raise LedgerError(f"{path}: exists already; name a new file")
        self.last_seq, self.head = after
        self._batch: list[Entry] = []
        self._copied: list[tuple[JournalRow, Entry]] = []
        self._finished = False
        try:
            make_private_folder(path.parent)
            self._lock = WriterLock(path, engine_id)
            make_private_file(path)
            self._lock.hold_file()
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.row_factory = sqlite3.Row
            create(self._connection)
            self._connection.execute("INSERT INTO meta (key, value) VALUES ('engine_id', ?)", (engine_id,))
            self._connection.execute("BEGIN")
            if self.last_seq:
                begin_after(self._connection, self.last_seq)
            if scratch:
                allow_gaps(self._connection)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def carry(self, effects: Iterable[Effect]) -> None:
        """Store effects of steps before the journal begins. Raises LedgerError."""
        try:
            write(self._connection, carried_rows(effects))
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{self.path}: {error}") from error

    def add(self, event: Event, effects: Sequence[Effect]) -> None:
        """Store one step. Raises LedgerError when it cannot be stored."""
        self._batch.append((event, effects))
        if len(self._batch) >= _BATCH:
            self._flush()

    def copy(self, row: JournalRow, event: Event, effects: Sequence[Effect]) -> None:
        """Store a journal row as it is, to its hash, with the effects of its input. Raises LedgerError."""
        self._copied.append((row, (event, effects)))
        if len(self._copied) >= _BATCH:
            self._flush()

    def finish(self, state: EngineState | None = None) -> None:
        """Write everything to disk, with the engine's state as a checkpoint. Raises LedgerError."""
        self._flush()
        try:
            if state is not None and state.at is not None and not self._scratch:
                packed = compress(encode_any(state))
                put_checkpoint(self._connection, state.seq, state.at, self.head, packed, keep=1)
            self._connection.execute("COMMIT")
            if not self._scratch:
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA journal_mode = WAL")
            self._finished = True
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: {error}") from error

    def close(self) -> None:
        """Close the file; delete it if it was not finished."""
        self._connection.close()
        if not self._finished:
            self.path.unlink(missing_ok=True)
        self._lock.release()

    def _tables(self) -> Tables:
        return Tables(bytes.decode, bytes.decode) if self._scratch else Tables()

    def _flush(self) -> None:
        try:
            if batch := self._batch:
                tables, self.head = rows_of(batch, self.head, self.last_seq, self._tables())
                write(self._connection, tables)
                self.last_seq = batch[-1][0].seq
            if copied := self._copied:
                write(self._connection, copied_rows(copied, self._tables(), bodies=not self._scratch))
                self.last_seq, self.head = copied[-1][0].seq, copied[-1][0].hash
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{self.path}: {error}") from error
        self._batch, self._copied = [], []
