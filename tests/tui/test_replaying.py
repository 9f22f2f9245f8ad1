"""The commands that look back: what they print, where, and their exit codes."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import InProcess

from core.rules import Rules, parse_rules
from server.replay.session import Wanted, replay

RECEIPTS = [
    {
        "received_at": f"2026-11-24T1{5 + n}:00:00Z",
        "endpoint": "signals",
        "body": json.dumps(
            {"ticker": "SPY", "direction": "LONG", "timeframe": "15", "score": 9.5, "price": 660.0}
        ),
    }
    for n in range(3)
]


@pytest.fixture
def receipts(tmp_path: Path) -> Path:
    path = tmp_path / "receipts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in RECEIPTS))
    return path


@pytest.fixture
def ledger(receipts: Path, tmp_path: Path) -> Path:
    out = tmp_path / "made.db"
    replay(Wanted(source=receipts, out=out))
    return out


def test_replay_says_one_line_of_json_and_nothing_else(receipts: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tui.cli", "replay", str(receipts), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0 and done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["receipts"] == 3


def test_a_ledger_that_does_not_replay_to_itself_ends_with_1(ledger: Path, gatedeck: InProcess) -> None:
    assert gatedeck("replay", ledger, "--json").returncode == 0
    assert gatedeck("verify", "--db", ledger, "--json").returncode == 0
    with sqlite3.connect(ledger) as connection:
        connection.execute("UPDATE ledger_entries SET confidence = confidence + 1")
    for words in (("replay", ledger), ("verify", "--db", ledger)):
        done = gatedeck(*words)
        assert done.returncode == 1 and "confidence differ" in done.stdout
    unseen = gatedeck("verify", "--db", ledger, "--chain")
    assert unseen.returncode == 0 and "not compared with a replay" in unseen.stdout
    mended = gatedeck("verify", "--db", ledger, "--rebuild", "--json")
    assert mended.returncode == 0 and json.loads(mended.stdout)["rebuilt"] is True


def test_mistakes_end_with_2_and_one_line_on_standard_error(
    receipts: Path, tmp_path: Path, gatedeck: InProcess
) -> None:
    nowhere = tmp_path / "nowhere.db"
    for words in (
        ("replay", nowhere),
        ("replay", receipts, "--rules", nowhere),
        ("replay", receipts, "--prices", nowhere),
        ("verify", "--db", nowhere),
        ("verify", "--chain", "--rebuild"),
        ("export", "--db", nowhere),
    ):
        done = gatedeck(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("gatedeck: ") and len(done.stderr.splitlines()) == 1


def test_export_writes_to_standard_output_or_to_a_file(
    ledger: Path, tmp_path: Path, gatedeck: InProcess
) -> None:
    shown = gatedeck("export", "--what", "receipts", "--format", "jsonl", "--db", ledger)
    assert shown.returncode == 0 and len(shown.stdout.splitlines()) == 3
    target = tmp_path / "decisions.csv"
    done = gatedeck("export", "--what", "decisions", "--out", target, "--db", ledger)
    assert done.returncode == 0 and done.stdout == ""
    assert target.read_text(encoding="utf-8-sig").startswith("id,seq,created_at")


def test_before_there_is_a_ledger_the_default_rules_are_in_force(tmp_path: Path, gatedeck: InProcess) -> None:
    done = gatedeck("rules", "show")
    assert done.returncode == 0 and parse_rules(done.stdout) == Rules()
    done = gatedeck("rules", "show", "--db", tmp_path / "nowhere.db")
    assert done.returncode == 2 and "no ledger there" in done.stderr
    assert re.fullmatch(r"gatedeck \d+\.\d+\.\d+\n", gatedeck("--version").stdout)
