"""One writer per engine: an advisory lock of the server, which it releases however the connection ends."""

from __future__ import annotations

import hashlib
import time

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerLocked
from server.ledger.postgres.connection import PgConnection, application_name

_WAIT_SECONDS = 2.0
"""Time for the server to notice that a killed engine is gone."""
_PAUSE_SECONDS = 0.1
_HOLDER = (
    "SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.granted"
    " AND l.locktype = 'advisory' AND l.classid = ?::oid AND l.objid = ?::oid AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def hold(connection: PgConnection, address: DatabaseLedger, earlier: int | None = None) -> None:
    """Lock the engine's ledger until the connection ends.

    ``earlier`` is the server's process of a connection that was lost here, and that the server may still hold open:
    it is ended first, so that what it was told to store is stored then, or never will be. Raises LedgerLocked naming
    the holder.
    """
    key = _key(address.engine_id)
    until = time.monotonic() + _WAIT_SECONDS
    while not connection.execute("SELECT pg_try_advisory_lock(?)", (key,)).fetchone()[0]:  # type: ignore[index]
        holder = _holder(connection, key)
        if holder == (earlier, application_name(address.engine_id)):
            connection.execute("SELECT pg_terminate_backend(?)", (earlier,))
        if time.monotonic() > until:
            raise LedgerLocked(
                f"{address} is being written by {_named(holder)}; one engine writes a ledger "
                f"(another --engine-id has a ledger of its own there)"
            )
        time.sleep(_PAUSE_SECONDS)


def _key(engine_id: str) -> int:
    digest = hashlib.sha256(f"gatedeck ledger {engine_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _holder(connection: PgConnection, key: int) -> tuple[int, str] | None:
    row = connection.execute(_HOLDER, ((key >> 32) & 0xFFFF_FFFF, key & 0xFFFF_FFFF)).fetchone()
    return None if row is None else (row[0], row[1])


def _named(holder: tuple[int, str] | None) -> str:
    """Return the holder for a person, from the name that ``application_name`` gave its connection."""
    if holder is None:
        return "another process"
    words = holder[1].split(" ")
    if len(words) != 3 or words[0] != "gatedeck":
        return f"{holder[1] or 'a program'} (connection {holder[0]})"
    process, _, host = words[1].partition("@")
    return f"process {process} on {host} (engine {words[2]})"
