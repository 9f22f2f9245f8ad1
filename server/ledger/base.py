"""The ledger's protocol: one writer of batches, and readers that never delay it.

A batch holds a few steps of the engine: each event with the effects of its step, in order. The journal (the
events, chained by hash) is the source of truth; every other table can be rebuilt from it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from core.effects import Effect
from core.events import Event
from core.model import DecisionRecord
from core.positions.position import Mark
from server.ledger.chain import Verified
from server.ledger.paging import Page, PageQuery
from server.ledger.retention import Removed
from server.ledger.streamed import Place, StreamKind, StreamPage

if TYPE_CHECKING:
    from core.performance.trade import Trade
    from server.ledger.followed_reading import NewestDecisions

Entry = tuple[Event, Sequence[Effect]]
"""One step: its event and its effects; effects that are not stored are ignored."""


class LedgerError(Exception):
    """The ledger could not be opened, read or written; nothing of the current batch was stored."""


class LedgerLocked(LedgerError):
    """Another process writes this ledger; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The engine's state after ``seq``, as JSON written by ``codec.encode_any``.

    A damaged one has a ``problem``, and neither instant nor state.
    """

    seq: int
    at: datetime | None
    state: bytes
    problem: str | None = None


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
    """A person's judgement of a suggestion: ``status`` is APPROVED | REJECTED, ``text`` the suggestion's text."""

    id: str
    at: datetime
    status: str
    author: str
    text: str


class LedgerReader(Protocol):
    """Reads of a ledger, possible while another task or process writes it. Each raises LedgerError."""

    async def page(self, query: PageQuery) -> Page:
        """Return one page, newest first. Raises ValueError naming the list, filter, cursor, order or limit."""
        ...

    async def decision(self, decision_id: str) -> Mapping[str, Any] | None:
        """Return one ledger entry with all of its evidence and inputs, as the API shows it."""
        ...

    async def record(self, decision_id: str) -> DecisionRecord | None:
        """Return the same entry as the engine made it, so that it can be decided again."""
        ...

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        """Return one receipt with its body."""
        ...

    async def position(self, position_id: str) -> Mapping[str, Any] | None:
        """Return one position, open or closed, as stored."""
        ...

    async def prices_of(
        self, symbol: str, since: datetime, *, at_most: int
    ) -> tuple[tuple[datetime, float], ...]:
        """Return instants and prices of a symbol since an instant, oldest first, at most so many evenly spaced."""
        ...

    async def marks_of(self, position_id: str, *, at_most: int | None = None) -> tuple[Mark, ...]:
        """Return the stored marks of a position, oldest first.

        With ``at_most`` return no more than so many, evenly spaced and always with the last one.
        """
        ...

    async def closed_trades(self, ids: Sequence[str] | None = None) -> tuple[Trade, ...]:
        """Return every closed trade, newest decision first, or those of some decisions (at most 500)."""
        ...

    async def newest_decisions(self, most: int) -> NewestDecisions | None:
        """Return the newest decisions as learning reads them; ``None`` for a ledger from before packed records."""
        ...

    async def judgements(self) -> tuple[Judged, ...]:
        """Return the judgements of suggestions, newest first."""
        ...

    async def rules_versions(self) -> tuple[Mapping[str, Any], ...]:
        """Return every rules version that came into force, newest first."""
        ...

    def journal_after(self, seq: int) -> AsyncIterator[Event]:
        """Yield the inputs after ``seq`` in order, each link of the hash chain checked."""
        ...

    async def stream_after(
        self, place: Place, kinds: Collection[StreamKind] = (), symbols: Collection[str] = ()
    ) -> StreamPage:
        """Return the events of the stream after a place, of these kinds and symbols (of all when empty)."""
        ...

    async def streamed_after(self) -> int:
        """Return the seq after which the events of the stream are stored; 0 unless an older version began it."""
        ...

    async def last_checkpoint(self, before: int | None = None) -> Checkpoint | None:
        """Return the newest checkpoint, or the newest before a seq; a damaged one with its problem."""
        ...

    async def removed(self) -> Removed:
        """Return which marks and prices were removed because they are old."""
        ...

    async def verify(self) -> Verified:
        """Check the hash chain over the whole journal."""
        ...

    async def stats(self) -> LedgerStats: ...

    async def close(self) -> None: ...


class Ledger(LedgerReader, Protocol):
    """The only writer of an engine's ledger."""

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk, 0 in a new ledger."""
        ...

    @property
    def missing(self) -> str | None:
        """Text about inputs that were stored earlier and are missing at the end of the journal, if any."""
        ...

    @property
    def healed(self) -> int:
        """Number of times that a part of the ledger's files was removed meanwhile and made again, nothing lost."""
        ...

    async def check(self) -> None:
        """Do what is due by time, and raise LedgerError when nothing can be stored now; call it every second."""
        ...

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Store a batch on disk, whole or not at all; on return it survives a power cut.

        Raises LedgerError when it could not, with nothing of it stored.
        """
        ...

    async def remove_old(self, marks_before: datetime | None, prices_before: datetime | None) -> int:
        """Remove some marks of positions closed before an instant, and some prices of paths from before another.

        Return how many rows; call it again until it returns 0. The journal is never touched. Raises LedgerError.
        """
        ...

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes | bytearray) -> None:
        """Store the engine's state after ``seq`` and drop all but the last few older checkpoints."""
        ...


class OwnLedger(Ledger, Protocol):
    """A ledger that its opener closes."""

    def discard(self) -> None:
        """Delete the ledger at ``close`` if this writer made it and no more than the first rules are in it.

        For an engine that could not start: it leaves no new ledger behind.
        """
        ...
