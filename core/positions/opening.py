"""Open a position from the fill of its entry and the mark at that fill."""

from __future__ import annotations

from datetime import datetime

from core.model import Contract, Direction, Levels
from core.options.fills import Fill, Side
from core.positions.position import EntryFill, Mark, Position
from core.positions.trading_context import TradingContext


def open_position(
    *,
    id: str,
    signal_id: str,
    decision_id: str,
    contract: Contract,
    direction: Direction,
    timeframe: int | None,
    levels: Levels,
    fill: Fill,
    mark: Mark,
    risk_amount: float,
    atr: float | None,
    now: datetime,
    trading: TradingContext,
    strategy: str | None = None,
    by_feed: bool = True,
    evidence: str = "",
    taken_by: str | None = None,
) -> Position:
    """Return the position that an entry's fill opens; ``mark`` is the valuation the fill was made on.

    ``risk_amount`` in $ for all contracts, ``atr`` daily in $ or ``None`` when unknown, ``evidence`` is what met a
    working limit. Raises ValueError when the fill is not a purchase, the option does not fit the direction, or the
    fill's mid is not the mark's.
    """
    if fill.side is not Side.BUY or fill.contracts < 1:
        raise ValueError("a position is opened by a purchase of at least one contract")
    if contract.is_call is not (direction is Direction.LONG):
        raise ValueError(f"{direction} is not traded by {contract.occ}")
    if abs(fill.mid - mark.mid) > 1e-9:
        raise ValueError(f"filled around a mid of {fill.mid}, marked at {mark.mid}")
    entry = EntryFill(
        option_type="CALL" if contract.is_call else "PUT",
        strike=contract.strike,
        expiry=contract.expiry.isoformat(),
        dte=trading.dte(contract, now),
        contracts=fill.requested,
        entry_price=fill.price,
        entry_iv=mark.iv,
        entry_delta=mark.delta,
        entry_theta=mark.theta,
        entry_gamma=mark.gamma,
        entry_vega=mark.vega,
        spread_cost=fill.spread_cost,
        slippage=fill.slippage,
        fill_quality=fill.quality.value,
        filled_contracts=fill.contracts,
        commission=fill.commission,
        underlying_at_entry=mark.spot,
        risk_amount=risk_amount,
        entry_mid=fill.mid,
        multiplier=contract.multiplier,
        atr=atr,
        estimated=mark.estimated,
        entry_expected=fill.expected,
        entry_worst=fill.worst,
        entry_iv_source=mark.iv_source,
        evidence=evidence,
    )
    return Position(
        id=id,
        signal_id=signal_id,
        decision_id=decision_id,
        symbol=contract.underlying,
        direction=direction,
        contract=contract,
        timeframe=timeframe,
        opened_at=now,
        levels=levels,
        stop=levels.stop,
        entry=entry,
        remaining=fill.contracts,
        last=mark,
        first=mark,
        strategy=strategy,
        by_feed=by_feed,
        taken_by=taken_by,
    )
