"""A trader's week on the real deck in tmux: trades with notes, a limit, a mode, a stop by hand, a challenger."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.model import Direction
from tests.e2e.trading_week.desk import Desk
from tests.e2e.trading_week.screens import check_screens, dollars
from tests.e2e.trading_week.terminal import Terminal

RULES = "[risk]\napproval_above_contracts = 1000\napproval_above_premium = 1e9\ndaily_loss = 900\n"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_a_week_reads_right_on_every_screen(tmp_path: Path, columns: int, lines: int) -> None:
    terminal = Terminal(columns, lines)
    desk = Desk(tmp_path, terminal, rules=RULES)
    try:
        monday(desk)
        tuesday(desk)
        wednesday(desk)
        friday(desk)
        next_monday(desk)
        the_ledger_agrees(desk)
    finally:
        terminal.stop()


def evening(desk: Desk, day: str, close: str = "16:00") -> None:
    """Let the session end, read its summary among the events, look at every screen, and leave the deck."""
    hour, minute = map(int, close.split(":"))
    desk.go_to(day, f"{hour:02}:{minute + 20:02}")
    desk.terminal.see("Session ")
    total = desk.ask("/api/day")["pnl"]["total"]
    desk.terminal.press("E")
    words = desk.terminal.see("│  Events ─", "closed: net")
    assert dollars(total) in " ".join(words.split()), words
    desk.terminal.close_dialog()
    check_screens(desk)
    left = desk.ask("/api/positions")["items"]
    last = desk.leave()
    assert ("nothing is left open" in last) == (not left), last
    assert all(position["contract"] in last for position in left), last


def monday(desk: Desk) -> None:
    """A trade with a note ends by hand; another is stopped out."""
    terminal = desk.terminal
    desk.go_to("2026-11-23", "09:34")
    desk.start("--rules", str(desk.rules))
    desk.bar()
    assert desk.signal("SPY")["action"] == "EXECUTE"
    desk.bar(SPY=0.1)
    terminal.see("SPY 660C", "1 open")
    terminal.press("n")
    terminal.see("Note on SPY 660C")
    terminal.write("patient entry #plan")
    terminal.press("Enter")
    terminal.see("Note added, tags plan")
    check_screens(desk)
    terminal.press("x")
    terminal.confirm("Exit this position?", "SPY 660C")
    terminal.see("no open position")
    assert desk.signal("NVDA")["action"] == "EXECUTE"
    desk.bar(NVDA=0.2)
    terminal.see("NVDA 185C", "1 open")
    desk.bar(NVDA=-1.0)
    terminal.see("no open position", "STOP_LOSS")
    assert "#plan" in check_screens(desk)["Trades"] or desk.terminal.columns < 100
    evening(desk, "2026-11-23")


def tuesday(desk: Desk) -> None:
    """A stop moved by hand is where it exits; a mode is changed and undone; a trade stays open overnight."""
    terminal = desk.terminal
    desk.go_to("2026-11-24", "09:31")
    desk.start()
    desk.bar()
    assert desk.signal("QQQ", Direction.SHORT)["action"] == "EXECUTE"
    desk.bar(QQQ=-0.1)
    terminal.see("QQQ 600P", "1 open")
    terminal.press("l")
    terminal.see("Set stop and targets", "QQQ 600P")
    terminal.write("stop 600.00")
    terminal.press("Enter")
    terminal.confirm("Set these levels?", "600.00")
    moved = wait_for(desk, lambda row: row["to_stop"]["level"] == 600.0)
    assert moved["symbol"] == "QQQ"
    terminal.press("m")
    terminal.confirm("│  Mode ─", "Choose by", key="r")
    terminal.confirm("│  Mode ─", "REDUCING")
    terminal.until(
        lambda screen: screen.lstrip().startswith("REDUCING"), "the mode REDUCING on the first line"
    )
    assert desk.signal("SPY")["code"] == "MODE_REDUCING"
    terminal.press("U")
    terminal.until(lambda screen: screen.lstrip().startswith("ACTIVE"), "the mode ACTIVE on the first line")
    assert desk.ask("/api/mode")["mode"] == "ACTIVE"
    desk.bar(QQQ=0.15)
    terminal.see("STOP_LOSS", "no open position")
    (trade,) = desk.ask("/api/trades?window=today")["items"]
    assert trade["symbol"] == "QQQ" and trade["reason"] == "STOP_LOSS", trade
    desk.bar()
    assert desk.signal("NVDA", timeframe=60)["action"] == "EXECUTE"
    desk.bar(NVDA=0.1)
    terminal.see("NVDA 18", "1 open")
    evening(desk, "2026-11-24")


def wait_for(desk: Desk, holds: Callable[[dict[str, Any]], bool], within: float = 20.0) -> dict[str, Any]:
    """Return the only open position as soon as a condition holds for it."""
    end = time.monotonic() + within
    while True:
        (row,) = desk.ask("/api/positions")["items"]
        if holds(row):
            found: dict[str, Any] = row
            return found
        assert time.monotonic() < end, row
        time.sleep(0.1)


def wednesday(desk: Desk) -> None:
    """What was held overnight is there again; losses lead to a pause and then to the day's limit, both told."""
    terminal = desk.terminal
    desk.go_to("2026-11-25", "09:31")
    desk.start()
    desk.bar()
    terminal.see("NVDA 18", "1 open")
    desk.bar(NVDA=-1.2)
    terminal.see("STOP_LOSS", "no open position")
    refused = desk.signal("SPY")
    assert (refused["action"], refused["code"]) == ("SKIP", "COOL_DOWN"), refused
    desk.go_to("2026-11-25", "10:35")
    desk.bar()
    for move in (0.05, -1.2):
        if move > 0:
            assert desk.signal("SPY")["action"] == "EXECUTE"
        desk.bar(SPY=move)
    terminal.see("STOP_LOSS", "no open position")
    refused = desk.signal("QQQ", Direction.SHORT)
    assert (refused["action"], refused["code"]) == ("SKIP", "MODE_REDUCING"), refused
    terminal.see("REDUCING", "daily loss")
    evening(desk, "2026-11-25")


