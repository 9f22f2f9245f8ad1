"""Receipt of a body: parse it, detect duplicates, update the context, and ask the market about a signal."""

from __future__ import annotations

from core.decision import late
from core.duplicates import meaning_of
from core.effects import AnswerReceipt, Effect, Notice, StoreReceipt
from core.engine.bars import price_of
from core.engine.clock import on_engine_clock
from core.engine.kernel import Kernel
from core.engine.one_per_bar import SignalOfBar
from core.engine.positions import see_price
from core.engine.redecide import reconsider
from core.engine.requests import RequestResult, not_repeated_since, obey
from core.engine.state import ask_for
from core.events import PriceSeen, Received
from core.intake import IntakeError
from core.live_signal import LiveSignal
from core.model import Intent, ReceiptStatus, Tone, Update
from core.thresholds import at_most

RETAINED_SIGNALS = 10_000
ABSORBED = frozenset({Intent.ENTRY, Intent.CONTEXT})
"""Intents that update the context; the others are about positions, prices or the sender itself."""
REQUESTS = frozenset({Intent.EXIT, Intent.REDUCE, Intent.MOVE_STOP, Intent.CANCEL})
# A member named once here is a plain global in every step; by its class it takes twenty times as long.
_ENTRY, _BAR, _ACCEPTED = Intent.ENTRY, Intent.BAR, ReceiptStatus.ACCEPTED


def receive(kernel: Kernel, event: Received) -> list[Effect]:
    """Handle one body. Its effects contain exactly one receipt: accepted, duplicate or quarantined."""
    state = kernel.state
    state.tally.receipts += 1
    try:
        update = kernel.read(event.body, event.endpoint)
    except IntakeError as error:
        return _quarantine(kernel, event, error)
    update = on_engine_clock(kernel, update)
    first, note = _repeated(kernel, update, event)
    notes = update.notes if note is None else (*update.notes, note)
    if first is not None:
        state.tally.duplicates += 1
        receipt = _receipt(event, update, ReceiptStatus.DUPLICATE, notes, duplicate_of=first)
        return [receipt, AnswerReceipt(receipt_id=receipt.id, awaits_decision=False)]
    proposes = update.intent is _ENTRY and update.signal is not None
    late_reason = late(update, event.at, kernel.rules) if proposes else None
    seen, doubt = price_of(kernel, update, event) if late_reason is None else (None, None)
    for more in (doubt, _future_note(kernel, update, event), _wish_note(update)):
        if more is not None:
            notes = (*notes, more)
    effects: list[Effect] = []
    if state.senders.heard(update.source, update.symbol, event.at):
        text = f"{update.source} {update.symbol} is back"
        effects.append(
            Notice(kind="source", at=event.at, text=text, tone=Tone.POSITIVE, symbol=update.symbol)
        )
    result = _obey_request(kernel, update, event, seen)
    if result is not None:
        effects += result.effects
    if late_reason is None:
        if update.intent in ABSORBED and not (proposes and update.blocks):
            state.contexts.absorb(update, event.at, event.receipt_id, kernel.rules)
        effects += see_price(kernel, seen) if seen is not None else []
        if update.intent in ABSORBED or seen is not None:
            effects += reconsider(kernel, update.symbol, event.at)
    if result is not None:
        notes = (*notes, *result.notes)
    repeated = (
        state.bar_signals.first_of(update) if proposes and late_reason is None and not update.blocks else None
    )
    if repeated is not None and kernel.rules.intake.one_per_bar:
        asked, note = _repeat_of_bar(kernel, update, event, repeated)
        effects, notes = [*effects, *asked], (*notes, note)
        proposes = False
    receipt = _receipt(event, update, _ACCEPTED, notes)
    if not proposes:
        return [receipt, *effects, AnswerReceipt(receipt_id=event.receipt_id, awaits_decision=False)]
    signal = LiveSignal.arriving(kernel.new_id("signal"), event.receipt_id, update, event.at, kernel.rules)
    signal.late = late_reason
    if late_reason is None and not update.blocks:
        state.bar_signals.note(update, signal.id, event.receipt_id, kernel.rules)
    _keep(kernel, signal)
    return [
        receipt,
        *effects,
        AnswerReceipt(receipt_id=event.receipt_id, awaits_decision=True),
        ask_for(signal),
    ]


