"""Normalisation: one webhook body to one ``Update``."""

from __future__ import annotations

from core.intake import dots, fields, saty, signal, strat
from core.intake.body import open_body
from core.intake.detect import detect
from core.model import Source, Update

MAX_NOTES = 16


def normalise(body: object, endpoint: str | None = None) -> Update:
    """Return the update of one body (bytes, text or parsed JSON). Raises IntakeError and nothing else.

    ``endpoint`` is the path it was posted to or that path's last part; a hint that counts only when the body
    could be from several sources. An array is refused: see ``split``.
    """
    notes: list[str] = []
    parsed = open_body(body, notes)
    source = detect(parsed, endpoint, notes)
    symbol, exchange = fields.symbol(parsed)
    timestamp, fired = fields.when(parsed, notes)
    regime = alignment = structure = expert = decay = None
    if source is Source.SATY_PHASE:
        regime, decay = saty.regime(parsed, notes)
    elif source is Source.MTF_DOTS:
        alignment = dots.alignment(parsed, notes)
    elif source is Source.STRAT_EXEC:
        structure = strat.structure(parsed, notes)
    else:
        expert = signal.signal(parsed, notes)
        if "satyPhase" in parsed:
            notes.append(
                "satyPhase is an oscillator's value and not kept; send the phase as a body of its own"
            )
    return Update(
        source=source,
        symbol=symbol,
        exchange=exchange,
        timeframe=fields.minutes(parsed, notes),
        timestamp=timestamp,
        fired=fired,
        sender_id=fields.sender_id(parsed),
        price=fields.price(parsed),
        decay_minutes=decay,
        signal=expert,
        regime=regime,
        alignment=alignment,
        structure=structure,
        notes=tuple(notes[:MAX_NOTES]),
    )
