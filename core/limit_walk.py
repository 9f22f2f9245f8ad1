"""The walk of a limit from the mid to the far side: an entry's to the ask, an exit's to the bid."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.options.ticks import tick_down, tick_up
from core.rules.sections import FillRules

WALK = "walk"


def steps_gone(since: datetime, now: datetime, rules: FillRules) -> int:
    """Return the steps gone since the start, at most ``walk_steps``."""
    return min(rules.walk_steps, int((now - since).total_seconds() / rules.walk_seconds))


def walk_ends_at(since: datetime, rules: FillRules) -> datetime:
    """Return the instant at which the last limit has stood for one step."""
    return since + timedelta(seconds=rules.walk_seconds * (rules.walk_steps + 1))


def buy_limit(symbol: str, mid: float, ask: float, step: int, rules: FillRules) -> float:
    """Return the limit of a purchase in $ a share after some steps, on its tick: the mid or less, at last the ask."""
    if step >= rules.walk_steps:
        return tick_up(symbol, ask, rules)
    return tick_down(symbol, mid + (ask - mid) * step / rules.walk_steps, rules)


def sell_limit(symbol: str, mid: float, bid: float, step: int, rules: FillRules) -> float:
    """Return the limit of a sale in $ a share after some steps, on its tick: the mid or more, at last the bid."""
    if step >= rules.walk_steps:
        return tick_down(symbol, bid, rules)
    return tick_up(symbol, mid - (mid - bid) * step / rules.walk_steps, rules)
