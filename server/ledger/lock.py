"""One writer per ledger: locks that the kernel releases however the process ends.

Two locks are held. ``<ledger>.lock`` beside the file that the path leads to names the holder; a symbolic link leads
to the same. The second is on the ledger file itself (on Linux), so that neither another name of the file nor a
removed lock file admits a second writer.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from server.ledger.base import LedgerLocked

LOCKS_FILE = sys.platform == "linux"
"""On other systems a lock of this kind on the file would collide with SQLite's own."""
_KERNEL_LOCKS = Path("/proc/locks")


class WriterLock:
    """Hold the locks from construction to ``release``. Raises LedgerLocked naming the holder, OSError."""

    def __init__(self, ledger: Path, engine_id: str) -> None:
        self._ledger = ledger
        target = ledger.resolve()
        self._path = target.with_name(target.name + ".lock")
        self._fd: int | None = None
        self._file: int | None = None
        while self._fd is None:
            self._fd = self._try_lock()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n{engine_id}\n".encode(), 0)

    def hold_file(self) -> None:
        """Lock the ledger file itself, which must exist, before it is opened. Raises LedgerLocked, OSError."""
        if not LOCKS_FILE:
            return
        # It stays open until ``release``: closing it would drop the locks that SQLite has on the file.
        fd = os.open(self._ledger, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(os.fstat(fd))
            os.close(fd)
            who = "another process" if holder is None else f"process {holder}"
            raise self._locked(who) from error
        self._file = fd

    def _try_lock(self) -> int | None:
        """Lock the side file; ``None`` when its last holder deleted it meanwhile."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(fd, 200).decode(errors="replace").split("\n")
            os.close(fd)
            pid, engine = [*holder, "", ""][:2]
            raise self._locked(f"process {pid} (engine {engine})" if pid else "another process") from error
        # A deleted file can be locked too, but would not exclude other engines: only the file at the path counts.
        if self._path.exists() and os.path.samestat(os.fstat(fd), self._path.stat()):
            return fd
        os.close(fd)
        return None

    def _locked(self, who: str) -> LedgerLocked:
        return LedgerLocked(f"{self._ledger} is being written by {who}; one engine writes a ledger")

    def release(self, *, delete: bool = False) -> None:
        """Release the locks, after SQLite has closed the file. The side file stays, unless ``delete`` removes it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._fd is not None:
            if delete:
                self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


def _holder(file: os.stat_result) -> int | None:
    """Return the process that holds a lock of this kind on a file, ``None`` where the kernel does not say."""
    named = f":{os.minor(file.st_dev):02x}:{file.st_ino} "
    try:
        lines = _KERNEL_LOCKS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        # 1: FLOCK  ADVISORY  WRITE 4242 08:01:131090 0 EOF
        if " FLOCK " in line and named in line and (pid := line.split()[4]).isdigit():
            return int(pid)
    return None
