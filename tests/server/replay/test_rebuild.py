"""What is damaged is made again from the journal; of a damaged journal, the sound inputs go on in a new ledger."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.model import Source
from server.feeds.base import NoFeed
from server.ledger.base import LedgerError
from server.ledger.compressed import expanded
from server.ledger.connection import open_file
from server.ledger.rows import DERIVED
from server.ledger.soundness import check_ledger
from server.replay.rebuild import rebuild_ledger
from server.replay.verify import verify_ledger
from tests.server.replay.conftest import SUFFIXES


@pytest.fixture
def ledger(killed: Path, tmp_path: Path) -> Path:
    """A copy of the files of a killed engine."""
    for suffix in SUFFIXES:
        shutil.copy(f"{killed}{suffix}", tmp_path / f"ledger.db{suffix}")
    return tmp_path / "ledger.db"


def contents(ledger: Path) -> dict[str, Any]:
    with closing(open_file(ledger)) as c:
        return {t: c.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in ("journal", *DERIVED)}


def into_the_file(ledger: Path) -> None:
    """Copy the log into the file, so that damage to the file counts."""
    with sqlite3.connect(ledger) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    c.close()


def spoil_page(ledger: Path, name: str) -> None:
    """Overwrite the root page of a table or index."""
    with closing(sqlite3.connect(ledger)) as c:
        (page,) = c.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        (size,) = c.execute("PRAGMA page_size").fetchone()
    data = bytearray(ledger.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    ledger.write_bytes(data)


@pytest.mark.parametrize(
    "name", ["receipts", "receipts_id", "ledger_entries", "checkpoints", "marks", "positions_open"]
)
def test_a_damaged_page_of_a_derived_table_or_index_is_made_again(ledger: Path, name: str) -> None:
    into_the_file(ledger)
    whole = contents(ledger)
    spoil_page(ledger, name)
    found = verify_ledger(ledger)
    assert not found["ok"] and found["chain"] is None and found["problems"] and "rebuild" in found["cure"]
    made = rebuild_ledger(ledger, engine_id="station")
    assert made.inputs == len(whole["journal"]) and made.kept.exists() and made.left == 0
    assert "damaged" in made.kept.name
    assert verify_ledger(ledger)["ok"] and contents(ledger) == whole


def test_an_id_that_the_hash_leaves_out_and_breaks_the_json_is_located(ledger: Path) -> None:
    into_the_file(ledger)
    with closing(sqlite3.connect(ledger)) as c:
        c.create_function("expanded", 1, expanded)
        (seq,) = c.execute("SELECT max(seq) FROM journal WHERE kind = 'received'").fetchone()
        sql = 'UPDATE journal SET payload = replace(expanded(payload), \'"receipt_id":"\', ?) WHERE seq = ?'
        c.execute(sql, ('"receipt_id":"\x07', seq))
        c.commit()
    found = verify_ledger(ledger)
    assert not found["ok"] and f"seq {seq}: its JSON is damaged" in found["chain"]
    assert f"seq {seq - 1} " in found["sound_up_to"]
    made = rebuild_ledger(ledger, engine_id="station", until_damage=True)
    assert made.inputs == seq - 1 and "damaged" in made.kept.name and verify_ledger(ledger)["ok"]


async def test_an_engine_goes_on_from_the_sound_inputs_of_a_damaged_journal(
    ledger: Path, station: Any
) -> None:
    into_the_file(ledger)
    with sqlite3.connect(ledger) as c:
        c.create_function("expanded", 1, expanded)
        (seq,) = c.execute("SELECT min(seq) FROM journal WHERE expanded(payload) LIKE '%IWM%'").fetchone()
        c.execute(
            "UPDATE journal SET payload = replace(expanded(payload), 'IWM', 'IWN') WHERE seq = ?", (seq,)
        )
    c.close()
    found = verify_ledger(ledger)
    assert found["sound_up_to"].startswith(f"seq {seq - 1} (2026-11-24T") and "until-damage" in found["cure"]
    with pytest.raises(LedgerError, match=rf"sound up to seq {seq - 1} .*rebuild --until-damage"):
        rebuild_ledger(ledger, engine_id="station")
    made = rebuild_ledger(ledger, engine_id="station", until_damage=True)
    assert made.inputs == seq - 1 and made.left > 0
    assert verify_ledger(ledger)["ok"] and not verify_ledger(made.kept)["ok"]
    station.path = ledger
    station.later(minutes=5)
    runtime = await station.start(NoFeed())
    assert runtime.engine.state.seq >= seq - 1 and runtime.counters.alarms == {}
    await station.send(runtime, Source.SATY_PHASE, "DIA")


def test_a_damaged_page_of_the_journal_keeps_what_lies_before_it(ledger: Path) -> None:
    into_the_file(ledger)
    with closing(sqlite3.connect(ledger)) as c:
        (size,) = c.execute("PRAGMA page_size").fetchone()
        (body, last) = c.execute("SELECT payload, max(seq) FROM journal").fetchone()
    data = ledger.read_bytes()
    page = data.index(body[:200]) // size
    ledger.write_bytes(data[: page * size] + b"\xa5" * size + data[(page + 1) * size :])
    sound = check_ledger(ledger)
    assert sound.chain is not None and 0 < sound.last_seq < last
    made = rebuild_ledger(ledger, engine_id="station", until_damage=True)
    assert made.inputs == sound.last_seq and verify_ledger(ledger)["ok"]


def test_a_copy_without_its_log_says_so(ledger: Path, tmp_path: Path) -> None:
    for suffix in ("-wal", ".head"):
        Path(f"{ledger}{suffix}").unlink()
    (problem,) = verify_ledger(ledger)["problems"]
    assert "without its -wal" in problem and "may be missing" in problem
    assert verify_ledger(ledger)["problems"] == [problem], "readers leave an empty log behind"


def test_a_copy_with_its_head_says_how_many_inputs_it_lacks(ledger: Path) -> None:
    Path(f"{ledger}-wal").unlink()
    (problem,) = verify_ledger(ledger)["problems"]
    assert "inputs at its end are missing" in problem


async def test_a_ledger_that_was_closed_is_whole_without_a_log(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    assert check_ledger(station.path).ok, "while an engine writes it"
    await station.stop(runtime)
    lone = station.path.with_name("lone.db")
    shutil.copy(station.path, lone)
    assert not list(lone.parent.glob("*-wal")) and check_ledger(lone).ok
