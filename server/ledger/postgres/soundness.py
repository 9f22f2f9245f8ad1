"""Check a ledger in a database without replaying it: its tables, chain and checkpoints."""

from __future__ import annotations

from server.ledger.address import DatabaseLedger
from server.ledger.missing import missing_of
from server.ledger.postgres.snapshot import DatabaseSnapshot
from server.ledger.soundness import Soundness, check_checkpoints, check_journal


def check_database(address: DatabaseLedger) -> Soundness:
    """Check the ledger of an engine. Raises LedgerError when there is none."""
    found = Soundness()
    connection = DatabaseSnapshot(address)
    try:
        check_journal(connection, found)
        check_checkpoints(connection, found)
        found.notes += [f"noted at a start: {text}" for text in missing_of(connection)]
    finally:
        connection.close()
    return found
