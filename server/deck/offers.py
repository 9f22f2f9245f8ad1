"""Signals that a person can still take against their WAIT or SKIP, as frozen values, and their building."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.decision.deciding_reason import code_of, text_of
from core.engine import Engine
from core.engine.taking import take_refusal
from core.live_signal import LiveSignal
from core.model import Action, DecisionRecord, Direction, Levels
from core.positions import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOffer:
    """A signal that waits or was skipped, and what taking it would buy; prices in dollars.

    ``id`` is its latest decision, ``code`` and ``why`` say what decided against it, ``until`` how long it can be
    taken. ``underlying`` is the last known price, ``underlying_age`` in seconds. Its shadow gives ``contract``,
    ``contracts`` at multiplier 1 and ``mark`` a share; without one they are empty and the contract is chosen when it
    is taken. ``refused`` says why it cannot be taken now, empty while it can.
    """

    id: str
    signal_id: str
    receipt_id: str
    symbol: str
    direction: Direction
    timeframe: int | None
    action: Action
    code: str
    why: str
    confidence: float
    at: datetime
    until: datetime
    multiplier: float | None = None
    levels: Levels | None = None
    underlying: float | None = None
    underlying_age: float | None = None
    contract: str = ""
    contracts: int | None = None
    mark: float | None = None
    refused: str = ""


def take_offer(engine: Engine, signal: LiveSignal, record: DecisionRecord, now: datetime) -> TakeOffer:
    """Return the offer of a signal whose latest decision is ``record``."""
    price, shadow = engine.state.prices.get(record.symbol), _shadow_of(engine, signal)
    refusal = take_refusal(engine, signal, now)
    return TakeOffer(
        id=record.id,
        signal_id=signal.id,
        receipt_id=record.receipt_id,
        symbol=record.symbol,
        direction=record.proposed_direction,
        timeframe=record.timeframe,
        action=record.action,
        code=code_of(record) or "",
        why=text_of(record) or "",
        confidence=record.confidence,
        at=record.at,
        until=signal.live_until,
        multiplier=record.size.final if record.size is not None else None,
        levels=record.levels,
        underlying=None if price is None else price.price,
        underlying_age=None if price is None else engine.trading.price_age(price.priced_at, now),
        contract="" if shadow is None else shadow.contract.label,
        contracts=None if shadow is None else shadow.entry.filled_contracts,
        mark=None if shadow is None else shadow.last.mid,
        refused="" if refusal is None else refusal[1],
    )


def _shadow_of(engine: Engine, signal: LiveSignal) -> Position | None:
    shadows = engine.shadows_of(signal.update.symbol)
    return next((shadow for shadow in shadows if shadow.signal_id == signal.id), None)
