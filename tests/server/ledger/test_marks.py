"""Marks in blocks: what is packed is read back letter by letter, whatever was committed together."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ledger.address import DatabaseLedger
from server.ledger.base import OwnLedger
from server.ledger.mark_columns import pack, unpack
from server.ledger.mark_store import TOGETHER, marks_by_position, marks_by_time
from server.ledger.opened_by_address import open_to_write
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from tests.server.ledger.databases import change

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.just(-0.0)
INSTANTS = st.datetimes().map(lambda at: f"{at.isoformat()}Z")
LEAVES = NUMBERS | st.integers(-(2**53), 2**53) | st.none() | st.booleans() | st.text(max_size=5) | INSTANTS
SAME_SHAPE = st.lists(
    st.fixed_dictionaries(
        {
            "at": INSTANTS,
            "mid": NUMBERS,
            "gamma": NUMBERS | st.none(),
            "step": st.fixed_dictionaries({"x": NUMBERS}),
        }
    ),
    min_size=1,
    max_size=70,
)
ANY_SHAPE = st.lists(
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
    min_size=1,
    max_size=8,
)


@given(SAME_SHAPE | ANY_SHAPE, st.data())
def test_what_is_packed_is_read_back_letter_by_letter(values: list[Any], data: st.DataObject) -> None:
    texts = [orjson.dumps(value) for value in values]
    packed = pack(texts, b"of this row")
    assert unpack(packed, b"of this row") == texts
    place = data.draw(st.integers(0, len(texts) - 1))
    assert unpack(packed, b"of this row", [place]) == [texts[place]]


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_or_row_is_an_error(place: int, bits: int) -> None:
    packed = bytearray(pack([b'{"mid":1.5}', b'{"mid":1.25}'], b"p 0 2"))
    with pytest.raises(ValueError, match="damaged"):
        unpack(bytes(packed), b"p 0 3")
    packed[place % len(packed)] ^= bits
    with pytest.raises(ValueError, match="damaged"):
        unpack(bytes(packed), b"p 0 2")


@pytest.fixture
async def filled(tmp_path: Path, make: Any) -> Callable[[int], Any]:
    """Return a ledger with 150 marks each of two positions, committed so many at once; the second is closed."""

    async def fill(together: int) -> SqliteLedger:
        ledger = await SqliteLedger.open(tmp_path / f"{together}.db", "engine-1")
        await ledger.commit([make.decided(1), make.decided(2)])
        seq, marks = 2, list(range(150))
        for n in range(0, 150, together):
            some = marks[n : n + together]
            seq += 1
            last = (make.trade(2, closed_at=149),) if some[-1] == 149 else ()
            await ledger.commit([(make.tick(seq), (make.marks(1, *some), make.marks(2, *some), *last))])
        return ledger

    return fill


@pytest.mark.parametrize("together", [1, 7, 150])
async def test_marks_are_the_same_however_they_were_committed(
    filled: Callable[[int], Any], make: Any, together: int
) -> None:
    ledger = await filled(together)
    try:
        every = make.marks(1, *range(150)).marks
        for seq in (1, 2):
            position_id = make.id(seq, "position")
            assert await ledger.marks_of(position_id) == every
            for at_most in (1, 2, 7, 64, 149, 150, 500):
                some = await ledger.marks_of(position_id, at_most=at_most)
                step = max(1, -(-150 // at_most))
                assert some == every[149 % step :: step] and some[-1] == every[-1]
        stats = await ledger.stats()
        assert stats.rows["marks"] == 300
    finally:
        await ledger.close()
    with closing(sqlite3.connect(ledger.path)) as c:
        sizes = c.execute("SELECT position_id, marks FROM mark_blocks ORDER BY position_id, first").fetchall()
        rest = c.execute("SELECT position_id, count(*) FROM marks GROUP BY 1").fetchall()
    one, two = make.id(1, "position"), make.id(2, "position")
    assert sorted(sizes) == sorted([(one, 64), (one, 64), (two, 64), (two, 64), (two, 150 - 128)])
    assert rest == [(one, 150 - 128)] and TOGETHER == 64


async def test_marks_of_trades_closed_long_ago_are_removed(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), make.decided(2)])
    marks = (make.marks(1, *range(70)), make.marks(2, *range(70)))
    await ledger.commit([(make.tick(3), (*marks, make.trade(1), make.trade(2, closed_at=69)))])
    await ledger.commit([(make.tick(4), (make.put(4),)), (make.tick(5), (make.put(5),))])
    before = await ledger.removed()
    assert before.texts == () and await ledger.remove_old(make.at(69), make.at(4)) == 0
    while await ledger.remove_old(make.at(70), make.at(5)):
        pass
    removed = await ledger.removed()
    assert (removed.marks, removed.marks_before, removed.prices) == (70, make.at(70), 1)
    assert len(removed.texts) == 2 and removed.prices_before_seq == 5
    assert await ledger.marks_of(make.id(2, "position")) == ()
    assert len(await ledger.marks_of(make.id(1, "position"))) == 70
    stats = await ledger.stats()
    assert (stats.rows["marks"], stats.rows["paths"], stats.rows["journal"]) == (70, 1, 5)


async def test_a_database_packs_the_marks_of_closed_trades_at_a_checkpoint(
    database: DatabaseLedger, make: Any, tmp_path: Path
) -> None:
    one, two, three = (make.id(seq, "position") for seq in (1, 2, 3))
    stored = "SELECT position_id, count(*) FROM marks GROUP BY 1 ORDER BY 1"
    blocks = "SELECT * FROM mark_blocks ORDER BY position_id, first"
    batch = [make.decided(seq) for seq in (1, 2, 3)]
    batch.append((make.tick(4), tuple(make.marks(seq, *range(150)) for seq in (1, 2, 3))))
    for closed in (2, 3):
        # The first checkpoint of a process finds what others left, each later one what has closed since.
        batch.append((make.tick(closed + 3), (make.trade(1), make.trade(closed, closed_at=149))))
    file = await SqliteLedger.open(tmp_path / "file.db", "engine-1")
    await file.commit(batch)
    ledger = await open_to_write(database, "engine-1")
    await ledger.commit(batch[:5])
    assert change(database, stored) == sorted([(one, 150), (two, 150), (three, 150)])
    await ledger.save_checkpoint(5, make.at(5), b"{}")
    assert change(database, stored) == sorted([(one, 150), (three, 150)])
    await ledger.commit(batch[5:])
    await ledger.save_checkpoint(6, make.at(6), b"{}")
    assert change(database, stored) == [(one, 150)]
    every = make.marks(1, *range(150)).marks
    for position_id in (one, two, three):
        assert await ledger.marks_of(position_id) == every == await file.marks_of(position_id)
    await ledger.close()
    await file.close()
    closed = [tuple(row) for row in change(file.path, blocks) if row[0] != one]
    assert [tuple(row) for row in change(database, blocks)] == closed and len(closed) == 6


async def test_every_mark_is_listed_by_position_and_by_time(filled: Callable[[int], Any], make: Any) -> None:
    ledger = await filled(7)
    await ledger.close()
    with LedgerSnapshot(ledger.path) as snapshot:
        by_time = [(mark.at, mark.position_id) for mark in marks_by_time(snapshot.query)]
        by_position = [(mark.position_id, mark.at) for mark in marks_by_position(snapshot.query)]
    assert len(by_time) == len(by_position) == 300
    assert by_time == sorted(by_time) and by_position == sorted(by_position)


async def test_a_flip_in_a_block_is_a_damaged_mark(filled: Callable[[int], Any]) -> None:
    ledger = await filled(150)
    await ledger.close()
    rng = random.Random(3)
    with closing(sqlite3.connect(ledger.path)) as c:
        (packed,) = c.execute("SELECT packed FROM mark_blocks WHERE rowid = 1").fetchone()
        spoiled = bytearray(packed)
        spoiled[rng.randrange(len(spoiled))] ^= 4
        c.execute("UPDATE mark_blocks SET packed = ? WHERE rowid = 1", (bytes(spoiled),))
        c.commit()
    with LedgerSnapshot(ledger.path, lossless=True) as snapshot:
        assert len(list(marks_by_position(snapshot.query))) == 300 - 64 + 1
        columns, rows = snapshot.rows("marks")
        assert columns == ("position_id", "at", "payload") and len(list(rows)) == 300 - 64 + 1
