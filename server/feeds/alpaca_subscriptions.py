"""Subscriptions of one of Alpaca's streams: confirmed, still to be asked for, and refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Subscriptions:
    """Asks for one thing at a time: Alpaca's errors do not say which request they are about.

    ``channels`` are asked for each symbol; an ``optional`` one that is refused is done without. Only what the plan
    allows is subscribed; the rest stays in ``missing``.
    """

    def __init__(self, channels: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        self._channels = channels
        self._optional = list(optional)
        self._wanted: tuple[str, ...] = ()
        self._have: frozenset[str] = frozenset()
        self._extra: dict[str, frozenset[str]] = {}
        self._bad: set[str] = set()
        self._full = False
        self._batch: int | None = None
        self._waiting: Mapping[str, Any] | None = None

    def want(self, symbols: Iterable[str]) -> None:
        """Set what is wanted, the most important first."""
        self._wanted = tuple(dict.fromkeys(symbols))
        self._full = False

    def reset(self) -> None:
        """Forget what was subscribed: a new connection has nothing."""
        self._have, self._extra, self._waiting = frozenset(), {}, None
        self._full, self._batch = False, None

    @property
    def missing(self) -> tuple[str, ...]:
        """Wanted symbols that the stream does not give, as far as answered."""
        return tuple(symbol for symbol in self._wanted if symbol not in self._have)

    @property
    def waiting(self) -> bool:
        return self._waiting is not None

    def next_message(self) -> Mapping[str, Any] | None:
        """Return the next request to send, ``None`` while one is unanswered or when there is none."""
        if self._waiting is None:
            self._waiting = self._next()
            return self._waiting
        return None

    def acknowledged(self, message: Mapping[str, Any]) -> None:
        """Take over the list of subscriptions that Alpaca answers with, whose whole it always is."""
        lists = {name: frozenset(message.get(name) or ()) for name in (*self._channels, *self._optional)}
        self._have = frozenset.intersection(*(lists[name] for name in self._channels))
        self._extra = {name: lists[name] for name in self._optional}
        asked, self._waiting = self._waiting, None
        if asked is not None and asked["action"] == "subscribe":
            # What was accepted without an error and is still not there would be asked for for ever.
            self._bad |= set(asked.get(self._channels[0], ())) - self._have
            for name in [name for name in self._optional if set(asked.get(name, ())) - self._extra[name]]:
                self._optional.remove(name)

    def refused(self, code: int) -> bool:
        """Take over that the request was refused; return whether an error of this kind is dealt with."""
        asked, self._waiting = self._waiting, None
        if asked is None:
            return False
        for name in [name for name in self._optional if name in asked]:
            self._optional.remove(name)
            return True
        symbols = asked.get(self._channels[0], ())
        if asked["action"] != "subscribe" or code not in (400, 405):
            return False
        if len(symbols) > 1:
            self._batch = max(1, len(symbols) // 2)
        elif code == 405:
            self._full = True
        else:
            self._bad |= set(symbols)
        return True

    def _next(self) -> Mapping[str, Any] | None:
        surplus = sorted(self._have - set(self._wanted))
        if surplus:
            kept = [*self._channels, *self._optional]
            return {"action": "unsubscribe", **dict.fromkeys(kept, surplus)}
        new = [symbol for symbol in self.missing if symbol not in self._bad]
        if new and not self._full:
            return {"action": "subscribe", **dict.fromkeys(self._channels, new[: self._batch])}
        for name in self._optional:
            lacking = sorted(self._have - self._extra.get(name, frozenset()))
            if lacking:
                return {"action": "subscribe", name: lacking}
        return None
