"""Hours of the day in which no message is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FORM = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)(?: (\S+))?")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begin`` to ``end`` each day, over midnight if ``end`` is earlier; ``zone`` ``None`` is the machine's."""

    begin: time
    end: time
    zone: ZoneInfo | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether an instant lies in the quiet hours."""
        now = at.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def quiet_hours(text: str) -> QuietHours:
    """Return the hours that a text such as ``22:00-07:00 America/New_York`` names. Raises ValueError."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not hours such as 22:00-07:00, or 22:00-07:00 America/New_York")
    try:
        begin, end = (time.fromisoformat(part) for part in found.groups()[:2])
    except ValueError:
        raise ValueError("names an hour that no day has; give hours such as 22:00-07:00") from None
    try:
        return QuietHours(begin, end, ZoneInfo(found[3]) if found[3] else None)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(
            f"names the time zone {found[3]}, which is unknown; give one such as Europe/Berlin"
        ) from None
