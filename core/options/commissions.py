"""Commission of an option order: a flat fee from the rules, or a preset of a broker's price list."""

from __future__ import annotations

from dataclasses import dataclass

from core.rules.sections import FillRules
from core.thresholds import at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionPlan:
    """Dollars per contract by premium, as rows (premium from, fee) from the top, and the minimum per order."""

    opening: tuple[tuple[float, float], ...]
    closing: tuple[tuple[float, float], ...]
    least_per_order: float = 0.0


_IB = ((0.10, 0.65), (0.05, 0.50), (0.0, 0.25))

PRESETS: dict[str, CommissionPlan] = {
    "ib": CommissionPlan(opening=_IB, closing=_IB, least_per_order=1.00),
    "tastytrade": CommissionPlan(opening=((0.0, 1.00),), closing=((0.0, 0.0),)),
    "alpaca": CommissionPlan(opening=((0.0, 0.0),), closing=((0.0, 0.0),)),
}


def commission(contracts: int, premium: float, opening: bool, rules: FillRules) -> float:
    """Return the commission of one order in dollars, to the cent, at a premium per share.

    Nothing is paid for a sale that brings nothing: at 0.00 an option is let go, not sold. Raises ValueError for an
    unknown preset.
    """
    if not opening and at_most(premium, 0.0):
        return 0.0
    if not rules.commission_preset:
        return round(contracts * rules.commission, 2)
    plan = PRESETS.get(rules.commission_preset)
    if plan is None:
        raise ValueError(f'commission preset "{rules.commission_preset}" is not one of {", ".join(PRESETS)}')
    rows = plan.opening if opening else plan.closing
    fee = next(fee for least, fee in rows if premium >= least)
    return round(max(contracts * fee, plan.least_per_order), 2)
