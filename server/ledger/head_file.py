"""The chain's head beside the ledger: a small file from which a start sees that inputs are missing at the end.

A cut-off end cannot be seen from inside a chain, and a damaged write-ahead log ends before the damage without an
error. So the seq and hash of the last input that was stored are also kept in ``<ledger>.head``: two lines of fixed
length, written in turn and each with a check sum, so that a write that is cut off leaves the other line. It is not
synced with each commit: after a power cut it may be older than the ledger, never newer.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LINE = 128


@dataclass(frozen=True, slots=True)
class Head:
    """Seq and hash of the last input stored."""

    seq: int
    hash: bytes


def head_path(ledger: Path) -> Path:
    """Return the path of the head file of a ledger; a symbolic link leads to the same."""
    target = ledger.resolve()
    return target.with_name(target.name + ".head")


def read_head(ledger: Path) -> Head | None:
    """Return the newest whole line of the head file; ``None`` without the file, or if no line is whole."""
    try:
        data = head_path(ledger).read_bytes()
    except OSError:
        return None
    found = [head for at in (0, LINE) if (head := _parse(data[at : at + LINE])) is not None]
    return max(found, key=lambda head: head.seq, default=None)


class HeadFile:
    """The open head file of the writer."""

    def __init__(self, ledger: Path, head: Head) -> None:
        """Create the file anew with this head. Raises OSError."""
        path = head_path(ledger)
        fresh = path.with_name(path.name + ".new")
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(fd, _line(head) * 2, 0)
            os.fsync(fd)
            fresh.replace(path)
        except BaseException:
            os.close(fd)
            raise
        self._fd: int | None = fd
        self._turn = 0

    def write(self, seq: int, digest: bytes) -> None:
        """Note the head after a commit; a write that fails leaves the older one."""
        self._turn ^= 1
        if self._fd is not None:
            with suppress(OSError):
                os.pwrite(self._fd, _line(Head(seq, digest)), self._turn * LINE)

    def sync(self) -> None:
        if self._fd is not None:
            with suppress(OSError):
                os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; closing it again does nothing."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def remove_head(ledger: Path) -> None:
    """Delete the head file of a ledger that is replaced or deleted."""
    head_path(ledger).unlink(missing_ok=True)


def _line(head: Head) -> bytes:
    text = b"%d %b" % (head.seq, head.hash.hex().encode())
    return (text + b" " + _sum(text)).ljust(LINE - 1) + b"\n"


def _parse(line: bytes) -> Head | None:
    parts = line.split()
    if len(line) != LINE or len(parts) != 3 or _sum(b" ".join(parts[:2])) != parts[2]:
        return None
    return Head(int(parts[0]), bytes.fromhex(parts[1].decode()))


def _sum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()