def friday(desk: Desk) -> None:
    """The limit of Wednesday has ended by itself; a half day, on which a second rules file is tried beside."""
    terminal = desk.terminal
    desk.go_to("2026-11-27", "09:31")
    desk.start()
    terminal.until(lambda screen: screen.lstrip().startswith("ACTIVE"), "the mode ACTIVE on the first line")
    desk.bar()
    challenger = desk.folder / "rules-b.toml"
    challenger.write_text(f'name = "all at once"\n{RULES}[exits]\nscale_out_fraction = 1.0\n')
    assert "paper" in desk.tell("challenge", str(challenger), "--url", desk.url)
    trade_and_win(desk, "SPY")
    terminal.press("4")
    terminal.see("all at once")
    terminal.press("1")
    evening(desk, "2026-11-27", "13:00")


def next_monday(desk: Desk) -> None:
    terminal = desk.terminal
    desk.go_to("2026-11-30", "09:31")
    desk.start()
    desk.bar()
    trade_and_win(desk, "QQQ")
    terminal.press("4")
    terminal.see("all at once")
    running = desk.ask("/api/challenge")["running"]
    assert (running["champion"]["trades"], running["challenger"]["trades"]) == (2, 2)
    assert desk.tell("challenge", "--retire", "--url", desk.url)
    terminal.until(lambda screen: "Challenger all at once" not in screen, "no challenger")
    totals = desk.ask("/api/trades?window=all")["totals"]
    terminal.press("6")
    terminal.see("Σ 7 closed")
    terminal.press("v")
    terminal.see("November 2026", "7 trades", dollars(totals["net"]))
    terminal.close_dialog()
    terminal.press("1")
    evening(desk, "2026-11-30")


def trade_and_win(desk: Desk, symbol: str) -> None:
    """Buy, see the second target reached, and be flat."""
    assert desk.signal(symbol)["action"] == "EXECUTE"
    for _ in range(4):
        desk.bar(**{symbol: 0.35})
    desk.terminal.see("TARGET_2", "no open position")


def the_ledger_agrees(desk: Desk) -> None:
    """The ledger verifies, and the days of the calendar add up to the trades."""
    file = ("--db", str(desk.folder / "gatedeck.db"))
    desk.tell("verify", *file)
    lines = desk.tell("export", "--what", "ledger", "--format", "jsonl", *file).splitlines()
    trades = [row for row in map(json.loads, lines) if row.get("execution")]
    assert len(trades) == 7
    assert all(trade["exit"]["exit_time"] for trade in trades)
    curve = json.loads(desk.tell("report", "--json", "--include-stale", *file))["curve"]
    assert round(curve[-1]["cumulative"], 2) == round(sum(t["exit"]["pnl_net"] for t in trades), 2)
    tags = [json.loads(line)["tags"] for line in desk.tell("export", "--format", "jsonl", *file).splitlines()]
    assert [of for of in tags if of] == [["plan"]]
