"""`gatedeck run --practice`: a ledger of its own, and a clock that is inside a session on any day and at any hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.exchange.calendar import Calendar
from core.rules import Rules
from server.config import LEDGER_FILE, ConfigError, Settings

if TYPE_CHECKING:
    from pathlib import Path

NOTE = "PRACTICE"
"""Shown wherever a simulated time is shown."""
FILE = "practice.db"
AFTER_OPEN = timedelta(minutes=35)
"""Time after the opening at which a session of practice begins: the first half hour is unlike the rest."""
LEAST_LEFT = timedelta(minutes=30)
"""Least time to the close for a session to be gone on with."""


def practice_settings(settings: Settings, now: datetime | None = None) -> Settings:
    """Return the settings with the practice ledger, the practice clock and no feeds.

    Raises ConfigError when a clock is set, or a ledger other than the default one.
    """
    default = settings.state_dir / LEDGER_FILE
    if settings.clock is not None or settings.db not in (str(default), str(settings.state_dir / FILE)):
        raise ConfigError("practice: it has a ledger and a clock of its own; leave --db and --clock out")
    ledger = settings.state_dir / FILE
    start = practice_start(now or datetime.now(UTC), last_entry(ledger), Calendar.from_rules(Rules().clock))
    return settings.model_copy(update={"db": str(ledger), "clock": start, "feeds": ()})


def practice_start(now: datetime, last: datetime | None, calendar: Calendar) -> datetime:
    """Return an instant inside a session: now, or where the ledger ended, if that session goes on for a while.

    Otherwise it is some time after the next opening. It never lies before the ledger's last entry.
    """
    earliest = now if last is None else max(now, last + timedelta(seconds=1))
    session = calendar.session_at(earliest)
    if session is not None and session.close - earliest >= LEAST_LEFT:
        return earliest
    today = calendar.session(calendar.market_date(earliest))
    if today is None or earliest >= today.open:
        today = calendar.next_session(calendar.market_date(earliest))
    return today.open + AFTER_OPEN


def last_entry(ledger: Path) -> datetime | None:
    """Return the instant of the last input of a ledger; ``None`` without one. Raises LedgerError."""
    if not ledger.exists():
        return None
    from server.ledger.history import last_input_at
    from server.ledger.snapshot import LedgerSnapshot

    with LedgerSnapshot(ledger) as snapshot:
        return last_input_at(snapshot)
