"""Read ledger entries into columns for a what-if: the inputs of each decision and its outcome."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import SIDES, DecisionColumns, columns_from_stored
from core.decision.contracts import contract_count
from core.decision.levels import levels_for
from core.decision.size_inputs import inputs_from
from core.decision.sizing import position_size
from core.from_json import FactsError, read
from core.learning.limits_replay import REAPPLIED
from core.learning.outcomes import Outcomes
from core.learning.trades_made import CODE
from core.model import BY_HAND, Context, ContractCount, MarketSnapshot
from core.performance.days import day_number, micros
from core.performance.followed import EXECUTED, outcome_of
from core.performance.trade import NotClosed, exchange_date, trade_from_entry
from core.rules import Rules

Entry = Mapping[str, Any]


def ledger_columns(
    entries: Iterable[Entry], in_force: Rules, candidate: Rules | None = None
) -> tuple[DecisionColumns, Outcomes]:
    """Return the inputs and outcomes of ledger entries (parsed JSON), oldest first.

    The entries are read once and not kept. With a ``candidate`` whose sizing differs, the change of size of
    each outcome is calculated too. Entries without stored inputs are left out. Exits filled without a fresh
    price count as no outcome.
    """
    rows = _Rows(in_force, candidate if candidate is not None and other_size(in_force, candidate) else None)
    columns = columns_from_stored(rows.reading(entries))
    outcomes, order = rows.outcomes()
    return columns.take(order), outcomes


class _Rows:
    """Collector of the outcomes while the entries are read."""

    def __init__(self, in_force: Rules, resized: Rules | None) -> None:
        self.in_force, self.resized = in_force, resized
        self.whole = array(
            "q"
        )  # at, seq, day, signal, symbol, direction, exit_at, blocked, real of each entry
        self.money = array("d")  # net, scale, contracts
        self.codes: list[bytes] = []
        self.signals: dict[str, int] = {}
        self.symbols: dict[str, int] = {}

    def reading(self, entries: Iterable[Entry]) -> Iterator[Mapping[str, Any]]:
        """Yield the inputs of the entries one by one and note their outcomes."""
        for entry in entries:
            if entry.get("inputs"):
                self._note(entry)
                yield entry["inputs"]

    def outcomes(self) -> tuple[Outcomes, NDArray[np.int64]]:
        """Return the outcomes oldest first, and the order that sorts them so."""
        whole = np.array(self.whole, dtype=np.int64).reshape(-1, 9)
        money = np.array(self.money, dtype=np.float64).reshape(-1, 3)
        order = np.lexsort((whole[:, 1], whole[:, 0]))
        at, _, day, signal, symbol, direction, exit_at, blocked, real = whole[order].T
        net, scale, contracts = money[order].T
        found = Outcomes(
            at=at,
            day=day,
            signal=signal,
            symbol=symbol,
            direction=direction.astype(np.int8),
            net=net,
            exit_at=exit_at,
            blocked=blocked.astype(np.bool_),
            scale=None if self.resized is None else scale,
            real=real.astype(np.bool_),
            code=np.array(self.codes, dtype=CODE)[order],
            contracts=contracts,
        )
        return found, order

    def _note(self, entry: Entry) -> None:
        at = datetime.fromisoformat(str(entry["created_at"]))
        day = exchange_date(at) or at.date()
        net, exit_at, contracts = _outcome(entry, self.in_force)
        code = entry.get("code")
        signal, symbol = str(entry.get("signal_id") or entry["id"]), str(entry.get("symbol") or "")
        self.whole.extend(
            (
                micros(at),
                int(entry.get("seq") or 0),
                day_number(day),
                self.signals.setdefault(signal, len(self.signals)),
                self.symbols.setdefault(symbol, len(self.symbols)),
                SIDES.get(entry.get("proposed_direction"), 0),
                exit_at,
                (code is not None and code not in REAPPLIED) or contracts == 0,
                bool(entry.get("execution")) and code != BY_HAND,
            )
        )
        self.codes.append((code or "").encode())
        known = self.resized is not None and not np.isnan(net)
        scale = scale_of(entry, self.in_force, self.resized) if known and self.resized else 1.0
        self.money.extend((net, scale, contracts))


def _outcome(entry: Entry, rules: Rules) -> tuple[float, int, float]:
    """Return net account dollars, the exit in microseconds and the contracts; NaN, 0 and NaN when unknown."""
    outcome = outcome_of(entry)
    if outcome is None:
        return np.nan, 0, np.nan
    kind, executed = outcome
    try:
        trade = trade_from_entry(executed)
    except NotClosed:
        return np.nan, 0, np.nan
    if trade.stale_fill or trade.exit_time is None:
        return np.nan, 0, np.nan
    exit_at, filled = micros(trade.exit_time), executed["execution"].get("filled_contracts")
    bought = _bought(entry)
    if kind == EXECUTED or bought is None:
        return trade.pnl_net, exit_at, float(filled or np.nan)
    size = ((entry.get("decision_breakdown") or {}).get("size") or {}).get("final")
    price, loss, shares = bought
    count = contract_count(price, loss, 1.0 if size is None else float(size), rules, shares)
    contracts = count.contracts if isinstance(count, ContractCount) else 0
    return trade.pnl_net / float(filled) * contracts, exit_at, float(contracts)


def other_size(in_force: Rules, candidate: Rules) -> bool:
    """Return whether a candidate has other rules of size."""
    return (in_force.sizing, in_force.account) != (candidate.sizing, candidate.account)


def scale_of(entry: Entry, in_force: Rules, candidate: Rules) -> float:
    """Return the candidate's contracts over those of the rules in force, in whole contracts.

    0 where the candidate does not buy a contract. Where price and planned loss are not stored, the candidate's
    multiplier over that of the rules in force.
    """
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
    if then.skip and not now.skip:
        return 0.0
    bought, multiple = _bought(entry), then.final / now.final
    if bought is None:
        return multiple
    price, loss, shares = bought
    before, after = (
        contract_count(price, loss, size.final, rules, shares)
        for size, rules in ((now, in_force), (then, candidate))
    )
    if not isinstance(before, ContractCount):
        # Limits or a person made it smaller than the rules alone would, so that the count cannot be repeated.
        return multiple
    return after.contracts / before.contracts if isinstance(after, ContractCount) else 0.0


def _bought(entry: Entry) -> tuple[float, float, int] | None:
    """Return price a share, planned loss of a contract in $ and shares of a contract; ``None`` if not stored."""
    outcome = outcome_of(entry)
    execution = outcome[1].get("execution") if outcome is not None else None
    if not execution:
        return None
    filled, price, risk = (execution.get(name) for name in ("filled_contracts", "entry_price", "risk_amount"))
    if not (filled and price and risk):
        return None
    return float(price), float(risk) / float(filled), int(execution.get("multiplier") or 100)
