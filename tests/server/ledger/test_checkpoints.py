"""A checkpoint that was changed is not used, is told, and does not hide the sound one before it."""

from __future__ import annotations

from typing import Any

import pytest

from server.ledger.address import LedgerAddress
from server.ledger.base import OwnLedger
from server.ledger.checkpoint import compress
from server.ledger.timestamps import Micros
from tests.server.ledger.databases import change


async def with_checkpoints(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.webhook(seq) for seq in range(1, 7)])
    for seq in (2, 4, 6):
        await ledger.save_checkpoint(seq, make.at(seq), b'{"seq":%d}' % seq)


CHANGES = {
    "a digit of the state": (
        "UPDATE checkpoints SET state = ? WHERE seq = 6",
        (compress(b'{"seq":6,"contracts":9}'),),
        "its hash is wrong",
    ),
    "the seq": ("UPDATE checkpoints SET seq = 5 WHERE seq = 6", (), "its hash is wrong"),
    "the instant": ("UPDATE checkpoints SET at = ? WHERE seq = 6", (Micros(1),), "its hash is wrong"),
    "the head": ("UPDATE checkpoints SET head = ? WHERE seq = 6", (b"\0",), "its hash is wrong"),
    "the hash": ("UPDATE checkpoints SET hash = ? WHERE seq = 6", (b"\0",), "its hash is wrong"),
    "its input": ("UPDATE journal SET hash = ? WHERE seq = 6", (b"\0",), "belongs to another journal"),
    "no input": ("DELETE FROM journal WHERE seq = 6", (), "has no such input"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
async def test_a_changed_checkpoint_has_a_problem_and_no_state(
    ledger: OwnLedger, address: LedgerAddress, make: Any, what: str
) -> None:
    await with_checkpoints(ledger, make)
    sql, values, problem = CHANGES[what]
    change(address, sql, values)
    bad = await ledger.last_checkpoint()
    assert bad is not None and bad.seq in (5, 6) and not bad.state
    assert problem in (bad.problem or "") and f"seq {bad.seq}" in (bad.problem or "")
    sound = await ledger.last_checkpoint(bad.seq)
    assert sound is not None and sound.problem is None and sound.state == b'{"seq":4}'
    assert await ledger.last_checkpoint(2) is None


async def test_one_after_the_journals_end_goes_with_the_next(
    ledger: OwnLedger, address: LedgerAddress, make: Any
) -> None:
    await with_checkpoints(ledger, make)
    change(address, "UPDATE checkpoints SET seq = 900 WHERE seq = 6")
    assert (await ledger.last_checkpoint()).seq == 900  # type: ignore[union-attr]
    await ledger.save_checkpoint(6, make.at(6), b"{}")
    found = await ledger.last_checkpoint()
    assert found is not None and (found.seq, found.problem) == (6, None)
    assert (await ledger.stats()).rows["checkpoints"] == 3
