"""Checks of what stands on the deck's screens against what the API of the same engine says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.e2e.trading_week.desk import Desk

NEVER = ("Traceback", "None", "nan", "<built-in", "object at 0x", "�")
"""Texts that no screen may show."""


def check_screens(desk: Desk) -> dict[str, str]:
    """Look at every screen and return them by name. Raises AssertionError with the screen that reads wrong."""
    seen = {}
    for key, name, right in (
        ("2", "History", history),
        ("3", "Performance", performance),
        ("4", "Learning", learning),
        ("5", "System", system),
        ("6", "Trades", trades),
        ("1", "Live", live),
    ):
        desk.terminal.press(key)
        seen[name] = desk.terminal.until(right(desk), f"{name}: as the API says", within=30)
        for text in NEVER:
            assert not re.search(rf"(?<!\w){re.escape(text)}(?!\w)", seen[name]), f"{text}\n{seen[name]}"
    return seen


def dollars(value: float) -> str:
    """Return an amount as a title shows it; a zero has no sign."""
    cents = round(value, 2)
    sign = "+" if cents > 0 else "-" if cents < 0 else ""
    return f"{sign}${abs(cents):,.2f}"


def live(desk: Desk) -> Callable[[str], bool]:
    """The number of open positions, a row of each, and the day's P&L."""
    held = desk.ask("/api/positions")["items"]
    total = desk.ask("/api/day")["pnl"]["total"]

    def right(screen: str) -> bool:
        rows = all(position["contract"] in screen for position in held)
        count = f"{len(held)} open" in screen if held else "no open position" in screen
        return rows and count and f"{dollars(total)} net" in screen

    return right


def history(desk: Desk) -> Callable[[str], bool]:
    """The newest decisions, each with its action and symbol."""
    newest = desk.ask("/api/decisions?limit=5")["items"]

    def right(screen: str) -> bool:
        rows = [
            line for line in screen.splitlines() if re.search(r"\d\d:\d\d:\d\d +(EXECUTE|WAIT|SKIP)", line)
        ]
        told = [(decision["action"], decision["symbol"]) for decision in newest]
        return all(
            action in row and symbol in row for row, (action, symbol) in zip(rows, told, strict=False)
        ) and (len(rows) >= len(told))

    return right


def trades(desk: Desk) -> Callable[[str], bool]:
    """The sums of all trades, and the newest trade's row."""
    page: dict[str, Any] = desk.ask("/api/trades?window=all&limit=5")
    totals = page["totals"]
    counts = f"Σ {totals['closed']} closed" + (f", {totals['open']} open" if totals["open"] else " ")

    def right(screen: str) -> bool:
        net = dollars(totals["net"]).lstrip("+-")
        return counts in screen and net in screen and all(t["contract"] in screen for t in page["items"][:1])

    return right


def performance(desk: Desk) -> Callable[[str], bool]:
    """The number of trades of the window, and their net."""
    totals = desk.ask("/api/trades?window=all&limit=1")["totals"]

    def right(screen: str) -> bool:
        if not totals["closed"]:
            return "Performance" in screen
        return f"n {totals['closed']}" in screen and f"${abs(round(totals['net'], 2)):,.2f}" in screen

    return right


def learning(desk: Desk) -> Callable[[str], bool]:
    """The panes of the screen, whatever was learnt."""
    return lambda screen: all(words in screen for words in ("What gates kept out", "Suggestions"))


def system(desk: Desk) -> Callable[[str], bool]:
    """The number of webhooks received since the start."""
    return lambda screen: bool(re.search(r"received +\d", screen)) and "Senders" in screen
