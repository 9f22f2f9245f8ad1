"""Trades that a person takes against a WAIT or SKIP: "take it anyway".

The person answers for gates and confidence alone. Mode, lateness, levels, contract, size, limits, approval and fill
are those of any entry. Invariants, tested: a signal executes at most once, taken or not; what refuses a trade refuses
a taken one; a refusal leaves the signal as it was.
"""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect, Notice
from core.engine.approvals import approval_of
from core.engine.kernel import Kernel
from core.engine.mode import mode_refusal
from core.engine.state import CommandDone, ask_for
from core.engine.underlyings import untradable
from core.events import Commanded
from core.live_signal import LiveSignal, Taken
from core.model import BY_HAND, Decision, Reason, Tone
from core.options.fills import Refusal

MOST_PASSED = 200
"""Signals without a trade that are kept for a person, the latest ones."""


def keep_passed(kernel: Kernel, signal: LiveSignal, now: datetime) -> None:
    """Keep a signal that no rule will decide again, so that a person can take it while it lasts."""
    if not signal.can_be_taken(now):
        return
    passed = kernel.state.passed
    passed.pop(signal.id, None)
    passed[signal.id] = signal
    if len(passed) > MOST_PASSED:
        del passed[next(iter(passed))]


def takeable_signals(kernel: Kernel, now: datetime) -> list[LiveSignal]:
    """Return the signals that a person can take at an instant, the latest decision last."""
    state = kernel.state
    found = [*state.passed.values(), *(s for s in state.signals.values() if s.approval_id is None)]
    found = [s for s in found if s.can_be_taken(now) and s.taken is None and s.decided_at is not None]
    return sorted(found, key=lambda signal: (signal.decided_at or now, signal.id))


def take(kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Ask the market for the signal of a receipt or decision, to buy on the answer; ``argument`` is its id."""
    signal = _find(kernel, event.argument or "")
    refused = (
        _no_signal(kernel, event.argument or "") if signal is None else take_refusal(kernel, signal, event.at)
    )
    if refused is not None or signal is None:
        return CommandDone(False, *(refused or ("NO_SIGNAL", ""))), []
    signal.taken = Taken(author=event.author, at=event.at, note=event.note)
    signal.dead = False
    kernel.add_signal(signal)
    effects: list[Effect] = [] if signal.asked else [ask_for(signal)]
    text = f"Taking {signal.label}: bought at the current price if mode, levels, size and limits allow it"
    return CommandDone(True, "TAKING", text), effects


def by_hand_reason(taken: Taken | None, verdict: Decision) -> Reason:
    """Return the remark that a person took a trade, and against which verdict."""
    assert taken is not None
    against = ", ".join(verdict.gates.failed) or f"confidence {verdict.confidence:.1f}"
    text = f"Taken by {taken.author} against {verdict.action} ({against})"
    return Reason(BY_HAND, text, Tone.NEUTRAL)


def not_taken(signal: LiveSignal, why: str, now: datetime) -> Notice:
    """Return the notice that a trade a person wanted was not made."""
    text = f"Not taken: {signal.label}: {why}"
    return Notice(kind="approval", at=now, text=text, tone=Tone.NEGATIVE, symbol=signal.update.symbol)


def unanswered(signal: LiveSignal, now: datetime) -> list[Effect]:
    """Return the notice of a signal that ended before the market answered, if a person wanted its trade."""
    return [] if signal.taken is None else [not_taken(signal, "no market answered while it was live", now)]


def _find(kernel: Kernel, name: str) -> LiveSignal | None:
    for signals in (kernel.state.signals, kernel.state.passed):
        for signal in signals.values():
            if name in (signal.id, signal.receipt_id, signal.last_decision_id):
                return signal
    return None


def _no_signal(kernel: Kernel, name: str) -> tuple[str, str]:
    for record in reversed(kernel.state.recent):
        if name in (record.id, record.receipt_id, record.signal_id):
            if record.position_id is not None:
                return "EXECUTED", f"{record.symbol}: its trade is made already"
            return "SIGNAL_ENDED", f"{record.symbol} {record.proposed_direction}: its signal has ended"
    return (
        "NO_SIGNAL",
        f"argument: {name!r} is not the receipt or the latest decision of a signal that still lives",
    )


def take_refusal(kernel: Kernel, signal: LiveSignal, now: datetime) -> tuple[str, str] | None:
    """Return code and text of what refuses a trade before the market is asked."""
    if signal.decided_at is None:
        return "NOT_DECIDED", f"{signal.label} is not decided yet"
    if signal.taken is not None:
        return "TAKING", f"{signal.label} is taken already by {signal.taken.author}"
    if approval_of(kernel, signal) is not None:
        return "APPROVAL_NEEDED", f"{signal.label} waits for approval: approve it (gatedeck approve)"
    if signal.id in kernel.state.orders:
        return "WORKING", f"{signal.label}: its order is working already"
    if (why := signal.late or next(iter(signal.update.blocks), None)) is not None:
        return why.code, f"{signal.label}: {why.text}"
    if not signal.can_be_taken(now):
        text = f"{signal.label} was live until {signal.live_until:%H:%M:%S} UTC"
        return "SIGNAL_ENDED", text
    if (why := mode_refusal(kernel) or untradable(kernel, signal.update.symbol)) is not None:
        return why.code, why.text
    if kernel.trading.calendar.session_at(now) is None:
        return Refusal.MARKET_CLOSED.value, "The exchange is closed: nothing is bought"
    return None
