"""The engine as others call it: intake of webhooks, commands, health, and the two errors it raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from core.fast_init import fast_init
from core.model import DecisionRecord, Source, Update


class NotStored(Exception):
    """The ledger could not store the input; it had no effect, and the sender may send it again."""


class Overloaded(Exception):
    """Too many inputs wait; nothing was stored."""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """Answer to one webhook: HTTP 200, or 400 and 422 for a body stored in quarantine.

    ``status`` is accepted | duplicate | quarantined; ``decision`` is ``None`` if none was made in time.
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


Answered = Callable[[WebhookAnswer | Exception], None]
"""Takes the answer to one webhook, or NotStored or Overloaded while nothing of it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of a person: exit, exit_all, mode, approve_trade, reject_trade and others.

    ``expected`` is the quantity shown on the screen, ``argument`` the mode, or the id of the trade or suggestion,
    ``note`` a text that is added to the trade together with the command.
    """

    id: str
    name: str
    position_id: str | None = None
    contracts: int | None = None
    expected: int | None = None
    argument: str | None = None
    author: str = "deck"
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    ok: bool
    code: str
    text: str


class Intake(Protocol):
    """Takes the bodies of webhooks. Raises NotStored or Overloaded, and only while nothing is stored.

    The items of an array body are submitted one by one, in their order.
    """

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        """Store one body on disk and return its answer, with the decision if it is made in time."""
        ...

    def read(self, body: str, endpoint: str | None) -> Update | None:
        """Return what a body means, without any effect; ``None`` if it cannot be read."""
        ...


@runtime_checkable
class DirectIntake(Protocol):
    """An intake that also answers without a task: every answer of a commit is given in one call of the loop."""

    def take(self, body: str, endpoint: str | None, done: Answered, gone: Callable[[], bool]) -> None:
        """Store one body and call ``done`` once, with its answer or an error; ``gone`` as the sender left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Health of the engine: ``uptime`` in seconds, ``queue`` waiting inputs, ``clock`` the engine's time.

    ``upkeep`` are the jobs that keep the ledger small and safe, by name: when each ran last and runs next.
    """

    ready: bool
    uptime: float
    queue: int = 0
    last_commit_ms: float | None = None
    alarms: tuple[str, ...] = ()
    clock: datetime | None = None
    upkeep: Mapping[str, str] = field(default_factory=dict)


class HealthSource(Protocol):
    def health(self) -> Health: ...
