"""The chain breaks at the first row that is not as it was written, and says which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.ledger.chain import GENESIS, JournalRow, link, verify
from server.ledger.codec import encode
from server.ledger.timestamps import micros


def chained(events: Any) -> list[JournalRow]:
    rows, head = [], GENESIS
    for event in events:
        payload, at = encode(event), micros(event.at)
        head = link(head, event.seq, at, event.kind, payload)
        rows.append(JournalRow(event.seq, at, event.kind, payload, head))
    return rows


def test_an_untouched_chain_is_sound(make: Any) -> None:
    rows = chained(make.events())
    result = verify(rows)
    assert (
        result.ok
        and result.rows == len(rows)
        and result.head == rows[-1].hash
        and result.last_seq == len(rows)
    )
    part = verify(rows[2:], rows[1].hash, rows[1].seq)
    assert part.ok and part.head == result.head


@given(
    row=st.integers(0, 5),
    field=st.sampled_from(["seq", "at", "kind", "payload", "hash"]),
    place=st.integers(0, 10_000),
)
def test_any_change_of_any_row_breaks_the_chain_there(make: Any, row: int, field: str, place: int) -> None:
    rows = chained(make.events())
    value = getattr(rows[row], field)
    if isinstance(value, int):
        value += 1
    elif isinstance(value, str):
        value += "x"
    else:
        at = place % len(value)
        value = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    rows[row] = replace(rows[row], **{field: value})
    if (
        field == "payload"
        and row == 0
        and b'"kind":"received"' in value
        and encode_differs_by_id(rows[0], make)
    ):
        return
    result = verify(rows)
    assert not result.ok and result.broken_seq == rows[row].seq and result.rows == row
    assert f"seq {rows[row].seq}" in (result.problem or "")


def encode_differs_by_id(row: JournalRow, make: Any) -> bool:
    """Whether only the receipt's id was changed, which the chain leaves out on purpose."""
    original = encode(make.events()[0])
    start = original.index(b'"receipt_id":"') + len(b'"receipt_id":"')
    end = start + 36
    return row.payload[:start] == original[:start] and row.payload[end:] == original[end:]


@given(first=st.integers(0, 4), count=st.integers(1, 4))
def test_a_row_taken_out_breaks_the_chain_at_the_next(make: Any, first: int, count: int) -> None:
    rows = chained(make.events())
    gone = rows[first : first + count]
    left = rows[:first] + rows[first + count :]
    result = verify(left)
    if first + count >= len(rows):
        assert result.ok and result.head != rows[-1].hash
    else:
        assert result.broken_seq == rows[first + count].seq
        assert str(gone[0].seq) in (result.problem or "")


def test_rows_that_changed_places_break_the_chain(make: Any) -> None:
    rows = chained(make.events())
    rows[2], rows[3] = rows[3], rows[2]
    assert verify(rows).broken_seq == 4


def test_two_engines_given_the_same_inputs_have_the_same_chain(make: Any) -> None:
    here = chained([make.received(1, receipt_id="a" * 36), make.tick(2)])
    there = chained([make.received(1, receipt_id="b" * 36), make.tick(2)])
    assert here[0].payload != there[0].payload
    assert [row.hash for row in here] == [row.hash for row in there]
    other = chained([make.received(1, body='{"receipt_id":"x","symbol":"QQQ"}'), make.tick(2)])
    assert other[0].hash != here[0].hash


def test_an_instant_is_part_of_the_chain(make: Any) -> None:
    early, late = make.tick(1), replace(make.tick(1), at=make.at(2))
    assert chained([early])[0].hash != chained([late])[0].hash
