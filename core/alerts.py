"""Alerts: overtrading, drawdown, losses in a row, unusual size, a phase that no longer allows a position.

Invariants: an alert is announced once, and again only after it has cleared; it never refuses or closes anything.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from core.context import ContextBook, is_fresh
from core.positions.position import Position
from core.rules import Rules
from core.thresholds import above

KEPT = 5_000
KEPT_SIZES = 50


@dataclass(slots=True)
class AlertBook:
    """Recent entries, closed trades and active alerts: part of the engine's checkpoint, money in dollars.

    ``entries`` are the instants of entries, ``closed`` the (instant, net) of closed trades, ``sizes`` the planned
    losses of the latest entries, ``told`` the texts of the active alerts by key: a code, or a code and the id of
    a position.
    """

    entries: list[datetime] = field(default_factory=list)
    closed: list[tuple[datetime, float]] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)

    def entered(self, at: datetime, planned_loss: float) -> None:
        self.entries.append(at)
        self.sizes.append(planned_loss)
        del self.entries[:-KEPT], self.sizes[: -KEPT_SIZES - 1]

    def exited(self, at: datetime, net: float) -> None:
        self.closed.append((at, net))
        del self.closed[:-KEPT]

    def prune(self, now: datetime, rules: Rules) -> None:
        """Drop entries and trades older than the alerts look back."""
        day, window = now - timedelta(days=1), now - timedelta(days=rules.risk.alert_drawdown_days)
        self.entries = [at for at in self.entries if at > day]
        self.closed = [(at, net) for at, net in self.closed if at > window]


def active_alerts(
    book: AlertBook,
    positions: Iterable[Position],
    contexts: ContextBook,
    losses_in_a_row: int,
    open_net: float,
    now: datetime,
    rules: Rules,
) -> Mapping[str, str]:
    """Return the texts of the alerts that are active now, by key; ``open_net`` in dollars."""
    limits = rules.risk
    found: dict[str, str] = {}
    if len(book.entries) > limits.alert_trades:
        found["OVERTRADING"] = f"{len(book.entries)} entries in 24 hours > {limits.alert_trades}"
    drawdown = _drawdown(book.closed, open_net)
    if above(drawdown, limits.alert_drawdown):
        days = limits.alert_drawdown_days
        found["DRAWDOWN"] = f"Drawdown ${drawdown:,.0f} in {days:g} days > ${limits.alert_drawdown:,.0f}"
    if losses_in_a_row >= limits.alert_losses:
        found["LOSSES_IN_A_ROW"] = f"{losses_in_a_row} losses in a row"
    z = _size_z(book.sizes, limits.alert_size_least)
    if z is not None and above(abs(z), limits.alert_size_z):
        odd = "large" if z > 0 else "small"
        found["SIZE_ANOMALY"] = (
            f"The last entry is unusually {odd}: ${book.sizes[-1]:,.0f} planned loss, z {z:+.1f}"
        )
    for position in positions:
        against = _phase_mismatch(position, contexts, now, rules)
        if against is not None:
            found[f"REGIME_MISMATCH {position.id}"] = against
    return found


def _drawdown(closed: Iterable[tuple[datetime, float]], open_net: float) -> float:
    """Return the dollars by which realised and open P&L together lie below the highest realised sum."""
    total = highest = 0.0
    for _, net in closed:
        total += net
        highest = max(highest, total)
    return highest - (total + open_net)


def _size_z(sizes: list[float], least: int) -> float | None:
    """Return the last planned loss in standard deviations from the mean of the earlier ones.

    ``None`` with fewer than ``least`` earlier ones, or when they are all equal.
    """
    before = sizes[:-1]
    if len(before) < max(2, least):
        return None
    mean, spread = _mean_and_spread(tuple(before))
    return (sizes[-1] - mean) / spread if spread > 0 else None


@lru_cache(maxsize=8)
def _mean_and_spread(sizes: tuple[float, ...]) -> tuple[float, float]:
    """Return mean and standard deviation; kept, because every tick asks and only an entry changes them."""
    return statistics.fmean(sizes), statistics.stdev(sizes)


def _phase_mismatch(position: Position, contexts: ContextBook, now: datetime, rules: Rules) -> str | None:
    state = contexts.symbols.get(position.symbol)
    held = state.regime if state is not None else None
    if held is None or held.facts.phase is None or not is_fresh(held.origin, now):
        return None
    if position.direction in rules.regime.allowed.get(str(held.facts.phase), ()):
        return None
    return f"{position.contract.label} is {position.direction}, phase {held.facts.phase} no longer allows it"
