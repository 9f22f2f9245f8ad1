"""What-if: the decisions and dollars that candidate rules would have changed in the ledger.

Every stored decision is computed again twice, under the rules in force and under the candidate, so that only the
candidate makes the difference. The trades of both follow, per signal, in account dollars with whole contracts. A
ledger file replays them on its stored market answers and prices (``trade_replay``), so that sizes, limits, contracts
and exits are those of the engine. Without these, the stored outcomes count: real trades, and closed shadows with the
contracts that the size of their decision would have bought. A trade without a known result is NOT_ANSWERABLE: it is
counted by reason and left out on both sides. The candidate is tested on the past it was found on (IN-SAMPLE); the
later third is reported separately.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.decision.batch import ACTIONS, EXECUTE, GATES, SKIP, WAIT, Verdicts, decide_many
from core.decision.columns import DecisionColumns
from core.learning.baseline import Baseline, baseline
from core.learning.limits_replay import REAPPLIED_RULES
from core.learning.outcomes import Flags, Floats, Ints, Outcomes
from core.learning.session_statistics import total, undefined, with_band
from core.learning.trades_made import (
    CODE,
    MOVED,
    NO_OUTCOME,
    WHY,
    BothTrades,
    TradesMade,
    first_executed,
    stored_trades,
)
from core.performance.metric import Metric
from core.rules import Rules, changed_rules

_SECTIONS = frozenset({"regime", "structural", "market", "confidence", "learning"})
_NEVER = frozenset(
    {
        "market.feed_timeout_seconds", "market.feed_disagree_pct", "market.stale_seconds",
    }
)  # fmt: skip
"""Rules in sections that a what-if applies, which act before a decision's inputs."""

_REPLAYED = frozenset({"sizing", "account", "exits", "contract", "fills", "volatility", "risk"})
_REPLAYED_RULES = frozenset({"context.level_passed_fraction"})
"""Rules besides those of the verdict that a replay of the trades applies."""

NO_TRADE = "no such trade"
UNIT = "account dollars, whole contracts"
REPLAYED = "trades made again by the engine's sizes, limits, fills and exits"
STORED = "from stored outcomes, limits on premium and Greeks not applied again"
IN_SAMPLE = "IN-SAMPLE: the candidate is tried on the past it was found on"

ReplayTrades = Callable[[Ints, Flags, Flags, bool], BothTrades]
"""Function that makes the trades of some rows, given which of them each set of rules executes.

The last argument is true when the candidate may also execute second decisions that were not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChange:
    """Decisions that a gate would newly pass (``opened``) or stop (``shut``), and the P&L of those trades."""

    gate: str
    opened: int
    shut: int
    difference: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Difference over one stretch of the ledger: decisions and trades that differ, account dollars.

    ``changes`` counts decisions by (action in force, candidate's action). ``gained`` and ``lost`` are the P&L
    of signals that only the candidate or only the rules in force trade, ``moved`` the difference of signals
    that both trade at different decisions, ``resized`` that of other numbers of contracts, ``reexited`` that of
    trades of equal size whose fills or exits differ, ``difference`` the whole.

    ``not_answerable`` counts signals without a known result, by reason in ``why``; they are left out on both sides,
    and ``left_out`` is their P&L under the rules in force, where that is known. ``waiting`` counts signals that the
    candidate does not trade and that would have waited on: later decisions of theirs are not stored, and a trade at
    one of them is not counted. ``waiting_lost`` is the part of ``lost`` that is theirs.
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
    left_out: Metric
    waiting: int
    waiting_lost: Metric
    gates: tuple[GateChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The candidate against the rules in force over the whole ledger, and over its later third.

    ``rules`` are those that differ, (in force, candidate). ``not_applied`` names those among them whose
    effect stored decisions and prices cannot show, such as the lifetime of a context: a replay answers that.
    ``unit`` is that of all dollars, ``method`` how the trades were made. ``baseline`` compares the trades under the
    rules in force with the real ones. ``made_by`` says which decisions another version of the engine made, ``None``
    where there are none.
    """

    in_force: str
    candidate: str
    whole: Difference
    later_third: Difference
    label: str = IN_SAMPLE
    unit: str = UNIT
    method: str = STORED
    baseline: Baseline | None = None
    rules: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    not_applied: tuple[str, ...] = ()
    made_by: str | None = None


