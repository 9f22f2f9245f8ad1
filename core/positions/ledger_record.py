"""Ledger records of a position: its ``execution`` and its ``exit`` as JSON-able dictionaries."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.positions.attribution import NO_ATTRIBUTION
from core.positions.pnl import pnl_band, pnl_breakdown
from core.positions.position import ExitFill, Position


def execution_record(position: Position) -> dict[str, Any]:
    """Return the entry's fill; costs in $ for all contracts, prices and Greeks per share."""
    return dataclasses.asdict(position.entry)


def exit_record(position: Position) -> dict[str, Any]:
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
        "exit_reason": last.reason.value,
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


def _partial(position: Position, leg: ExitFill) -> dict[str, Any]:
    account = pnl_breakdown(position, (leg,))
    return {
        "exit_time": leg.at.isoformat(),
        "exit_reason": leg.reason.value,
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
        "settlement": None if leg.settlement is None else leg.settlement.value,
        "settlement_at": None if leg.settlement_at is None else leg.settlement_at.isoformat(),
    }
