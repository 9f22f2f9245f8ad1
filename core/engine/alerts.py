"""Alerts of the engine: announce each once while it is active, and store it as a risk event."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.alerts import active_alerts
from core.effects import Effect, Notice, StoreRiskEvent
from core.engine.clock import clock_alarm
from core.engine.kernel import Kernel
from core.engine.positions import open_net
from core.engine.price_doubt import doubt_text
from core.exchange.calendar import TABLE_ENDS
from core.model import Tone

DOUBTED = "PRICE_DOUBTED"
WARN_BEFORE = timedelta(days=180)
"""Time before the end of the table of sessions from which a person is told of it."""


def alert(kernel: Kernel, now: datetime, seq: int) -> list[Effect]:
    """Announce and store the alerts that became active, and store those that have cleared."""
    state = kernel.state
    book, before = state.alerts, state.alerts.told
    book.prune(now, kernel.rules)
    found = dict(active_alerts(
        book, state.positions.values(), state.contexts, state.day.losses_in_a_row, open_net(kernel), now, kernel.rules
    ))  # fmt: skip
    for position in state.positions.values():
        doubt = doubt_text(kernel, position.symbol)
        if doubt is not None and position.is_open:
            found[f"{DOUBTED} {position.id}"] = f"{position.contract.label}: {doubt}"
    clock = clock_alarm(kernel)
    if clock is not None:
        found["CLOCK_SET"] = clock
    if TABLE_ENDS - now.date() < WARN_BEFORE:
        found["SESSION_TABLE_ENDS"] = (
            f"The table of the exchange's sessions ends {TABLE_ENDS}: later ones are assumed from its rules for "
            "holidays; install a newer gatedeck"
        )
    effects: list[Effect] = []
    for key in [key for key in before if key not in found]:
        effects.append(_event(kernel, seq, now, key, before.pop(key), cleared=True))
    for key, text in found.items():
        if key not in before:
            before[key] = text
            effects.append(_event(kernel, seq, now, key, text, cleared=False))
            if not key.startswith(DOUBTED):  # the deck says at once that stops cannot act
                effects.append(Notice(kind="risk", at=now, text=text, tone=Tone.NEGATIVE))
    return effects


def _event(kernel: Kernel, seq: int, at: datetime, key: str, text: str, *, cleared: bool) -> Effect:
    code, _, position_id = key.partition(" ")
    return StoreRiskEvent(
        id=kernel.new_id(f"risk:{key}"), seq=seq, at=at, code=code, text=text, cleared=cleared,
        position_id=position_id or None,
    )  # fmt: skip
