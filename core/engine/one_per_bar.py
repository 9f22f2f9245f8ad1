"""One signal per bar: a signal that fires again for its bar updates the first one and opens nothing.

Invariant: two signals of the same source, symbol, timeframe, direction and bar open at most one position, unless
their sender has left the trade in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.decision.lateness import allowed_age
from core.duplicates import meaning_of
from core.model import Direction, Intent, Update
from core.rules import Rules

RETAINED_BARS = 10_000
"""Bound on memory, whatever timeframes senders state."""


@dataclass(slots=True)
class SignalOfBar:
    """The signal of one bar; ``over`` once it can never open a position again.

    ``meaning`` stands for its latest values; after ``until`` a repetition would be late.
    """

    signal_id: str
    receipt_id: str
    symbol: str
    direction: Direction
    until: datetime
    meaning: str
    over: bool = False
    decision_id: str | None = None
    last_key: str | None = None


@dataclass(slots=True)
class BarSignals:
    """The signals of bars that may still fire again; plain data, part of the engine's checkpoint."""

    known: dict[str, SignalOfBar] = field(default_factory=dict)

    def first_of(self, update: Update) -> SignalOfBar | None:
        """Return the first signal of the bar; ``None`` if this is the first, or states no time of a bar."""
        key = bar_key(update)
        return None if key is None else self.known.get(key)

    def note(self, update: Update, signal_id: str, receipt_id: str, rules: Rules) -> None:
        """Remember the first signal of a bar."""
        key = bar_key(update)
        if key is None or update.signal is None or update.timestamp is None:
            return
        self.known[key] = SignalOfBar(
            signal_id=signal_id,
            receipt_id=receipt_id,
            symbol=update.symbol,
            direction=update.signal.direction,
            until=update.timestamp + allowed_age(update.timeframe, update.fired, rules),
            meaning=meaning_of(update),
        )
        if len(self.known) > RETAINED_BARS:
            del self.known[next(iter(self.known))]

    def decided(
        self, update: Update, signal_id: str, decision_id: str, key: str | None, *, over: bool
    ) -> None:
        """Remember the last decision of a bar's signal."""
        known = self.first_of(update)
        if known is not None and known.signal_id == signal_id:
            known.decision_id, known.last_key, known.over = decision_id, key, known.over or over

    def reopen(self, update: Update, direction: Direction | None, at: datetime) -> None:
        """Forget the bars of a symbol and direction after an exit: a signal after it is a new trade."""
        if update.intent is Intent.CANCEL:
            return
        for key, known in list(self.known.items()):
            if known.symbol == update.symbol and direction in (None, known.direction):
                del self.known[key]

    def prune(self, now: datetime) -> None:
        """Forget the bars whose repetition would be late."""
        for key in [key for key, known in self.known.items() if known.until < now]:
            del self.known[key]


def bar_key(update: Update) -> str | None:
    """Return a key of the signal's bar; ``None`` when the body states no time of a bar."""
    if update.signal is None or update.timestamp is None or update.fired:
        return None
    bar = f"{update.timestamp.timestamp():.0f}"
    return f"{update.source}|{update.symbol}|{update.timeframe}|{update.signal.direction}|{bar}"
