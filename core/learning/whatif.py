"""What candidate rules would have changed in the ledger, in decisions and in dollars.

Every stored decision is decided again twice, under the rules in force and under the candidate, so that only
the candidate makes the difference. Trades are then made in the order of time by both, under the limits of
each, with the outcomes the ledger knows: real trades and closed shadows, all at multiplier 1 (times the
change of size, where one is given). Where the candidate has other exits, each trade is left again along its
stored prices and their tail. What has no outcome is NOT_ANSWERABLE and counted by reason, never guessed. The
past the candidate was found on is the past it is tried on: IN-SAMPLE, with the later third apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.decision.batch import ACTIONS, EXECUTE, GATES, Verdicts, decide_many
from core.decision.columns import Codes, DecisionColumns
from core.learning.exit_replay import NO_OUTCOME, WHY
from core.learning.limits_replay import REAPPLIED_RULES, allowed
from core.learning.outcomes import Flags, Floats, Ints, Outcomes
from core.learning.session_statistics import total, undefined
from core.performance.metric import Metric
from core.rules import Rules, changed_rules

_SECTIONS = frozenset({"regime", "structural", "market", "confidence", "learning"})
_NEVER = frozenset(
    {
        "market.feed_timeout_seconds", "market.stale_seconds", "premium_cap", "contract_cap",
        "least_loss_fraction", "one_contract_tolerance",
    }
)  # fmt: skip
"""Of sections that a what-if applies, the rules that act before a decision's inputs or on the contracts."""

NO_TRADE = "no such trade"
IN_SAMPLE = "IN-SAMPLE: the candidate is tried on the past it was found on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedExits:
    """What the candidate's exits make of m trades, arrays of shape (m,).

    ``net`` in $ at multiplier 1, NaN where there is no telling, and ``why`` then a code into WHY; ``exit_at``
    in microseconds since 1970, 0 when unknown.
    """

    net: Floats
    exit_at: Ints
    why: Codes


ReplayExits = Callable[[Ints], ReplayedExits]
"""Leaves the trades of some rows again by the candidate's exits."""
Resize = Callable[[Ints], Floats]
"""The candidate's multiplier over that of the rules in force, for the trades of some rows."""


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
    of trades only one of the two makes, ``resized`` that of a changed size, ``reexited`` that of trades both
    make that leave otherwise, ``difference`` the whole. ``not_answerable`` are trades of either that have no
    known outcome, counted by reason in ``why``.
    """

    decisions: int
    changed: int
    changes: Mapping[str, int]
    trades: int
    trades_candidate: int
    gained: Metric
    lost: Metric
    resized: Metric
    reexited: Metric
    difference: Metric
    not_answerable: int
    why: Mapping[str, int]
    gates: tuple[GateChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The candidate against the rules in force over the whole ledger, and over its later third.

    ``rules`` are those that differ, (in force, candidate). ``not_applied`` names the ones among them whose
    effect stored decisions and prices cannot show, such as fills or how long a context counts: that part of
    the question is NOT_ANSWERABLE here, a replay answers it.
    """

    in_force: str
    candidate: str
    whole: Difference
    later_third: Difference
    label: str = IN_SAMPLE
    rules: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    not_applied: tuple[str, ...] = ()


