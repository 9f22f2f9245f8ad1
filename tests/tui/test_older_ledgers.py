"""What the commands say of a ledger of each earlier schema once it is opened: an older engine decided in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_process import InProcess

from core.model import ENGINE_VERSION
from server.ledger.sqlite import SqliteLedger
from tests.server.ledger.older_ledgers import DEMOS, SAME_TRADE, older_ledger, owner_of

ENGINES = {1: "1", 2: "1", 3: "2", 4: "2"} | dict.fromkeys(SAME_TRADE, "4")
"""The version of the engine that decided in the ledger of each schema."""


@pytest.fixture(params=[*DEMOS, *SAME_TRADE], ids=str)
async def opened(request: Any, tmp_path: Path) -> tuple[int, Path]:
    path = older_ledger(request.param, tmp_path / "old.db")
    await (await SqliteLedger.open(path, owner_of(request.param))).close()
    return request.param, path


def test_every_way_to_decide_again_names_the_engine_that_decided(
    opened: tuple[int, Path], gatedeck: InProcess
) -> None:
    version, path = opened
    decisions = 8 if version in DEMOS else 1
    text = f"engine version {ENGINES[version]} made {decisions} of {decisions} decisions"

    verified = gatedeck("verify", path, "--json")
    told = json.loads(verified.stdout)
    assert verified.returncode == 0 and told["ok"] and told["chain"] is None and told["problems"] == []
    assert any(note.startswith(text) and ENGINE_VERSION in note for note in told["notes"]), told["notes"]
    assert "cure" not in told

    replayed = json.loads(gatedeck("replay", path, "--json").stdout)
    assert replayed["identical"] is False and any(note.startswith(text) for note in replayed["notes"])

    asked = gatedeck("whatif", "--db", path, "--set", "confidence.execute_at=65")
    assert asked.returncode == 0 and text in asked.stdout and "real trade" in asked.stdout

    before = gatedeck("report", "--db", path, "--window", "all", "--json")
    assert before.returncode == 0
    closed = json.loads(before.stdout)["metrics"]
    made = gatedeck("rebuild", "--db", path)
    assert made.returncode == 0 and text in made.stdout, "a rebuild decides again, which is told"
    again = json.loads(gatedeck("verify", path, "--json").stdout)
    assert again["ok"] and not any("engine version" in note for note in again["notes"])
    assert closed["trades"] == (1 if version in DEMOS else 0)
