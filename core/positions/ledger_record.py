"""Ledger records of a position: its ``execution`` and its ``exit`` as JSON-able dictionaries."""

from __future__ import annotations

import dataclasses
from typing import Any, NotRequired

from typing_extensions import TypedDict

from core.model import ExitReason
from core.options.volatility import VolatilitySource
from core.positions.attribution import NO_ATTRIBUTION
from core.positions.pnl import pnl_band, pnl_breakdown
from core.positions.position import ExitFill, Position, SettlementBasis


class PartialExit(TypedDict):
    """One exit fill of an exit record; ``pnl_net`` includes its part of the entry's costs."""

    exit_time: str
    exit_reason: ExitReason
    contracts: int
    exit_price: float
    exit_iv: float | None
    exit_iv_source: NotRequired[VolatilitySource | None]
    exit_delta: float
    underlying_at_exit: float
    pnl_gross: float
    pnl_net: float
    commission: float
    spread_cost: float
    slippage: float
    stale_fill: NotRequired[bool]
    without_feed: NotRequired[bool]
    near_strike: NotRequired[bool]
    evidence: NotRequired[str]
    settlement: NotRequired[SettlementBasis | None]
    settlement_at: NotRequired[str | None]


class ExitRecord(TypedDict):
    """Result of a trade's exits; fields that are not required are missing in ledgers from before they were stored."""

    exit_time: str
    exit_price: float
    exit_iv: float | None
    exit_delta: float
    underlying_at_exit: float
    pnl_gross: float
    pnl_net: float
    pnl_best: NotRequired[float | None]
    pnl_expected: NotRequired[float | None]
    pnl_worst: NotRequired[float | None]
    hold_time_seconds: float
    exit_reason: ExitReason
    pnl_from_delta: float
    pnl_from_iv: float
    pnl_from_theta: float
    pnl_from_gamma: float
    pnl_unexplained: float
    total_commission: float
    total_spread_cost: float
    total_slippage: float
    partials: list[PartialExit]
    mfe: float
    mae: float
    exit_iv_source: NotRequired[VolatilitySource | None]


def execution_record(position: Position) -> dict[str, Any]:
    """Return the entry's fill; costs in $ for all contracts, prices and Greeks per share."""
    return dataclasses.asdict(position.entry)


def exit_record(position: Position) -> ExitRecord:
    """Return the result of a trade's exits in $, not rounded; prices per share, weighted by contracts.

    Volatility, delta, underlying, time and reason are those of the last exit fill; ``mfe`` and ``mae`` are
    the best and worst gross P&L of the whole trade at any mark. ``pnl_best``, ``pnl_expected`` and ``pnl_worst`` are
    the net P&L by execution, see ``pnl_band``. If contracts are still held, the record
    covers those sold so far. Raises ValueError when none were sold.
    """
    if not position.legs:
        raise ValueError(f"nothing of position {position.id} has been sold")
    legs, last = position.legs, position.legs[-1]
    account, band = pnl_breakdown(position), pnl_band(position)
    parts = NO_ATTRIBUTION
    for leg in legs:
        parts = parts.plus(leg.attribution)
    return {
        "exit_time": last.at.isoformat(),
        "exit_price": sum(leg.price * leg.contracts for leg in legs) / account.contracts,
        "exit_iv": last.iv,
        "exit_delta": last.delta,
        "underlying_at_exit": last.underlying,
        "pnl_gross": account.gross,
        "pnl_net": account.net,
        "pnl_best": None if band is None else band.best,
        "pnl_expected": None if band is None else band.expected,
        "pnl_worst": None if band is None else band.worst,
        "hold_time_seconds": (last.at - position.opened_at).total_seconds(),
        "exit_reason": last.reason,
        "pnl_from_delta": parts.delta,
        "pnl_from_iv": parts.iv,
        "pnl_from_theta": parts.theta,
        "pnl_from_gamma": parts.gamma,
        "pnl_unexplained": parts.unexplained,
        "total_commission": account.commission,
        "total_spread_cost": account.spread_cost,
        "total_slippage": account.slippage,
        "partials": [_partial(position, leg) for leg in legs],
        "mfe": position.mfe,
        "mae": position.mae,
        "exit_iv_source": last.iv_source,
    }


def _partial(position: Position, leg: ExitFill) -> PartialExit:
    account = pnl_breakdown(position, (leg,))
    return {
        "exit_time": leg.at.isoformat(),
        "exit_reason": leg.reason,
        "contracts": leg.contracts,
        "exit_price": leg.price,
        "exit_iv": leg.iv,
        "exit_iv_source": leg.iv_source,
        "exit_delta": leg.delta,
        "underlying_at_exit": leg.underlying,
        "pnl_gross": account.gross,
        "pnl_net": account.net,
        "commission": account.commission,
        "spread_cost": account.spread_cost,
        "slippage": account.slippage,
        "stale_fill": leg.stale_fill,
        "without_feed": leg.without_feed,
        "near_strike": leg.near_strike,
        "evidence": leg.evidence,
        "settlement": leg.settlement,
        "settlement_at": None if leg.settlement_at is None else leg.settlement_at.isoformat(),
    }
