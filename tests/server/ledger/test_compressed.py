"""Compressed columns: what is written is read back, damage is an error and never another text."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ledger.compressed import COLUMNS, compress, compress_all, expand, expanded
from server.ledger.schema import schema_text
from server.ledger.sqlite import SqliteLedger

TEXTS = st.text(max_size=600).map(lambda text: ('{"body":' + repr(text) + "}").encode("utf-8", "replace"))


@given(TEXTS)
def test_what_is_compressed_is_read_back(data: bytes) -> None:
    stored = compress(data)
    assert expand(stored) == data and len(stored) <= len(data) + 16


@given(st.lists(TEXTS, max_size=6))
def test_texts_compressed_together_are_those_compressed_one_by_one(data: list[bytes]) -> None:
    assert compress_all(data) == [*map(compress, data)]


def test_a_text_of_an_older_ledger_is_read_as_it_is() -> None:
    assert expand('{"kind":"tick"}') == b'{"kind":"tick"}' and expand(b"[1]") == b"[1]"
    assert expanded(None) is None and expanded("[1]") == "[1]"


@pytest.mark.parametrize("number", [7, 0.5])
def test_a_number_in_the_place_of_json_is_a_damaged_row(number: Any) -> None:
    with pytest.raises(ValueError, match="damaged"):
        expand(number)
    assert expanded(number) is None


@given(st.binary(max_size=60), st.integers(0, 59))
def test_a_damaged_frame_is_an_error_or_another_text_but_no_crash(more: bytes, place: int) -> None:
    stored = compress(
        b'{"kind":"price","symbol":"SPY","price":450.25,"quotes":[["SPY261124C00450000",{"bid":1.0}]]}'
    )
    assert isinstance(stored, str | bytes)
    raw = stored if isinstance(stored, bytes) else stored.encode()
    place %= len(raw)
    broken = raw[:place] + more + raw[place + len(more) :]
    try:
        expand(broken)
    except ValueError as error:
        assert "damaged" in str(error)


def test_the_compressed_columns_are_those_that_may_hold_bytes() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema_text())
    for table in ("journal", "ledger_entries", "marks", "paths", "positions", "receipts", "approvals"):
        loose = {row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[2] == "ANY"}
        assert loose == set(COLUMNS.get(table, ()))


@pytest.mark.parametrize("rows", [400])
async def test_a_journal_of_webhooks_takes_a_fraction_of_its_text(
    tmp_path: Path, make: Any, rows: int
) -> None:
    ledger = await SqliteLedger.open(tmp_path / "small.db", "engine-1")
    await ledger.commit([make.webhook(seq) for seq in range(1, rows + 1)])
    await ledger.close()
    with sqlite3.connect(tmp_path / "small.db") as c:
        stored = [row[0] for row in c.execute("SELECT payload FROM journal")]
    assert sum(map(len, stored)) < 0.5 * sum(len(expand(each)) for each in stored)
