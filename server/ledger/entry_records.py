"""Records inside a ledger entry that are no dataclass of core: its signal and its shadow trade."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from core.effects import ShadowStatus
from core.model import Contract, Direction, Quality, SignalFacts, Source
from core.positions import EntryFill, ExitRecord, Mark


class SignalRecord(TypedDict):
    """The signal of a ledger entry: what was proposed, and the facts that came with it."""

    id: str
    receipt_id: str
    source: Source
    symbol: str
    timeframe: int | None
    quality: Quality
    direction: Direction
    facts: SignalFacts | None


class ShadowRecord(TypedDict):
    """The shadow trade of a ledger entry's signal (``hypothetical``)."""

    status: ShadowStatus
    id: str
    opened_at: datetime
    contract: Contract
    first: Mark | None
    execution: EntryFill
    exit: ExitRecord | None
