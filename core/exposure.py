"""Exposure: the Greeks of the open positions in dollars, and the limits on them.

A bought option cannot lose more than its premium. These limits bound how fast the premium can be lost and how
much of it depends on the same move, not the largest possible loss.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.positions.position import Mark, Position
from core.rules import Rules
from core.thresholds import above


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Signed dollars: ``delta`` the value of the equivalent shares, ``gamma`` the change of delta per 1 % move,
    ``vega`` per volatility point, ``theta`` per day. An unknown Greek counts as 0.
    """

    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0

    def __add__(self, other: Exposure) -> Exposure:
        return Exposure(
            delta=self.delta + other.delta,
            gamma=self.gamma + other.gamma,
            vega=self.vega + other.vega,
            theta=self.theta + other.theta,
        )


def exposure_of(mark: Mark, shares: int) -> Exposure:
    """Return the exposure of one contract at a mark; ``shares`` is contracts × multiplier."""
    return Exposure(
        delta=mark.delta * shares * mark.spot,
        gamma=(mark.gamma or 0.0) * shares * mark.spot * mark.spot / 100,
        vega=(mark.vega or 0.0) * shares,
        theta=mark.theta * shares,
    )


def exposure_held(positions: Iterable[Position]) -> Exposure:
    """Return the exposure of all contracts held, each at its last mark."""
    total = Exposure()
    for position in positions:
        total += exposure_of(position.last, position.shares(position.remaining))
    return total


def limits_exceeded(held: Exposure, added: Exposure, rules: Rules) -> list[tuple[str, str]]:
    """Return (code, text) of every Greek limit that the open positions would exceed with the entry.

    An entry that brings a Greek nearer to zero is not refused by that Greek's limit.
    """
    size, limits, after = rules.account.size, rules.risk, held + added
    of_account = (
        ("DELTA_LIMIT", "Delta", held.delta, after.delta, limits.delta_accounts * size, ""),
        ("GAMMA_LIMIT", "Gamma", held.gamma, after.gamma, limits.gamma_accounts * size, " per 1 % move"),
        ("VEGA_LIMIT", "Vega", held.vega, after.vega, limits.vega_pct / 100 * size, " per point"),
        ("THETA_LIMIT", "Theta", held.theta, after.theta, limits.theta_pct / 100 * size, " a day"),
    )
    return [
        (code, f"{name} ${abs(value):,.0f}{unit} > ${limit:,.0f}")
        for code, name, before, value, limit, unit in of_account
        if above(abs(value), limit) and above(abs(value), abs(before))
    ]


def correlated_with(symbol: str, rules: Rules) -> frozenset[str]:
    """Return the symbols assumed to move as one with this one, including itself."""
    groups = [set(group) for group in rules.risk.correlated if symbol in group]
    return frozenset({symbol}.union(*groups))
