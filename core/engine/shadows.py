"""Shadow trades: what a signal that was not executed would have made, by the same code as a real trade.

One per signal, from its first SKIP or WAIT, at multiplier 1 and outside the P&L; none for what came late or
outside the session. Bounded: past the limits no new one is cast.
"""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect, ShadowStatus, StoreShadow
from core.engine.entries import TradeTerms, shadow_of
from core.engine.kernel import Kernel
from core.engine.price_paths import follow
from core.events import PriceSeen
from core.model import PositionSize
from core.positions import Position, PositionChange, PositionState, on_price, on_time

MOST_SHADOWS = 400
MOST_OF_A_SYMBOL = 40
"""Each price marks all shadows of its symbol: the bound on how long that takes."""
SHADOW_SIZE = PositionSize(factors={}, raw=1.0, final=1.0, skip=False)


def cast_shadow(kernel: Kernel, terms: TradeTerms) -> list[Effect]:
    """Open the shadow of a signal that was not executed, where it could have been traded."""
    shadows = kernel.state.shadows
    if terms.signal.late is not None or terms.context.expert is None or len(shadows) >= MOST_SHADOWS:
        return []
    if kernel.trading.calendar.session_at(terms.now) is None:
        return []
    if len(kernel.shadows_of(terms.context.symbol)) >= MOST_OF_A_SYMBOL:
        return []
    position = shadow_of(kernel, terms)
    if position is None:
        return []
    kernel.add_shadow(position)
    return [StoreShadow(position=position, status=ShadowStatus.OPEN)]


def supersede(kernel: Kernel, signal_id: str) -> list[Effect]:
    """The signal executed after all: its shadow counts for nothing."""
    shadows = kernel.state.shadows
    found = [shadow for shadow in shadows.values() if shadow.signal_id == signal_id]
    for shadow in found:
        kernel.drop_shadow(shadow)
    return [StoreShadow(position=shadow, status=ShadowStatus.SUPERSEDED) for shadow in found]


def shadows_at_price(kernel: Kernel, seen: PriceSeen) -> list[Effect]:
    effects: list[Effect] = []
    for shadow in kernel.shadows_of(seen.symbol):
        effects += _taken(kernel, shadow, on_price(shadow, seen, seen.at, kernel.trading))
    return effects


def shadows_at_time(kernel: Kernel, now: datetime) -> list[Effect]:
    effects: list[Effect] = []
    for shadow in list(kernel.state.shadows.values()):
        last = kernel.state.prices.get(shadow.symbol)
        effects += _taken(kernel, shadow, on_time(shadow, now, last, kernel.trading))
    return effects


def _taken(kernel: Kernel, before: Position, outcome: PositionChange) -> list[Effect]:
    position = outcome.position
    if position is before:
        return []
    if position.state is PositionState.CLOSED:
        kernel.drop_shadow(position)
        follow(kernel, position)
        return [StoreShadow(position=position, status=ShadowStatus.CLOSED)]
    kernel.state.shadows[position.id] = position
    if outcome.legs:
        return [StoreShadow(position=position, status=ShadowStatus.OPEN)]
    return []