def whatif(
    columns: DecisionColumns,
    outcomes: Outcomes,
    in_force: Rules,
    candidate: Rules,
    resize: Resize | None = None,
    replay_exits: ReplayExits | None = None,
) -> WhatIf:
    """Try candidate rules on stored decisions; both arguments in the order of time. Source: SPEC §13.

    ``resize`` answers for another size where the outcomes do not, ``replay_exits`` for other exits; without it they
    are not applied. Raises ValueError when the two are not of one length.
    """
    if len(columns) != len(outcomes):
        raise ValueError(f"{len(columns)} decisions but {len(outcomes)} outcomes")
    now, then = decide_many(columns, in_force), decide_many(columns, candidate)
    # Taking part in no trade, a decision that neither set of rules executes changes only the counts.
    either = ((now.action == EXECUTE) | (then.action == EXECUTE)) & ~outcomes.blocked
    rows = np.flatnonzero(either)
    few = outcomes.take(rows)
    if resize is not None:
        few = replace(few, scale=resize(rows))
    again = replay_exits(rows) if replay_exits is not None and in_force.exits != candidate.exits else None
    other = few if again is None else replace(few, net=again.net, exit_at=again.exit_at)
    made_now = _trades(now, rows, few, in_force)
    made_then = _trades(then, rows, other, candidate)
    starts = _later_third(outcomes.day)
    differing = changed_rules(in_force, candidate)
    compare = _Comparison(now, then, rows, few, made_now, made_then, other.net, again)
    return WhatIf(
        in_force=in_force.fingerprint,
        candidate=candidate.fingerprint,
        whole=compare.over(0),
        later_third=compare.over(starts),
        rules=differing,
        not_applied=tuple(
            path for path in differing if not _applies(path, few.scale is not None, replay_exits is not None)
        ),
    )


def _applies(path: str, resized: bool, leaves: bool) -> bool:
    section, _, name = path.partition(".")
    if section == "exits":
        return leaves
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
        self,
        now: Verdicts,
        then: Verdicts,
        rows: Ints,
        few: Outcomes,
        made_now: Flags,
        made_then: Flags,
        other: Floats,
        again: ReplayedExits | None,
    ) -> None:
        self.now, self.then, self.rows, self.few = now, then, rows, few
        self.made_now, self.made_then = made_now, made_then
        self.scale = few.scale if few.scale is not None else np.ones(len(few))
        both = made_now & made_then
        self.gained, self.lost = made_then & ~made_now, made_now & ~made_then
        # A trade both make at one size and leave alike has no part in the difference, known or not.
        self.reexited = both & (other != few.net) if again is not None else np.zeros_like(both)
        self.resized = both & ~self.reexited & (self.scale != 1)
        self.touched = self.gained | self.lost | self.resized | self.reexited
        self.effect = np.select(
            [self.gained, self.lost, both],
            [other * self.scale, -few.net, other * self.scale - few.net if again is not None
             else few.net * (self.scale - 1)],
            0.0,
        )  # fmt: skip
        self.known = ~np.isnan(self.effect)
        # A lost trade is worth what it made; only what the candidate would have made needs its exits.
        codes = np.full(len(few), WHY.index(NO_OUTCOME), dtype=np.int8)
        self.why = codes if again is None else np.where(self.lost | (again.why == 0), codes, again.why)

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
        unknown = self.touched & ~self.known & since
        why = Counter(WHY[code] for code in self.why[unknown].tolist())
        return Difference(
            decisions=len(pair),
            changed=int(sum(changes.values())),
            changes=changes,
            trades=int((self.made_now & since).sum()),
            trades_candidate=int((self.made_then & since).sum()),
            gained=self._dollars(self.gained & since, self.effect),
            lost=self._dollars(self.lost & since, self.few.net),
            resized=self._dollars(self.resized & since, self.effect),
            reexited=self._dollars(self.reexited & since, self.effect),
            difference=self._dollars(self.touched & since, self.effect),
            not_answerable=int(unknown.sum()),
            why=dict(why.most_common()),
            gates=tuple(self._gate(name, start, self.touched & since) for name in GATES),
        )

    def _gate(self, name: str, start: int, touched: Flags) -> GateChange:
        before, after = self.now.passed(name)[start:], self.then.passed(name)[start:]
        turned = self.now.passed(name)[self.rows] != self.then.passed(name)[self.rows]
        return GateChange(
            gate=name,
            opened=int((after & ~before).sum()),
            shut=int((before & ~after).sum()),
            difference=self._dollars(touched & turned, self.effect),
        )

    def _dollars(self, which: Flags, values: Floats) -> Metric:
        chosen = which & self.known
        if not which.any():
            return undefined(0, "$", NO_TRADE, "trades")
        if not chosen.any():
            return undefined(0, "$", "NOT_ANSWERABLE: no outcome is known", "trades")
        return total(values[chosen], self.few.day[chosen], "$", "trades")
