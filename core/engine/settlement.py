"""Settlement of expired options without an official close: by the best price known, or by a person.

Invariants, tested under these names: an expired option settles once a price of its underlying is known; what awaits
its settlement takes no room in the limits and no part in the day's loss.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

from core.effects import Effect, StoreTrade
from core.engine.kernel import Kernel
from core.engine.positions import settle_outcome
from core.engine.shadows import store_shadow
from core.engine.state import CommandDone
from core.events import CloseUnavailable, Commanded
from core.exchange.clock_text import exchange_clock
from core.positions import (
    Position,
    PositionChange,
    missing_for_settlement,
    settle_by_hand,
    settle_without_close,
)
from core.positions.settle import is_wide_gap

LOOKED_FOR_AFTER = timedelta(minutes=2)
"""Time after a last close until its settlement is looked for: the last prices of a session arrive late."""
SURE = "SURE"
"""Follows the price in the argument of a settlement: it is right although it is far from the last known one."""


def close_unavailable(kernel: Kernel, event: CloseUnavailable) -> list[Effect]:
    """Settle what expired on a day on the best price known, because no feed gives the official close."""
    effects: list[Effect] = []
    last = kernel.state.prices.get(event.symbol)
    for position in list(kernel.state.positions.values()):
        if _awaits(kernel, position, event.symbol, event.day):
            outcome = settle_without_close(PositionChange(position=position), event.why, last, kernel.trading)
            effects += settle_outcome(kernel, position, outcome, event.at)
            if not outcome.legs and outcome.position is not position:
                effects.append(StoreTrade(position=outcome.position))
    for shadow in kernel.shadows_of(event.symbol):
        if _awaits(kernel, shadow, event.symbol, event.day):
            outcome = settle_without_close(PositionChange(position=shadow), event.why, last, kernel.trading)
            effects += store_shadow(kernel, shadow, outcome)
    return effects


def _awaits(kernel: Kernel, position: Position, symbol: str, day: date) -> bool:
    return (
        position.symbol == symbol
        and position.awaits_settlement
        and position.suspended is None
        and position.close_unavailable is None
        and expiry_day(kernel, position) == day
    )


def expiry_day(kernel: Kernel, position: Position) -> date:
    """Return the date of the last session in which a position's option trades."""
    return kernel.trading.calendar.market_date(kernel.trading.last_close(position.contract.expiry))


def awaited_closes(kernel: Kernel) -> dict[tuple[str, date], bool]:
    """Return the official closes that would settle something, by symbol and day.

    True: the engine knows already that it may be not to be had; it still settles if it comes.
    """
    state, now = kernel.state, kernel.state.at
    found: dict[tuple[str, date], bool] = {}
    for position in (*state.positions.values(), *state.shadows.values()):
        if not position.awaits_settlement or position.suspended is not None or now is None:
            continue
        if now - kernel.trading.last_close(position.contract.expiry) >= LOOKED_FOR_AFTER:
            key = position.symbol, expiry_day(kernel, position)
            found[key] = found.get(key, True) and position.close_unavailable is not None
    return found


def settle_command(kernel: Kernel, event: Commanded) -> tuple[CommandDone, list[Effect]]:
    """Settle an expired position at the close of its underlying that a person states."""
    position = kernel.state.positions.get(event.position_id or "")
    if position is None:
        return CommandDone(False, "NOT_OPEN", "This position is not open"), []
    refused = _refusal(kernel, position, event)
    if refused is not None:
        return refused, []
    price = _number(event.argument)
    outcome = settle_by_hand(position, price, event.at, kernel.trading)
    effects = settle_outcome(kernel, position, outcome, event.at)
    leg, label = outcome.legs[-1], position.contract.label
    near = (
        "; the close is so near to the strike that its holder might have decided otherwise"
        if leg.near_strike
        else ""
    )
    text = (
        f"Settled {leg.contracts} × {label} at {leg.price:.2f}: {position.symbol} closed at {price:g}, says "
        f"{event.author}{near}"
    )
    return CommandDone(True, "SETTLED", text), effects


def _refusal(kernel: Kernel, position: Position, event: Commanded) -> CommandDone | None:
    """Return why a settlement by hand is not possible."""
    label, symbol = position.contract.label, position.symbol
    close = kernel.trading.last_close(position.contract.expiry)
    if event.at < close:
        text = f"{label} trades until {instant_text(kernel, close)}: close it at the market (gatedeck close)"
        return CommandDone(False, "NOT_EXPIRED", text)
    if position.suspended is not None:
        text = (
            f"{label}: {position.suspended}; close it at a price per share (gatedeck close --at), adjust it "
            "(gatedeck adjust), or say that its contract is unchanged (gatedeck resume)"
        )
        return CommandDone(False, "SUSPENDED", text)
    if event.expected is not None and event.expected != position.remaining:
        text = f"{position.remaining} contracts are held now, not {event.expected}"
        return CommandDone(False, "CHANGED", text)
    price = _number(event.argument)
    if not (math.isfinite(price) and price > 0):
        text = f"price: {event.argument!r} is not the close of {symbol}: a number of dollars above 0"
        return CommandDone(False, "BAD_PRICE", text)
    last = position.last.spot / position.new_shares
    sure = (event.argument or "").upper().endswith(SURE)
    if is_wide_gap(price, last, kernel.rules) and not sure:
        moved = (price / last - 1) * 100
        text = (
            f"price: {price:g} is {moved:+.0f} % from the last known {last:g} of {symbol}; the close of "
            f"{symbol} is meant, not what the option is worth. If it is right, say so (--sure)"
        )
        return CommandDone(False, "PRICE_FAR", text)
    return None


def _number(argument: str | None) -> float:
    try:
        return float((argument or "").upper().removesuffix(SURE).strip())
    except ValueError:
        return math.nan


def awaiting_text(kernel: Kernel, position: Position) -> str:
    """Return since when a position awaits its settlement, and what is missing."""
    since = instant_text(kernel, kernel.trading.last_close(position.contract.expiry))
    return f"expired {since}, waits for {missing_for_settlement(position, kernel.trading)}"


def instant_text(kernel: Kernel, instant: datetime) -> str:
    """Return an instant in exchange time, as "11/27 13:00 ET"."""
    calendar = kernel.trading.calendar
    return f"{calendar.market_date(instant):%m/%d} {exchange_clock(instant, calendar)}"
