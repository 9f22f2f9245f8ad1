"""Frames of a write-ahead log that SQLite passes over: it ends before the first damaged one, without an error.

Source: SQLite's file format, "The Write-Ahead Log". A frame that follows the first unreadable one and has the salts
of the header was written in the same run of the log: it is lost, or was never finished when the machine stopped.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_HEADER, _FRAME = 32, 24
_MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class LogFrames:
    """Frames of the present run of a log that can be read, and those at its end that cannot."""

    readable: int
    lost: int


def log_frames(log: Path) -> LogFrames | None:
    """Count the frames of a write-ahead log; ``None`` without a log, or with one whose header is damaged."""
    try:
        data = log.read_bytes()
    except OSError:
        return None
    if len(data) < _HEADER:
        return None
    magic, _, page, _, salt_1, salt_2, first, second = struct.unpack(">8I", data[:_HEADER])
    order = {0x377F0682: "<", 0x377F0683: ">"}.get(magic)
    if order is None or not 512 <= page <= 65_536 or _sum(data[:24], order, 0, 0) != (first, second):
        return None
    sums, readable, at = (first, second), 0, _HEADER
    while (end := at + _FRAME + page) <= len(data):
        _, _, one, two, stored_1, stored_2 = struct.unpack(">6I", data[at : at + _FRAME])
        sums = _sum(data[at : at + 8] + data[at + _FRAME : end], order, *sums)
        if (one, two) != (salt_1, salt_2) or sums != (stored_1, stored_2):
            break
        readable, at = readable + 1, end
    salts = struct.pack(">2I", salt_1, salt_2)
    rest = range(at, len(data) - _FRAME + 1, _FRAME + page)
    # The damaged frame itself may have lost its salts.
    lost = [place for place in rest if data[place + 8 : place + 16] == salts]
    return LogFrames(readable, (lost[-1] - at) // (_FRAME + page) + 1 if lost else 0)


def _sum(data: bytes, order: str, first: int, second: int) -> tuple[int, int]:
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for n in range(0, len(words), 2):
        first = (first + words[n] + second) & _MASK
        second = (second + words[n + 1] + first) & _MASK
    return first, second
