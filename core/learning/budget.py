"""Advice on the budget per trade: a fraction of Kelly's, taken at the lower end of its interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.learning.columns import Observations
from core.learning.observations import Observation
from core.learning.session_statistics import by_session, metric_of, undefined
from core.performance.intervals import BOOTSTRAP_TRADES, Sampler
from core.performance.metric import Metric, Status
from core.rules import DEFAULT, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAdvice:
    """Advised budget per trade at multiplier 1, in % of the account.

    ``kelly`` is the growth-optimal fraction of the account to risk per 1 R. ``advised_pct`` is
    ``kelly_fraction`` times its lower bound: 0 when the bound is not above 0, ``None`` when there are too few
    signals. ``now_pct`` is the budget of the rules in force.
    """

    kelly: Metric
    advised_pct: float | None
    now_pct: float
    text: str


def budget_advice(observations: Observations | Iterable[Observation], rules: Rules = DEFAULT) -> BudgetAdvice:
    """Return advice on the budget, from the signals whose verdict was EXECUTE.

    Kelly's fraction is taken as Σ R / Σ R², its second-order form, exact for even bets of 1 R. Sources: Kelly
    (1956), "A New Interpretation of Information Rate"; Thorp (2006), "The Kelly Criterion", section 3.
    """
    seen = observations if isinstance(observations, Observations) else Observations.from_rows(observations)
    seen = seen.where(seen.blocked_by("") & ~np.isnan(seen.r))
    n, now = len(seen), rules.account.budget_pct
    squares = float((seen.r**2).sum())
    if n == 0 or squares <= 0:
        missing = undefined(n, "fraction", "no signals with a planned loss and an outcome")
        return BudgetAdvice(kelly=missing, advised_pct=None, now_pct=now, text="Nothing to advise from yet")
    sampler = Sampler(by_session(seen.day, seen.r, seen.r**2), bootstrap=n <= BOOTSTRAP_TRADES)
    kelly = metric_of(float(seen.r.sum()) / squares, n, "fraction", sampler.ratio(0, 1))
    if kelly.status is not Status.OK or kelly.low is None:
        return BudgetAdvice(
            kelly=kelly, advised_pct=None, now_pct=now, text=f"Too few signals to advise ({n})"
        )
    advised = 100 * rules.learning.kelly_fraction * max(0.0, kelly.low)
    if advised <= 0:
        text = f"No edge is proven: the Kelly fraction's interval reaches down to {kelly.low:.2f}"
    else:
        share = f"{rules.learning.kelly_fraction:g} of Kelly at its lower bound"
        text = f"{share} is {advised:.2f} % of the account per trade, the budget is {now:g} %"
    return BudgetAdvice(kelly=kelly, advised_pct=advised, now_pct=now, text=text)
