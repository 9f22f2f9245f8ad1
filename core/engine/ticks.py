"""Time goes by: exits by the clock, signals that are due or over, silence, the day's path."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect, Notify
from core.engine.alerts import alert
from core.engine.approvals import expire
from core.engine.kernel import Desk
from core.engine.positions import check_daily_loss, open_net, settle_outcome
from core.engine.price_paths import let_go
from core.engine.shadows import shadows_at_time
from core.engine.state import ask_for
from core.events import Ticked
from core.model import Mode, Tone
from core.positions import on_time

PRUNE_EVERY = timedelta(minutes=10)
KEPT_FOR = timedelta(days=10)
"""Longer than any gap between two sessions."""


def tick(desk: Desk, event: Ticked) -> list[Effect]:
    """Let every position, signal and sender know what time it is."""
    state, now = desk.state, event.at
    state.day.roll(desk.env.calendar.market_date(now))
    exits = state.mode is not Mode.HALTED
    effects: list[Effect] = []
    for position in list(state.positions.values()):
        outcome = on_time(position, now, state.prices.get(position.symbol), desk.env, exits=exits)
        effects += settle_outcome(desk, position, outcome, now)
    effects += shadows_at_time(desk, now)
    effects += check_daily_loss(desk, now)
    effects += expire(desk, now, event.seq)
    effects += _signals(desk, now)
    effects += alert(desk, now, event.seq)
    effects += _silence(desk, now)
    if desk.env.calendar.session_at(now) is not None:
        state.day.sample(now, state.day.realized + open_net(desk))
    if state.pruned_at is None or now - state.pruned_at >= PRUNE_EVERY:
        state.pruned_at = now
        state.duplicates.prune(now, desk.rules.intake)
        state.contexts.prune(now)
        _forget(desk, now)
    return effects


def _forget(desk: Desk, now: datetime) -> None:
    """Let go of symbols that nobody has spoken of for long, so that ever new ones cannot fill the memory."""
    state, limit = desk.state, now - KEPT_FOR
    let_go(desk, now)
    needed = {p.symbol for p in (*state.positions.values(), *state.shadows.values())}
    needed |= set(state.tails)
    needed |= {s.update.symbol for s in state.signals.values()}
    state.senders.forget(limit)
    for symbol in [s for s, p in state.prices.items() if p.priced_at < limit and s not in needed]:
        del state.prices[symbol]
    for symbol in [s for s, d in state.doubts.items() if d.since < limit]:
        del state.doubts[symbol]


def _signals(desk: Desk, now: datetime) -> list[Effect]:
    """Ask again for what changed and is due; forget what can no longer become a trade."""
    effects: list[Effect] = []
    for signal in list(desk.state.signals.values()):
        # A first decision is owed however late its market comes; a further one only while it can still trade.
        if signal.asked and (signal.last_decision_id is None or signal.is_live(now)):
            continue
        if not signal.is_live(now) or not signal.open_to_change:
            desk.drop_signal(signal.id)
        elif signal.changed and signal.is_due(now, desk.rules):
            effects.append(ask_for(signal))
    return effects


def _silence(desk: Desk, now: datetime) -> list[Effect]:
    """Senders that went quiet while the exchange is open; nobody is expected to speak at night."""
    session = desk.env.calendar.session_at(now)
    if session is None:
        return []
    return [
        Notify(
            kind="silence",
            at=now,
            text=f"{s.source} {s.symbol} is silent: usually every {(s.usual_gap or 0) / 60:.0f} min",
            tone=Tone.NEGATIVE,
            symbol=s.symbol,
        )
        for s in desk.state.senders.gone_quiet(now, session.open, desk.rules.intake)
    ]
