"""Ids of receipts: in the order of arrival, of one engine only, and those of earlier ledgers still theirs."""

from __future__ import annotations

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from server.ledger.receipt_ids import ReceiptIds

SEQ = st.integers(min_value=1, max_value=2**48 - 1)
OURS, THEIRS = ReceiptIds("engine-1"), ReceiptIds("engine-2")


@given(SEQ, SEQ)
def test_ids_are_in_the_order_of_their_inputs(first: int, second: int) -> None:
    assert (OURS.of(first) < OURS.of(second)) is (first < second)


@given(SEQ)
def test_an_id_is_a_uuid_of_one_input_of_one_engine(seq: int) -> None:
    own = OURS.of(seq)
    assert (UUID(own).version, UUID(own).variant) == (8, RFC_4122)
    assert OURS.is_of(seq, own)
    assert not THEIRS.is_of(seq, own)
    assert not OURS.is_of(seq + 1, own)


def test_the_ids_of_older_ledgers_are_accepted() -> None:
    earlier = "b2940682-cc47-5412-a69f-90a19d7e15ba"
    assert OURS.is_of(7, earlier)
    assert not OURS.is_of(8, earlier)