def whatif(
    columns: DecisionColumns,
    outcomes: Outcomes,
    in_force: Rules,
    candidate: Rules,
    replay: ReplayTrades | None = None,
) -> WhatIf:
    """Return what candidate rules would have changed in stored decisions; both columns oldest first.

    ``replay`` makes the trades of some rows. Without it the stored outcomes count, with the changed sizes that they
    have. Raises ValueError when the two differ in length.
    """
    compared = comparison(columns, outcomes, in_force, candidate, replay)
    starts = _later_third_start(outcomes.day)
    differing = changed_rules(in_force, candidate)
    resized = compared.few.scale is not None
    return WhatIf(
        in_force=in_force.fingerprint,
        candidate=candidate.fingerprint,
        whole=compared.over(0),
        later_third=compared.over(starts),
        method=STORED if replay is None else REPLAYED,
        baseline=compared.baseline(),
        rules=differing,
        not_applied=tuple(path for path in differing if not _applies(path, resized, replay is not None)),
    )


def comparison(
    columns: DecisionColumns,
    outcomes: Outcomes,
    in_force: Rules,
    candidate: Rules,
    replay: ReplayTrades | None = None,
) -> Comparison:
    """Return the verdicts and trades of both sets of rules side by side; arguments as for ``whatif``."""
    if len(columns) != len(outcomes):
        raise ValueError(f"{len(columns)} decisions but {len(outcomes)} outcomes")
    now, then = decide_many(columns, in_force), decide_many(columns, candidate)
    executes = (now.action == EXECUTE, _executed_while_live(now, then, outcomes.signal))
    # A decision that neither set of rules executes makes no trade, so only the counts need it.
    either = executes[0] | executes[1]
    looser = bool((executes[1] & ~executes[0]).any())
    if replay is not None and looser:
        # Second decisions are stored only where they differ from the one before: others may execute now.
        either |= _open_to_change(then)
    rows = np.flatnonzero(either & ~outcomes.blocked)
    few = outcomes.take(rows)
    executed = [each[rows] for each in executes]
    if replay is not None:
        trades = replay(rows, executed[0], executed[1], looser)
        return Comparison(now, then, rows, outcomes, few, trades, looser=False)
    trades = stored_trades(few, executed[0], executed[1], in_force, candidate)
    return Comparison(now, then, rows, outcomes, few, trades, looser=looser)


def _applies(path: str, resized: bool, replayed: bool) -> bool:
    section = path.partition(".")[0]
    if replayed and (section in _REPLAYED or path in _REPLAYED_RULES):
        return True
    if section in ("sizing", "account"):
        return resized
    return (section in _SECTIONS and path not in _NEVER) or path in REAPPLIED_RULES


def _executed_while_live(now: Verdicts, then: Verdicts, signal: Ints) -> Flags:
    """Return a mask of the candidate's executed decisions whose signal it has not ended before.

    A failed gate ends a signal. One that goes on after the rules in force ended it was sent again, under both.
    """
    executed: Flags = then.action == EXECUTE
    goes_on = [(verdicts.action == EXECUTE) | _open_to_change(verdicts) for verdicts in (now, then)]
    over = np.flatnonzero(goes_on[0] & ~goes_on[1])
    if not len(over) or not executed.any():
        return executed
    names, number = np.unique(signal, return_inverse=True)
    first = np.full(len(names), len(signal), dtype=np.int64)
    np.minimum.at(first, number[over], over)
    found: Flags = executed & (np.arange(len(signal)) < first[number])
    return found


def _open_to_change(verdicts: Verdicts) -> Flags:
    """Return a mask of the decisions after which a signal waits on: WAIT, or SKIP by the market gate alone."""
    of_market = verdicts.regime_passed & verdicts.structural_passed & ~verdicts.market_passed
    found: Flags = (verdicts.action == WAIT) | ((verdicts.action == SKIP) & of_market)
    return found


def _among_all(few: Flags, rows: Ints, count: int) -> Flags:
    """Return a mask of some rows as a mask of all decisions."""
    found = np.zeros(count, dtype=np.bool_)
    found[rows] = few
    return found


def _band_effects(
    before: TradesMade, after: TradesMade, lost: Flags, had: Flags, moved: Flags, left: Ints
) -> Floats | None:
    """Return by execution what the trades differ by, (n, 3), as ``Comparison.effect`` has it at the booked fills."""
    if before.bands is None or after.bands is None:
        return None
    was = np.where(had[:, None], before.bands, 0.0)
    was[moved] = before.bands[left]
    found: Floats = np.where(lost[:, None], 0.0, after.bands) - was
    return found


