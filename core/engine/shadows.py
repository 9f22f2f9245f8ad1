"""Shadow trades: the result a signal would have had if it had been executed, by the code of a real trade.

One per signal, opened at its first SKIP or WAIT, at size multiplier 1 and outside the P&L. A signal that came
late or outside the session gets none. Past the limits no new shadow is opened.
"""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect, ShadowStatus, StoreShadow
from core.engine.entries import TradeTerms, shadow_of
from core.engine.kernel import Kernel
from core.engine.one_mark import note_mark
from core.engine.price_paths import follow_option
from core.engine.underlyings import waiting_for
from core.events import PriceSeen
from core.model import PositionSize
from core.positions import Position, PositionChange, PositionState, on_price, on_time
from core.positions.price_facts import facts_of
from core.positions.transitions import is_unchanged_by_time, only_marked

MOST_SHADOWS = 400
MOST_OF_A_SYMBOL = 40
"""Bounds the time one price takes, since it marks all shadows of its symbol."""
SHADOW_SIZE = PositionSize(factors={}, raw=1.0, final=1.0, skip=False)


def open_shadow(kernel: Kernel, terms: TradeTerms) -> list[Effect]:
    """Open the shadow of a signal that was not executed, if it could have been traded."""
    shadows = kernel.state.shadows
    if (
        terms.signal.late is not None
        or terms.signal.update.blocks
        or terms.context.expert is None
        or len(shadows) >= MOST_SHADOWS
    ):
        return []
    if kernel.trading.calendar.session_at(terms.now) is None:
        return []
    if len(kernel.shadows_of(terms.context.symbol)) >= MOST_OF_A_SYMBOL:
        return []
    position = shadow_of(kernel, terms)
    if position is None:
        return []
    kernel.add_shadow(position)
    note_mark(kernel, position)
    return [StoreShadow(position=position, status=ShadowStatus.OPEN)]


def supersede(kernel: Kernel, signal_id: str) -> list[Effect]:
    """Drop the shadow of a signal that has executed after all."""
    shadows = kernel.state.shadows
    found = [shadow for shadow in shadows.values() if shadow.signal_id == signal_id]
    for shadow in found:
        kernel.drop_shadow(shadow)
    return [StoreShadow(position=shadow, status=ShadowStatus.SUPERSEDED) for shadow in found]


def shadows_at_price(kernel: Kernel, seen: PriceSeen) -> list[Effect]:
    """Mark the shadows of a symbol at its price, and sell where an exit applies; the price has been checked."""
    shadows = kernel.shadows_of(seen.symbol)
    if not shadows:
        return []
    effects: list[Effect] = []
    state, marked = kernel.state, kernel.marked
    facts = facts_of(seen, seen.at, kernel.trading)
    for shadow in shadows:
        after = only_marked(shadow, facts)
        if after is not None:
            noted = marked.get(facts.of(after.contract).occ)
            if noted is None or noted[1] is not after.last:
                note_mark(kernel, after)
            state.shadows[after.id] = after
            continue
        effects += store_shadow(kernel, shadow, on_price(shadow, seen, seen.at, kernel.trading))
    return effects


def shadows_at_time(kernel: Kernel, now: datetime) -> list[Effect]:
    effects: list[Effect] = []
    trading = kernel.trading
    for shadow in list(kernel.state.shadows.values()):
        if shadow.is_open and is_unchanged_by_time(shadow, now, trading):
            continue  # at most ticks, because prices have marked it
        if waiting_for(kernel, shadow, now) is not None:
            continue
        last, doubted = kernel.state.prices.get(shadow.symbol), shadow.symbol in kernel.state.doubts
        effects += store_shadow(kernel, shadow, on_time(shadow, now, last, trading, doubted=doubted))
    return effects


def store_shadow(kernel: Kernel, before: Position, outcome: PositionChange) -> list[Effect]:
    """Put a changed shadow into the state; return the effects that store the change."""
    position = outcome.position
    if position is before:
        return []
    if outcome.marks:
        note_mark(kernel, position)
    if position.state is PositionState.CLOSED:
        kernel.drop_shadow(position)
        follow_option(kernel, position)
        return [StoreShadow(position=position, status=ShadowStatus.CLOSED)]
    kernel.state.shadows[position.id] = position
    if outcome.legs:
        return [StoreShadow(position=position, status=ShadowStatus.OPEN)]
    return []
