"""A session whose entries walk a limit: from webhook to ledger, and the same again by replay."""

from __future__ import annotations

from pathlib import Path

from server.ledger.lists import items
from server.ledger.snapshot import LedgerSnapshot
from server.replay.session import Wanted, replay
from server.replay.verify import verify_ledger

WALKING = 'order_type = "walk"\nwalk_steps = 4\nwalk_seconds = 15.0'


def test_entries_walk_and_a_replay_of_that_session_is_identical(recorded: Path, tmp_path: Path) -> None:
    with LedgerSnapshot(recorded) as source:
        toml = next(source.query("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1"))[0]
    walked, again = tmp_path / "walked.db", tmp_path / "again.db"
    replay(Wanted(source=recorded, out=walked, rules_text=f"{toml}\n[fills]\n{WALKING}\n"))
    with LedgerSnapshot(walked) as ledger:
        entries = list(items(ledger, "ledger"))
    bought = [entry for entry in entries if entry["decision"] == "EXECUTE"]
    given_up = [entry for entry in entries if entry["code"] == "NOT_FILLED"]
    assert bought and all(entry["execution"]["evidence"] for entry in bought)
    working = [entry for entry in entries if entry["code"] == "WORKING"]
    assert len(working) >= len(bought) and all(entry["decision"] == "WAIT" for entry in working)
    assert all(entry["execution"] is None for entry in (*working, *given_up))
    assert verify_ledger(walked)["ok"]
    told = replay(Wanted(source=walked, out=again))
    assert told["identical"] is True and told["differences"] == []