def _repeated(kernel: Kernel, update: Update, event: Received) -> tuple[str | None, str | None]:
    """Return the receipt that a body repeats, if any, and a note."""
    if update.intent is _BAR and update.timestamp is None and update.fired_at is None:
        return None, None  # the same price again is new: it is the price of this instant
    return kernel.state.duplicates.check(
        update, lambda: kernel.digest_of(event.body), event.receipt_id, event.at, kernel.rules.intake,
        since=not_repeated_since(kernel, update),
    )  # fmt: skip


def _obey_request(
    kernel: Kernel, update: Update, event: Received, seen: PriceSeen | None
) -> RequestResult | None:
    """Carry out what a body requests for open positions; an entry may ask to close the other side first."""
    if update.intent in REQUESTS:
        return obey(kernel, update, event, seen)
    if update.intent is _ENTRY and update.request is not None:
        return obey(kernel, update, event, seen, Intent.EXIT)
    return None


def _repeat_of_bar(
    kernel: Kernel, update: Update, event: Received, first: SignalOfBar
) -> tuple[list[Effect], str]:
    """Update the signal of a bar that fires again, and decide it again if its values changed; return a note too."""
    said = f"repeats the signal of its bar (receipt {first.receipt_id})"
    rule = "opens nothing (rule intake.one_per_bar)"
    if first.over:
        return [], f"{said}, which is over: {rule}"
    changed, first.meaning = meaning_of(update) != first.meaning, meaning_of(update)
    signal = kernel.state.signals.get(first.signal_id)
    if signal is None:
        if not changed:
            return [], f"{said}, which was refused: {rule}"
        signal = LiveSignal.arriving(first.signal_id, event.receipt_id, update, event.at, kernel.rules)
        signal.last_decision_id, signal.last_key = first.decision_id, first.last_key
        _keep(kernel, signal)
        return [ask_for(signal)], f"{said} with other values: decided again, at most one position of a bar"
    signal.update = update
    if changed and not signal.asked:
        return [ask_for(signal)], f"{said} with other values: decided again, at most one position of a bar"
    return [], f"{said}: updates it, {rule}"


def _keep(kernel: Kernel, signal: LiveSignal) -> None:
    signals = kernel.state.signals
    if len(signals) >= RETAINED_SIGNALS:
        kernel.drop_signal(next((s.id for s in signals.values() if s.approval_id is None), ""))
    kernel.add_signal(signal)


def _future_note(kernel: Kernel, update: Update, event: Received) -> str | None:
    """Return a note when the timestamp is in the future, so that the delay of the body is unknown."""
    if update.timestamp is None or update.timestamp <= event.at:
        return None
    minutes = (update.timestamp - event.at).total_seconds() / 60
    if at_most(minutes, kernel.rules.intake.future_minutes):
        return None
    return f"its time {update.timestamp:%Y-%m-%d %H:%M:%S} UTC lies {minutes:.0f} min ahead of the clock"


def _wish_note(update: Update) -> str | None:
    """Return a note on the strike or expiry that an entry names: they are shown, and the rules choose."""
    wish = update.option
    if update.signal is None or wish is None or (wish.strike is None and wish.expiry is None):
        return None
    return f"asks for the {update.symbol} {wish.text}: strike and expiry are chosen by the rules"


def _quarantine(kernel: Kernel, event: Received, error: IntakeError) -> list[Effect]:
    kernel.state.tally.quarantined += 1
    receipt = StoreReceipt(
        id=event.receipt_id,
        seq=event.seq,
        at=event.at,
        endpoint=event.endpoint,
        body=event.body,
        status=ReceiptStatus.QUARANTINED,
        http_status=error.http_status,
        code=error.code,
        reason=error.reason,
    )
    return [
        receipt,
        AnswerReceipt(receipt_id=event.receipt_id, awaits_decision=False),
        Notice(kind="quarantine", at=event.at, text=f"Quarantined: {error.reason}", tone=Tone.NEUTRAL),
    ]


def _receipt(
    event: Received,
    update: Update,
    status: ReceiptStatus,
    notes: tuple[str, ...],
    duplicate_of: str | None = None,
) -> StoreReceipt:
    return StoreReceipt(
        id=event.receipt_id,
        seq=event.seq,
        at=event.at,
        endpoint=event.endpoint,
        body=event.body,
        status=status,
        http_status=200,
        source=update.source,
        symbol=update.symbol,
        duplicate_of=duplicate_of,
        notes=notes,
    )
