"""A batch is on disk whole or not at all, and every table says what the effects said."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.approvals import ApprovalStatus
from core.effects import Notice, RemoveNote, StoreDecision
from core.model import Action, ReceiptStatus, Tone
from server.deck import PageQuery
from server.ledger.address import LedgerAddress
from server.ledger.base import LedgerError, OwnLedger
from server.ledger.bulk import BulkLedger
from server.ledger.compressed import compress, expand
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.rows import DERIVED
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from tests.server.ledger.databases import change


async def test_a_batch_lands_in_its_tables(ledger: OwnLedger, make: Any) -> None:
    said = Notice(kind="execute", at=make.at(2), text="bought", tone=Tone.POSITIVE)
    await ledger.commit(
        [
            make.webhook(1),
            (
                make.received(2),
                (make.receipt(2), *make.decided(2)[1][1:], make.trade(2), make.marks(2, 2), said),
            ),
            (make.tick(3), (make.marks(2, 3, 4), make.trade(2, closed_at=4), make.put(3))),
            (
                replace(make.events()[5], seq=4),
                (make.rules(6), make.judgement(6), make.approval(6), make.risk(6), make.note(6, 2)),
            ),
        ]
    )
    stats = await ledger.stats()
    assert dict(stats.rows) == {
        "journal": 4,
        "receipts": 2,
        "ledger_entries": 1,
        "decision_columns": 1,
        "followed": 1,
        "positions": 1,
        "marks": 3,
        "paths": 1,
        "path_bars": 0,
        "rules_versions": 1,
        "suggestions": 1,
        "approvals": 1,
        "risk_events": 1,
        "stream_events": 5,
        "notes": 1,
        "trades": 1,
        "checkpoints": 0,
        "books": 0,
        "book_rows": 0,
        "book_trades": 0,
    }
    assert stats.commits == 1 and stats.last_commit_rows == 27 and stats.last_seq == ledger.last_seq == 4
    assert stats.last_commit_ms is not None and stats.bytes_on_disk > 4096
    assert [mark.at for mark in await ledger.marks_of(make.id(2, "position"))] == [
        make.at(n) for n in (2, 3, 4)
    ]
    assert await ledger.marks_of(make.id(2, "position")) == make.marks(2, 2, 3, 4).marks
    assert (await ledger.verify()).rows == 4


async def test_an_entry_is_read_back_as_it_was_decided(ledger: OwnLedger, make: Any) -> None:
    record = make.record(1, supersedes=make.id(9, "decision"), code=None)
    skipped = make.record(
        2, action=Action.SKIP, size=None, count=None, contract=None, levels=None, blocks=(), timeframe=None
    )
    await ledger.commit([make.webhook(1)])
    await ledger.commit([(make.tick(2), (make.decided(1, supersedes=record.supersedes)[1][1],))])
    await ledger.commit([(make.tick(3), (StoreDecision(record=skipped),))])
    assert await ledger.record(record.id) == record
    assert await ledger.record(skipped.id) == skipped
    assert await ledger.record("unknown") is None


async def test_an_item_names_what_the_api_promises(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1), (make.tick(2), (make.trade(1),))])
    item = await ledger.decision(make.id(1, "decision"))
    assert item is not None
    assert item["execution"]["entry_price"] == 1.90 and item["exit"] is None
    assert item["position_id"] == make.id(1, "position")
    await ledger.commit([(make.tick(3), (make.trade(1, closed_at=3),))])
    item = await ledger.decision(make.id(1, "decision"))
    assert item is not None
    assert item["created_at"] == "2026-11-24T15:00:01.000007Z"
    assert item["decision"] == "EXECUTE" and item["confluence_score"] == 81.26
    assert item["exit"]["exit_reason"] == "TARGET_2" and round(item["exit"]["pnl_net"], 2) == 487.4
    assert item["decision_breakdown"]["gates"]["market"]["evidence"] == {"spread_bps": 14.2}
    assert item["decision_breakdown"]["size"]["factors"] == {"confluence": 1.5, "quality": 1.1}
    assert [r["code"] for r in item["decision_breakdown"]["reasons"]] == ["SESSION", "AI_SCORE"]
    assert item["regime"]["phase"] == 2 and item["signal"]["facts"]["ai_score"] == 9.2
    assert item["inputs"]["market"]["feeds"] == {"price": "tradier"}
    assert item["hypothetical"] is None
    (listed,) = (await ledger.page(PageQuery(what="decisions"))).items
    assert listed["outcome"]["exit_reason"] == "TARGET_2" and listed["action"] == "EXECUTE"
    position = await ledger.position(make.id(1, "position"))
    assert position is not None and position["state"] == "CLOSED" and position["remaining"] == 0


async def test_a_receipt_keeps_its_body_and_reason(ledger: OwnLedger, make: Any) -> None:
    body = '{"symbol":"SPY","note":"\\u001b[31m \U0001f600"}'
    refused = make.receipt(
        1, status=ReceiptStatus.QUARANTINED, http_status=422, symbol=None, source=None, code="NO_SYMBOL",
        reason="symbol is missing",
    )  # fmt: skip
    again = make.receipt(
        2, status=ReceiptStatus.DUPLICATE, duplicate_of=make.id(1), notes=("assumed 15 min",)
    )
    await ledger.commit([(make.received(1, body=body), (refused,)), (make.received(2), (again,))])
    first, second = await ledger.receipt(make.id(1)), await ledger.receipt(make.id(2))
    assert first is not None and second is not None
    assert first["body"] == body and first["status"] == "quarantined" and first["http_status"] == 422
    assert first["reason"] == "symbol is missing" and first["source"] is None and first["notes"] == []
    assert second["duplicate_of"] == make.id(1) and second["notes"] == ["assumed 15 min"]
    assert await ledger.receipt("unknown") is None


async def test_the_journal_is_read_back_in_order(ledger: OwnLedger, make: Any) -> None:
    events = make.events()
    await ledger.commit([(event, ()) for event in events])
    assert tuple([event async for event in ledger.journal_after(0)]) == events
    assert tuple([event async for event in ledger.journal_after(4)]) == events[4:]
    assert [event async for event in ledger.journal_after(len(events))] == []


async def test_a_long_journal_is_read_whole(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([(make.tick(seq), ()) for seq in range(1, 1203)])
    assert [event.seq async for event in ledger.journal_after(2)] == list(range(3, 1203))
    assert (await ledger.verify()).rows == 1202


async def test_the_last_few_checkpoints_are_kept(ledger: OwnLedger, make: Any) -> None:
    assert await ledger.last_checkpoint() is None
    await ledger.commit([(make.tick(seq), ()) for seq in range(1, 7)])
    for seq in (2, 3, 4, 5):
        await ledger.save_checkpoint(seq, make.at(seq), b'{"seq":%d}' % seq)
    last = await ledger.last_checkpoint()
    assert last is not None and (last.seq, last.at, last.state) == (5, make.at(5), b'{"seq":5}')
    assert (await ledger.stats()).rows["checkpoints"] == 3
    with pytest.raises(LedgerError, match="journal ends at 6"):
        await ledger.save_checkpoint(7, make.at(7), b"{}")


async def failing(ledger: OwnLedger, make: Any, batch: Any, match: str) -> None:
    """The batch is refused, nothing of it is there, and the next one is taken."""
    before = await ledger.stats()
    with pytest.raises(LedgerError, match=match):
        await ledger.commit(batch)
    after = await ledger.stats()
    assert after.rows == before.rows and after.last_seq == before.last_seq == ledger.last_seq


async def test_a_batch_with_one_bad_row_is_not_stored_at_all(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.webhook(1)])
    await failing(ledger, make, [make.webhook(2), make.webhook(3, id=make.id(2))], "(?i)unique")
    await failing(ledger, make, [make.webhook(2), make.webhook(2)], "does not follow 2")
    await failing(ledger, make, [make.webhook(1)], "does not follow 1")
    lone = make.received(3, body="\ud800")
    await failing(ledger, make, [make.webhook(2), (lone, ())], "nothing stored")
    await ledger.commit([make.webhook(2), make.webhook(3)])
    assert (await ledger.verify()).ok and ledger.last_seq == 3


async def test_a_ledger_locked_by_another_program_refuses_and_recovers(
    file_ledger: SqliteLedger, make: Any
) -> None:
    await file_ledger.commit([make.webhook(1)])
    other = sqlite3.connect(file_ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await failing(file_ledger, make, [make.webhook(2)], "locked")
    other.execute("ROLLBACK")
    other.close()
    await file_ledger.commit([make.webhook(2)])
    assert (await file_ledger.verify()).rows == 2


async def test_a_full_disk_refuses_and_recovers(file_ledger: SqliteLedger, make: Any) -> None:
    await file_ledger.commit([make.webhook(1)])

    def allow(pages: int) -> Any:
        return file_ledger._writing.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    await allow(1)  # as many pages as there are, no more
    large = [(make.received(seq, body="x" * 5000), (make.receipt(seq),)) for seq in range(2, 40)]
    await failing(file_ledger, make, large, "full")
    await allow(1_000_000)
    await file_ledger.commit(large)
    assert (await file_ledger.verify()).rows == 39


async def test_a_read_under_way_does_not_hold_up_the_writer(
    ledger: OwnLedger, address: LedgerAddress, make: Any
) -> None:
    await ledger.commit([make.webhook(1)])
    with LedgerSnapshot(address) as reader:
        assert list(reader.query("SELECT count(*) FROM journal")) == [(1,)]
        await ledger.commit([make.webhook(2)])
        assert list(reader.query("SELECT count(*) FROM journal")) == [(1,)]


async def test_a_copy_with_the_same_journal_and_effects_is_equal(
    file_ledger: SqliteLedger, make: Any
) -> None:
    batch = [make.decided(seq) for seq in range(1, 30)]
    said = (
        make.rules(30),
        make.judgement(30),
        make.approval(4),
        make.risk(30),
        make.note(30, 3, "late #fomo"),
    )
    batch.append((make.tick(30), (make.trade(3), make.marks(3, 30, 31), *said)))
    ended = make.approval(4, ApprovalStatus.EXPIRED)
    batch.append((make.tick(31), (make.trade(3, closed_at=31), ended, make.note(31, day="2026-11-24"))))
    batch.append((make.tick(32), (make.note(32, 3, "gone #x"), RemoveNote(id=make.id(32, "note"), seq=32))))
    await file_ledger.commit(batch)

    def dump(path: Path) -> list[Any]:
        with sqlite3.connect(path) as c:
            return [
                c.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("journal", *DERIVED)
            ]

    copy = file_ledger.path.with_name("copy.db")
    with LedgerSnapshot(file_ledger.path) as source, BulkLedger(copy, "engine-1") as out:
        for row, (event, effects) in zip(source.journal(), batch, strict=True):
            out.copy(row, event, effects)
        out.finish()
        assert (out.last_seq, out.head) == (32, source.head)
    assert dump(copy) == dump(file_ledger.path)


async def test_a_tampered_journal_names_the_row(ledger: OwnLedger, address: LedgerAddress, make: Any) -> None:
    await ledger.commit([make.webhook(seq) for seq in range(1, 700)])
    ((stored,),) = change(address, "SELECT payload FROM journal WHERE seq = 601")
    other = compress(expand(stored).replace(b"SPY", b"QQQ"))
    other = other if isinstance(other, bytes) else other.encode()
    change(address, "UPDATE journal SET payload = ? WHERE seq = 601", (other,))
    result = await ledger.verify()
    assert result.broken_seq == 601 and result.rows == 600 and "601" in (result.problem or "")
    change(address, "DELETE FROM journal WHERE seq BETWEEN 200 AND 202")
    result = await ledger.verify()
    assert result.broken_seq == 203 and "200–202" in (result.problem or "")


async def test_a_closed_ledger_goes_on_where_it_stopped(address: LedgerAddress, make: Any) -> None:
    address = address.parent / "deep" / "ledger.db" if isinstance(address, Path) else address
    for seq in (1, 2, 3):
        ledger = await open_to_write(address, "engine-1")
        assert ledger.last_seq == seq - 1
        await ledger.commit([make.webhook(seq)])
        await ledger.close()
    reader = await open_to_read(address)
    assert (await reader.verify()).rows == 3
    with pytest.raises(LedgerError, match=r"read-?only"):
        await reader._read(lambda c: c.execute("DELETE FROM journal"))
    await reader.close()


async def test_the_write_ahead_log_does_not_grow_with_the_journal(
    file_ledger: SqliteLedger, make: Any
) -> None:
    for first in range(1, 12_001, 500):
        await file_ledger.commit([make.webhook(seq) for seq in range(first, first + 500)])
        if file_ledger._tidying is not None:
            await file_ledger._tidying
    log = file_ledger.path.with_name(file_ledger.path.name + "-wal").stat().st_size
    assert log < 2_500_000 < file_ledger.path.stat().st_size


async def test_a_commit_is_synced_to_the_log(file_ledger: SqliteLedger) -> None:
    def pragmas(connection: sqlite3.Connection) -> list[Any]:
        return [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]

    assert await file_ledger._writing.run(pragmas) == ["wal", 2]


async def test_a_ledger_that_a_failed_test_leaves_open_does_not_keep_the_run_from_ending(
    ledger: OwnLedger,
) -> None:
    if isinstance(ledger, SqliteLedger):
        threads = [one for one in threading.enumerate() if "_connection_worker_thread" in one.name]
        assert threads and all(one.daemon for one in threads)
