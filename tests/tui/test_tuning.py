"""``gatedeck tune``: what it prints for a person, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_process import InProcess

from server.replay.session import Wanted, replay
from tui.cli.tune import _summary


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    body = json.dumps({"ticker": "SPY", "direction": "LONG", "timeframe": "15", "score": 9.5, "price": 660.0})
    receipts = folder / "receipts.jsonl"
    receipts.write_text(json.dumps({"at": "2026-11-24T15:00:00Z", "body": body}) + "\n")
    replay(Wanted(source=receipts, out=folder / "made.db"))
    return folder / "made.db"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "account.size"], "rule: account.size is not searched over; known are"),
        (["--folds", "2"], "1 sessions are too few for 2 folds"),
        (["--measure", "fun"], "measure: 'fun' is not one of R, usd"),
    ],
)
def test_what_cannot_be_searched_is_one_line_and_exit_code_2(
    ledger: Path, gatedeck: InProcess, words: list[str], said: str
) -> None:
    done = gatedeck("tune", "--study", "s", "--db", ledger, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


FOUND: dict[str, Any] = {
    "study": "s",
    "trials": {"COMPLETE": 40},
    "measure": "R",
    "by": "what-if",
    "sessions": 60,
    "in_force": {"mean": 0.1, "trades": 90},
    "suggestion": {
        "id": "abc",
        "status": "PENDING",
        "changes": [{"rule": "market.max_spread_bps", "old": 12.0, "new": 9.5}],
        "evidence": {"mean": 0.25, "trades": 70},
        "walk_forward": {"mean": 0.05, "in_force": 0.08},
        "deflated_sharpe": {"probability": 0.34, "trials": 40, "reason": None},
    },
}


def test_a_person_reads_what_moves_and_what_speaks_against_it() -> None:
    told = _summary(FOUND)
    assert told["suggestion"] == "abc PENDING"
    assert told["changes"] == ["market.max_spread_bps: 12 to 9.5"]
    assert told["walk forward"].startswith("0.050 R a trade, in force 0.080")
    assert told["deflated sharpe"].startswith("34.0%") and "40 without skill" in told["deflated sharpe"]
    assert _summary({**FOUND, "suggestion": None})["suggestion"].startswith("none")
