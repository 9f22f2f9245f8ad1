"""Clocks of the engine: real time, real time from another start, and time that a simulation moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

SIMULATED = "SIMULATED TIME"
_PASSING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
ADOPTED_SECONDS = 2.0
"""Largest difference to the machine's clock that is taken over without a word."""


class Clock(Protocol):
    """Gives the engine's time; screens show ``note`` beside it, which is empty on the real clock."""

    @property
    def note(self) -> str: ...

    def now(self) -> datetime: ...

    def ahead(self) -> float:
        """Return by how many seconds this clock is ahead of the machine's, 0 where that does not matter."""
        ...


def seconds_passed() -> float:
    """Return seconds that pass whatever the machine's clock is set to, also while the machine sleeps."""
    return time.clock_gettime(_PASSING)


class SteadyClock:
    """The machine's UTC time at the start, and from then on the time that passes.

    A machine whose clock is set, by a person or after a wrong start, must not make exits by time act an hour early
    or not at all. Differences up to ADOPTED_SECONDS, as a clock that is kept right has, are taken over.
    """

    def __init__(
        self, machine: Callable[[], float] = time.time, passed: Callable[[], float] = seconds_passed
    ) -> None:
        self._machine, self._passed = machine, passed
        self._zero = machine() - passed()
        self._borrowed = False

    @property
    def note(self) -> str:
        """Minutes by which the machine's clock is off this one; empty while they agree."""
        off = -self.ahead()
        return "" if not off else f"MACHINE CLOCK {off / 60:+.0f} MIN"

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._zero + self._passed(), UTC)

    def ahead(self) -> float:
        """Return by how many seconds this clock is ahead of the machine's; a small difference is taken over."""
        difference = self._zero + self._passed() - self._machine()
        caught_up = self._borrowed and difference < 0
        if abs(difference) > ADOPTED_SECONDS and not caught_up:
            return difference
        self._borrowed = False
        self._zero -= difference
        return 0.0

    def go_on_from(self, instant: datetime) -> None:
        """Be at ``instant`` now, ahead of the machine until its clock has caught up: only when a person says so."""
        self._zero += max(0.0, (instant - self.now()).total_seconds())
        self._borrowed = True


class OffsetClock:
    """Starts at a given instant and runs at normal speed, regardless of changes to the machine's clock."""

    def __init__(self, start: datetime, note: str = SIMULATED) -> None:
        self.note = note
        self._start = start.astimezone(UTC)
        self._zero = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._zero)

    def ahead(self) -> float:
        return 0.0


class VirtualClock:
    """Keeps its time until it is moved; moves only forward."""

    def __init__(self, start: datetime, note: str) -> None:
        self._now = start.astimezone(UTC)
        self.note = note

    def now(self) -> datetime:
        return self._now

    def ahead(self) -> float:
        return 0.0

    def move(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError(f"virtual time cannot go back from {self._now} to {instant}")
        self._now = instant
