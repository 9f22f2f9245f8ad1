"""Second decisions: a waiting signal is decided again when its context or its price has changed."""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect
from core.engine.kernel import Kernel
from core.engine.state import ask_for


def reconsider(kernel: Kernel, symbol: str, now: datetime) -> list[Effect]:
    """Ask the market again for the symbol's signals that are due; mark the others as changed."""
    effects: list[Effect] = []
    for signal in kernel.signals_of(symbol):
        if signal.asked or not signal.open_to_change:
            continue
        signal.changed = True
        if signal.is_due(now, kernel.rules):
            effects.append(ask_for(signal))
    return effects
