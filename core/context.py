"""Contexts: the facts known of each symbol, their source, and until when they are valid.

Invariants: a context holds a section only while it is fresh, up to and including its limit in milliseconds;
a newer expert replaces an older one of the same source; experts of different sources are never mixed, and a
disagreement between two fresh ones is reported as the context's ``conflict``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Generic, TypeVar

from core.live_signal import LiveSignal
from core.model import (
    AlignmentFacts,
    Context,
    Direction,
    Provenance,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
    Update,
)
from core.rules import Rules
from core.thresholds import above

__all__ = ["ContextBook", "Held", "LiveSignal", "SymbolState", "provenance_of"]

T = TypeVar("T")
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_MINUTES = 366 * 1440  # keeps an absurd timeframe from overflowing a datetime


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """One section of facts with its provenance."""

    facts: T
    origin: Provenance


@dataclass(slots=True)
class SymbolState:
    """The latest facts of one symbol, stale or not; plain data, part of the engine's checkpoint.

    ``experts`` by source, ``directions`` by timeframe in minutes.
    """

    regime: Held[RegimeFacts] | None = None
    alignment: Held[AlignmentFacts] | None = None
    structure: Held[StructureFacts] | None = None
    experts: dict[str, Held[SignalFacts]] = field(default_factory=dict)
    directions: dict[str, Held[Direction]] = field(default_factory=dict)


@dataclass(slots=True)
class ContextBook:
    """The state of every symbol; plain data, changed only by ``absorb`` and ``prune``."""

    symbols: dict[str, SymbolState] = field(default_factory=dict)

    def absorb(self, update: Update, at: datetime, receipt_id: str | None, rules: Rules) -> None:
        """Store the sections of an update; ``at`` is its arrival. Callers leave out late signals."""
        origin = provenance_of(update, at, receipt_id, rules)
        state = self.symbols.get(update.symbol)
        if state is None:
            state = self.symbols[update.symbol] = SymbolState()
        if update.regime is not None:
            state.regime = Held(update.regime, origin)
        if update.alignment is not None:
            state.alignment = Held(update.alignment, origin)
        if update.structure is not None:
            state.structure = Held(update.structure, origin)
        if update.signal is not None:
            state.experts[update.source.value] = Held(update.signal, origin)
            if update.timeframe is not None:
                state.directions[str(update.timeframe)] = Held(update.signal.direction, origin)

    def withdraw(self, symbol: str, source: Source, direction: Direction | None) -> None:
        """Forget what a source proposed for a symbol: it has left that trade, or taken its signal back."""
        state = self.symbols.get(symbol)
        if state is None:
            return
        expert = state.experts.get(source.value)
        if expert is None or direction not in (None, expert.facts.direction):
            return
        del state.experts[source.value]
        for timeframe, held in list(state.directions.items()):
            if held.origin.source is source and held.facts is expert.facts.direction:
                del state.directions[timeframe]

    def context_for(
        self,
        symbol: str,
        as_of: datetime,
        session: Session,
        price: float | None,
        rules: Rules,
        signal: LiveSignal | None = None,
    ) -> Context:
        """Return the context at an instant, with the signal being decided as expert, else the newest fresh one.

        ``conflict`` names the source of the newest fresh expert of another source with the opposite direction.
        """
        state = self.symbols.get(symbol) or SymbolState()
        provenance: dict[str, Provenance] = {}
        regime = _fresh(state.regime, as_of, "regime", provenance)
        alignment = _fresh(state.alignment, as_of, "alignment", provenance)
        structure = _fresh(state.structure, as_of, "structure", provenance)
        experts = [held for held in state.experts.values() if is_fresh(held.origin, as_of)]
        experts.sort(key=_arrival, reverse=True)
        chosen = _expert_of(signal, rules) if signal is not None else (experts[0] if experts else None)
        expert = _fresh(chosen, as_of, "expert", provenance)
        directions: dict[str, Direction] = {}
        for timeframe, held in state.directions.items():
            direction = _fresh(held, as_of, f"direction:{timeframe}", provenance)
            if direction is not None:
                directions[timeframe] = direction
        sources = {origin.source for origin in provenance.values()} | {held.origin.source for held in experts}
        return Context(
            symbol=symbol,
            as_of=as_of,
            session=session,
            price=price,
            regime=regime,
            alignment=alignment,
            expert=expert,
            structure=structure,
            timeframe=chosen.origin.timeframe if chosen is not None else None,
            directions=directions,
            conflict=None if expert is None else _conflict(provenance["expert"].source, expert, experts),
            completeness=len(sources) / len(Source),
            provenance=provenance,
        )

    def prune(self, as_of: datetime) -> None:
        """Drop stale sections, so that ever new symbols cannot fill the memory."""
        for symbol, state in list(self.symbols.items()):
            state.regime = _if_fresh(state.regime, as_of)
            state.alignment = _if_fresh(state.alignment, as_of)
            state.structure = _if_fresh(state.structure, as_of)
            state.experts = {k: h for k, h in state.experts.items() if is_fresh(h.origin, as_of)}
            state.directions = {k: h for k, h in state.directions.items() if is_fresh(h.origin, as_of)}
            if not (state.regime or state.alignment or state.structure or state.experts or state.directions):
                del self.symbols[symbol]


def validity(update: Update, rules: Rules) -> timedelta:
    """Return how long an update is valid: its stated decay, else its timeframe with grace, or the least time."""
    limits = rules.context
    if update.decay_minutes is not None:
        return _minutes(min(max(update.decay_minutes, 0.0), _LONGEST_MINUTES))
    timeframe = min(update.timeframe or 0, _LONGEST_MINUTES)
    grace = limits.grace_minutes if above(timeframe, limits.validity_minutes) else 0.0
    return _minutes(max(limits.validity_minutes, timeframe) + grace)


@lru_cache(maxsize=256)
def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)  # senders state the same few all day


def provenance_of(update: Update, at: datetime, receipt_id: str | None, rules: Rules) -> Provenance:
    """Return the provenance of an update's sections: source, arrival ``at`` and end of validity."""
    return Provenance(
        source=update.source,
        at=at,
        valid_until=at + validity(update, rules),
        receipt_id=receipt_id,
        timeframe=update.timeframe,
    )


def is_fresh(origin: Provenance, as_of: datetime) -> bool:
    """Return whether a section is still valid: at its limit to the millisecond yes, one later no."""
    return as_of - origin.valid_until < _MILLISECOND


def _fresh(held: Held[T] | None, as_of: datetime, name: str, provenance: dict[str, Provenance]) -> T | None:
    if held is None or not is_fresh(held.origin, as_of):
        return None
    provenance[name] = held.origin
    return held.facts


def _if_fresh(held: Held[T] | None, as_of: datetime) -> Held[T] | None:
    return held if held is not None and is_fresh(held.origin, as_of) else None


def _arrival(held: Held[SignalFacts]) -> datetime:
    return held.origin.at


def _expert_of(signal: LiveSignal, rules: Rules) -> Held[SignalFacts] | None:
    if signal.update.signal is None:
        return None
    origin = provenance_of(signal.update, signal.arrived, signal.receipt_id, rules)
    return Held(signal.update.signal, origin)


def _conflict(source: Source, expert: SignalFacts, experts: list[Held[SignalFacts]]) -> Source | None:
    for held in experts:
        if held.origin.source is not source and held.facts.direction is not expert.direction:
            return held.origin.source
    return None
