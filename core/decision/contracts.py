"""Number of contracts: as many as the budget can lose at the stop, within the caps."""

from __future__ import annotations

from math import isfinite

from core.model import ContractCount, Reason, Tone
from core.rules import DEFAULT, Rules
from core.thresholds import above, at_most, whole_down

_SHARES = 100


def planned_loss(premium: float, loss_at_stop: float, rules: Rules = DEFAULT, shares: int = _SHARES) -> float:
    """Return the dollars one contract is planned to lose: at the stop, and at least a part of its premium."""
    return max(loss_at_stop, rules.sizing.least_loss_fraction * premium * shares)


def contract_count(
    premium: float, loss_at_stop: float, multiplier: float, rules: Rules = DEFAULT, shares: int = _SHARES
) -> ContractCount | Reason:
    """Return the contracts to buy, or the reason RISK_TOO_LARGE when not even one fits.

    ``premium`` in dollars a share, ``loss_at_stop`` in dollars a contract with costs, ``multiplier`` that of
    ``position_size``. Raises ValueError when one of them is not a number or the premium is not positive.
    """
    if not (isfinite(premium) and isfinite(loss_at_stop) and isfinite(multiplier)) or premium <= 0:
        raise ValueError(
            f"premium {premium}, loss {loss_at_stop} and multiplier {multiplier} must be numbers"
        )
    table = rules.sizing
    budget = rules.account.size * rules.account.budget_pct / 100 * multiplier
    loss, cost = planned_loss(premium, loss_at_stop, rules, shares), premium * shares
    limits = (
        ("budget", whole_down(budget / loss)),
        ("premium cap", whole_down(table.premium_cap / cost)),
        ("contract cap", table.contract_cap),
    )
    bound_by, contracts = min(limits, key=lambda limit: limit[1])
    if contracts >= 1:
        return ContractCount(contracts=contracts, planned_loss=loss, bound_by=bound_by)
    if above(cost, table.premium_cap):
        text = f"One contract costs ${cost:,.0f}, the premium cap is ${table.premium_cap:,.0f}"
        return Reason("RISK_TOO_LARGE", text, Tone.NEGATIVE)
    if at_most(loss, table.one_contract_tolerance * budget):
        return ContractCount(contracts=1, planned_loss=loss, bound_by="one contract")
    text = f"One contract risks ${loss:,.0f} to its stop, the budget is ${budget:,.0f}"
    return Reason("RISK_TOO_LARGE", text, Tone.NEGATIVE)
