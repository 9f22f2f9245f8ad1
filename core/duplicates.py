"""Which receipt a body repeats, if any: the window of keys already seen.

Invariants: a key is never forgotten before its time; the same body twice within its window is always a
duplicate; a reused id with another meaning never is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.model import Update
from core.rule_sections import IntakeRules


@dataclass(frozen=True, slots=True)
class Seen:
    """The first receipt of a key, when it came, and what it meant."""

    receipt_id: str
    at: datetime
    meaning: str


@dataclass(slots=True)
class DuplicateWindow:
    """Keys seen within the longest window; plain data, part of the engine's checkpoint."""

    keys: dict[str, Seen] = field(default_factory=dict)

    def check(
        self, update: Update, digest: Callable[[], str], receipt_id: str, at: datetime, rules: IntakeRules
    ) -> tuple[str | None, str | None]:
        """Return (the first receipt's id, None) for a duplicate, else (None, a note or None) and remember it.

        With a sender's id the window is ``duplicate_hours``: the same id and body time (or, without a time,
        the same canonical body, by its ``digest``). Without an id: the same body within
        ``anonymous_duplicate_minutes``.
        """
        head = f"{update.source}|{update.symbol}|"
        if update.sender_id is None:
            key, hours = f"{head}{digest()}", rules.anonymous_duplicate_minutes / 60
        elif update.timestamp is not None:
            key, hours = f"{head}{update.sender_id}|{update.timestamp.timestamp():.3f}", rules.duplicate_hours
        else:
            key, hours = f"{head}{update.sender_id}|{digest()}", rules.duplicate_hours
        meaning = _meaning(update)
        seen = self.keys.get(key)
        if seen is not None and at - seen.at <= timedelta(hours=hours):
            if seen.meaning == meaning:
                return seen.receipt_id, None
            # One constant id in an alert template must not swallow the second signal of a bar.
            key = f"{key}|{meaning}"
            again = self.keys.get(key)
            if again is not None and at - again.at <= timedelta(hours=hours):
                return again.receipt_id, None
        note = None
        if update.sender_id is not None:
            id_key = f"{head}{update.sender_id}"
            first = self.keys.get(id_key)
            if first is not None and at - first.at <= timedelta(hours=rules.duplicate_hours):
                note = f"id {update.sender_id!r} was used before with another body; accepted"
            else:
                self.keys[id_key] = Seen(receipt_id, at, "")
        self.keys[key] = Seen(receipt_id, at, meaning)
        return None, note

    def prune(self, now: datetime, rules: IntakeRules) -> None:
        """Forget what no window can reach any more."""
        limit = now - timedelta(hours=max(rules.duplicate_hours, rules.anonymous_duplicate_minutes / 60))
        for key in [key for key, seen in self.keys.items() if seen.at < limit]:
            del self.keys[key]


def _meaning(update: Update) -> str:
    """What a trader would call the same message: direction, levels, phase, alignment; not its wording."""
    s, r, a, x = update.signal, update.regime, update.alignment, update.structure
    parts: list[object] = [update.timeframe]
    if s is not None:
        parts += [s.direction, s.event, s.ai_score, s.entry, s.stop, s.target_1, s.target_2]
    if r is not None:
        parts += [r.phase, r.event, r.bias, r.confidence]
    if a is not None:
        parts += sorted(a.states.items())
    if x is not None:
        parts += [x.valid_setup, x.liquidity_ok, x.execution_quality]
    return "|".join(map(str, parts))
