"""The first usable answer of several vendors: the next is asked too when the one before fails or is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from server.feeds.values import Unavailable

T = TypeVar("T")

SLOW_AFTER = 0.25
"""Seconds after which the next vendor is asked as well: asking all at once would spend every budget each time."""


async def first_answer(
    asks: Sequence[Callable[[], Awaitable[T | Unavailable]]], slow_after: float = SLOW_AFTER
) -> T | Unavailable | None:
    """Return the first usable answer, the last fault when there is none, ``None`` without any to ask.

    ``asks`` are in order of preference. Requests that are still under way when an answer is there are cancelled.
    """
    left = list(asks)
    running: set[asyncio.Task[T | Unavailable]] = set()
    fault: Unavailable | None = None
    try:
        while left or running:
            if left:
                running.add(asyncio.ensure_future(_run(left.pop(0))))
            done, running = await asyncio.wait(
                running, timeout=slow_after if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                answer = task.result()
                if not isinstance(answer, Unavailable):
                    return answer
                fault = answer
        return fault
    finally:
        for task in running:
            task.cancel()


async def _run(ask: Callable[[], Awaitable[T | Unavailable]]) -> T | Unavailable:
    return await ask()
