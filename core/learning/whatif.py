"""What-if: the decisions and dollars that candidate rules would have changed in the ledger.

Every stored decision is computed again twice, under the rules in force and under the candidate, so that only the
candidate makes the difference. Trades then follow in the order of time under the limits of each, with the
outcomes in the ledger: real trades and closed shadows, all at multiplier 1 (times the change of size, where
given). If the candidate has other exits, each trade is exited again along its stored prices, including those
after its exit. A trade without a known outcome is NOT_ANSWERABLE and counted by reason, never guessed. The
candidate is tested on the past it was found on (IN-SAMPLE); the later third is reported separately.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.decision.batch import ACTIONS, EXECUTE, GATES, Verdicts, decide_many
from core.decision.columns import Codes, DecisionColumns
from core.learning.baseline import Baseline, baseline
from core.learning.exit_replay import MOVED, NO_OUTCOME, WHY
from core.learning.limits_replay import REAPPLIED_RULES, allowed
from core.learning.outcomes import Flags, Floats, Ints, Outcomes
from core.learning.session_statistics import total, undefined
from core.performance.metric import Metric
from core.rules import Rules, changed_rules

_SECTIONS = frozenset({"regime", "structural", "market", "confidence", "learning"})
_NEVER = frozenset(
    {
        "market.feed_timeout_seconds", "market.feed_disagree_pct", "market.stale_seconds",
    }
)  # fmt: skip
"""Rules in sections that a what-if applies, which act before a decision's inputs."""

NO_TRADE = "no such trade"
UNIT = "dollars at multiplier 1"
IN_SAMPLE = "IN-SAMPLE: the candidate is tried on the past it was found on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedExits:
    """The candidate's exits of m trades, arrays of shape (m,).

    ``net`` in $ at multiplier 1, NaN when unknown, and ``why`` then a code into WHY; ``exit_at`` in
    microseconds since 1970, 0 when unknown.
    """

    net: Floats
    exit_at: Ints
    why: Codes


