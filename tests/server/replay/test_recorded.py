"""A recorded session replays to itself; one that was touched does not, and the touch is named."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from core.performance import metrics
from core.rules import RulesError
from server.ledger.base import LedgerError, LedgerLocked
from server.ledger.lists import items
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from server.replay.rebuild import rebuild_ledger
from server.replay.session import Wanted, replay
from server.replay.verify import verify_ledger

Spoil = Callable[[Path, str], None]


PARTS_OF_NET = ("pnl_net", "pnl_net_of_stale", "pnl_net_of_open")
"""Closed trades that the report counts, those it leaves out, and what open ones have sold."""


def _reported(ledger: LedgerSnapshot) -> float:
    return metrics(items(ledger, "ledger")).net_pnl.value or 0.0


def test_a_live_session_replays_to_the_same_journal_decisions_and_pnl(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.db"
    told = replay(Wanted(source=recorded, out=out))
    assert told["identical"] is True and told["differences"] == []
    assert told["decisions"]["EXECUTE"] > 0 and told["trades_closed"] > 0
    assert told["markets_unanswered"] == told["answers_unused"] == 0
    with LedgerSnapshot(recorded) as before, LedgerSnapshot(out) as after:
        assert told["journal_hash"] == before.head.hex() == after.head.hex()
        sums = "SELECT count(*), sum(json_extract(exit, '$.pnl_net')) FROM ledger_entries"
        assert list(before.query(sums)) == list(after.query(sums))
        net = next(before.query(sums))[1]
    assert sum(told[name] for name in PARTS_OF_NET) == pytest.approx(net, abs=0.01)
    with LedgerSnapshot(out) as after:
        assert told["pnl_net"] == pytest.approx(_reported(after), abs=0.005)


def test_what_a_replay_wrote_is_a_ledger_that_an_engine_goes_on_with(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.db"
    replay(Wanted(source=recorded, out=out))
    assert verify_ledger(out)["ok"]

    async def go_on() -> tuple[int, int]:
        ledger = await SqliteLedger.open(out, "demo")
        try:
            saved = await ledger.last_checkpoint()
            return ledger.last_seq, 0 if saved is None else saved.seq
        finally:
            await ledger.close()

    last, checkpoint = asyncio.run(go_on())
    assert last == checkpoint > 0


def test_it_never_writes_over_a_ledger(recorded: Path, ledger: Path) -> None:
    with pytest.raises(LedgerError, match="exists already"):
        replay(Wanted(source=recorded, out=ledger))
    assert verify_ledger(ledger)["ok"]


def test_other_rules_change_decisions_and_every_decision_keeps_its_id(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as source:
        toml = next(source.query("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1"))[0]
    assert "execute_at" not in toml
    told = replay(Wanted(source=recorded, rules_text=f"{toml}\n[confidence]\nexecute_at = 95\n"))
    same = replay(Wanted(source=recorded))
    assert told["identical"] is None
    assert told["decisions"]["EXECUTE"] < same["decisions"]["EXECUTE"]
    assert told["trades_lost"] > 0 and told["trades_gained"] == 0
    assert told["decisions_same"] > 0 and told["decisions_turned"]["EXECUTE → WAIT"] > 0
    # What would now have been asked again was never answered: counted, not made up.
    assert told["markets_unanswered"] > 0
    assert told["pnl_net_before"] == pytest.approx(sum(same[name] for name in PARTS_OF_NET), abs=0.01)


def test_the_rules_in_force_as_other_rules_change_no_decision(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as source:
        toml = next(source.query("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1"))[0]
    told = replay(Wanted(source=recorded, rules_text=toml))
    assert told["decisions_turned"] == {} and told["decisions_gone"] == told["decisions_new"] == 0
    assert told["pnl_net_after"] == told["pnl_net_before"]


def test_rules_that_cannot_be_read_are_refused_before_anything_is_fed(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "never.db"
    with pytest.raises(RulesError, match="max_spread"):
        replay(Wanted(source=recorded, rules_text="[market]\nmax_spread = 3\n", out=out))
    assert not out.exists()


TAMPERED = {
    "a price changed": "UPDATE journal SET payload = replace(expanded(payload), '\"price\":', '\"price\":1')"
    " WHERE seq = (SELECT min(seq) FROM journal WHERE kind = 'price')",
    "an input removed": "DELETE FROM journal WHERE seq = 100",
    "an instant moved": "UPDATE journal SET at = at - 1 WHERE seq = 50",
    "a hash made up": "UPDATE journal SET hash = zeroblob(32) WHERE seq = 77",
}


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_tampered_journal_is_found(ledger: Path, spoil: Spoil, sql: str) -> None:
    spoil(ledger, sql)
    told = verify_ledger(ledger)
    assert told["ok"] is False and "seq" in told["chain"]
    assert verify_ledger(ledger, chain_only=True)["chain"] == told["chain"]
    with pytest.raises(LedgerError, match="was changed at seq"):
        replay(Wanted(source=ledger))


_LAST_EXIT = "(SELECT seq FROM ledger_entries WHERE exit IS NOT NULL LIMIT 1)"
TOUCHED = {
    "a profit made up": (
        f"UPDATE ledger_entries SET exit = json_set(exit, '$.pnl_net', 9999.0) WHERE seq = {_LAST_EXIT}",
        "ledger_entries.exit",
    ),
    "a decision turned": (
        "UPDATE ledger_entries SET decision = 'SKIP' WHERE seq ="
        " (SELECT min(seq) FROM ledger_entries WHERE decision = 'EXECUTE')",
        "ledger_entries.decision",
    ),
    "a decision removed": (
        "DELETE FROM ledger_entries WHERE seq = (SELECT max(seq) FROM ledger_entries)",
        None,
    ),
    "a receipt's fate changed": ("UPDATE receipts SET status = 'duplicate' WHERE seq = 2", "receipts.status"),
    "a mark removed": ("DELETE FROM marks WHERE n = (SELECT max(n) FROM marks)", None),
    "a block of marks removed": (
        "DELETE FROM mark_blocks WHERE rowid = (SELECT min(rowid) FROM mark_blocks)",
        None,
    ),
    "a block of marks given to another position": (
        "UPDATE mark_blocks SET position_id = upper(position_id) WHERE rowid = 1",
        None,
    ),
    "a block that says another instant": ("UPDATE mark_blocks SET last_at = 1 WHERE rowid = 1", None),
    "quotes of a price emptied": (
        "UPDATE paths SET quotes = NULL WHERE seq = (SELECT max(seq) FROM paths WHERE quotes IS NOT NULL)",
        "paths.quotes",
    ),
    "a position emptied": (
        "UPDATE positions SET payload = '{}' WHERE id = (SELECT max(id) FROM positions)",
        "positions.payload",
    ),
}


@pytest.mark.parametrize(("sql", "column"), TOUCHED.values(), ids=TOUCHED.keys())
def test_a_touched_table_is_named_and_a_rebuild_mends_it(
    ledger: Path, spoil: Spoil, sql: str, column: str | None
) -> None:
    spoil(ledger, sql)
    told = verify_ledger(ledger)
    assert told["ok"] is False and told["chain"] is None and told["differences"]
    if column is not None:
        assert column in told["differing_columns"]
    assert replay(Wanted(source=ledger))["identical"] is False
    rebuild_ledger(ledger, engine_id="")
    assert verify_ledger(ledger)["ok"]


def test_a_ledger_that_an_engine_writes_is_not_rebuilt(ledger: Path) -> None:
    async def both() -> None:
        running = await SqliteLedger.open(ledger, "demo")
        try:
            with pytest.raises(LedgerLocked):
                rebuild_ledger(ledger, engine_id="")
        finally:
            await running.close()

    asyncio.run(both())


def test_what_is_no_ledger_is_said(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(LedgerError, match="not a gatedeck ledger"):
        verify_ledger(other)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(LedgerError, match="not a ledger"):
        verify_ledger(tmp_path / "text")
