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
from core.learning.exit_replay import NO_OUTCOME, WHY
from core.learning.limits_replay import REAPPLIED_RULES, allowed
from core.learning.outcomes import Flags, Floats, Ints, Outcomes
from core.learning.session_statistics import total, undefined
from core.performance.metric import Metric
from core.rules import Rules, changed_rules

_SECTIONS = frozenset({"regime", "structural", "market", "confidence", "learning"})
_NEVER = frozenset(
    {
        "market.feed_timeout_seconds", "market.feed_disagree_pct", "market.stale_seconds", "premium_cap",
        "contract_cap", "least_loss_fraction", "one_contract_tolerance",
    }
)  # fmt: skip
"""Rules in sections that a what-if applies, which act before a decision's inputs or on the contracts."""

NO_TRADE = "no such trade"
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
"""Function that returns the candidate's multiplier over that of the rules in force, for some rows."""


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
    of trades that only the candidate or only the rules in force make, ``resized`` that of a changed size,
    ``reexited`` that of trades of both that exit differently, ``difference`` the whole. ``not_answerable``
    counts trades of either without a known outcome, by reason in ``why``.
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

    ``rules`` are those that differ, (in force, candidate). ``not_applied`` names those among them whose
    effect stored decisions and prices cannot show, such as fills or the lifetime of a context: a replay
    answers that.
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
    trades_now = _trades(now, rows, few, in_force)
    trades_then = _trades(then, rows, other, candidate)
    starts = _later_third_start(outcomes.day)
    differing = changed_rules(in_force, candidate)
    compare = _Comparison(now, then, rows, few, trades_now, trades_then, other.net, again)
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
    """Return a mask of the traded rows: a signal's first EXECUTE, where the limits allow it."""
    wanted = verdicts.action[rows] == EXECUTE
    places = np.flatnonzero(wanted)
    _, first = np.unique(few.signal[places], return_index=True)
    once = np.zeros(len(rows), dtype=np.bool_)
    once[places[first]] = True
    return allowed(few, once, rules)


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
        # A trade of both with equal size and exit makes no difference, whether known or not.
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
        # A lost trade has its stored result; only trades of the candidate need the candidate's exits.
        codes = np.full(len(few), WHY.index(NO_OUTCOME), dtype=np.int8)
        self.why = codes if again is None else np.where(self.lost | (again.why == 0), codes, again.why)

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
