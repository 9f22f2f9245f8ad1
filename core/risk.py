"""Entry limits: premium at stake, exposure, counts, losses in a row, and the day's loss.

Limits on premium, contracts and Greeks shrink an entry to the largest number of contracts that fits; they refuse it
only when not even one fits. The number of positions, the opposite side and the cool-down refuse. Every limit is
checked, so that a refusal names all of its reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from core.compared import over
from core.correlation import CloseBook, Correlation, correlation
from core.daybook import DayBook
from core.exposure import Exposure, exposure_held, greek_limits
from core.fast_init import fast_init
from core.model import ContractCount, Direction, Reason, Tone
from core.positions.position import Position
from core.rules import Rules
from core.thresholds import at_most

CLOSE_FIRST = "close_first"
"""Value of ``risk.opposite`` that closes an opposite position before the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A planned entry: the number of contracts that its size asks for, and what a number of them would come to.

    ``paid`` gives the premium in dollars that a number of contracts costs, ``each`` is the exposure of one.
    """

    symbol: str
    direction: Direction
    count: ContractCount
    paid: Callable[[int], float]
    each: Exposure


@fast_init
@dataclass(frozen=True, slots=True)
class Limit:
    """One limit on the number of contracts: its ``name``, how many fit, and why one alone does not."""

    name: str
    fits: int
    code: str = ""
    text: str = ""


def limited(
    proposal: Proposal,
    positions: Iterable[Position],
    day: DayBook,
    closes: CloseBook,
    now: datetime,
    rules: Rules,
) -> ContractCount | tuple[Reason, ...]:
    """Return the largest number of contracts that every limit allows, or the reasons that refuse the entry."""
    held = tuple(positions)
    wanted = proposal.count
    limits = tuple(_limits(proposal, held, closes, rules))
    refused = [(limit.code, limit.text) for limit in limits if limit.fits < 1]
    refused += _refusals(proposal, held, day, now, rules)
    if refused:
        return tuple(Reason(code, text, Tone.NEGATIVE) for code, text in refused)
    tightest = min(limits, key=lambda limit: limit.fits)
    if tightest.fits >= wanted.contracts:
        return wanted
    return replace(wanted, contracts=tightest.fits, bound_by=tightest.name)


def most_paid(paid: Callable[[int], float], wanted: int, dollars: float) -> int:
    """Return the most contracts, up to those wanted, that cost no more than some dollars.

    The price of a contract may rise with their number but never falls.
    """
    if wanted > 0 and at_most(paid(wanted), dollars):
        return wanted  # mostly the limit binds nothing
    low, high = 0, max(0, wanted - 1)
    while low < high:
        middle = (low + high + 1) // 2
        if at_most(paid(middle), dollars):
            low = middle
        else:
            high = middle - 1
    return low


def _limits(p: Proposal, held: tuple[Position, ...], closes: CloseBook, rules: Rules) -> Iterator[Limit]:
    r, wanted = rules.risk, p.count.contracts
    one = p.paid(1)
    yield Limit("contracts per trade", r.contracts_per_trade)
    yield Limit(
        "premium per trade",
        most_paid(p.paid, wanted, r.premium_per_trade),
        "MAX_PREMIUM",
        f"One contract costs {over(one, r.premium_per_trade)} per trade",
    )
    same = [x for x in held if x.symbol == p.symbol]
    at_stake = sum(map(premium_at_stake, same))
    yield Limit(
        "symbol premium",
        most_paid(p.paid, wanted, r.symbol_premium - at_stake),
        "SYMBOL_EXPOSURE",
        f"Premium in {p.symbol} with one contract {over(at_stake + one, r.symbol_premium)}",
    )
    as_one = _as_one(p.symbol, held, closes, rules)
    if as_one:
        at_stake = sum(premium_at_stake(x) for x in held if x.symbol == p.symbol or x.symbol in as_one)
        names = " + ".join(sorted({*as_one, p.symbol}))
        yield Limit(
            f"correlated premium ({as_one_text(as_one)})",
            most_paid(p.paid, wanted, r.symbol_premium - at_stake),
            "CORRELATED_EXPOSURE",
            f"Premium in {names} ({as_one_text(as_one)}) with one contract {over(at_stake + one, r.symbol_premium)}",
        )
    for code, name, most, text in greek_limits(exposure_held(held), p.each, wanted, rules):
        yield Limit(name, most, code, text)


def _as_one(
    symbol: str, held: tuple[Position, ...], closes: CloseBook, rules: Rules
) -> dict[str, Correlation]:
    """Return the other symbols held that move as one with a symbol, each with its correlation."""
    others = sorted({x.symbol for x in held} - {symbol})
    found = {other: correlation(symbol, other, closes, rules.risk) for other in others}
    return {other: each for other, each in found.items() if each.as_one}


def as_one_text(as_one: Mapping[str, Correlation]) -> str:
    """Say where the correlations come from; by symbol where they differ."""
    texts = {each.text for each in as_one.values()}
    if len(texts) == 1:
        return texts.pop()
    return ", ".join(f"{symbol} {each.text}" for symbol, each in as_one.items())


def _refusals(
    p: Proposal, held: tuple[Position, ...], day: DayBook, now: datetime, rules: Rules
) -> Iterator[tuple[str, str]]:
    r = rules.risk
    same = sum(x.symbol == p.symbol for x in held)
    if len(held) >= r.open_positions:
        yield "MAX_POSITIONS", f"{len(held)} positions open, limit {r.open_positions}"
    if same >= r.per_symbol:
        yield "MAX_PER_SYMBOL", f"{same} positions in {p.symbol}, limit {r.per_symbol}"
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
