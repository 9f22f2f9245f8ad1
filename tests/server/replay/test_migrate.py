"""A ledger is copied from a file into a database and back: every row equal, both verify, and reading is the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.learning import with_rule
from core.rules import parse_rules
from server.export import export
from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError, LedgerLocked
from server.ledger.compare import compare
from server.ledger.history import ended_signals, rules_text, verdicts
from server.ledger.lists import LISTS
from server.ledger.migrate import Migrated, migrate
from server.ledger.opened_by_address import open_to_write
from server.ledger.same_rows import equal_tables
from server.ledger.snapshot import LedgerSnapshot
from server.replay.rebuild import rebuild_database
from server.replay.verify import verify_ledger
from server.whatif import whatif_of_ledger
from tests.server.ledger.databases import change, new_database


@pytest.fixture(scope="module")
def copied(brief: Path) -> Iterator[tuple[DatabaseLedger, Migrated]]:
    """The brief session in a database."""
    with new_database() as url:
        made = migrate(brief, url)
        yield DatabaseLedger(url, "demo"), made


def test_a_copy_in_a_database_verifies(brief: Path, copied: tuple[DatabaseLedger, Migrated]) -> None:
    address, made = copied
    with LedgerSnapshot(brief) as source:
        assert (made.engine_id, made.inputs, made.head) == ("demo", source.inputs, source.head)
        assert [*source.checkpoints()], "one is copied"
    found = verify_ledger(address)
    assert found["ok"] and found["differing"] == 0 and found["head"] == made.head.hex(), found
    assert sum(found["rows"].values()) == sum(made.rows.values()) > 500
    blocks = "SELECT count(*), sum(marks) FROM mark_blocks"
    assert change(address, blocks) == change(brief, blocks), "blocks of marks are copied as they are"
    with LedgerSnapshot(brief) as one, LedgerSnapshot(address) as other:
        whole = compare(one, other)
        assert whole.equal and whole.rows == made.rows == equal_tables(one, other)


@pytest.mark.parametrize("what", LISTS)
def test_both_export_the_same(brief: Path, copied: tuple[DatabaseLedger, Migrated], what: str) -> None:
    written = []
    for address in (brief, copied[0]):
        with LedgerSnapshot(address) as ledger:
            out = io.BytesIO()
            export(ledger, what, "jsonl", out)
            written.append([*map(orjson.loads, out.getvalue().splitlines())])
    assert written[0] == written[1] and written[0]


def test_both_answer_the_same(brief: Path, copied: tuple[DatabaseLedger, Migrated]) -> None:
    answers = []
    for address in (brief, copied[0]):
        with LedgerSnapshot(address) as ledger:
            rules = parse_rules(rules_text(ledger) or "")
            candidate = with_rule(rules, "market.max_spread_bps", 5)
            whatif = whatif_of_ledger(ledger, rules, candidate)
            answers.append((whatif, [*map(tuple, verdicts(ledger))], [*map(tuple, ended_signals(ledger))]))
    assert answers[0] == answers[1]


async def test_an_engine_goes_on_in_the_copy_and_the_way_back_is_open(
    copied: tuple[DatabaseLedger, Migrated], tmp_path: Path
) -> None:
    address, made = copied
    engine = await open_to_write(address, "demo")
    assert engine.last_seq == made.inputs
    with pytest.raises(LedgerLocked, match="engine demo"):
        migrate(address, tmp_path / "back.db")
    await engine.close()
    back = migrate(address, tmp_path / "back.db")
    assert back == made
    found = verify_ledger(tmp_path / "back.db")
    assert found["ok"] and found["differing"] == 0, found
    file = await open_to_write(tmp_path / "back.db", "demo")
    assert file.last_seq == made.inputs
    await file.close()


def test_a_target_that_is_taken_is_left_alone(
    brief: Path, copied: tuple[DatabaseLedger, Migrated], tmp_path: Path
) -> None:
    address, _ = copied
    with pytest.raises(LedgerError, match="holds a ledger of engine demo already"):
        migrate(brief, address.url)
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(LedgerError, match="exists already"):
        migrate(address, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text() == "mine"
    with pytest.raises(LedgerError, match="no ledger there"):
        migrate(tmp_path / "none.db", address.url)


def test_a_copy_that_differs_is_not_kept(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.ledger.postgres.copying import Target

    put = Target.put

    def losing_one(self: Target, table: str, columns: tuple[str, ...], rows: Iterator[Any]) -> None:
        put(self, table, columns, islice(rows, 1, None) if table == "receipts" else rows)

    with new_database() as url:
        with monkeypatch.context() as patch:
            patch.setattr(Target, "put", losing_one)
            with pytest.raises(
                LedgerError, match=r"the copy differs: receipts .* only in the recorded ledger"
            ):
                migrate(ledger, url)
        assert migrate(ledger, url).inputs


async def test_a_changed_row_of_a_database_is_found_and_made_again(ledger: Path) -> None:
    with new_database() as url:
        migrate(ledger, url)
        address = DatabaseLedger(url, "demo")
        change(address, "UPDATE receipts SET symbol = 'XXX' WHERE seq = (SELECT min(seq) FROM receipts)")
        change(address, "UPDATE checkpoints SET state = state || ?", (b"x",))
        found = verify_ledger(address)
        assert not found["ok"] and found["differing"] == 1 and "its hash is wrong" in found["problems"][0]
        with LedgerSnapshot(ledger) as one, LedgerSnapshot(address) as other:
            assert compare(one, other).differing["receipts"] == 1 and equal_tables(one, other) is None
        rebuild_database(address)
        assert verify_ledger(address)["ok"]
        engine = await open_to_write(address, "demo")
        with pytest.raises(LedgerLocked):
            rebuild_database(address)
        await engine.close()
        change(address, "UPDATE journal SET payload = ? WHERE seq = 5", (b"{}",))
        assert "seq 5" in str(verify_ledger(address)["chain"])
        with pytest.raises(LedgerError, match="changed at seq 5"):
            rebuild_database(address)
