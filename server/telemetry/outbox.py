"""Messages for the phone: at most n a minute and none in quiet hours; the rest is counted."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime
from typing import NamedTuple

from server.quiet_hours import QuietHours

MINUTE = 60.0
SHOWN = 5
"""Most texts of a message that stands for several."""
KEPT = 200
"""Most notices whose text is kept while they wait; older ones are only counted."""


class Message(NamedTuple):
    """A message as it is sent."""

    title: str
    body: str


class Outbox:
    """Notices that wait to be sent. Times are given: seconds of a steady clock, and the instant of the day."""

    def __init__(self, per_minute: int, quiet: QuietHours | None) -> None:
        self._per_minute, self._quiet = per_minute, quiet
        self._waiting: deque[tuple[str, str]] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._sent: deque[float] = deque(maxlen=per_minute)
        self._held = False
        """True while notices are held back by quiet hours or the limit: they leave as one message."""

    @property
    def waiting(self) -> int:
        """Number of notices that wait."""
        return self._counts.total()

    def put(self, kind: str, text: str) -> None:
        """Add a notice."""
        self._waiting.append((kind, text))
        self._counts[kind] += 1

    def take(self, steady: float, at: datetime) -> Message | None:
        """Return the next message that may be sent now, ``None`` if none may or none waits."""
        if not self._waiting:
            return None
        if self._quiet is not None and self._quiet.holds(at):
            self._held = True
            return None
        while self._sent and steady - self._sent[0] >= MINUTE:
            self._sent.popleft()
        if len(self._sent) >= self._per_minute:
            self._held = True
            return None
        last_one = len(self._sent) == self._per_minute - 1
        self._sent.append(steady)
        if len(self._waiting) > 1 and (self._held or last_one):
            return self._all()
        self._held = False
        kind, text = self._waiting.popleft()
        self._counts[kind] -= 1
        return Message(f"gatedeck: {kind}", text)

    def _all(self) -> Message:
        """Return one message for everything that waits."""
        self._held = False
        counts = +self._counts
        summary = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
        latest = list(self._waiting)[-SHOWN:]
        left_out = counts.total() - len(latest)
        lines = [text for _, text in latest]
        if left_out:
            lines.insert(0, f"{left_out} earlier, then:")
        self._waiting.clear()
        self._counts.clear()
        return Message(f"gatedeck: {summary}", "\n".join(lines))
