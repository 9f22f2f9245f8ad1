"""Clocks of the engine: real time, real time from another start, and time that a simulation moves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives the engine's time; screens show ``note`` beside it, which is empty on the real clock."""

    note: str

    def now(self) -> datetime: ...


class RealClock:
    """The machine's UTC time."""

    note = ""

    def now(self) -> datetime:
        return datetime.now(UTC)


class OffsetClock:
    """Starts at a given instant and runs at normal speed, regardless of changes to the machine's clock."""

    note = "SIMULATED TIME"

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._zero = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._zero)

    def not_before(self, instant: datetime) -> None:
        """Jump forward to ``instant`` if it is later than now, so that a restart never goes back in time."""
        ahead = instant - self.now()
        if ahead > timedelta(0):
            self._start += ahead


class VirtualClock:
    """Keeps its time until it is moved; moves only forward."""

    def __init__(self, start: datetime, note: str) -> None:
        self._now = start.astimezone(UTC)
        self.note = note

    def now(self) -> datetime:
        return self._now

    def move(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError(f"virtual time cannot go back from {self._now} to {instant}")
        self._now = instant