ReplayExits = Callable[[Ints], ReplayedExits]
"""Function that exits the trades of some rows again by the candidate's rules."""
Resize = Callable[[Ints], Floats]
"""Function that returns the candidate's contracts over those of the rules in force, for some rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChange:
    """Decisions that a gate would newly pass (``opened``) or stop (``shut``), and the P&L of those trades."""

    gate: str
    opened: int
    shut: int
    difference: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Difference over one stretch of the ledger: decisions and trades that differ, dollars at multiplier 1.

    ``changes`` counts decisions by (action in force, candidate's action). ``gained`` and ``lost`` are the P&L
    of signals that only the candidate or only the rules in force trade, ``moved`` the difference of signals
    that both trade at different decisions, ``resized`` that of a changed size, ``reexited`` that of trades of
    both that exit differently, ``difference`` the whole. ``not_answerable`` counts signals without a known
    outcome, by reason in ``why``; they are left out on both sides.
    """

    decisions: int
    changed: int
    changes: Mapping[str, int]
    trades: int
    trades_candidate: int
    gained: Metric
    lost: Metric
    moved: Metric
    resized: Metric
    reexited: Metric
    difference: Metric
    not_answerable: int
    why: Mapping[str, int]
    gates: tuple[GateChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The candidate against the rules in force over the whole ledger, and over its later third.

    ``rules`` are those that differ, (in force, candidate). ``not_applied`` names those among them whose
    effect stored decisions and prices cannot show, such as fills or the lifetime of a context: a replay
    answers that. ``baseline`` compares the trades under the rules in force with the real ones.
    """

    in_force: str
    candidate: str
    whole: Difference
    later_third: Difference
    label: str = IN_SAMPLE
    unit: str = UNIT
    baseline: Baseline | None = None
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
    """Return what candidate rules would have changed in stored decisions; both columns oldest first.

    ``resize`` supplies a changed size where the outcomes do not have it, ``replay_exits`` other exits;
    without it exit rules are not applied. Raises ValueError when the two differ in length.
    """
    if len(columns) != len(outcomes):
        raise ValueError(f"{len(columns)} decisions but {len(outcomes)} outcomes")
    now, then = decide_many(columns, in_force), decide_many(columns, candidate)
    # A decision that neither set of rules executes makes no trade, so only the counts need it.
    either = ((now.action == EXECUTE) | (then.action == EXECUTE)) & ~outcomes.blocked
    rows = np.flatnonzero(either)
    few = outcomes.take(rows)
    if resize is not None:
        few = replace(few, scale=resize(rows))
    again = replay_exits(rows) if replay_exits is not None and in_force.exits != candidate.exits else None
    other = few if again is None else replace(few, net=again.net, exit_at=again.exit_at)
    first_now, first_then = (_first_executed(verdicts, rows, few) for verdicts in (now, then))
    trades_now = allowed(few, first_now, in_force)
    trades_then = allowed(other, first_then, candidate)
    starts = _later_third_start(outcomes.day)
    differing = changed_rules(in_force, candidate)
    compare = _Comparison(now, then, rows, few, trades_now, trades_then, other.net, again)
    return WhatIf(
        in_force=in_force.fingerprint,
        candidate=candidate.fingerprint,
        whole=compare.over(0),
        later_third=compare.over(starts),
        baseline=baseline(
            outcomes,
            now.action == EXECUTE,
            *(_among_all(each, rows, outcomes) for each in (first_now, trades_now)),
        ),
        rules=differing,
        not_applied=tuple(
            path for path in differing if not _applies(path, few.scale is not None, replay_exits is not None)
        ),
    )


def _applies(path: str, resized: bool, leaves: bool) -> bool:
    section = path.partition(".")[0]
    if section == "exits":
        return leaves
    if section in ("sizing", "account"):
        return resized
    return (section in _SECTIONS and path not in _NEVER) or path in REAPPLIED_RULES


def _first_executed(verdicts: Verdicts, rows: Ints, few: Outcomes) -> Flags:
    """Return a mask of the rows that are the first EXECUTE of their signal."""
    places = np.flatnonzero(verdicts.action[rows] == EXECUTE)
    _, first = np.unique(few.signal[places], return_index=True)
    once = np.zeros(len(rows), dtype=np.bool_)
    once[places[first]] = True
    return once


def _among_all(few: Flags, rows: Ints, outcomes: Outcomes) -> Flags:
    """Return a mask of some rows as a mask of all decisions."""
    found = np.zeros(len(outcomes), dtype=np.bool_)
    found[rows] = few
    return found


def _later_third_start(day: Ints) -> int:
    """Return the first row of the last third of the sessions."""
    sessions = np.unique(day)
    if len(sessions) < 3:
        return len(day)
    return int(np.searchsorted(day, sessions[len(sessions) - len(sessions) // 3]))


class _Comparison:
    """Verdicts and trades under both sets of rules, measured from any row to the end."""

    def __init__(
        self,
        now: Verdicts,
        then: Verdicts,
        rows: Ints,
        few: Outcomes,
        trades_now: Flags,
        trades_then: Flags,
        other: Floats,
        again: ReplayedExits | None,
    ) -> None:
        self.now, self.then, self.rows, self.few = now, then, rows, few
        self.trades_now, self.trades_then = trades_now, trades_then
        self.scale = few.scale if few.scale is not None else np.ones(len(few))
        both = trades_now & trades_then
        self.gained, self.lost = trades_then & ~trades_now, trades_now & ~trades_then
        left, self.moved = self._move()
        # A trade of both with equal size and exit makes no difference, whether known or not.
        self.reexited = both & (other != few.net) if again is not None else np.zeros_like(both)
        self.resized = both & ~self.reexited & (self.scale != 1)
        self.touched = self.gained | self.lost | self.moved | self.resized | self.reexited
        self.effect = np.select(
            [self.gained | self.moved, self.lost, both],
            [other * self.scale, -few.net, other * self.scale - few.net if again is not None
             else few.net * (self.scale - 1)],
            0.0,
        )  # fmt: skip
        self.effect[self.moved] -= few.net[left]
        self.known = ~np.isnan(self.effect)
        # A lost trade has its stored result; only trades of the candidate need the candidate's exits.
        codes = np.full(len(few), WHY.index(NO_OUTCOME), dtype=np.int8)
        self.why = codes if again is None else np.where(self.lost | (again.why == 0), codes, again.why)
        self.why[self.moved & (self.why == WHY.index(NO_OUTCOME))] = WHY.index(MOVED)

    def _move(self) -> tuple[Ints, Flags]:
        """Take the signals that both trade, at different decisions, out of ``gained`` and ``lost``.

        Returns the rows that they leave, and a mask of those they move to, in the same order.
        """
        new, old = np.flatnonzero(self.gained), np.flatnonzero(self.lost)
        _, places, left = np.intersect1d(self.few.signal[new], self.few.signal[old], return_indices=True)
        order = np.argsort(places)
        to, leaves = new[places[order]], old[left[order]]
        moved = np.zeros_like(self.gained)
        moved[to] = True
        self.gained, self.lost = self.gained.copy(), self.lost.copy()
        self.gained[to] = self.lost[leaves] = False
        return leaves, moved

    def over(self, start: int) -> Difference:
        """Return the difference from a row to the last."""
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
            trades=int((self.trades_now & since).sum()),
            trades_candidate=int((self.trades_then & since).sum()),
            gained=self._dollars(self.gained & since, self.effect),
            lost=self._dollars(self.lost & since, self.few.net),
            moved=self._dollars(self.moved & since, self.effect),
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
