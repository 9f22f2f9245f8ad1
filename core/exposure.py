"""Exposure: the Greeks of the open positions in dollars, and the limits on them.

A bought option cannot lose more than its premium. These limits bound how fast the premium can be lost and how
much of it depends on the same move, not the largest possible loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from core.compared import over
from core.fast_init import fast_init
from core.model import Contract
from core.positions.position import Mark, Position
from core.rules import Rules
from core.thresholds import whole_down


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Signed dollars: ``delta`` the value of the equivalent shares, ``gamma`` the change of delta per 1 % move,
    ``vega`` per volatility point, ``theta`` per day. An unknown Greek counts as 0.

    Near expiry the model's gamma promises more than an option can do: the change of its delta counts at most as the
    way to 0 or 1.
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


def exposure_of(contract: Contract, mark: Mark, contracts: int) -> Exposure:
    """Return the exposure of some contracts at a mark."""
    shares, spot, delta = contracts * contract.multiplier, mark.spot, abs(mark.delta)
    moved = min((mark.gamma or 0.0) * spot / 100, max(delta, 1 - delta))
    return Exposure(
        delta=mark.delta * shares * spot,
        gamma=moved * shares * spot,
        vega=(mark.vega or 0.0) * shares,
        theta=mark.theta * shares,
    )


def exposure_held(positions: Iterable[Position]) -> Exposure:
    """Return the exposure of all contracts held, each at its last mark."""
    total = Exposure()
    for position in positions:
        total += exposure_of(position.contract, position.last, position.remaining)
    return total


class GreekLimit(NamedTuple):
    """The limit on one Greek: its reason code, the name of its field in ``Exposure``, dollars, and per what."""

    code: str
    name: str
    dollars: float
    unit: str


def greek_dollar_limits(rules: Rules) -> tuple[GreekLimit, ...]:
    """Return the limits on the Greeks in dollars."""
    size, limits = rules.account.size, rules.risk
    return (
        GreekLimit("DELTA_LIMIT", "delta", limits.delta_accounts * size, ""),
        GreekLimit("GAMMA_LIMIT", "gamma", limits.gamma_accounts * size, " per 1 % move"),
        GreekLimit("VEGA_LIMIT", "vega", limits.vega_pct / 100 * size, " per point"),
        GreekLimit("THETA_LIMIT", "theta", limits.theta_pct / 100 * size, " a day"),
    )


def greek_limits(
    held: Exposure, each: Exposure, wanted: int, rules: Rules
) -> Iterator[tuple[str, str, int, str]]:
    """Yield (code, name, most contracts up to ``wanted``, text about one contract) of every limit on a Greek.

    What brings a Greek nearer to zero, or not further away on the other side, always fits.
    """
    for code, name, limit, unit in greek_dollar_limits(rules):
        now, one = getattr(held, name), getattr(each, name)
        side = 1 if one > 0 else -1
        room = max(limit, abs(now)) - now * side
        most = wanted if one == 0 else min(wanted, whole_down(room / abs(one)))
        text = f"{name.capitalize()} with one contract {over(abs(now + one), limit, unit=unit)}"
        yield code, f"{name} limit", most, text
