"""Starts, one after the other, as a person makes them: nothing is lost or changed by habit."""

from __future__ import annotations

import json
from typing import Any

MINE = "[market]\nmax_spread_bps = 10\n[risk]\nopen_positions = 4\n"


def up(gatedeck: Any, *arguments: str) -> tuple[Any, str]:
    """Start without a rules file unless one is given; return the process and its first line."""
    process = gatedeck.begin("run", "--headless", "--port", "0", *arguments)
    line = process.stdout.readline()
    assert line.startswith("gatedeck listens on http"), (line, process.stderr.read())
    return process, line.split()[-1]


def ended(process: Any) -> str:
    process.terminate()
    out = str(process.stdout.read())
    process.wait(timeout=20)
    return out


def test_rules_stay_in_force_and_a_change_is_told(gatedeck: Any, beside: Any) -> None:
    clock = ("--clock", "2026-11-24T10:00-05:00")
    file = gatedeck.state / "mine.toml"
    file.write_text(MINE)
    first, _ = up(gatedeck, *clock)
    assert "Rules changed" not in ended(first)
    given, _ = up(gatedeck, *clock, "--rules", str(file))
    told = given.stdout.readline()
    ended(given)
    assert "Rules changed by this start: default" in told and "market.max_spread_bps 12 → 10" in told
    kept, url = up(gatedeck, *clock)
    code, out, _ = beside("risk", "--json", "--url", url)
    assert code == 0 and json.loads(out)["positions"]["limit"] == 4
    code, out, _ = beside("risk", "--url", url)
    assert code == 0 and "0 of 4" in out and "no limit" in out
    assert "Rules changed" not in ended(kept)
    code, out, why = beside("rules", "diff")
    assert code == 0 and "no difference" in out, why
    file.write_text(MINE.replace("10", "9"))
    code, out, _ = beside("rules", "diff")
    assert code == 1 and "market.max_spread_bps 10 → 9" in out and "has changed" in out
    drifted, _ = up(gatedeck, *clock)
    told = drifted.stdout.readline()
    assert "has changed" in told and f"--rules {file} puts it in force" in told


def test_a_first_decision_in_practice_on_any_day(gatedeck: Any, beside: Any) -> None:
    process, url = up(gatedeck, "--practice")
    code, out, _ = beside("send", "--url", url)
    assert code == 0 and "EXECUTE LONG" in out
    assert "PRACTICE" in beside("status", "--url", url)[1]
    assert "gatedeck practice: the clock starts at " in ended(process)
    again, url = up(gatedeck, "--practice")
    assert "SPY 660C" in beside("status", "--url", url)[1], "practice goes on where it ended"
    ended(again)
    assert not (gatedeck.state / "gatedeck.db").exists()


def test_the_ledger_of_another_engine_says_which_flag_opens_it(gatedeck: Any) -> None:
    process, _ = up(gatedeck, "--practice", "--engine-id", "mine")
    ended(process)
    code, _, why = gatedeck("run", "--headless", "--port", "0", "--practice")
    assert code == 2 and "--engine-id mine opens it" in why
