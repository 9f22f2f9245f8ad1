"""A cache of values that were asked for: by age, with one request at a time for each key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Cached(Generic[V]):
    """A value and when it arrived, on the engine's clock."""

    value: V
    at: datetime


class Cache(Generic[V]):
    """Values by key. A request under way is shared, and it goes on when the one who asked waits no longer.

    So a vendor that answers after the time limit of a decision still helps the next one.
    """

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._values: dict[Hashable, Cached[V]] = {}
        self._pending: dict[Hashable, asyncio.Task[V]] = {}

    def get(self, key: Hashable, now: datetime, max_age: float) -> Cached[V] | None:
        """Return the value if it is at most ``max_age`` seconds old."""
        found = self._values.get(key)
        if found is None or now - found.at > timedelta(seconds=max_age):
            return None
        return found

    def put(self, key: Hashable, value: V, at: datetime) -> None:
        self._values.pop(key, None)
        self._values[key] = Cached(value, at)
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def fetch(self, key: Hashable, ask: Callable[[], Awaitable[V]]) -> asyncio.Task[V]:
        """Return the request for this key that is under way, or start one; the caller stores the value."""
        task = self._pending.get(key)
        if task is None:
            task = asyncio.ensure_future(_await(ask))
            self._pending[key] = task
            task.add_done_callback(lambda _: self._pending.pop(key, None))
        return task

    async def close(self) -> None:
        """Cancel the requests that are under way."""
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _await(ask: Callable[[], Awaitable[V]]) -> V:
    return await ask()
