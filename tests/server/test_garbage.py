"""Garbage in small pieces: nothing full in market hours, nothing kept for ever."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from server.runtime import garbage as collecting


class Ring:
    """Holds itself, as a closed dialog does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The run's own objects stay set aside, as they were."""
    yield
    gc.freeze()


async def _for_a_while(is_closed: bool) -> None:
    task = asyncio.create_task(collecting.keep_collecting(lambda: is_closed))
    await asyncio.sleep(0.05)
    task.cancel()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(collecting, "WHOLE_SECONDS", 0.0)


def test_no_full_collection_comes_by_itself_inside_and_python_s_own_ways_come_back() -> None:
    before = gc.get_threshold()
    full: list[int] = []

    def watch(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            full.append(1)

    with collecting.in_pieces():
        gc.callbacks.append(watch)
        try:
            kept = [[n] for n in range(400_000)]
        finally:
            gc.callbacks.remove(watch)
        assert len(kept) == 400_000 and full == []
    assert gc.get_threshold() == before


async def test_a_piece_is_collected_once_it_is_there(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "PIECE", 0)
    ring = Ring()
    gone = weakref.ref(ring)
    del ring
    await _for_a_while(is_closed=False)
    assert gone() is None


async def test_a_cycle_set_aside_and_dropped_is_found_when_the_exchange_is_closed(quick: None) -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    collecting.set_aside()
    del ring
    await _for_a_while(is_closed=False)
    assert gone() is not None, "in market hours nobody looks through everything"
    await _for_a_while(is_closed=True)
    assert gone() is None
