"""Time goes by: exits by the clock, signals that are due or over, silence, the day's path."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.effects import Effect, Notify
from core.engine.holding import check_daily_loss, open_net, settle_outcome
from core.engine.shadowing import shadows_at_time
from core.engine.state import ask_for
from core.events import Ticked
from core.model import Mode, Tone
from core.positions import on_time

if TYPE_CHECKING:
    from core.engine.machine import Engine

PRUNE_EVERY = timedelta(minutes=10)


def tick(engine: Engine, event: Ticked) -> list[Effect]:
    """Let every position, signal and sender know what time it is."""
    state, now = engine.state, event.at
    state.day.roll(engine.env.calendar.market_date(now))
    exits = state.mode is not Mode.HALTED
    effects: list[Effect] = []
    for position in list(state.positions.values()):
        outcome = on_time(position, now, state.prices.get(position.symbol), engine.env, exits=exits)
        effects += settle_outcome(engine, position, outcome, now)
    effects += shadows_at_time(engine, now)
    effects += check_daily_loss(engine, now)
    effects += _signals(engine, now)
    effects += _silence(engine, now)
    if engine.env.calendar.session_at(now) is not None:
        state.day.sample(now, state.day.realized + open_net(engine))
    if state.pruned_at is None or now - state.pruned_at >= PRUNE_EVERY:
        state.pruned_at = now
        state.duplicates.prune(now, engine.rules.intake)
        state.contexts.prune(now)
    return effects


def _signals(engine: Engine, now: datetime) -> list[Effect]:
    """Ask again for what changed and is due; forget what can no longer become a trade."""
    effects: list[Effect] = []
    for signal in list(engine.state.signals.values()):
        if signal.asked:
            continue
        if not signal.is_live(now) or not signal.open_to_change:
            del engine.state.signals[signal.id]
        elif signal.changed and signal.is_due(now, engine.rules):
            effects.append(ask_for(signal))
    return effects


def _silence(engine: Engine, now: datetime) -> list[Effect]:
    """Senders that went quiet while the exchange is open; nobody is expected to speak at night."""
    if engine.env.calendar.session_at(now) is None:
        return []
    return [
        Notify(
            kind="silence",
            at=now,
            text=f"{s.source} {s.symbol} is silent: usually every {(s.usual_gap or 0) / 60:.0f} min",
            tone=Tone.NEGATIVE,
            symbol=s.symbol,
        )
        for s in engine.state.senders.gone_quiet(now, engine.rules.intake)
    ]
