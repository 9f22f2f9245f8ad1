"""Entry limits: counts, premium at stake, exposure, losses in a row, and the day's loss.

Every limit is checked, so that a refusal names all of its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.daybook import DayBook
from core.exposure import Exposure, correlated_with, exposure_held, limits_exceeded
from core.model import Direction, Reason, Tone
from core.positions.position import Position
from core.rules import Rules
from core.thresholds import above, at_most

CLOSE_FIRST = "close_first"
"""Value of ``risk.opposite`` that closes an opposite position before the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A planned entry; ``premium`` and ``exposure`` in dollars for all of its contracts."""

    symbol: str
    direction: Direction
    contracts: int
    premium: float
    exposure: Exposure


def refusals(
    proposal: Proposal, positions: Iterable[Position], day: DayBook, now: datetime, rules: Rules
) -> tuple[Reason, ...]:
    """Return the reasons that refuse an entry, empty when it is allowed."""
    held = tuple(positions)
    return tuple(Reason(code, text, Tone.NEGATIVE) for code, text in _limits(proposal, held, day, now, rules))


def _limits(
    p: Proposal, held: tuple[Position, ...], day: DayBook, now: datetime, rules: Rules
) -> Iterator[tuple[str, str]]:
    r = rules.risk
    same = [x for x in held if x.symbol == p.symbol]
    if p.contracts > r.contracts_per_trade:
        yield "MAX_CONTRACTS", f"{p.contracts} contracts > {r.contracts_per_trade} per trade"
    if above(p.premium, r.premium_per_trade):
        yield "MAX_PREMIUM", f"Premium ${p.premium:,.0f} > ${r.premium_per_trade:,.0f} per trade"
    if len(held) >= r.open_positions:
        yield "MAX_POSITIONS", f"{len(held)} positions open, limit {r.open_positions}"
    if len(same) >= r.per_symbol:
        yield "MAX_PER_SYMBOL", f"{len(same)} positions in {p.symbol}, limit {r.per_symbol}"
    exposure = sum(premium_at_stake(x) for x in same) + p.premium
    if above(exposure, r.symbol_premium):
        yield "SYMBOL_EXPOSURE", f"Premium in {p.symbol} ${exposure:,.0f} > ${r.symbol_premium:,.0f}"
    group = correlated_with(p.symbol, rules)
    together = [x for x in held if x.symbol in group]
    if len(together) > len(same):
        at_stake = sum(premium_at_stake(x) for x in together) + p.premium
        if above(at_stake, r.symbol_premium):
            names = " + ".join(sorted({x.symbol for x in together} | {p.symbol}))
            text = f"Premium in {names} (assumed to move as one) ${at_stake:,.0f} > ${r.symbol_premium:,.0f}"
            yield "CORRELATED_EXPOSURE", text
    yield from limits_exceeded(exposure_held(held), p.exposure, rules)
    if opposite_of(p.symbol, p.direction, held):
        yield "OPPOSITE_OPEN", f"A {p.direction.opposite} position in {p.symbol} is open"
    if day.cool_down_until is not None and now < day.cool_down_until:
        minutes = (day.cool_down_until - now).total_seconds() / 60
        yield "COOL_DOWN", f"{r.losses_in_a_row} losses in a row: {minutes:.0f} min of cool-down left"


def opposite_of(symbol: str, direction: Direction, held: Iterable[Position]) -> tuple[Position, ...]:
    """Return the open positions of a symbol in the opposite direction."""
    return tuple(x for x in held if x.symbol == symbol and x.direction is not direction)


def premium_at_stake(position: Position) -> float:
    """Return the dollars paid for the contracts that are still held."""
    entry = position.entry
    return entry.entry_price * position.contract.multiplier * position.remaining


def daily_loss_reached(pnl_today: float, rules: Rules) -> bool:
    """Return whether the day's profit and loss has reached the limit on its loss."""
    return at_most(pnl_today, -rules.risk.daily_loss)
