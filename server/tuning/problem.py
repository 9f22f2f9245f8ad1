"""The search problem: a set of rules in, the trades it would have made on a ledger's past out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.learning.ledger_columns import ledger_columns
from core.learning.outcomes import Outcomes
from core.learning.rule_paths import Number
from core.learning.search import SearchRange, TradeResults, candidate, trade_results
from core.learning.walk_forward import Fold, TrialScore, score, walk_forward
from core.learning.whatif import WhatIf, whatif
from core.performance.days import day_number, session_days
from core.performance.followed import outcome_of
from core.performance.trade import NotClosed, exchange_date, trade_from_entry
from core.positions import pnl_breakdown, r_multiple
from core.rules import Rules, parse_rules
from server.ledger import history
from server.ledger.address import LedgerAddress
from server.ledger.lists import items
from server.ledger.snapshot import LedgerSnapshot
from server.replay.recorded import replay_journal

Entry = Mapping[str, Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MEASURES = ("R", "usd")


class TuneError(Exception):
    """A search that is not possible; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question: the rules to vary, the measure of a result, and the folds of the past.

    At least ``least`` trades are required over the whole past; rules that make no trade score -``penalty`` in the
    unit of the measure.
    """

    ranges: tuple[SearchRange, ...]
    measure: str = "R"
    folds: int = 4
    embargo: int = 5
    least: int = 30
    penalty: float = 1.0


class Problem:
    """A ledger, the rules in force and a question; built once per process, used for every trial."""

    def __init__(self, ledger: LedgerAddress, question: Question, rules_text: str | None = None) -> None:
        """Read the ledger; ``rules_text`` defaults to the rules in force.

        Raises TuneError, LedgerError, RulesError.
        """
        if question.measure not in MEASURES:
            raise TuneError(f"measure: {question.measure!r} is not one of {', '.join(MEASURES)}")
        self.ledger, self.question = ledger, question
        with LedgerSnapshot(ledger) as source:
            self.head = source.head.hex()
            self.base = parse_rules((history.rules_text(source) or "") if rules_text is None else rules_text)
            entries = list(items(source, "ledger"))
        decided = [day for entry in entries if (day := exchange_date(_at(entry))) is not None]
        if not decided:
            raise TuneError(f"{ledger}: no decisions in it")
        days = session_days(day_number(min(decided)), day_number(max(decided)))
        assert days is not None
        self.days: Ints = days
        try:
            self.folds: tuple[Fold, ...] = walk_forward(self.days, question.folds, question.embargo)
        except ValueError as error:
            raise TuneError(f"{ledger}: {error}") from None
        self.by_replay = not all(one.verdict for one in question.ranges)
        self._columns, self._outcomes = ledger_columns(entries, self.base)
        self._values = _values(entries, question.measure, self._outcomes)

    def trade_results(self, values: Mapping[str, Number]) -> TradeResults:
        """Return the trades that the rules with these values would have made. Raises RulesError."""
        rules = candidate(self.base, values)
        if self.by_replay:
            return _replayed(self.ledger, rules, self.question.measure)
        return trade_results(self._columns, self._outcomes, self._values, rules)

    def score(self, results: TradeResults) -> TrialScore:
        question = self.question
        return score(results, self.folds, self.days, question.least, question.penalty)

    def side_effects(self, values: Mapping[str, Number]) -> WhatIf:
        """Return what the values would have changed in the ledger's decisions and dollars."""
        return whatif(self._columns, self._outcomes, self.base, candidate(self.base, values))

    def identity(self) -> dict[str, Any]:
        """Return the identity of the problem: processes share a study only if it is equal."""
        question = self.question
        return {
            "journal": self.head,
            "rules": self.base.fingerprint,
            "space": [[r.path, r.low, r.high, r.step] for r in question.ranges],
            "measure": question.measure,
            "folds": question.folds,
            "embargo": question.embargo,
            "least": question.least,
            "penalty": question.penalty,
        }


def _at(entry: Entry) -> datetime:
    return datetime.fromisoformat(str(entry["created_at"]))


def _values(entries: Sequence[Entry], measure: str, outcomes: Outcomes) -> Floats:
    """Return the result of each decision in the measure, ordered as ``ledger_columns``; NaN if unknown."""
    if measure == "usd":
        return outcomes.net
    known = [entry for entry in entries if entry.get("inputs")]
    known.sort(key=lambda entry: (_at(entry), entry.get("seq") or 0))
    return np.where(np.isnan(outcomes.net), np.nan, [_r(entry) for entry in known])


def _r(entry: Entry) -> float:
    outcome = outcome_of(entry)
    if outcome is None:
        return np.nan
    try:
        r = trade_from_entry(outcome[1]).r
    except NotClosed:
        return np.nan
    return np.nan if r is None else r


def _replayed(ledger: LedgerAddress, rules: Rules, measure: str) -> TradeResults:
    """Replay the journal under some rules and return its closed trades, without fills at stale prices."""
    with LedgerSnapshot(ledger) as source:
        closed = replay_journal(source, rules_text=rules.to_toml(), keep_closed=True).closed or []
    measured: Callable[[Any], float | None] = (
        r_multiple if measure == "R" else lambda position: pnl_breakdown(position).net
    )
    days, values = [], []
    for position in closed:
        value, day = measured(position), exchange_date(position.opened_at)
        if value is None or day is None or any(leg.is_left_out for leg in position.legs):
            continue
        days.append(day_number(day))
        values.append(value)
    return TradeResults(day=np.array(days, dtype=np.int64), value=np.array(values, dtype=np.float64))
