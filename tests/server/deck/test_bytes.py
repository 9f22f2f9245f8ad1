"""How much goes over the wire for a book of thirty positions that are all marked every second."""

from __future__ import annotations

import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.deck.wire import delta
from server.deck.wire.build import SnapshotBuilder
from server.deck.wire.codec import dump
from server.deck.wire.connect import WINDOW_BITS
from server.deck.wire.flat import Flat, flatten
from tests.server.deck.attached import engine, open_position

SYMBOLS = [f"B{chr(65 + n)}" for n in range(26)] + [f"C{chr(65 + n)}" for n in range(4)]
AT_MOST = 2048
"""Bytes a second."""
FRAME = 8
"""Bytes around a message: WebSocket's head."""


async def test_thirty_marks_a_second_take_two_kilobytes_at_most_and_every_row_is_right(
    tmp_path: Path,
) -> None:
    async with engine(tmp_path) as host:
        for n, symbol in enumerate(SYMBOLS):
            await open_position(host, symbol, 100.0 + n)
        clock: Any = host.runtime.clock
        wire = zlib.compressobj(wbits=-WINDOW_BITS)
        builder = SnapshotBuilder()
        shown: Flat | None = None
        sizes = []
        for second in range(12):
            clock.move(clock.now() + timedelta(seconds=1))
            for n, symbol in enumerate(SYMBOLS):
                price = 100.0 + n + 0.01 * ((second * (n + 3)) % 13 - 6)
                await host.runtime.price(symbol, round(price, 2), "test")
            wanted = host.deck.snapshot()
            assert len(wanted.positions) == 30
            flat = flatten(wanted, host.deck.feeds())
            message = dump(delta.whole(flat) if shown is None else delta.difference(shown, flat))
            sizes.append(len(wire.compress(message) + wire.flush(zlib.Z_SYNC_FLUSH)) + FRAME)
            found = orjson.loads(message)
            shown = delta.from_whole(found) if shown is None else delta.apply(shown, found)
            assert shown == flat
            rows = builder.snapshot(shown).positions
            assert [row.id for row in rows] == [row.id for row in wanted.positions]
            for row, own in zip(rows, wanted.positions, strict=True):
                assert row.pnl == pytest.approx(own.pnl, abs=0.005, rel=1e-5)
                assert row.underlying == own.underlying
                assert row.to_stop.dollars == pytest.approx(own.to_stop.dollars, abs=1e-3)
        whole, *changes = sizes
        assert whole < 40_000
        assert sum(changes) / len(changes) <= AT_MOST, sizes


async def test_where_nothing_happens_next_to_nothing_is_sent(tmp_path: Path) -> None:
    async with engine(tmp_path) as host:
        for n, symbol in enumerate(SYMBOLS[:5]):
            await open_position(host, symbol, 100.0 + n)
        clock: Any = host.runtime.clock
        clock.move(clock.now() + timedelta(seconds=30))  # no text with minutes changes in the next second
        before = flatten(host.deck.snapshot(), host.deck.feeds())
        clock.move(clock.now() + timedelta(seconds=1))
        after = flatten(host.deck.snapshot(), host.deck.feeds())
        change = delta.difference(before, after)
        assert len(dump(change)) < 40, change
        ages = [row.mark_age for row in SnapshotBuilder().snapshot(delta.apply(before, change)).positions]
        assert ages == pytest.approx([row.mark_age for row in host.deck.snapshot().positions], abs=0.002)
