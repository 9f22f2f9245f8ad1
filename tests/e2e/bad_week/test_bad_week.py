"""A long bad week: whatever the market, the machine and the terminal do, every position ends, once, and adds up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.exchange.calendar import Calendar

sys.path.insert(0, str(Path(__file__).parent))
from week import QUIET, SESSIONS, Week

SEEDS = range(int(os.environ.get("GATEDECK_BAD_WEEKS", "3")))


def told_by(week: Week, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        week.command(*arguments), env=week.environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_position_ends_once_and_adds_up(tmp_path: Path, seed: int) -> None:
    week = Week(seed, tmp_path)
    week.start()
    try:
        for day, close in SESSIONS:
            week.session(day, close, signals=True)
        if week.off:
            week.clock_back()
        for day, close in QUIET:
            week.session(day, close, signals=False)
        left = week.get("/api/positions")["items"]
        week.end(signal.SIGTERM)
    finally:
        if week.process is not None and week.process.poll() is None:
            week.process.kill()
    happened = "\n".join(week.log)
    ledger = str(tmp_path / "gatedeck.db")
    assert left == [], happened
    code, said = told_by(week, "verify", "--db", ledger)
    assert code == 0, f"{said}\n{happened}"
    _, lines = told_by(week, "export", "--what", "ledger", "--format", "jsonl", "--db", ledger)
    entries = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    trades = [entry for entry in entries if entry.get("execution")]
    assert len(trades) >= 8, f"{len(trades)} trades\n{happened}"
    for trade in trades:
        assert_ended_once(trade, happened)
    signals = [trade["signal_id"] for trade in trades]
    assert len(signals) == len(set(signals)), "one signal opened two positions"
    _, report = told_by(week, "report", "--json", "--include-stale", "--db", ledger)
    by_trade = round(sum(round(trade["exit"]["pnl_net"], 2) for trade in trades), 2)
    curve = json.loads(report)["curve"]
    assert round(curve[-1]["cumulative"], 2) == by_trade, f"{steps_beside(trades, curve)}\n{happened}"
    by_day: dict[str, float] = {}
    for part in (part for trade in trades for part in trade["exit"]["partials"]):
        day = part["exit_time"][:10]
        by_day[day] = by_day.get(day, 0.0) + round(part["pnl_net"], 2)
    assert round(sum(by_day.values()), 2) == by_trade, happened
    print(f"seed {seed}: {len(trades)} trades, {by_trade:+,.2f}, {len(week.log)} happenings")


def steps_beside(trades: list[dict[str, Any]], curve: list[dict[str, Any]]) -> str:
    """Return each trade's exit and net, and each step of the report's curve, for a person who compares them."""
    ended = sorted((t["exit"]["exit_time"], t["exit"]["pnl_net"], t["id"]) for t in trades)
    before = [0.0, *(point["cumulative"] for point in curve)]
    steps = [
        (point["at"], round(point["cumulative"] - was, 2)) for point, was in zip(curve, before, strict=False)
    ]
    return "\n".join(map(str, [f"{len(trades)} trades", *ended, f"{len(curve)} steps", *steps]))


def assert_ended_once(trade: dict[str, Any], happened: str) -> None:
    done, filled = trade["exit"], trade["execution"]["filled_contracts"]
    assert done is not None and done["exit_reason"], f"{trade}\n{happened}"
    assert sum(part["contracts"] for part in done["partials"]) == filled, f"{trade}\n{happened}"
    parts = round(sum(round(part["pnl_net"], 2) for part in done["partials"]), 2)
    assert abs(parts - round(done["pnl_net"], 2)) < 0.005, f"{trade}\n{happened}"


def test_the_days_of_the_week_are_sessions() -> None:
    calendar = Calendar.load()
    for day, close in (*SESSIONS, *QUIET):
        found = calendar.session(date.fromisoformat(day))
        assert found is not None and found.minutes == (210 if close == "13:00" else 390)
