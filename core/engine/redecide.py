"""A signal that waits is decided again when something it depends on has changed."""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect
from core.engine.kernel import Kernel
from core.engine.state import ask_for


def reconsider(kernel: Kernel, symbol: str, now: datetime) -> list[Effect]:
    """What a signal of this symbol depends on has changed: decide again what is due, remember the rest."""
    effects: list[Effect] = []
    for signal in kernel.signals_of(symbol):
        if signal.asked or not signal.open_to_change:
            continue
        signal.changed = True
        if signal.is_due(now, kernel.rules):
            effects.append(ask_for(signal))
    return effects
