"""One writer per ledger: a lock on a side file, given back by the kernel however the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from server.ledger.base import LedgerLocked


class WriterLock:
    """Holds ``<ledger>.lock`` from construction to ``release``; raises LedgerLocked naming the holder."""

    def __init__(self, ledger: Path, engine_id: str) -> None:
        path = ledger.with_name(ledger.name + ".lock")
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._fd, 200).decode(errors="replace").split("\n")
            self.release()
            pid, engine = [*holder, "", ""][:2]
            who = f"process {pid} (engine {engine})" if pid else "another process"
            raise LedgerLocked(f"{ledger} is being written by {who}; one engine writes a ledger") from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n{engine_id}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; the file stays, so that two openers never lock two different files."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
