"""The end of an option that was held to its expiry: it is worth its intrinsic value at the official close."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from core.model import ExitReason
from core.options import fills
from core.positions.fills import leave, marked
from core.positions.marking import next_mark
from core.positions.position import PositionChange, PositionState
from core.positions.trading_context import TradingContext


def expire(outcome: PositionChange, trading: TradingContext) -> PositionChange:
    """No exit was made before the last close: what is held waits for the official close.

    Marked once more at the expiry's last instant on the last price, for a view of what is to be expected.
    """
    position = outcome.position
    close = trading.last_close(position.contract.expiry)
    if position.last.at < close:
        last = position.last
        mark = next_mark(
            position.contract, last, spot=last.spot, spot_at=last.spot_at, now=close, trading=trading
        )
        outcome = marked(outcome, mark)
    waiting = replace(outcome.position, state=PositionState.AWAITING_SETTLEMENT, pending=None)
    return replace(outcome, position=waiting)


def settled(
    outcome: PositionChange, official_close: float, now: datetime, trading: TradingContext
) -> PositionChange:
    """Settle what awaits it at intrinsic value; nothing happens to a position that does not.

    Raises ValueError when the official close is not a positive number.
    """
    position = outcome.position
    if position.state is not PositionState.AWAITING_SETTLEMENT:
        return outcome
    if not (math.isfinite(official_close) and official_close > 0):
        raise ValueError(f"no settlement at an official close of {official_close}")
    contract = position.contract
    closed_at = trading.last_close(contract.expiry)
    mark = next_mark(
        contract, position.last, spot=official_close, spot_at=closed_at, now=now, trading=trading
    )
    done = fills.settle(position.remaining, mark.mid, "official close", now)
    near = abs(official_close / contract.strike - 1) * 100 <= trading.rules.exits.settlement_near_pct
    return leave(marked(outcome, mark), ExitReason.EXPIRY, done, near_strike=near)
