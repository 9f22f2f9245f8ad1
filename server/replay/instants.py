"""Instants in files that are replayed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from server.replay.machine import ReplayError

INSTANTS = ("received_at", "at", "timestamp", "time")
"""Names under which a line may say when its body came; the first that is there counts."""


def instant(value: Any, where: str) -> datetime:
    """Return an instant from ISO 8601 text (no zone means UTC) or epoch (milli)seconds. Raises ReplayError."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ReplayError(f"{where}: {INSTANTS[0]} {value!r} is no instant")
