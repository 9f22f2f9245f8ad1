"""Inputs that wait while the ledger cannot store: prices and requests of senders, prices of feeds, and time.

They are put in again when it can. Their senders are told 503, and most never send again: a stop that was crossed
meanwhile must still sell at the price where it was crossed, and an exit by time must be of its time. An entry does
not wait: it must not trade minutes later.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.engine import Engine
from core.events import Event, PriceSeen, Received, Ticked
from core.intake import IntakeError
from core.model import Intent
from server.runtime.callers import Caller, MakeEvent

log = logging.getLogger("gatedeck.runtime")

MOST_KEPT = 10_000
"""Most inputs that wait; beyond it the oldest are dropped, and counted."""
TRIES_AT_ONCE = 2
TRY_AGAIN_SECONDS = 0.5
"""Pause before the ledger is tried again after more failures than TRIES_AT_ONCE; meanwhile inputs are turned away."""
TICK_EVERY = timedelta(minutes=1)
REQUESTS = frozenset({Intent.EXIT, Intent.REDUCE, Intent.MOVE_STOP, Intent.CANCEL, Intent.BAR})


@dataclass(slots=True)
class Input:
    """One input of the engine; ``came_at`` is set when it has waited: it counts as of that instant."""

    make: MakeEvent
    caller: Caller
    came_at: datetime | None = None


@dataclass(slots=True)
class Outage:
    """A time in which nothing can be stored: ``since`` the first failure, ``waiting`` in order of arrival."""

    since: datetime
    error: Exception | None = None
    failures: int = 0
    dropped: int = 0
    proved: bool = False
    """True once a checkpoint was stored: the ledger works."""
    one_by_one: bool = False
    try_at: float = 0.0
    waiting: deque[Input] = field(default_factory=deque)
    tick_kept: datetime | None = None

    @property
    def pausing(self) -> float:
        """Seconds until the ledger is tried again, 0 when it is due."""
        return max(0.0, self.try_at - time.monotonic())

    @property
    def patience(self) -> float:
        """Seconds to wait for a new input before the ledger is tried again with those that wait."""
        return max(self.pausing, TRY_AGAIN_SECONDS)

    def failed(self, error: Exception, waited: list[Input]) -> None:
        """Note a failure; ``waited`` are the inputs of the failed batch that had waited before.

        They wait again, unless the ledger stores everything but a single one of them: that one is dropped, so that it
        cannot hold up the others.
        """
        self.error = error
        self.failures += 1
        if self.failures > TRIES_AT_ONCE:
            self.try_at = time.monotonic() + TRY_AGAIN_SECONDS
        if self.proved and waited and self.one_by_one:
            self.dropped += 1
            log.error("an input that waited for the ledger is dropped: %s", error)
            return
        self.one_by_one = self.proved and bool(waited)
        self.proved = self.proved and bool(waited)
        self.waiting.extendleft(reversed(waited))

    def keep(self, one: Input, at: datetime) -> None:
        """Let an input wait, as of the instant at which it came."""
        self.waiting.append(Input(one.make, Nobody(), at))
        if len(self.waiting) > MOST_KEPT:
            self.waiting.popleft()
            self.dropped += 1

    def keeps_tick(self, event: Event) -> bool:
        """Return whether an input is a tick that is to wait: one a minute, for exits by time."""
        if not isinstance(event, Ticked):
            return False
        due = self.tick_kept is None or event.at - self.tick_kept >= TICK_EVERY
        if due:
            self.tick_kept = event.at
        return due

    def text(self) -> str:
        """Return for a person since when nothing could be stored, and what waits."""
        lost = f" ({self.dropped} older ones are lost)" if self.dropped else ""
        waits = f"; {len(self.waiting)} prices and requests of senders wait{lost}" if self.waiting else ""
        return f"nothing can be stored since {self.since:%H:%M:%S} UTC, {self.error}: no entries, exits wait{waits}"


class Nobody:
    """The caller of an input whose sender was answered already."""

    def stored(self, effects: object) -> None:
        pass

    def refused(self, error: Exception) -> None:
        pass


def waits(engine: Engine, event: Event) -> bool:
    """Return whether an input that could not be stored is put in again: a price or a sender's request, no entry."""
    if isinstance(event, PriceSeen):
        return True  # feeds send prices of what is held or watched only
    if not isinstance(event, Received):
        return False
    try:
        update = engine.read(event.body, event.endpoint)
    except IntakeError:
        return False
    priced = update.price is not None and update.intent is not Intent.ENTRY
    return update.intent in REQUESTS or priced
