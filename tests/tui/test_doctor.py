"""`gatedeck doctor` on the ledger: backups, and what is removed after a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.config import load_settings
from tui.cli.doctor import OK, WARN, _backups, _kept

CASES = {
    "no schedule": (None, [], WARN, "none are made on a schedule"),
    "none yet": ("1d", [], WARN, "none yet in"),
    "a new one": ("1d", [timedelta(hours=30), timedelta(hours=40)], OK, "2 in"),
    "an old one": ("12h", [timedelta(hours=30)], WARN, "old for backup_every 12h"),
}


@pytest.mark.parametrize(("every", "ages", "state", "text"), CASES.values(), ids=CASES.keys())
def test_the_newest_scheduled_backup_is_named(
    tmp_path: Path, every: str | None, ages: list[timedelta], state: str, text: str
) -> None:
    (tmp_path / "backups").mkdir()
    for age in ages:
        (tmp_path / "backups" / f"gatedeck-{datetime.now(UTC) - age:%Y%m%dT%H%M%SZ}.db").touch()
    flags: dict[str, Any] = {"state_dir": tmp_path, "backup_every": every}
    found = _backups(load_settings(flags, Path("/dev/null")))
    assert found.state == state and text in found.text and bool(found.cure) == (state != OK)


def test_what_is_removed_after_a_time_is_said(tmp_path: Path) -> None:
    flags: dict[str, Any] = {"state_dir": tmp_path}
    assert _kept(load_settings(flags, Path("/dev/null"))).text == "everything is kept"
    flags |= {"keep_marks_days": 90}
    assert _kept(load_settings(flags, Path("/dev/null"))).text == "kept: marks 90 days; the journal always"
