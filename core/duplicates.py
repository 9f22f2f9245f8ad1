"""Duplicates: the window of messages already seen, to find the receipt that a body repeats.

Invariants: a key is kept for its whole window; the same body twice within its window is always a duplicate;
a reused id with another meaning never is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from core.model import Intent, Update
from core.rules.sections import IntakeRules

Seen = tuple[str, datetime, str]
"""A receipt's id, its arrival, and the body's timestamp (or digest) with its meaning."""


@dataclass(slots=True)
class DuplicateWindow:
    """Keys seen within the longest window; plain data, part of the engine's checkpoint.

    The key of a sender's id holds the newest body accepted with it; earlier bodies are kept under the id
    together with their timestamp (or digest) and meaning.
    """

    keys: dict[str, Seen] = field(default_factory=dict)

    def check(
        self,
        update: Update,
        digest: Callable[[], str],
        receipt_id: str,
        at: datetime,
        rules: IntakeRules,
        since: datetime | None = None,
    ) -> tuple[str | None, str | None]:
        """Return (the first receipt's id, None) for a duplicate, else (None, a note or None) and remember it.

        With a sender's id the window is ``duplicate_hours``: the same id, body time (or, without a time, the
        same canonical body, by its ``digest``) and meaning, because one constant id in an alert template must
        not swallow the second signal of a bar. Without an id: the same body within
        ``anonymous_duplicate_minutes``. What came before ``since`` is not repeated, unless the body states when it
        was fired: an exit of the same bar means the position that is open now.
        """
        sender_id, time = update.sender_id, update.timestamp
        if sender_id is None:
            key, body = f"{update.source}|{update.symbol}#{digest()}", ""
            oldest = at - timedelta(minutes=rules.anonymous_duplicate_minutes)
        else:
            key = f"{update.source}|{update.symbol}|{sender_id}"
            body = f"{digest() if time is None else f'{time.timestamp():.3f}'}|{meaning_of(update)}"
            oldest = at - _hours(rules.duplicate_hours)
        if since is not None and not update.fired and update.fired_at is None:
            oldest = max(oldest, since)
        newest = self.keys.get(key)
        if newest is None or newest[1] < oldest:
            self.keys[key] = (receipt_id, at, body)
            return None, None
        if newest[2] == body:
            return newest[0], None
        earlier = self.keys.get(f"{key}|{body}")
        if earlier is not None and earlier[1] >= oldest:
            return earlier[0], None
        self.keys[f"{key}|{newest[2]}"] = newest
        self.keys[key] = (receipt_id, at, body)
        return None, f"id {sender_id!r} was used before with another body; accepted"

    def prune(self, now: datetime, rules: IntakeRules) -> None:
        """Drop keys older than the longest window."""
        limit = now - timedelta(hours=max(rules.duplicate_hours, rules.anonymous_duplicate_minutes / 60))
        for key in [key for key, seen in self.keys.items() if seen[1] < limit]:
            del self.keys[key]


@lru_cache(maxsize=8)
def _hours(count: float) -> timedelta:
    return timedelta(hours=count)


def meaning_of(update: Update) -> str:
    """Return direction, levels, phase, alignment and request as one text: equal for messages that mean the same."""
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
    if update.intent not in (Intent.ENTRY, Intent.CONTEXT):
        parts += [update.intent, update.bar]
    if update.request is not None:
        parts.append(update.request)
    return "|".join(map(str, parts))
