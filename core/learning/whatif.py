"""What candidate rules would have changed in the ledger, in decisions and in dollars.

Every stored decision is decided again twice, under the rules in force and under the candidate, so that only
the candidate makes the difference. Trades are then made in the order of time by both, under the limits of
each, with the outcomes the ledger knows: real trades and closed shadows, all at multiplier 1 (times the
change of size, where one is given). What has no outcome is NOT_ANSWERABLE and counted, never guessed. The
past the candidate was found on is the past it is tried on: IN-SAMPLE, with the later third apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import Codes, DecisionColumns
from core.decision.many import ACTIONS, EXECUTE, GATES, Verdicts, decide_many
from core.learning.limits import REAPPLIED_RULES, allowed
from core.learning.sessions import total, undefined
from core.performance.figures import Metric
from core.rules import Rules, changed_rules

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_SECTIONS = frozenset({"regime", "structural", "market", "confidence", "learning"})
_NEVER = frozenset(
    {
        "market.feed_timeout_seconds", "market.stale_seconds", "premium_cap", "contract_cap",
        "least_loss_fraction", "one_contract_tolerance",
    }
)  # fmt: skip
"""Of sections that a what-if applies, the rules that act before a decision's inputs or on the contracts."""

IN_SAMPLE = "IN-SAMPLE: the candidate is tried on the past it was found on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What came of n decisions, in the order of time; arrays of shape (n,), NaN unknown.

    ``at`` and ``exit_at`` in microseconds since 1970, ``exit_at`` 0 when unknown; ``day`` the exchange day.
    ``net`` in $ at multiplier 1, NaN where nothing is known to have come of it; ``blocked`` those that
    lateness, levels, the contract or its size stopped whatever the verdict. ``signal`` and ``symbol`` number
    them, ``direction`` is 1 LONG, -1 SHORT.
    ``scale`` is the candidate's multiplier over that of the rules in force, 1 when left out.
    """

    at: Ints
    day: Ints
    signal: Ints
    symbol: Ints
    direction: Codes
    net: Floats
    exit_at: Ints
    blocked: Flags
    scale: Floats | None = None

    def __len__(self) -> int:
        return len(self.net)

    def take(self, rows: Any) -> Outcomes:
        scale = None if self.scale is None else self.scale[rows]
        return Outcomes(
            at=self.at[rows], day=self.day[rows], signal=self.signal[rows], symbol=self.symbol[rows],
            direction=self.direction[rows], net=self.net[rows], exit_at=self.exit_at[rows],
            blocked=self.blocked[rows], scale=scale,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChange:
    """How many decisions a gate would let through or stop that it did not, and the P&L of those trades."""

    gate: str
    opened: int
    shut: int
    difference: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One stretch of the ledger: decisions and trades that differ, dollars at multiplier 1.

    ``changes`` counts decisions by (action in force, candidate's action). ``gained`` and ``lost`` are the P&L
    of trades only one of the two makes, ``resized`` that of a changed size, ``difference`` the whole.
    ``not_answerable`` are trades of either that have no known outcome.
    """

    decisions: int
    changed: int
    changes: Mapping[str, int]
    trades: int
    trades_candidate: int
    gained: Metric
    lost: Metric
    resized: Metric
    difference: Metric
    not_answerable: int
    gates: tuple[GateChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The candidate against the rules in force over the whole ledger, and over its later third.

    ``rules`` are those that differ, (in force, candidate). ``not_applied`` names the ones among them whose
    effect stored decisions and outcomes cannot show, such as exits, fills or how long a context counts: that
    part of the question is NOT_ANSWERABLE here, a replay answers it.
    """

    in_force: str
    candidate: str
    whole: Difference
    later_third: Difference
    label: str = IN_SAMPLE
    rules: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    not_applied: tuple[str, ...] = ()


def whatif(columns: DecisionColumns, outcomes: Outcomes, in_force: Rules, candidate: Rules) -> WhatIf:
    """Try candidate rules on stored decisions; both arguments in the order of time. Source: SPEC §13.

    Raises ValueError when the two are not of one length.
    """
    if len(columns) != len(outcomes):
        raise ValueError(f"{len(columns)} decisions but {len(outcomes)} outcomes")
    now, then = decide_many(columns, in_force), decide_many(columns, candidate)
    # Taking part in no trade, a decision that neither set of rules executes changes only the counts.
    either = ((now.action == EXECUTE) | (then.action == EXECUTE)) & ~outcomes.blocked
    rows = np.flatnonzero(either)
    few = outcomes.take(rows)
    made_now = _trades(now, rows, few, in_force)
    made_then = _trades(then, rows, few, candidate)
    starts = _later_third(outcomes.day)
    differing = changed_rules(in_force, candidate)
    compare = _Comparison(now, then, rows, few, made_now, made_then)
    return WhatIf(
        in_force=in_force.fingerprint,
        candidate=candidate.fingerprint,
        whole=compare.over(0),
        later_third=compare.over(starts),
        rules=differing,
        not_applied=tuple(path for path in differing if not _applies(path, outcomes.scale is not None)),
    )


def _applies(path: str, resized: bool) -> bool:
    section, _, name = path.partition(".")
    if section == "sizing":
        return resized and name not in _NEVER
    return (section in _SECTIONS and path not in _NEVER) or path in REAPPLIED_RULES


def _trades(verdicts: Verdicts, rows: Ints, few: Outcomes, rules: Rules) -> Flags:
    """Which of the rows are traded: a signal's first EXECUTE, where the limits still allow it."""
    wanted = verdicts.action[rows] == EXECUTE
    places = np.flatnonzero(wanted)
    _, first = np.unique(few.signal[places], return_index=True)
    once = np.zeros(len(rows), dtype=np.bool_)
    once[places[first]] = True
    return allowed(few, once, rules)


def _later_third(day: Ints) -> int:
    """The first row of the last third of the sessions."""
    sessions = np.unique(day)
    if len(sessions) < 3:
        return len(day)
    return int(np.searchsorted(day, sessions[len(sessions) - len(sessions) // 3]))


class _Comparison:
    """Both sets of verdicts and trades, measured over any stretch to the end."""

    def __init__(
        self, now: Verdicts, then: Verdicts, rows: Ints, few: Outcomes, made_now: Flags, made_then: Flags
    ) -> None:
        self.now, self.then, self.rows, self.few = now, then, rows, few
        self.made_now, self.made_then = made_now, made_then
        self.known = ~np.isnan(few.net)
        self.scale = few.scale if few.scale is not None else np.ones(len(few))

    def over(self, start: int) -> Difference:
        """From a row to the last."""
        pair = self.now.action[start:].astype(np.intp) * len(ACTIONS) + self.then.action[start:]
        counts = np.bincount(pair, minlength=len(ACTIONS) ** 2)
        changes = {
            f"{one} to {other}": int(counts[i * len(ACTIONS) + j])
            for i, one in enumerate(ACTIONS)
            for j, other in enumerate(ACTIONS)
            if i != j and counts[i * len(ACTIONS) + j]
        }
        since = self.rows >= start
        gained, lost = self.made_then & ~self.made_now & since, self.made_now & ~self.made_then & since
        kept = self.made_now & self.made_then & since
        # A trade both make at one size has no part in the difference, so its outcome need not be known.
        resized = kept & (self.scale != 1)
        touched = gained | lost | resized
        effect = self._effect(gained, lost, resized)
        return Difference(
            decisions=len(pair),
            changed=int(sum(changes.values())),
            changes=changes,
            trades=int((self.made_now & since).sum()),
            trades_candidate=int((self.made_then & since).sum()),
            gained=self._dollars(gained, self.few.net * self.scale),
            lost=self._dollars(lost, self.few.net),
            resized=self._dollars(resized, self.few.net * (self.scale - 1)),
            difference=self._dollars(touched, effect),
            not_answerable=int((touched & ~self.known).sum()),
            gates=tuple(self._gate(name, start, touched, effect) for name in GATES),
        )

    def _effect(self, gained: Flags, lost: Flags, resized: Flags) -> Floats:
        net = self.few.net
        return np.select([gained, lost, resized], [net * self.scale, -net, net * (self.scale - 1)], 0.0)

    def _gate(self, name: str, start: int, touched: Flags, effect: Floats) -> GateChange:
        before, after = self.now.passed(name)[start:], self.then.passed(name)[start:]
        turned = self.now.passed(name)[self.rows] != self.then.passed(name)[self.rows]
        return GateChange(
            gate=name,
            opened=int((after & ~before).sum()),
            shut=int((before & ~after).sum()),
            difference=self._dollars(touched & turned, effect),
        )

    def _dollars(self, which: Flags, values: Floats) -> Metric:
        chosen = which & self.known
        if not which.any():
            return undefined(0, "$", "no such trade", "trades")
        if not chosen.any():
            return undefined(0, "$", "NOT_ANSWERABLE: no outcome is known", "trades")
        return total(values[chosen], self.few.day[chosen], "$", "trades")
