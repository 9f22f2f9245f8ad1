"""Shadow trades: what a signal that was not executed would have made, by the same code as a real trade.

One per signal, from its first SKIP or WAIT, at multiplier 1 and outside the P&L; none for what came late or
outside the session. Bounded: past the limit no new one is cast.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.effects import Effect, ShadowStatus, StoreShadow
from core.events import PriceSeen
from core.model import PositionSize
from core.positions import Outcome, Position, PositionState, on_price, on_time

if TYPE_CHECKING:
    from core.engine.entering import Terms
    from core.engine.machine import Engine

MOST_SHADOWS = 400
SHADOW_SIZE = PositionSize(factors={}, raw=1.0, final=1.0, skip=False)


def cast_shadow(engine: Engine, terms: Terms) -> list[Effect]:
    """Open the shadow of a signal that was not executed, where it could have been traded."""
    from core.engine.entering import shadow

    shadows = engine.state.shadows
    if terms.signal.late is not None or terms.context.expert is None or len(shadows) >= MOST_SHADOWS:
        return []
    if engine.env.calendar.session_at(terms.now) is None:
        return []
    position = shadow(engine, terms)
    if position is None:
        return []
    shadows[position.id] = position
    return [StoreShadow(position=position, status=ShadowStatus.OPEN)]


def supersede(engine: Engine, signal_id: str) -> list[Effect]:
    """The signal executed after all: its shadow counts for nothing."""
    shadows = engine.state.shadows
    found = [shadow for shadow in shadows.values() if shadow.signal_id == signal_id]
    for shadow in found:
        del shadows[shadow.id]
    return [StoreShadow(position=shadow, status=ShadowStatus.SUPERSEDED) for shadow in found]


def shadows_at_price(engine: Engine, seen: PriceSeen) -> list[Effect]:
    effects: list[Effect] = []
    for shadow in [s for s in engine.state.shadows.values() if s.symbol == seen.symbol]:
        effects += _taken(engine, shadow, on_price(shadow, seen, seen.at, engine.env))
    return effects


def shadows_at_time(engine: Engine, now: datetime) -> list[Effect]:
    effects: list[Effect] = []
    for shadow in list(engine.state.shadows.values()):
        last = engine.state.prices.get(shadow.symbol)
        effects += _taken(engine, shadow, on_time(shadow, now, last, engine.env))
    return effects


def _taken(engine: Engine, before: Position, outcome: Outcome) -> list[Effect]:
    position = outcome.position
    if position is before:
        return []
    if position.state is PositionState.CLOSED:
        del engine.state.shadows[position.id]
        return [StoreShadow(position=position, status=ShadowStatus.CLOSED)]
    engine.state.shadows[position.id] = position
    if outcome.legs:
        return [StoreShadow(position=position, status=ShadowStatus.OPEN)]
    return []
