"""Counts of the stream's readers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class StreamCounts:
    """Readers connected now; since the start those that came, were refused (too many), or dropped (too slow)."""

    connected: int = 0
    came: int = 0
    refused: int = 0
    dropped: int = 0
