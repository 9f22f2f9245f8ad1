"""What the listener needs of the engine: somewhere to put a body, a deck to read, and its health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import DecisionRecord, Source


class NotStored(Exception):
    """The ledger could not take it; nothing of it happened, the sender may come again."""


class Overloaded(Exception):
    """More inputs wait than the engine will take; nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What one receipt is answered: 200, or 400 and 422 for what was stored in quarantine.

    ``status`` is accepted | duplicate | quarantined; ``decision`` is ``None`` when none was made in time.
    """

    http_status: int
    status: str
    receipt_id: str
    source: Source | None = None
    symbol: str | None = None
    notes: tuple[str, ...] = ()
    decision: DecisionRecord | None = None
    reason: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person asks for: exit | exit_all | mode | approve_trade | reject_trade …

    ``expected`` is the quantity that was on the screen, ``argument`` the mode, or the id of what is judged.
    """

    id: str
    name: str
    position_id: str | None = None
    contracts: int | None = None
    expected: int | None = None
    argument: str | None = None
    author: str = "deck"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    ok: bool
    code: str
    text: str


class Intake(Protocol):
    """Takes bodies; raises only while nothing is stored: NotStored, Overloaded.

    The items of an array body come as one call each, begun in their order.
    """

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        """Store one body durably and answer for it; waits for its decision a moment, then answers without."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the engine is doing: ``uptime`` in seconds, ``queue`` inputs that wait, last commit in
    ms, ``clock`` the engine's instant."""

    ready: bool
    uptime: float
    queue: int = 0
    last_commit_ms: float | None = None
    alarms: tuple[str, ...] = ()
    clock: datetime | None = None


class HealthSource(Protocol):
    def health(self) -> Health: ...
