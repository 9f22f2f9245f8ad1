"""Expiry and settlement: an option held to its expiry is worth its intrinsic value at the official close.

Where no official close is to be had, the last price known of the expiry's session stands for it, else the first price
after it; such a settlement is an estimate and flagged as one. The exit is dated to the last close, whenever the
settlement becomes known.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from core.events import PriceSeen
from core.model import ExitReason
from core.options import fills
from core.positions.attribution import Attribution
from core.positions.fills import apply_mark, record_exit_fill
from core.positions.marking import next_mark
from core.positions.position import (
    EntryFill,
    Position,
    PositionChange,
    PositionState,
    SettlementBasis,
    SettlementPrice,
)
from core.positions.splits import as_bought
from core.positions.trading_context import TradingContext
from core.price_moves import difference_pct
from core.rules import Rules
from core.thresholds import above, at_most


def expire(
    change: PositionChange, trading: TradingContext, last_price: PriceSeen | None = None
) -> PositionChange:
    """Put a position that is held past its last close into AWAITING_SETTLEMENT.

    It is marked once more at the expiry's last instant on the last price of its session, to show the value to expect.
    A position that a split has suspended is not marked: its contract may have changed.
    """
    if change.position.suspended is None:
        change = _mark_at_close(change, last_price, trading)
    waiting = replace(change.position, state=PositionState.AWAITING_SETTLEMENT, pending=None)
    return replace(change, position=waiting)


def _mark_at_close(change: PositionChange, seen: PriceSeen | None, trading: TradingContext) -> PositionChange:
    """Mark at the last close on a newer price of before it, or once on the last one."""
    position, last = change.position, change.position.last
    close = trading.last_close(position.contract.expiry)
    spot, spot_at = last.spot, last.spot_at
    if seen is not None and spot_at < seen.priced_at <= close:
        spot, spot_at = seen.price, seen.priced_at
    elif last.at >= close:
        return change
    at = max(close, last.at)
    return apply_mark(
        change, next_mark(position.contract, last, spot=spot, spot_at=spot_at, now=at, trading=trading)
    )


def settle_by_price(change: PositionChange, seen: PriceSeen, trading: TradingContext) -> PositionChange:
    """Take a price for a position in AWAITING_SETTLEMENT: settle on it, or keep it as what may be settled on.

    The official close of the expiry's session settles at once; other prices do when no official close is to be had.
    """
    position = change.position
    if position.suspended is not None:
        return change
    close = trading.last_close(position.contract.expiry)
    day = trading.calendar.market_date(close)
    if seen.official_close and trading.calendar.market_date(seen.priced_at) == day:
        late = trading.calendar.market_date(seen.at) > day
        if late and is_wide_gap(seen.price, position.last.spot, trading.rules):
            return change  # a vendor's bars of earlier days are adjusted for the splits since
        return settle_on(change, SettlementPrice(SettlementBasis.OFFICIAL_CLOSE, seen.price, close), trading)
    if seen.priced_at <= close:
        change = _mark_at_close(change, seen, trading)
    elif position.first_after is None:
        first = SettlementPrice(SettlementBasis.FIRST_AFTER, seen.price, seen.priced_at)
        change = replace(change, position=replace(position, first_after=first))
    return settle_on_known(change, trading)


def settle_without_close(
    change: PositionChange, why: str, last_price: PriceSeen | None, trading: TradingContext
) -> PositionChange:
    """Settle on the best price known because no official close is to be had, else on the first one that comes."""
    position = replace(change.position, close_unavailable=why)
    change = replace(change, position=position)
    return (
        settle_on_known(change, trading)
        if last_price is None
        else settle_by_price(change, as_bought(position, last_price, trading), trading)
    )


def settle_on_known(change: PositionChange, trading: TradingContext) -> PositionChange:
    """Settle on the price that stands for an official close which is not to be had; unchanged while there is none."""
    position = change.position
    if position.close_unavailable is None or position.suspended is not None:
        return change
    found = known_price(position, trading)
    if found is None or is_wide_gap(found.price, position.last.spot, trading.rules):
        return change
    return settle_on(change, found, trading)


def known_price(position: Position, trading: TradingContext) -> SettlementPrice | None:
    """Return the last price known of the expiry's session, else the first one after it, else ``None``."""
    close, last = trading.last_close(position.contract.expiry), position.last
    session = trading.calendar.session(trading.calendar.market_date(close))
    if session is not None and session.open <= last.spot_at <= close:
        return SettlementPrice(SettlementBasis.LAST_OF_SESSION, last.spot, last.spot_at)
    return position.first_after


def settle_on(change: PositionChange, found: SettlementPrice, trading: TradingContext) -> PositionChange:
    """Settle a position in AWAITING_SETTLEMENT at intrinsic value; any other position is returned unchanged.

    Raises ValueError when the price is not a positive number.
    """
    position = change.position
    if position.state is not PositionState.AWAITING_SETTLEMENT:
        return change
    if not (math.isfinite(found.price) and found.price > 0):
        raise ValueError(f"no settlement at an official close of {found.price}")
    contract = position.contract
    close = trading.last_close(contract.expiry)
    at = max(close, position.last.at)
    mark = next_mark(
        contract, position.last, spot=found.price, spot_at=min(found.at, close), now=at, trading=trading
    )
    done = fills.settle(position.remaining, mark.mid, found.basis.value, at)
    if found.basis is SettlementBasis.FIRST_AFTER or (
        found.basis.is_estimate and trading.is_stale(found.at, close)
    ):
        done = replace(done, stale=True)
    near = is_near(found.price, contract.strike, trading.rules)
    return record_exit_fill(
        apply_mark(change, mark), ExitReason.EXPIRY, done, near_strike=near, settled_on=found
    )


def settlement_value(bought: EntryFill, close: float) -> float:
    """Return what a settlement at a close of the underlying pays a share: intrinsic value, down to the cent."""
    intrinsic = (close - bought.strike) * (1 if bought.option_type == "CALL" else -1)
    return math.floor(max(0.0, intrinsic) * 100 + 1e-6) / 100


def missing_for_settlement(position: Position, trading: TradingContext) -> str:
    """Return what a position in AWAITING_SETTLEMENT waits for, in words."""
    symbol = position.symbol
    if position.suspended is not None:
        return (
            f"{position.suspended}: a person must close it at a price, or say that its contract is unchanged"
        )
    if position.close_unavailable is None:
        return f"the official close of {symbol}"
    found = known_price(position, trading)
    if found is not None:
        away = (found.price / position.last.spot - 1) * 100
        return f"a person: {symbol} at {found.price:g} is {away:+.0f} % from its last known {position.last.spot:g}"
    return f"a price of {symbol} ({position.close_unavailable})"


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


def is_wide_gap(price: float, last: float, rules: Rules) -> bool:
    """Return whether a price is so far from the last one known that it may be that of another share."""
    return above(difference_pct(price, last), rules.intake.gap_pct)
