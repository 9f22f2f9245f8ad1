"""What is at stake on the underlyings: Greeks of what is held, in dollars of the account.

A bought option cannot lose more than its premium, so these limit how fast it can be lost and how much of the
book moves together, not how much there is to lose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.positions.position import Mark, Position
from core.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Dollars, signed: ``delta`` the shares it moves like, ``gamma`` what a 1 % move adds to that, ``vega`` a
    volatility point, ``theta`` a day. A Greek that is not known counts as 0."""

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
    """The exposure of that many shares' worth of one contract at a mark."""
    return Exposure(
        delta=mark.delta * shares * mark.spot,
        gamma=(mark.gamma or 0.0) * shares * mark.spot * mark.spot / 100,
        vega=(mark.vega or 0.0) * shares,
        theta=mark.theta * shares,
    )


def exposure_held(positions: Iterable[Position]) -> Exposure:
    """The exposure of all contracts still held, each at its last mark."""
    total = Exposure()
    for position in positions:
        total += exposure_of(position.last, position.shares(position.remaining))
    return total


def beyond(held: Exposure, added: Exposure, rules: Rules) -> list[tuple[str, str]]:
    """Code and text of every Greek limit that an entry would leave the book beyond.

    What brings a Greek nearer to zero is not held up by it.
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
        if abs(value) > limit and abs(value) > abs(before)
    ]


def correlated_with(symbol: str, rules: Rules) -> frozenset[str]:
    """The symbols that are assumed to move as one with it, itself among them."""
    groups = [set(group) for group in rules.risk.correlated if symbol in group]
    return frozenset({symbol}.union(*groups))