def _later_third_start(day: Ints) -> int:
    """Return the first row of the last third of the sessions."""
    sessions = np.unique(day)
    if len(sessions) < 3:
        return len(day)
    return int(np.searchsorted(day, sessions[len(sessions) - len(sessions) // 3]))


class Comparison:
    """Verdicts and trades under both sets of rules, measured from any row to the end.

    ``rows`` are the decisions that either set executes, ``few`` their outcomes. Of the masks over them, ``touched``
    marks the trades that differ, each at the candidate's row where both sets trade its signal; ``effect`` is what
    they differ by in $, NaN when unknown.
    """

    def __init__(
        self,
        now: Verdicts,
        then: Verdicts,
        rows: Ints,
        outcomes: Outcomes,
        few: Outcomes,
        trades: BothTrades,
        *,
        looser: bool,
    ) -> None:
        self.now, self.then, self.rows, self.few = now, then, rows, few
        self._outcomes = outcomes
        self.trades_now, self.trades_then = trades.in_force, trades.candidate
        before, after = trades.in_force, trades.candidate
        both = before.made & after.made
        self.gained, self.lost = after.made & ~before.made, before.made & ~after.made
        left, self.moved = self._move()
        other_size = before.contracts != after.contracts
        same = trades.equal | (~other_size & (before.net == after.net))
        self.resized, self.reexited = both & ~same & other_size, both & ~same & ~other_size
        self.touched = self.gained | self.lost | self.moved | self.resized | self.reexited
        # The P&L of every signal under the rules in force, at the row of its effect.
        self.before = np.where(both | self.lost, before.net, 0.0)
        self.before[self.moved] = before.net[left]
        self.effect = np.where(self.lost, 0.0, after.net) - self.before
        self.bands = _band_effects(before, after, self.lost, both | self.lost, self.moved, left)
        self.known = ~np.isnan(self.effect)
        earlier = before.why.copy()
        earlier[self.moved] = before.why[left]
        self.why = np.where(self.lost | (earlier != 0), earlier, after.why)
        self.why[self.moved & (self.why == WHY.index(NO_OUTCOME))] = WHY.index(MOVED)
        self._waits = self._waiting(outcomes, looser)
        self.waiting = self.lost & np.isin(few.signal, outcomes.signal[self._waits])

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

    def _waiting(self, outcomes: Outcomes, looser: bool) -> Ints:
        """Return the last rows of the signals that the candidate does not trade and leaves waiting.

        Once a signal has traded, no later decision of it is stored. With ``looser``, second decisions that were not
        stored because they were like the one before may execute under the candidate, too.
        """
        waits = _open_to_change(self.then) & ~outcomes.blocked
        _, from_end = np.unique(outcomes.signal[::-1], return_index=True)
        last = len(outcomes) - 1 - from_end
        last = last[waits[last]]
        signal = outcomes.signal[last]
        wanted = ~np.isin(signal, self.few.signal[self.trades_then.made])
        if not looser:
            wanted &= np.isin(signal, self.few.signal[self.lost])
        found: Ints = np.sort(last[wanted])
        return found

    def waiting_rows(self) -> Ints:
        """Return the last rows of the signals that the candidate leaves waiting, among all decisions."""
        return self._waits

    def baseline(self) -> Baseline | None:
        """Return the trades under the rules in force against the real ones."""
        executed = self.now.action == EXECUTE
        first = _among_all(first_executed(self.few.signal, executed[self.rows]), self.rows, len(executed))
        made = _among_all(self.trades_now.made, self.rows, len(executed))
        refused = np.full(len(executed), b"", dtype=CODE)
        refused[self.rows] = self.trades_now.refused
        return baseline(self._outcomes, executed, first, made, refused)

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
            trades=int((self.trades_now.made & since).sum()),
            trades_candidate=int((self.trades_then.made & since).sum()),
            gained=self._dollars(self.gained & since, self.effect),
            lost=self._dollars(self.lost & since, self.before),
            moved=self._dollars(self.moved & since, self.effect),
            resized=self._dollars(self.resized & since, self.effect),
            reexited=self._dollars(self.reexited & since, self.effect),
            difference=self._difference(self.touched & since),
            not_answerable=int(unknown.sum()),
            why=dict(why.most_common()),
            left_out=self._dollars(unknown & ~self.gained, self.before),
            waiting=int((self._waits >= start).sum()),
            waiting_lost=self._dollars(self.waiting & since, self.before),
            gates=tuple(self._gate(name, start, self.touched & since) for name in GATES),
        )

    def _difference(self, which: Flags) -> Metric:
        known = which & self.known
        return with_band(self._dollars(which, self.effect), None if self.bands is None else self.bands[known])

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
        chosen = which & ~np.isnan(values)
        if not which.any():
            return undefined(0, "$", NO_TRADE, "trades")
        if not chosen.any():
            return undefined(0, "$", "NOT_ANSWERABLE: no outcome is known", "trades")
        return total(values[chosen], self.few.day[chosen], "$", "trades")
