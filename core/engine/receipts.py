"""Receipt of a body: parse it, detect duplicates, update the context, and ask the market about a signal."""

from __future__ import annotations

from core.decision import late
from core.effects import AnswerReceipt, Effect, Notice, StoreReceipt
from core.engine.kernel import Kernel
from core.engine.positions import see_price
from core.engine.redecide import reconsider
from core.engine.state import ask_for
from core.engine.stated_price import stated_price
from core.events import Received
from core.intake import IntakeError, canonical_hash, normalise
from core.live_signal import LiveSignal
from core.model import ReceiptStatus, Tone, Update

RETAINED_SIGNALS = 10_000


def receive(kernel: Kernel, event: Received) -> list[Effect]:
    """Handle one body. Its effects contain exactly one receipt: accepted, duplicate or quarantined."""
    state = kernel.state
    state.tally.receipts += 1
    try:
        update = normalise(event.body, event.endpoint)
    except IntakeError as error:
        return _quarantine(kernel, event, error)
    first, note = state.duplicates.check(
        update, lambda: canonical_hash(event.body), event.receipt_id, event.at, kernel.rules.intake
    )
    notes = update.notes if note is None else (*update.notes, note)
    if first is not None:
        state.tally.duplicates += 1
        receipt = _receipt(event, update, ReceiptStatus.DUPLICATE, notes, duplicate_of=first)
        return [receipt, AnswerReceipt(receipt_id=receipt.id, awaits_decision=False)]
    late_reason = late(update, event.at, kernel.rules) if update.signal is not None else None
    seen, doubt = stated_price(kernel, update, event) if late_reason is None else (None, None)
    notes = (*notes, *(n for n in (doubt, _future_note(kernel, update, event)) if n is not None))
    effects: list[Effect] = [_receipt(event, update, ReceiptStatus.ACCEPTED, notes)]
    if state.senders.heard(update.source, update.symbol, event.at):
        text = f"{update.source} {update.symbol} is back"
        effects.append(
            Notice(kind="source", at=event.at, text=text, tone=Tone.POSITIVE, symbol=update.symbol)
        )
    if late_reason is None:
        state.contexts.absorb(update, event.at, event.receipt_id, kernel.rules)
        effects += see_price(kernel, seen) if seen is not None else []
        effects += reconsider(kernel, update.symbol, event.at)
    if update.signal is None:
        return [*effects, AnswerReceipt(receipt_id=event.receipt_id, awaits_decision=False)]
    signal = LiveSignal.arriving(kernel.new_id("signal"), event.receipt_id, update, event.at, kernel.rules)
    signal.late = late_reason
    if len(state.signals) >= RETAINED_SIGNALS:
        kernel.drop_signal(next((s.id for s in state.signals.values() if s.approval_id is None), ""))
    kernel.add_signal(signal)
    return [*effects, AnswerReceipt(receipt_id=event.receipt_id, awaits_decision=True), ask_for(signal)]


def _future_note(kernel: Kernel, update: Update, event: Received) -> str | None:
    """Return a note when the timestamp is in the future, so that the delay of the body is unknown."""
    if update.timestamp is None:
        return None
    minutes = (update.timestamp - event.at).total_seconds() / 60
    if minutes <= kernel.rules.intake.future_minutes:
        return None
    return f"its time {update.timestamp:%Y-%m-%d %H:%M:%S} UTC lies {minutes:.0f} min ahead of the clock"


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
