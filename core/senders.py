"""Senders: the usual gap between the messages of each source and symbol, to detect silence."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import datetime

from core.model import Source
from core.rules.sections import IntakeRules

KEPT_GAPS = 20
ENOUGH_GAPS = 5
FIRST_MESSAGE_SECONDS = 3600.0
"""Time from the open after which a sender may be reported, however long its usual gap is."""


@dataclass(slots=True)
class Sender:
    """One source and symbol: the last arrival and the latest gaps in seconds."""

    source: Source
    symbol: str
    last_at: datetime
    gaps: list[float] = field(default_factory=list)
    told_quiet: bool = False

    @property
    def usual_gap(self) -> float | None:
        """Median of the latest gaps in seconds; ``None`` until five are known."""
        return statistics.median(self.gaps) if len(self.gaps) >= ENOUGH_GAPS else None

    def quiet_at(self, now: datetime, opened: datetime, rules: IntakeRules) -> bool:
        """Return whether the sender is silent for too long, counting also from the session's open."""
        usual = self.usual_gap
        if usual is None:
            return False
        limit = max(60.0, rules.silence_factor * usual)
        silent, in_session = (now - self.last_at).total_seconds(), (now - opened).total_seconds()
        return silent > limit and in_session > min(limit, FIRST_MESSAGE_SECONDS)


@dataclass(slots=True)
class Senders:
    """All senders by ``SOURCE|SYMBOL``; plain data, part of the engine's checkpoint."""

    known: dict[str, Sender] = field(default_factory=dict)

    def heard(self, source: Source, symbol: str, at: datetime) -> bool:
        """Record an arrival; return whether this sender had been reported as quiet."""
        key = f"{source}|{symbol}"
        sender = self.known.get(key)
        if sender is None:
            self.known[key] = Sender(source, symbol, at)
            return False
        sender.gaps.append((at - sender.last_at).total_seconds())
        if len(sender.gaps) > KEPT_GAPS:
            del sender.gaps[0]
        sender.last_at = at
        was_quiet, sender.told_quiet = sender.told_quiet, False
        return was_quiet

    def gone_quiet(self, now: datetime, opened: datetime, rules: IntakeRules) -> list[Sender]:
        """Return the senders that became quiet since the last call; each is returned once per silence."""
        found = [s for s in self.known.values() if not s.told_quiet and s.quiet_at(now, opened, rules)]
        for sender in found:
            sender.told_quiet = True
        return found

    def forget(self, before: datetime) -> None:
        """Drop the senders without a message since ``before``."""
        for key in [key for key, sender in self.known.items() if sender.last_at < before]:
            del self.known[key]
