"""A state written in pieces is the state written at once, and the loop has its turns in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.engine import Engine, EngineState
from core.events import Received, Ticked
from core.from_json import read_json
from core.intake import sample
from core.model import Direction, Source
from server.ledger import chunked_json as piecemeal
from server.ledger.chunked_json import join_parts, take_parts
from server.ledger.codec import encode_any

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def a_state(symbols: int) -> EngineState:
    """Every source of every symbol, so that contexts, senders, prices and signals grow with them."""
    engine = Engine()
    for n in range(symbols):
        for source in Source:
            seq = engine.state.seq + 1
            at = AT + timedelta(milliseconds=seq)
            body = encode_any(sample(source, at, f"S{n}", 100.0 + n, Direction.LONG)).decode()
            engine.step(Received(seq=seq, at=at, receipt_id=f"r{seq}", body=body))
    engine.step(Ticked(seq=engine.state.seq + 1, at=AT + timedelta(seconds=30)))
    return engine.state


@pytest.mark.parametrize("piece", [1, 2, 7, 10**6])
async def test_in_pieces_is_byte_for_byte_what_it_is_at_once(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piecemeal, "PIECE", piece)
    state = a_state(4)
    written = join_parts(await take_parts(state))
    assert written == encode_any(state)
    assert read_json(EngineState, written) == state


async def test_an_empty_state_and_plain_values_are_written_too() -> None:
    for value in (EngineState(), {}, {"a": (1, None, "é")}, "x"):
        assert join_parts(await take_parts(value)) == encode_any(value)


async def test_the_loop_turns_while_a_large_state_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piecemeal, "PIECE", 2)
    state = a_state(6)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await take_parts(state)
    beside.cancel()
    assert turns >= len(state.contexts.symbols) // 2 - 1


async def test_a_state_that_changes_after_it_was_taken_is_written_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(piecemeal, "PIECE", 2)
    state = a_state(6)
    before = encode_any(state)
    parts = await take_parts(state)
    engine = Engine(state)
    for n in range(4):
        body = encode_any(sample(Source.SATY_PHASE, AT, f"T{n}", 100.0, Direction.LONG)).decode()
        seq, at = state.seq + 1, AT + timedelta(minutes=1)
        engine.step(Received(seq=seq, at=at, receipt_id=f"t{seq}", body=body))
    engine.step(Ticked(seq=state.seq + 1, at=AT + timedelta(days=3)))
    assert encode_any(state) != before and join_parts(parts) == before
