"""Avoid full garbage collections during market hours: collect small generations and freeze the survivors.

A full collection takes 0.2 µs per object: 50 ms and more with some hundred thousand objects, and meanwhile no
webhook is answered and no key is read. Here the young objects are collected every few of Python's own middle
collections, and the survivors are frozen (``gc.freeze``), so that later collections skip them. Reference cycles
among frozen objects are found by a full collection while the exchange is closed.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

PIECE = 3
"""Middle collections between two collections here: some 20,000 new objects, about 5 ms."""
LOOK_SECONDS = 0.25
WHOLE_SECONDS = 6 * 3600.0
"""Shortest time between two full collections."""
_NEVER = 1 << 30
_OF_A_REPLAY = 100_000
"""New objects between two collections in a replay; a batch of its inputs has fewer."""


@contextmanager
def none_at_start() -> Iterator[None]:
    """Turn off collections inside, until ``in_pieces``: what imports and the start make stays, nearly all of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def in_pieces() -> Iterator[None]:
    """Collect in small pieces inside; freeze the objects that exist now, uncollected, which would delay a start."""
    before = gc.get_threshold()
    gc.set_threshold(before[0], before[1], _NEVER)
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def rarely() -> Iterator[None]:
    """Collect rarely inside: a replay makes many objects for a short time, and next to no cycles among them."""
    before = gc.get_threshold()
    gc.set_threshold(_OF_A_REPLAY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def set_aside() -> None:
    """Collect the objects made since the last call and freeze the survivors."""
    gc.collect()
    gc.freeze()


async def keep_collecting(is_closed: Callable[[], bool]) -> None:
    """Collect new objects when enough were made, and all objects now and then while ``is_closed``."""
    whole_at = monotonic()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if monotonic() - whole_at >= WHOLE_SECONDS and is_closed():
            whole_at = monotonic()
            gc.unfreeze()
            set_aside()
        elif gc.get_count()[2] >= PIECE:
            set_aside()
