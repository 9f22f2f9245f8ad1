"""Ledger entries as what a what-if works on: their inputs in columns, and what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from core.decision.columns import SIDES, DecisionColumns, columns_from_stored
from core.decision.levels import levels_for
from core.decision.size_inputs import inputs_from
from core.decision.sizing import position_size
from core.facts_json import FactsError, read
from core.learning.limits import REAPPLIED
from core.learning.samples import SHADOW, at_one, outcome_of
from core.learning.whatif import Outcomes
from core.model import Context, MarketSnapshot
from core.performance.days import day_number, micros
from core.performance.trade import NotClosed, exchange_date, trade_from_entry
from core.rules import Rules

Entry = Mapping[str, Any]


def ledger_columns(
    entries: Iterable[Entry], in_force: Rules, candidate: Rules | None = None
) -> tuple[DecisionColumns, Outcomes]:
    """The inputs and outcomes of ledger entries (parsed JSON), in the order of time.

    With a ``candidate`` whose sizing differs, each outcome's change of size is worked out too. Entries
    without stored inputs are left out. Exits without a fresh price count as no outcome.
    """
    known = [entry for entry in entries if entry.get("inputs")]
    known.sort(key=lambda entry: (_at(entry), entry.get("seq") or 0))
    signals: dict[str, int] = {}
    symbols: dict[str, int] = {}
    rows = [_row(entry, in_force, signals, symbols) for entry in known]
    at, day, signal, symbol, direction, net, exit_at, blocked = zip(*rows, strict=True) if rows else [()] * 8
    scale = None
    if candidate is not None and candidate.sizing != in_force.sizing:
        scale = np.array(
            [1.0 if np.isnan(n) else _scale(e, in_force, candidate) for e, n in zip(known, net, strict=True)]
        )
    return columns_from_stored(entry["inputs"] for entry in known), Outcomes(
        at=np.array(at, dtype=np.int64),
        day=np.array(day, dtype=np.int64),
        signal=np.array(signal, dtype=np.int64),
        symbol=np.array(symbol, dtype=np.int64),
        direction=np.array(direction, dtype=np.int8),
        net=np.array(net, dtype=np.float64),
        exit_at=np.array(exit_at, dtype=np.int64),
        blocked=np.array(blocked, dtype=np.bool_),
        scale=scale,
    )


def _row(entry: Entry, rules: Rules, signals: dict[str, int], symbols: dict[str, int]) -> tuple[Any, ...]:
    at = _at(entry)
    day = exchange_date(at) or at.date()
    net, exit_at = _came_of(entry, rules)
    code = entry.get("code")
    symbol = str(entry.get("symbol") or "")
    return (
        micros(at),
        day_number(day),
        signals.setdefault(str(entry.get("signal_id") or entry["id"]), len(signals)),
        symbols.setdefault(symbol, len(symbols)),
        SIDES.get(entry.get("proposed_direction"), 0),
        net,
        exit_at,
        code is not None and code not in REAPPLIED,
    )


def _came_of(entry: Entry, rules: Rules) -> tuple[float, int]:
    outcome = outcome_of(entry)
    if outcome is None:
        return np.nan, 0
    kind, told = outcome
    try:
        trade = trade_from_entry(told)
    except NotClosed:
        return np.nan, 0
    if trade.stale_fill or trade.exit_time is None:
        return np.nan, 0
    return (trade.pnl_net if kind == SHADOW else at_one(told, trade, rules)), micros(trade.exit_time)


def _scale(entry: Entry, in_force: Rules, candidate: Rules) -> float:
    """The candidate's multiplier over that of the rules in force; 0 where it would be too small to trade."""
    stored = entry["inputs"]
    try:
        context, market = read(Context, stored["context"]), read(MarketSnapshot, stored["market"])
    except FactsError:
        return 1.0
    if context.expert is None:
        return 1.0
    now, then = (
        position_size(inputs_from(context, market, rules, levels_for(context, market, rules)), rules)
        for rules in (in_force, candidate)
    )
    return 0.0 if then.skip and not now.skip else then.final / now.final


def _at(entry: Entry) -> datetime:
    return datetime.fromisoformat(str(entry["created_at"]))
