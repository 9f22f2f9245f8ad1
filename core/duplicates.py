"""Duplicates: the window of messages already seen, to find the receipt that a body repeats.

Invariants: a key is kept for its whole window; the same body twice within its window is always a duplicate;
a reused id with another meaning never is.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from core.model import Intent, Update
from core.rules.sections import IntakeRules

Seen = tuple[str, datetime, str]
"""A receipt's id, its arrival, and the body's timestamp (or digest) with its meaning."""

_ANONYMOUS = "#"
"""Begins the key of a message without a sender's id."""
_KEY_BYTES, _BODY_BYTES = 9, 6
"""Bytes of a digest: keys are looked up among all messages of a day, bodies are compared with one other."""
_TIME_DIGITS = 14
_OF_SIGNALS = frozenset({Intent.ENTRY, Intent.CONTEXT})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class DuplicateWindow:
    """Messages seen within the longest window; plain data, part of the engine's checkpoint.

    The key of a sender's id holds the newest body accepted with it; earlier bodies are kept under the id
    together with their timestamp (or digest) and meaning. ``seen`` keeps digests of keys and bodies and the receipt's
    id in one short text each, because a busy day has a million: about 200 bytes a message. ``keys`` are those of
    checkpoints from before, which are taken over into ``seen``.
    """

    keys: dict[str, Seen] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, (receipt_id, at, body) in self.keys.items():
            said = _digest(body, _BODY_BYTES)
            # A message without a sender's id has no body beside its key; an earlier body of an id follows the id.
            key = _key(name.removesuffix(f"|{body}") if body else name, anonymous=not body)
            earlier = bool(body) and name.endswith(f"|{body}")
            self.seen[_of_body(key, said) if earlier else key] = f"{_text(_micros(at))}{said}{receipt_id}"
        self.keys = {}

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
        sender_id, time, now = update.sender_id, update.timestamp, _micros(at)
        if sender_id is None:
            key = _key(f"{update.source}|{update.symbol}#{digest()}", anonymous=True)
            said = _NO_BODY
        else:
            key = _digest(f"{update.source}|{update.symbol}|{sender_id}", _KEY_BYTES)
            stated = digest() if time is None else f"{time.timestamp():.3f}"
            said = _digest(f"{stated}|{meaning_of(update)}", _BODY_BYTES)
        newest = self.seen.get(key)
        if newest is None:
            self.seen[key] = f"{_text(now)}{said}{receipt_id}"
            return None, None
        window = (
            _in_minutes(rules.anonymous_duplicate_minutes)
            if sender_id is None
            else _in_hours(rules.duplicate_hours)
        )
        oldest = now - window
        if since is not None and not update.fired and update.fired_at is None:
            oldest = max(oldest, _micros(since))
        least = _text(oldest)
        if newest < least:
            self.seen[key] = f"{_text(now)}{said}{receipt_id}"
            return None, None
        if _body_of(newest) == said:
            return _receipt_of(newest), None
        earlier = self.seen.get(_of_body(key, said))
        if earlier is not None and earlier >= least:
            return _receipt_of(earlier), None
        self.seen[_of_body(key, _body_of(newest))] = newest
        self.seen[key] = f"{_text(now)}{said}{receipt_id}"
        return None, f"id {sender_id!r} was used before with another body; accepted"

    def prune(self, now: datetime, rules: IntakeRules) -> None:
        """Drop messages older than their window."""
        named = _text(_micros(now) - _in_hours(rules.duplicate_hours))
        anonymous = _text(_micros(now) - _in_minutes(rules.anonymous_duplicate_minutes))
        old = [
            key for key, seen in self.seen.items() if seen < (anonymous if key[0] == _ANONYMOUS else named)
        ]
        for key in old:
            del self.seen[key]


def _key(name: str, *, anonymous: bool) -> str:
    return f"{_ANONYMOUS if anonymous else ''}{_digest(name, _KEY_BYTES)}"


def _of_body(key: str, body: str) -> str:
    """Return the key of an earlier body of a sender's id."""
    return _digest(f"{key}|{body}", _KEY_BYTES)


def _digest(text: str, size: int) -> str:
    found = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
    return b2a_base64(found, newline=False).decode()


_NO_BODY = _digest("", _BODY_BYTES)
"""Digest in place of the body of a message whose key is made of it."""


def _micros(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _text(micros: int) -> str:
    """Return an instant so that texts that begin with it are ordered by it."""
    return f"{micros:0{_TIME_DIGITS}x}"


_BODY = slice(_TIME_DIGITS, _TIME_DIGITS + 8)


def _body_of(seen: str) -> str:
    return seen[_BODY]


def _receipt_of(seen: str) -> str:
    return seen[_BODY.stop :]


@lru_cache(maxsize=8)
def _in_hours(count: float) -> int:
    """Return hours in microseconds, rounded as a ``timedelta`` is."""
    return timedelta(hours=count) // _MICROSECOND


@lru_cache(maxsize=8)
def _in_minutes(count: float) -> int:
    """Return minutes in microseconds, rounded as a ``timedelta`` is."""
    return timedelta(minutes=count) // _MICROSECOND


def meaning_of(update: Update) -> str:
    """Return direction, levels, phase, alignment and request as one text: equal for messages that mean the same."""
    s, r, a, x = update.signal, update.regime, update.alignment, update.structure
    text = f"{update.timeframe}"
    if s is not None:
        text += f"|{s.direction}|{s.event}|{s.ai_score}|{s.entry}|{s.stop}|{s.target_1}|{s.target_2}"
    if r is not None:
        text += f"|{r.phase}|{r.event}|{r.bias}|{r.confidence}"
    if a is not None and a.states:
        text += "|" + "|".join(map(str, sorted(a.states.items())))
    if x is not None:
        text += f"|{x.valid_setup}|{x.liquidity_ok}|{x.execution_quality}"
    if update.intent not in _OF_SIGNALS:
        text += f"|{update.intent}|{update.bar}"
    if update.request is not None:
        text += f"|{update.request}"
    return text
