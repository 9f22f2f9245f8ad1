"""Starting an engine: a refused start leaves no ledger behind, and its files are for their owner alone."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.rules import RulesError
from server.assembly import running_engine
from server.config import ConfigError, Settings
from server.feeds.base import NoFeed
from server.ledger.base import LedgerError
from server.ledger.bulk import BulkLedger
from server.ledger.lock import WriterLock
from server.ledger.sqlite import SqliteLedger
from server.runtime.clock import Clock, OffsetClock

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(
        **{"state_dir": folder / "state", "db": str(folder / "ledgers" / "a.db"), "port": 0} | given
    )


async def start(folder: Path, rules: str = "", clock: Clock | None = None, **given: Any) -> None:
    async with running_engine(
        settings(folder, **given), clock or OffsetClock(NOON), NoFeed(), rules, ticking=False
    ):
        pass


def modes(folder: Path) -> dict[str, str]:
    return {p.name: oct(stat.S_IMODE(p.stat().st_mode)) for p in folder.rglob("*") if p.is_file()}


async def test_bad_rules_leave_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(RulesError):
        await start(tmp_path, "[risk]\nunknown = 1\n")
    assert list((tmp_path / "ledgers").iterdir()) == []


async def test_a_clock_outside_the_calendar_leaves_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clock"):
        await start(tmp_path, clock=OffsetClock(datetime(2070, 1, 3, 15, tzinfo=UTC)))
    assert list((tmp_path / "ledgers").iterdir()) == []


async def test_a_port_in_use_leaves_no_ledger(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="in use"):
        await start(tmp_path, port=taken.getsockname()[1])
    assert list((tmp_path / "ledgers").iterdir()) == []


async def test_a_refused_listener_leaves_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**given: Any) -> None:
        raise ConfigError("no listener")

    monkeypatch.setattr("server.assembly.HttpServer", refused)
    with pytest.raises(ConfigError, match="no listener"):
        await start(tmp_path)
    assert list((tmp_path / "ledgers").iterdir()) == []


async def test_a_refused_start_keeps_the_ledger_that_was_there(tmp_path: Path) -> None:
    await start(tmp_path)
    before = (tmp_path / "ledgers" / "a.db").read_bytes()
    with pytest.raises(RulesError):
        await start(tmp_path, "[risk]\nunknown = 1\n")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="in use"):
        await start(tmp_path, port=taken.getsockname()[1])
    with pytest.raises(ConfigError, match="ahead of the clock"):
        await start(tmp_path, clock=_Stopped(datetime(2026, 11, 23, 17, 0, tzinfo=UTC)))
    with pytest.raises(LedgerError, match="belongs to engine"):
        await start(tmp_path, engine_id="other")
    assert (tmp_path / "ledgers" / "a.db").read_bytes()[:16] == before[:16]
    await start(tmp_path)


class _Stopped:
    """A clock that cannot be set forward."""

    note = ""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


async def test_an_empty_file_that_was_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "ledgers").mkdir()
    (tmp_path / "ledgers" / "a.db").touch()
    with pytest.raises(RulesError):
        await start(tmp_path, "[risk]\nunknown = 1\n")
    assert (tmp_path / "ledgers" / "a.db").exists()


async def test_a_ledger_that_holds_inputs_is_never_discarded(tmp_path: Path) -> None:
    ledger = await SqliteLedger.open(tmp_path / "a.db", "one")
    ledger._last_seq = 2
    ledger.discard()
    await ledger.close()
    assert (tmp_path / "a.db").exists()


async def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    async with running_engine(settings(tmp_path), OffsetClock(NOON), NoFeed(), "", ticking=False):
        found = modes(tmp_path)
        assert {"a.db", "a.db-wal", "a.db-shm", "a.db.lock", "command.token"} <= set(found)
        assert set(found.values()) == {"0o600"}
    for name in ("ledgers", "state"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


async def test_the_mode_of_a_ledger_of_before_is_mended(tmp_path: Path) -> None:
    await start(tmp_path)
    (tmp_path / "ledgers" / "a.db").chmod(0o644)
    async with running_engine(settings(tmp_path), OffsetClock(NOON), NoFeed(), "", ticking=False):
        assert set(modes(tmp_path).values()) == {"0o600"}


def test_a_replayed_ledger_is_for_its_owner_alone(tmp_path: Path) -> None:
    with BulkLedger(tmp_path / "made" / "b.db", "one") as ledger:
        ledger.finish()
        assert set(modes(tmp_path).values()) == {"0o600"}
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700


def test_a_lock_file_that_was_deleted_locks_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second opener that got hold of the old lock file just before it was deleted opens the new one."""
    path = tmp_path / "a.db"
    first = WriterLock(path, "one")
    opened: list[int] = []
    real = os.open

    def opening(name: Any, *rest: Any) -> int:
        fd = real(name, *rest)
        if not opened:
            first.release(delete=True)
        opened.append(fd)
        return fd

    monkeypatch.setattr("server.ledger.lock.os.open", opening)
    second = WriterLock(path, "two")
    monkeypatch.undo()
    assert len(opened) == 2 and (tmp_path / "a.db.lock").read_text().endswith("two\n")
    second.release()
