"""The ledger's protocol: one writer of batches, readers that never hold it up.

A batch is what a few steps of the engine asked to be stored: each event with the effects of its step, in
order. The journal (the events, chained by hash) is the truth; every other table can be made from it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from core.effects import Effect
from core.events import Event
from core.model import DecisionRecord
from core.positions.position import Mark
from server.ledger.chain import Verified
from server.ledger.paging import Page, PageQuery

Entry = tuple[Event, Sequence[Effect]]
"""One step: its event and its effects; effects that are not to be stored are passed over."""


class LedgerError(Exception):
    """The ledger could not be opened, read or written; nothing of the batch in hand was kept."""


class LedgerLocked(LedgerError):
    """Another process writes this ledger; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The engine's state after ``seq``, as the JSON that ``codec.encode_any`` made of it."""

    seq: int
    at: datetime
    state: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStats:
    """Size on disk in bytes (write-ahead log included), rows per table, the last commit in milliseconds."""

    bytes_on_disk: int
    rows: Mapping[str, int]
    last_seq: int
    commits: int
    last_commit_ms: float | None
    last_commit_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a person has said to a suggestion: ``status`` is APPROVED | REJECTED; ``text`` is the suggestion's."""

    id: str
    at: datetime
    status: str
    author: str
    text: str


class LedgerReader(Protocol):
    """What may be asked of a ledger while another task or process writes it."""

    async def page(self, query: PageQuery) -> Page:
        """One page, newest first; raises ValueError naming the filter, cursor, order or limit it refuses."""
        ...

    async def decision(self, decision_id: str) -> Mapping[str, Any] | None:
        """One ledger entry with all of its evidence and inputs, as the API shows it."""
        ...

    async def record(self, decision_id: str) -> DecisionRecord | None:
        """The same entry as the engine made it, so that it can be decided again."""
        ...

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        """One receipt with its body."""
        ...

    async def position(self, position_id: str) -> Mapping[str, Any] | None:
        """One position, open or closed, as stored."""
        ...

    async def marks_of(self, position_id: str, *, at_most: int | None = None) -> tuple[Mark, ...]:
        """Every stored step of a position's value, oldest first; with ``at_most`` evenly chosen ones, the
        last always among them."""
        ...

    async def judgements(self) -> tuple[Judged, ...]:
        """What was said to suggestions, newest first."""
        ...

    async def rules_versions(self) -> tuple[Mapping[str, Any], ...]:
        """Every rules version that came into force, newest first."""
        ...

    def journal_after(self, seq: int) -> AsyncIterator[Event]:
        """The inputs after ``seq`` in order."""
        ...

    async def last_checkpoint(self) -> Checkpoint | None: ...

    async def verify(self) -> Verified:
        """Follow the hash chain over the whole journal."""
        ...

    async def stats(self) -> LedgerStats: ...

    async def close(self) -> None: ...


class Ledger(LedgerReader, Protocol):
    """The one writer of an engine's ledger."""

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk, 0 in a new ledger."""
        ...

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Put a batch on disk, whole or not at all; on return it survives a power cut.

        Raises LedgerError when it could not, with nothing of it stored.
        """
        ...

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes | bytearray) -> None:
        """Keep the engine's state after ``seq``; of older checkpoints only the last few stay."""
        ...

    async def rebuild(self, steps: Iterable[Sequence[Effect]]) -> None:
        """Make the derived tables again from what a replay of the journal asks to be stored."""
        ...
