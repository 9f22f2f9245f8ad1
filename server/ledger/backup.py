"""Copy a ledger while an engine writes it, by SQLite's backup interface, and put a copy back in its place.

A copy is one file that needs no other: it holds what the write-ahead log held. It is checked before it gets its name.
``python -m server.ledger.backup LEDGER FILE`` makes one, for an engine that does not want to wait for it.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from server.ledger.base import LedgerError
from server.ledger.connection import open_file
from server.ledger.files import delete_files
from server.ledger.lock import WriterLock
from server.ledger.opening import end_writing, owner_of
from server.ledger.replacing import take_place
from server.ledger.soundness import Soundness, check_ledger
from server.private_files import make_private_file, make_private_folder


@dataclass(frozen=True, slots=True)
class Restored:
    """Result of a restore: what the ledger holds now, how many inputs of the old one it lacks, where that is."""

    found: Soundness
    lacks: int
    kept: Path | None


def back_up(ledger: Path, target: Path) -> Soundness:
    """Write a copy of a ledger to a new file and check it; return what it holds.

    Raises LedgerError when there is no ledger, when the file exists already or cannot be written, and when the copy
    is not sound: then there is no copy.
    """
    if target.exists():
        raise LedgerError(f"{target}: exists already; name a new file")
    fresh = target.with_name(target.name + ".partial")
    try:
        make_private_folder(target.parent)
        found = _copy(ledger, fresh)
        fresh.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"{target}: {error}") from error
    finally:
        delete_files(fresh)
    return found


def restore(copy: Path, ledger: Path, engine_id: str) -> Restored:
    """Put a copy in the place of a ledger, which is kept as ``<name>.before-<time>``.

    Raises LedgerError when the copy is not sound, belongs to another engine, or an engine writes the ledger.
    """
    fresh = ledger.resolve().with_name(ledger.name + ".restoring")
    try:
        make_private_folder(ledger.parent)
        lock = WriterLock(ledger, engine_id)
    except OSError as error:
        raise LedgerError(f"{ledger}: {error.strerror}") from error
    try:
        before = 0
        if ledger.exists():
            lock.hold_file()
            before = _last_seq(ledger)
        found = _copy(copy, fresh)
        with closing(open_file(fresh)) as connection:
            owner = owner_of(connection)
        if owner != engine_id:
            raise LedgerError(f"{copy}: belongs to engine {owner}, not to {engine_id}")
        kept = take_place(ledger, fresh, "before")
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"{ledger}: {error}") from error
    finally:
        delete_files(fresh)
        lock.release()
    return Restored(found, max(0, before - found.last_seq), kept)


def _copy(ledger: Path, fresh: Path) -> Soundness:
    """Copy a ledger to a file in one read, and check the copy. Raises LedgerError, OSError, sqlite3.Error."""
    if not ledger.is_file():
        raise LedgerError(f"{ledger}: no ledger there")
    delete_files(fresh)
    make_private_file(fresh)
    with closing(open_file(ledger)) as source, closing(sqlite3.connect(fresh)) as copy:
        source.backup(copy)
        end_writing(copy)
        copy.commit()
    found = check_ledger(fresh)
    if not found.ok:
        fault = found.chain or found.problems[0]
        raise LedgerError(
            f"{ledger}: the copy is not sound: {fault}; `gatedeck verify` says more about the ledger"
        )
    return found


def _last_seq(ledger: Path) -> int:
    try:
        found = check_ledger(ledger)
    except LedgerError:
        return 0
    return found.last_seq + found.after


def main() -> None:
    """Make the copy that the arguments name; a failure is one line on standard error and exit code 1."""
    ledger, target = map(Path, sys.argv[1:3])
    try:
        back_up(ledger, target)
    except LedgerError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
