"""Instants as stored (microseconds since 1970 UTC) and as shown (ISO 8601)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_EXCHANGE = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Micros(int):
    """Microseconds since 1970 UTC as a value of a statement: a database with a type for instants needs to know it."""

    __slots__ = ()


def micros(at: datetime) -> int:
    """Return whole microseconds since 1970 UTC of an aware instant."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def iso(value: int | None) -> str | None:
    """Return a stored instant as text, such as 2026-11-24T15:00:00Z."""
    return None if value is None else instant(value).isoformat().replace("+00:00", "Z")


def exchange_iso(at: datetime) -> str:
    """Return an aware instant in the exchange's time, such as 2026-11-24T10:00:00-05:00."""
    return at.astimezone(_EXCHANGE).isoformat()


def exchange_day(value: int) -> str:
    """Return the exchange's day of a stored instant, such as 2026-11-24."""
    return instant(value).astimezone(_EXCHANGE).date().isoformat()


def bound(name: str, text: str) -> Micros:
    """Return the instant of a ``from`` or ``to`` filter; a date is the exchange's whole day, a time without zone UTC.

    Raises ValueError naming the filter.
    """
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return Micros(_midnight(day + timedelta(days=1)) - 1 if name == "to" else _midnight(day))
        # An unescaped plus sign in a query string arrives as a blank.
        parsed = datetime.fromisoformat(text.replace(" ", "+") if " " in text[19:] else text)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: {text!r} is neither a date nor an ISO 8601 time") from None
    return Micros(micros(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)))


def _midnight(day: date) -> int:
    return micros(datetime(day.year, day.month, day.day, tzinfo=_EXCHANGE).astimezone(UTC))
