"""A trader's week on the real deck in tmux: trades with notes, a limit, a mode, a stop by hand, a challenger."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.model import Direction

sys.path.insert(0, str(Path(__file__).parent))
from desk import Desk
from screens import check_screens, dollars
from terminal import Terminal

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
    words = desk.terminal.see("Session ", "closed: net")
    assert dollars(total) in " ".join(words.split()), words
    desk.terminal.press("Escape")
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


def wednesday(desk: Desk) -> None:
    """What was held overnight is there again; two losses reach the day's limit, and the next signal is refused."""
    terminal = desk.terminal
    desk.go_to("2026-11-25", "09:31")
    desk.start()
    desk.bar()
    assert desk.signal("NVDA")["action"] == "EXECUTE"
    desk.bar(NVDA=0.1)
    desk.bar(NVDA=-1.2)
    assert desk.signal("SPY")["action"] == "EXECUTE"
    desk.bar(SPY=0.05)
    desk.bar(SPY=-1.2)
    refused = desk.signal("QQQ", Direction.SHORT)
    assert (refused["action"], refused["code"]) == ("SKIP", "MODE_REDUCING"), refused
    terminal.see("REDUCING", "daily loss", "no open position")
    evening(desk, "2026-11-25")
