"""The form of Tradier's answers: wrappers, single objects in place of lists, faults, symbols and times.

The answers are made from XML: one element arrives as an object in place of a list, none as ``null`` or as the text
"null".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.exchange.calendar import Calendar, CalendarError
from server.feeds.values import Fault, Unavailable, number

NAME = "tradier"
TITLE = "Tradier"
_EMPTY = (None, "null", "")
_KEY_WORDS = ("access token", "apikey", "api key", "unauthorized", "not authorized")
_BUDGET_WORDS = ("quota", "rate limit", "too many requests")
_SIZES_IN_SHARES_SINCE = datetime(2025, 11, 3, 5, tzinfo=UTC)
"""Since then the consolidated tapes give the sizes of stock quotes in shares, before in lots of 100."""
_YEAR_2200 = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_LONGEST_TEXT = 120


# --- wrappers --------------------------------------------------------------------------------------------


def inside(body: Any, wrapper: str) -> Any | Unavailable:
    """Return what stands under the key ``wrapper`` of an answer, ``None`` if it is empty; or the fault it states."""
    if (fault := stated_fault(200, body)) is not None:
        return fault
    if not isinstance(body, Mapping):
        return malformed("it is no object")
    if wrapper not in body:
        return malformed(f'"{wrapper}" is missing')
    return none_if_empty(body[wrapper])


def none_if_empty(value: Any) -> Any:
    """Return ``None`` for the forms of an empty element, else the value."""
    return None if isinstance(value, str) and value in _EMPTY else value


def items(value: Any, key: str) -> tuple[Any, ...] | Unavailable:
    """Return the elements under ``key`` as a tuple: none, one that is not in a list, or several."""
    value = none_if_empty(value)
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        return malformed(f'"{key}" has no object around it')
    inner = none_if_empty(value.get(key))
    if inner is None:
        return ()
    return tuple(inner) if isinstance(inner, list) else (inner,)


# --- faults ----------------------------------------------------------------------------------------------


def stated_fault(status: int, body: Any) -> Unavailable | None:
    """Return the fault that a body states, ``None`` when it states none. Status 200 does not rule one out."""
    if not isinstance(body, Mapping):
        return None
    for key in ("fault", "errors", "error"):
        stated = none_if_empty(body.get(key))
        if stated is not None:
            return _fault(status, _words(stated))
    return None


def malformed(what: str, symbol: str | None = None) -> Unavailable:
    """Return the fault of an answer that cannot be read."""
    return Unavailable(Fault.MALFORMED, f"{NAME}: the answer cannot be read, {what}", symbol)


def _words(stated: Any) -> str:
    if isinstance(stated, Mapping):
        for key in ("faultstring", "error", "message", "description"):
            if key in stated:
                return _words(stated[key])
    if isinstance(stated, list):
        return ", ".join(_words(part) for part in stated[:3])
    return str(stated)


def _fault(status: int, words: str) -> Unavailable:
    text = " ".join(_UNPRINTABLE.sub(" ", words).split())[:_LONGEST_TEXT]
    plain = text.lower()
    kind = Fault.VENDOR_ERROR if status >= 500 or status == 200 else Fault.REFUSED
    if status == 401 or any(sign in plain for sign in _KEY_WORDS):
        kind = Fault.KEY_REFUSED
    elif status == 429 or any(sign in plain for sign in _BUDGET_WORDS):
        kind = Fault.BUDGET_SPENT
    elif "symbol" in plain and ("not found" in plain or "invalid" in plain):
        kind = Fault.UNKNOWN_SYMBOL
    return Unavailable(kind, f'{NAME}: "{text}"')


# --- symbols ---------------------------------------------------------------------------------------------


def to_vendor(symbol: str) -> str:
    """Return Tradier's form of a symbol: BRK/B for BRK.B."""
    return symbol.replace(".", "/").replace("-", "/").removeprefix("^")


def from_vendor(symbol: str) -> str:
    """Return the deck's form of one of Tradier's symbols."""
    return symbol.replace("/", ".").upper()


# --- times and sizes -------------------------------------------------------------------------------------


def instant(value: object) -> datetime | None:
    """Return the time of an epoch in milliseconds, or of a text with an offset; 0 and others are ``None``."""
    if isinstance(value, str) and "T" in value:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        return None if at.tzinfo is None else from_epoch(at.timestamp())
    found = number(value)
    return None if found is None or found <= 0 else from_epoch(found / 1000)


def from_epoch(seconds: float) -> datetime | None:
    """Return the time of an epoch in seconds, ``None`` outside the years 1970 to 2199."""
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds < _YEAR_2200 else None


def exchange_time(value: object, sessions: Calendar) -> datetime | None:
    """Return the instant of a time without a zone, which Tradier writes in New York time.

    ``None`` for what is no time, and on days without a session: the calendar knows the offset of the others.
    """
    if not isinstance(value, str):
        return None
    try:
        local = datetime.fromisoformat(value)
        session = sessions.session(local.date())
    except (ValueError, CalendarError):
        return None
    if session is None or local.tzinfo is not None:
        return None
    opened = timedelta(minutes=sessions.market_minute(session.open))
    return session.open - opened + (local - datetime.combine(local.date(), datetime.min.time()))


def exchange_text(at: datetime, sessions: Calendar) -> str:
    """Return an instant as Tradier takes it in a query: New York time without a zone, to the minute."""
    minute = sessions.market_minute(at)
    return f"{sessions.market_date(at).isoformat()} {minute // 60:02d}:{minute % 60:02d}"


def day(value: object) -> date | None:
    """Return a date written YYYY-MM-DD, else ``None``."""
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def shares(size: object, at: datetime | None) -> float | None:
    """Return the size of a stock's side in shares, ``None`` when unknown.

    Before 2025-11-03 the tapes gave lots of 100 shares, since then shares. That Tradier passes both on unchanged is
    assumed: it documents neither.
    """
    found = number(size)
    if found is None or found < 0:
        return None
    return found * 100 if at is not None and at < _SIZES_IN_SHARES_SINCE else found
