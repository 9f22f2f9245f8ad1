"""Profit and loss of a position in dollars, with each cost counted once.

``gross`` is from mid to mid, ``net`` is the cash received less the cash paid: gross - spread - slippage -
commission = net. Net is rounded to the cent once, where an exit fill is booked; nothing is rounded after that, and a
trade that made exactly 0.00 is neither won nor lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.execution_band import ExecutionBand
from core.fast_init import fast_init
from core.positions.position import ExitFill, Position


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PnlBreakdown:
    """P&L of contracts that have been sold, with their share of the entry's costs; $."""

    contracts: int
    gross: float
    spread_cost: float
    slippage: float
    commission: float
    net: float

    @property
    def costs(self) -> float:
        return self.spread_cost + self.slippage + self.commission


def pnl_breakdown(position: Position, legs: Iterable[ExitFill] | None = None) -> PnlBreakdown:
    """Return the P&L of some exit fills of a position, by default of all its exit fills."""
    chosen = position.legs if legs is None else tuple(legs)
    entry = position.entry
    contracts = sum(leg.contracts for leg in chosen)
    share = contracts / entry.filled_contracts
    multiplier = entry.multiplier
    commission = _entry_commission(position, chosen) + sum(leg.commission for leg in chosen)
    received = sum((leg.price - entry.entry_price) * leg.contracts for leg in chosen) * multiplier
    return PnlBreakdown(
        contracts=contracts,
        gross=_gross(position, chosen),
        spread_cost=entry.spread_cost * share + sum(leg.spread_cost for leg in chosen),
        slippage=entry.slippage * share + sum(leg.slippage for leg in chosen),
        commission=commission,
        net=to_cents(received - commission),
    )


def pnl_band(position: Position) -> ExecutionBand | None:
    """Return the net P&L of the contracts sold so far by execution; ``None`` when a fill has no band stored.

    Where every fill was a market order, ``worst`` is the net P&L that is booked.
    """
    commission = _entry_commission(position, position.legs) + sum(leg.commission for leg in position.legs)
    return _band(position, commission)


def band_so_far(position: Position) -> ExecutionBand | None:
    """Return ``net_so_far`` by execution: contracts sold, and the rest at the last mark's mid; else ``None``."""
    commission = position.entry.commission + sum(leg.commission for leg in position.legs)
    return _band(position, commission, held=position.remaining)


def _band(position: Position, commission: float, held: int = 0) -> ExecutionBand | None:
    entry, last = position.entry, position.last.mid
    if entry.entry_expected is None or entry.entry_worst is None:
        return None
    best = expected = worst = 0.0
    for leg in position.legs:
        if leg.expected is None or leg.worst is None:
            return None
        best += (leg.mid - entry.entry_mid) * leg.contracts
        expected += (leg.expected - entry.entry_expected) * leg.contracts
        worst += (leg.worst - entry.entry_worst) * leg.contracts
    best += (last - entry.entry_mid) * held
    expected += (last - entry.entry_expected) * held
    worst += (last - entry.entry_worst) * held
    shares = entry.multiplier
    return ExecutionBand(
        best=to_cents(best * shares - commission),
        expected=to_cents(expected * shares - commission),
        worst=to_cents(worst * shares - commission),
    )


def to_cents(dollars: float) -> float:
    """Return dollars rounded to the cent, without a negative zero."""
    return round(dollars, 2) + 0.0


def _entry_commission(position: Position, chosen: tuple[ExitFill, ...]) -> float:
    """Return the part of the entry's commission that some exit fills bear, in whole cents.

    The parts of all exit fills add up to the commission: each is the difference of two rounded running shares.
    """
    entry, before, total = position.entry, 0, 0.0
    for leg in position.legs:
        after = before + leg.contracts
        if leg in chosen:
            total += round(entry.commission * after / entry.filled_contracts, 2)
            total -= round(entry.commission * before / entry.filled_contracts, 2)
        before = after
    return total


def gross_so_far(position: Position) -> float:
    """Return the gross P&L of the whole trade: contracts sold, and the rest at the last mark."""
    return gross_at(position, position.last.mid)


def gross_at(position: Position, mid: float) -> float:
    """Return the gross P&L of the whole trade with the contracts held at a mid in $ per share."""
    entry = position.entry
    held = (mid - entry.entry_mid) * (position.remaining * entry.multiplier)
    return (_gross(position, position.legs) if position.legs else 0.0) + held


def _gross(position: Position, legs: tuple[ExitFill, ...]) -> float:
    entry = position.entry
    return sum((leg.mid - entry.entry_mid) * leg.contracts for leg in legs) * entry.multiplier


def net_so_far(position: Position) -> float:
    """Return ``gross_so_far`` less all costs paid so far, including the entry's costs in full."""
    sold = sum(leg.spread_cost + leg.slippage + leg.commission for leg in position.legs)
    entry = position.entry
    return gross_so_far(position) - sold - (entry.spread_cost + entry.slippage + entry.commission)


def held_net_each(position: Position) -> float:
    """Return the net P&L of one contract still held: from its price paid to its mid, less the entry's commission."""
    entry = position.entry
    return (
        position.last.mid - entry.entry_price
    ) * entry.multiplier - entry.commission / entry.filled_contracts


def r_multiple(position: Position) -> float | None:
    """Return the net P&L of the contracts sold so far in units of the planned loss (R)."""
    return position.in_r(pnl_breakdown(position).net)
