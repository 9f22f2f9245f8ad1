"""Sessions sealed in files: nothing of them can change unseen, and each reads as a ledger of its days."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.learning import with_rule
from core.rules import parse_rules
from server.feeds.base import NoFeed
from server.ledger.archive import read_archive, read_facts
from server.ledger.base import LedgerError
from server.ledger.history import rules_text
from server.ledger.mark_store import marks_by_position
from server.ledger.snapshot import LedgerSnapshot
from server.replay.archives import archive_sessions, as_ledger, verify_archives
from server.runtime.ports import Command
from server.whatif import whatif_of_ledger
from tests.server.conftest import Station


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of three days: SPY is held over the first night and sold, QQQ is bought on the third day."""
    folder = tmp_path_factory.mktemp("held")

    async def session() -> Path:
        station = Station(folder / "ledger.db")
        runtime = await station.start(NoFeed())
        bought = await station.enter(runtime, "SPY")
        assert bought.decision is not None and bought.decision.position_id is not None
        await station.enter(runtime, "IWM")
        station.later(minutes=1)
        await runtime.price("SPY", 450.5, "feed")
        station.later(minutes=24 * 60)
        await runtime.price("SPY", 453.0, "feed")
        sale = Command(id="sale", name="exit", position_id=bought.decision.position_id)
        assert (await runtime.command(sale)).ok
        station.later(minutes=24 * 60 * 2)
        await station.enter(runtime, "QQQ")
        await station.stop(runtime)
        return station.path

    return asyncio.run(session())


@pytest.fixture(scope="module")
def sealed(held: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return archive_sessions(held, tmp_path_factory.mktemp("archives"))


def test_each_day_is_sealed_once_and_goes_on_from_the_one_before(held: Path, sealed: list[Path]) -> None:
    days = [read_facts(path).days for path in sealed]
    assert len(days) == 3 and all(len(day) == 1 for day in days) and days == sorted(days)
    assert archive_sessions(held, sealed[0].parent) == []
    told = verify_archives([sealed[2], sealed[0], sealed[1]])
    with LedgerSnapshot(held) as ledger:
        assert told["ok"] and not told["notes"] and told["inputs"] == ledger.inputs
        assert (told["chain_in"], told["chain_out"]) == (bytes(32).hex(), ledger.head.hex())
    told = verify_archives([sealed[0], sealed[2]])
    assert not told["ok"] and "does not follow" in told["problems"][0]


def test_days_before_one_are_sealed_first_and_the_rest_goes_on_from_them(
    held: Path, sealed: list[Path], tmp_path: Path
) -> None:
    second = date.fromisoformat(read_facts(sealed[1]).days[0])
    first = archive_sessions(held, tmp_path, second)
    rest = archive_sessions(held, tmp_path, second + timedelta(days=30))
    assert [path.read_bytes() for path in (*first, *rest)] == [path.read_bytes() for path in sealed]
    assert len(first) == 1


def test_a_trade_reads_in_the_archive_of_each_of_its_days_as_it_was(held: Path, sealed: list[Path]) -> None:
    def trades(path: Path) -> list[Any]:
        with as_ledger(path) as file, closing(sqlite3.connect(file)) as c:
            return c.execute("SELECT symbol, state, net FROM trades ORDER BY seq, id").fetchall()

    whole = trades(held)
    one, two, three = map(trades, sealed)
    assert [(symbol, state) for symbol, state, _ in one] == [("SPY", "OPEN"), ("IWM", "OPEN")]
    assert two[0] == whole[0] and two[0][1] == "CLOSED" and two[0][2] is not None
    assert [row[0] for row in three] == [row[0] for row in whole[1:]] and "QQQ" in {row[0] for row in three}
    with LedgerSnapshot(held) as ledger:
        every = {(mark.position_id, mark.at, mark.text) for mark in marks_by_position(ledger.query)}
        in_force = parse_rules(rules_text(ledger) or "")
    found = set()
    for path in sealed:
        with as_ledger(path) as file, LedgerSnapshot(file) as ledger:
            found |= {(mark.position_id, mark.at, mark.text) for mark in marks_by_position(ledger.query)}
            whatif_of_ledger(ledger, in_force, with_rule(in_force, "market.max_spread_bps", 30.0))
    assert found == every


def test_a_folder_of_archives_reads_as_the_ledger_that_they_were_sealed_from(
    held: Path, sealed: list[Path], tmp_path: Path
) -> None:
    def trades(path: Path) -> list[Any]:
        with as_ledger(path) as file, closing(sqlite3.connect(file)) as c:
            return c.execute("SELECT seq, symbol, state, net FROM trades ORDER BY seq, id").fetchall()

    folder = sealed[0].parent
    assert trades(folder) == trades(held)
    with as_ledger(folder) as file, LedgerSnapshot(file) as ledger, LedgerSnapshot(held) as whole:
        rules = parse_rules(rules_text(ledger) or "")
        candidate = with_rule(rules, "market.max_spread_bps", 30.0)
        assert whatif_of_ledger(ledger, rules, candidate) == whatif_of_ledger(whole, rules, candidate)
    later = tmp_path / "later"
    later.mkdir()
    for path in sealed[1:]:
        shutil.copy(path, later)
    assert [row[1] for row in trades(later)] == [row[1] for row in trades(held)]
    (later / sealed[1].name).rename(tmp_path / "aside")
    shutil.copy(sealed[0], later)
    with pytest.raises(LedgerError, match=r"cannot be read as one: .* does not follow"), as_ledger(later):
        pass
    (tmp_path / "none").mkdir()
    with pytest.raises(LedgerError, match="a folder without archives"), as_ledger(tmp_path / "none"):
        pass


def test_one_changed_byte_is_found_wherever_it_is(sealed: list[Path], tmp_path: Path) -> None:
    rng, whole = random.Random(5), sealed[1].read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
        spoiled = tmp_path / "spoiled.archive"
        spoiled.write_bytes(data)
        try:
            told = verify_archives([spoiled])
        except LedgerError as error:
            assert "not an archive" in str(error)  # its first line
        else:
            assert not told["ok"] and told["problems"]
    spoiled.write_bytes(whole[:-40])
    assert not verify_archives([spoiled])["ok"]
    with pytest.raises(LedgerError, match="changed or cut off"):
        read_archive(spoiled)


def test_a_damaged_journal_is_not_sealed(
    held: Path, tmp_path: Path, spoil: Callable[[Path, str], None]
) -> None:
    ledger = Path(shutil.copy(held, tmp_path / "copy.db"))
    spoil(ledger, "UPDATE journal SET at = at + 1 WHERE seq = 3")
    with pytest.raises(LedgerError, match="changed at seq 3"):
        archive_sessions(ledger, tmp_path / "archives")
    assert not list(tmp_path.glob("archives/*"))
