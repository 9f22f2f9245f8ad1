"""The files of a ledger, and whether those at its path still are the open ones.

A file that is removed or replaced under a running engine goes on taking writes without an error: the kernel keeps it
until it is closed. What was answered 200 would be gone at the next start. So device and inode are compared.
"""

from __future__ import annotations

from pathlib import Path

from server.ledger.base import LedgerError
from server.ledger.head_file import remove_head

Identity = tuple[int, int]


class FileGone(LedgerError):
    """The ledger file at the path is not the open one: it was removed, moved or replaced."""


class LogGone(LedgerError):
    """The write-ahead log or its index at the path is not the open one; the ledger file itself is."""


def side_files(path: Path) -> tuple[Path, ...]:
    """Return the paths of the write-ahead log and its index."""
    target = path.resolve()
    return tuple(target.with_name(target.name + suffix) for suffix in ("-wal", "-shm"))


def delete_files(path: Path) -> None:
    """Delete a ledger and the files beside it, except the lock."""
    for file in (*side_files(path), path):
        file.unlink(missing_ok=True)
    remove_head(path)


class OpenFiles:
    """Remembers which files were opened, once both connections are open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sides = side_files(path)
        self._file = _identity(path)
        self._side_ids = [_identity(side) for side in self._sides]

    def check(self) -> None:
        """Raise FileGone or LogGone when a file at the path is not the one that was opened."""
        found = _identity(self.path)
        if found != self._file:
            happened = (
                "was removed or moved, or its folder was" if found is None else "was replaced by another file"
            )
            raise FileGone(
                f"{self.path} {happened}: put the ledger back there; stopped, gatedeck writes what it holds to "
                f"{self.path.name}.rescued-… beside it"
            )
        for side, opened in zip(self._sides, self._side_ids, strict=True):
            if opened is not None and _identity(side) != opened:
                raise LogGone(f"{side} was removed or replaced while the engine writes it")


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
