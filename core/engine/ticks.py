"""Timer ticks: exits by time, signals that are due or expired, quiet senders, the day's P&L samples."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect, Notice
from core.engine.alerts import alert
from core.engine.approvals import expire
from core.engine.day import pnl_today
from core.engine.kernel import Kernel
from core.engine.positions import check_daily_loss, settle_outcome
from core.engine.price_paths import drop_settled_options
from core.engine.shadows import shadows_at_time
from core.engine.state import ask_for
from core.engine.taking import unanswered
from core.engine.underlyings import actions_due, waiting_for
from core.events import Ticked
from core.model import Mode, Tone
from core.positions import on_time

PRUNE_EVERY = timedelta(minutes=10)
KEPT_FOR = timedelta(days=10)
"""Age at which unused prices and senders are dropped; longer than any gap between two sessions."""


def tick(kernel: Kernel, event: Ticked, *, alerts: bool = True) -> list[Effect]:
    """Handle a timer tick for every position, shadow, approval, signal and sender.

    Without ``alerts``, which change no trade, none is looked for.
    """
    state, now = kernel.state, event.at
    exits = state.mode is not Mode.HALTED
    effects = actions_due(kernel, now)
    for position in list(state.positions.values()):
        if waiting_for(kernel, position, now) is not None:
            continue
        last, doubted = state.prices.get(position.symbol), position.symbol in state.doubts
        outcome = on_time(position, now, last, kernel.trading, exits=exits, doubted=doubted)
        effects += settle_outcome(kernel, position, outcome, now)
    effects += shadows_at_time(kernel, now)
    effects += check_daily_loss(kernel, now)
    effects += expire(kernel, now, event.seq)
    effects += _signals(kernel, now)
    if alerts:
        effects += alert(kernel, now, event.seq)
    effects += _announce_quiet_senders(kernel, now)
    if kernel.trading.calendar.session_at(now) is not None:
        state.day.sample(now, pnl_today(kernel))
    if state.pruned_at is None or now - state.pruned_at >= PRUNE_EVERY:
        state.pruned_at = now
        state.duplicates.prune(now, kernel.rules.intake)
        state.contexts.prune(now)
        state.bar_signals.prune(now)
        _forget(kernel, now)
    return effects


def _forget(kernel: Kernel, now: datetime) -> None:
    """Drop symbols without messages for KEPT_FOR, so that new symbols cannot fill the memory."""
    state, limit = kernel.state, now - KEPT_FOR
    drop_settled_options(kernel, now)
    needed = {p.symbol for p in (*state.positions.values(), *state.shadows.values())}
    needed |= set(state.tails)
    needed |= {s.update.symbol for s in state.signals.values()}
    state.senders.forget(limit)
    for symbol in [s for s, p in state.prices.items() if p.priced_at < limit and s not in needed]:
        del state.prices[symbol]
    for symbol in [s for s, at in state.sender_exits.items() if at < limit]:
        del state.sender_exits[symbol]
    for symbol in [s for s in state.doubts if s not in state.prices]:
        del state.doubts[symbol]


def _signals(kernel: Kernel, now: datetime) -> list[Effect]:
    """Ask the market again for signals that changed and are due; drop those that can no longer trade."""
    effects: list[Effect] = []
    for signal in list(kernel.state.signals.values()):
        # Keep waiting for the first decision even after the signal expired; drop later ones.
        if signal.asked and (signal.last_decision_id is None or signal.is_live(now)):
            continue
        if not signal.is_live(now) or not signal.open_to_change:
            kernel.drop_signal(signal.id)
            effects += unanswered(signal, now)
        elif signal.changed and signal.is_due(now, kernel.rules):
            effects.append(ask_for(signal))
    return effects


def _announce_quiet_senders(kernel: Kernel, now: datetime) -> list[Effect]:
    """Announce senders that became quiet during the session; none is expected to send outside it."""
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
