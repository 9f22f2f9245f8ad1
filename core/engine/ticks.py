"""Time goes by: exits by the clock, signals that are due or over, silence, the day's path."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect, Notice
from core.engine.alerts import alert
from core.engine.approvals import expire
from core.engine.kernel import Kernel
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


def tick(kernel: Kernel, event: Ticked) -> list[Effect]:
    """Let every position, signal and sender know what time it is."""
    state, now = kernel.state, event.at
    state.day.roll(kernel.trading.calendar.market_date(now))
    exits = state.mode is not Mode.HALTED
    effects: list[Effect] = []
    for position in list(state.positions.values()):
        outcome = on_time(position, now, state.prices.get(position.symbol), kernel.trading, exits=exits)
        effects += settle_outcome(kernel, position, outcome, now)
    effects += shadows_at_time(kernel, now)
    effects += check_daily_loss(kernel, now)
    effects += expire(kernel, now, event.seq)
    effects += _signals(kernel, now)
    effects += alert(kernel, now, event.seq)
    effects += _silence(kernel, now)
    if kernel.trading.calendar.session_at(now) is not None:
        state.day.sample(now, state.day.realized + open_net(kernel))
    if state.pruned_at is None or now - state.pruned_at >= PRUNE_EVERY:
        state.pruned_at = now
        state.duplicates.prune(now, kernel.rules.intake)
        state.contexts.prune(now)
        _forget(kernel, now)
    return effects


def _forget(kernel: Kernel, now: datetime) -> None:
    """Let go of symbols that nobody has spoken of for long, so that ever new ones cannot fill the memory."""
    state, limit = kernel.state, now - KEPT_FOR
    let_go(kernel, now)
    needed = {p.symbol for p in (*state.positions.values(), *state.shadows.values())}
    needed |= set(state.tails)
    needed |= {s.update.symbol for s in state.signals.values()}
    state.senders.forget(limit)
    for symbol in [s for s, p in state.prices.items() if p.priced_at < limit and s not in needed]:
        del state.prices[symbol]
    for symbol in [s for s, d in state.doubts.items() if d.since < limit]:
        del state.doubts[symbol]


def _signals(kernel: Kernel, now: datetime) -> list[Effect]:
    """Ask again for what changed and is due; forget what can no longer become a trade."""
    effects: list[Effect] = []
    for signal in list(kernel.state.signals.values()):
        # A first decision is owed however late its market comes; a further one only while it can still trade.
        if signal.asked and (signal.last_decision_id is None or signal.is_live(now)):
            continue
        if not signal.is_live(now) or not signal.open_to_change:
            kernel.drop_signal(signal.id)
        elif signal.changed and signal.is_due(now, kernel.rules):
            effects.append(ask_for(signal))
    return effects


def _silence(kernel: Kernel, now: datetime) -> list[Effect]:
    """Senders that went quiet while the exchange is open; nobody is expected to speak at night."""
    session = kernel.trading.calendar.session_at(now)
    if session is None:
        return []
    return [
        Notice(
            kind="silence",
            at=now,
            text=f"{s.source} {s.symbol} is silent: usually every {(s.usual_gap or 0) / 60:.0f} min",
            tone=Tone.NEGATIVE,
            symbol=s.symbol,
        )
        for s in kernel.state.senders.gone_quiet(now, session.open, kernel.rules.intake)
    ]
