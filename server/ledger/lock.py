"""One writer per ledger: a lock on a side file, which the kernel releases however the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from server.ledger.base import LedgerLocked


class WriterLock:
    """Hold ``<ledger>.lock`` from construction to ``release``. Raises LedgerLocked naming the holder, OSError."""

    def __init__(self, ledger: Path, engine_id: str) -> None:
        self._path = ledger.with_name(ledger.name + ".lock")
        self._fd: int | None = None
        while self._fd is None:
            self._fd = self._try_lock(ledger)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n{engine_id}\n".encode(), 0)

    def _try_lock(self, ledger: Path) -> int | None:
        """Lock the side file; ``None`` when its last holder deleted it meanwhile."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(fd, 200).decode(errors="replace").split("\n")
            os.close(fd)
            pid, engine = [*holder, "", ""][:2]
            who = f"process {pid} (engine {engine})" if pid else "another process"
            raise LedgerLocked(f"{ledger} is being written by {who}; one engine writes a ledger") from error
        # A deleted file can be locked too, but would not exclude other engines: only the file at the path counts.
        if self._path.exists() and os.path.samestat(os.fstat(fd), self._path.stat()):
            return fd
        os.close(fd)
        return None

    def release(self, *, delete: bool = False) -> None:
        """Release the lock. The side file stays, unless ``delete`` removes it while it is still held."""
        if self._fd is not None:
            if delete:
                self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None
