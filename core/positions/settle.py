"""Expiry and settlement: an option held to its expiry is worth its intrinsic value at the official close."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from core.model import ExitReason
from core.options import fills
from core.positions.attribution import Attribution
from core.positions.fills import apply_mark, record_exit_fill
from core.positions.marking import next_mark
from core.positions.position import Position, PositionChange, PositionState
from core.positions.trading_context import TradingContext
from core.rules import Rules
from core.thresholds import at_most


def expire(change: PositionChange, trading: TradingContext) -> PositionChange:
    """Put a position that is held past its last close into AWAITING_SETTLEMENT.

    It is marked once more at the expiry's last instant on the last price, to show the value to expect.
    """
    position = change.position
    close = trading.last_close(position.contract.expiry)
    if position.last.at < close:
        last = position.last
        mark = next_mark(
            position.contract, last, spot=last.spot, spot_at=last.spot_at, now=close, trading=trading
        )
        change = apply_mark(change, mark)
    waiting = replace(change.position, state=PositionState.AWAITING_SETTLEMENT, pending=None)
    return replace(change, position=waiting)


def settle_at_close(
    change: PositionChange, official_close: float, now: datetime, trading: TradingContext
) -> PositionChange:
    """Settle a position in AWAITING_SETTLEMENT at intrinsic value; any other position is returned unchanged.

    Raises ValueError when the official close is not a positive number.
    """
    position = change.position
    if position.state is not PositionState.AWAITING_SETTLEMENT:
        return change
    if not (math.isfinite(official_close) and official_close > 0):
        raise ValueError(f"no settlement at an official close of {official_close}")
    contract = position.contract
    closed_at = trading.last_close(contract.expiry)
    mark = next_mark(
        contract, position.last, spot=official_close, spot_at=closed_at, now=now, trading=trading
    )
    done = fills.settle(position.remaining, mark.mid, "official close", now)
    near = is_near(official_close, contract.strike, trading.rules)
    return record_exit_fill(apply_mark(change, mark), ExitReason.EXPIRY, done, near_strike=near)


def close_at(position: Position, price: float, now: datetime) -> PositionChange:
    """Close a position at a price per share that a person states, for a contract that can no longer be priced.

    The whole change since the last mark is unexplained. Raises ValueError when the price is below 0 or no number.
    """
    if not (math.isfinite(price) and price >= 0):
        raise ValueError(f"a contract cannot be closed at {price}")
    last = position.last
    step = Attribution(unexplained=(price - last.mid) * position.contract.multiplier)
    mark = replace(last, at=max(now, last.at), mid=price, step=step)
    change = apply_mark(PositionChange(position=replace(position, suspended=None)), mark)
    done = fills.settle(position.remaining, price, "by hand", now)
    return record_exit_fill(change, ExitReason.MANUAL, done)


def is_near(official_close: float, strike: float, rules: Rules) -> bool:
    """Return whether a close is so near to the strike that the holder might have decided otherwise."""
    return at_most(abs(official_close / strike - 1) * 100, rules.exits.settlement_near_pct)
