"""Advice on the budget per trade: a fraction of Kelly's, taken at the lower end of its interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.learning.columns import Floats, Observations
from core.learning.observations import Observation
from core.learning.session_statistics import by_session, metric_of, undefined
from core.performance.intervals import BOOTSTRAP_TRADES, Sampler
from core.performance.metric import Metric, Status
from core.rules import DEFAULT, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAdvice:
    """Advised budget per trade at multiplier 1, in % of the account.

    ``kelly`` is the growth-optimal fraction of the account to risk per 1 R at multiplier 1, given the
    multipliers that signals get and those that are open at once. ``advised_pct`` is ``kelly_fraction`` times
    its lower bound: 0 when the bound is not above 0, ``None`` when there are too few signals or sessions.
    ``now_pct`` is the budget of the rules in force. ``multiplier`` and ``open_at_once`` are means over the
    signals, the second including the signal itself.
    """

    kelly: Metric
    advised_pct: float | None
    now_pct: float
    text: str
    multiplier: float | None = None
    open_at_once: float | None = None


def budget_advice(observations: Observations | Iterable[Observation], rules: Rules = DEFAULT) -> BudgetAdvice:
    """Return advice on the budget, from the signals whose verdict was EXECUTE.

    With x = multiplier · R the growth of the account is f·Σx − f²/2·Σxᵢxⱼ in second order, the second sum over
    all pairs that are open at the same time, and Kelly's fraction f is Σx / Σxᵢxⱼ. It is exact for even bets
    of 1 R, one at a time. Sources: Kelly (1956), "A New Interpretation of Information Rate"; Thorp (2006),
    "The Kelly Criterion", sections 3 and 6.
    """
    seen = observations if isinstance(observations, Observations) else Observations.from_rows(observations)
    seen = seen.where(seen.blocked_by("") & ~np.isnan(seen.r))
    n, now = len(seen), rules.account.budget_pct
    sizes = seen.number("multiplier")
    sizes = np.where(np.isnan(sizes), 1.0, sizes)
    x = sizes * seen.r
    if n == 0 or not x.any():
        missing = undefined(n, "fraction", "no signals with a planned loss and an outcome")
        return BudgetAdvice(kelly=missing, advised_pct=None, now_pct=now, text="Nothing to advise from yet")
    rows = by_session(seen.day, x, x * _open_with(seen, x), x**2)
    # Positions that offset each other are not trusted to go on doing so.
    rows[:, 1] = np.maximum(rows[:, 1], rows[:, 2])
    sampler = Sampler(rows, bootstrap=n <= BOOTSTRAP_TRADES)
    value = float(rows[:, 0].sum() / rows[:, 1].sum())
    kelly = metric_of(value, n, "fraction", sampler.ratio(0, 1), sampler.sessions)
    multiplier, at_once = float(sizes.mean()), float(_open_with(seen, np.ones(n)).mean())
    advised = None
    if kelly.status is not Status.OK or sampler.sessions < rules.learning.kelly_sessions or kelly.low is None:
        text = (
            f"Too little to advise a budget: {n} signals in {sampler.sessions} sessions,"
            f" {rules.learning.kelly_sessions} sessions are needed"
        )
    else:
        advised = 100 * rules.learning.kelly_fraction * max(0.0, kelly.low)
        text = f"No edge is proven: the Kelly fraction's interval reaches down to {kelly.low:.2f}"
        if advised > 0:
            share = f"{rules.learning.kelly_fraction:g} of Kelly at its lower bound"
            text = (
                f"{share}, at a mean multiplier of {multiplier:.2f} with {at_once:.1f} open at once,"
                f" is {advised:.2f} % of the account per trade, the budget is {now:g} %"
            )
    return BudgetAdvice(
        kelly=kelly, advised_pct=advised, now_pct=now, text=text, multiplier=multiplier, open_at_once=at_once
    )


def _open_with(seen: Observations, values: Floats) -> Floats:
    """Return for each signal the sum of the values of all signals open at some time with it, itself included."""
    # A signal that closed at the instant it opened counts for itself.
    closes = np.maximum(seen.closed, seen.opened + 1)
    by_start, by_end = np.argsort(seen.opened, kind="stable"), np.argsort(closes, kind="stable")
    started = np.concatenate(([0.0], np.cumsum(values[by_start])))
    ended = np.concatenate(([0.0], np.cumsum(values[by_end])))
    before = np.searchsorted(seen.opened[by_start], closes, side="left")
    gone = np.searchsorted(closes[by_end], seen.opened, side="right")
    together: Floats = started[before] - ended[gone]
    return together
