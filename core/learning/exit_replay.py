"""Replay trades with other exits: the same exit code along the stored prices of each trade.

A trade is opened again as it was, with its contracts, and taken through every price and clock tick of its
symbol in the order the engine saw them, with a person's commands where they happened, and on through the
prices stored after its exit. It is replayed first with the rules in force: this must give the stored exit
to the cent, or the prices are not the trade's and there is no result. Then it is replayed with the
candidate's exits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isclose
from typing import Any, NamedTuple

from core.decision.levels import level_test, levels_for
from core.events import PriceSeen
from core.from_json import FactsError, read
from core.model import Context, Contract, Direction, ExitReason, Levels, MarketSnapshot
from core.positions import (
    EntryFill,
    Mark,
    Position,
    PositionChange,
    PositionState,
    exit_by_hand,
    on_price,
    on_time,
    pnl_breakdown,
    stop_to_break_even,
)
from core.positions.attribution import NO_ATTRIBUTION
from core.positions.trading_context import TradingContext
from core.rules import Rules

Entry = Mapping[str, Any]

NO_OUTCOME = "no outcome is known"
NO_PATH = "its prices are not stored"
GAP = "its prices after the exit have a gap of more than 15 min"
OPEN = "still open where its prices end"
STALE = "it would exit without a fresh price"
NOT_REPEATED = "the rules in force do not reproduce its stored exit"
LEVELS = "its levels cannot be traded"
STOP_MOVED = "its stop was moved in a way that is not repeated, as by its sender"
MOVED = "it moves to another decision of its signal, which was not followed"
WHY = ("", NO_OUTCOME, NO_PATH, GAP, OPEN, STALE, NOT_REPEATED, LEVELS, STOP_MOVED, MOVED)
"""Reasons why the dollars of a trade are not known, by code; the first means they are known."""

MOST_GAP = timedelta(minutes=15)
_SAME_CENTS = 0.005


class ManualAction(NamedTuple):
    """Action of a person at an input: sold ``contracts`` (``None`` all), or with ``0`` moved the stop.

    ``reason`` SIGNAL: a sender asked for the sale, at the price of its own body where it stated one.
    """

    seq: int
    at: datetime
    contracts: int | None
    reason: ExitReason = ExitReason.MANUAL


class ClockTick(NamedTuple):
    seq: int
    at: datetime


ReplayInput = PriceSeen | ClockTick | ManualAction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade:
    """A trade or shadow at its opening; ``exit_at`` and ``net`` are those of its stored exit, if any.

    ``net`` in $ for its contracts. ``manual_actions`` in order; ``halted`` are the spans in which the engine
    was halted and no automatic exit could happen.
    """

    opening: Position
    exit_at: datetime | None
    net: float | None
    stop: float | None = None
    """The stop at its end, ``None`` where that is not stored."""
    manual_actions: tuple[ManualAction, ...] = ()
    halted: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedExit:
    """Result of a set of exits for a trade: net in $, when and why, or a reason of WHY."""

    net: float | None = None
    at: datetime | None = None
    reason: ExitReason | None = None
    why: str = ""


def replay_exit(
    trade: StoredTrade,
    steps: Sequence[ReplayInput],
    in_force: TradingContext,
    candidate: TradingContext,
    levels: Levels,
) -> ReplayedExit:
    """Return the trade's exit under the candidate, or the reason why it is unknown.

    ``steps`` begin after the opening, in the order of their seq; ``levels`` are the candidate's.
    """
    if not steps:
        return ReplayedExit(why=NO_PATH)
    before = _replay(trade, steps, in_force, trade.opening)
    if not _matches_stored_exit(before, trade):
        return ReplayedExit(why=NOT_REPEATED)
    if trade.stop is not None and not isclose(before[0].stop, trade.stop, rel_tol=0, abs_tol=_SAME_CENTS):
        return ReplayedExit(why=STOP_MOVED)
    moved = replace(trade.opening, levels=levels, stop=levels.stop)
    return _replayed_exit(_replay(trade, steps, candidate, moved))


def _matches_stored_exit(replayed: tuple[Position, str], trade: StoredTrade) -> bool:
    position, _ = replayed
    if trade.net is None or trade.exit_at is None:
        return position.state is not PositionState.CLOSED
    closed = position.state is PositionState.CLOSED and position.legs[-1].at == trade.exit_at
    return closed and isclose(pnl_breakdown(position).net, trade.net, rel_tol=0, abs_tol=_SAME_CENTS)


def _replayed_exit(replayed: tuple[Position, str]) -> ReplayedExit:
    position, why = replayed
    if why:
        return ReplayedExit(why=why)
    if position.state is not PositionState.CLOSED:
        return ReplayedExit(why=OPEN)
    if any(leg.stale_fill for leg in position.legs):
        return ReplayedExit(why=STALE)
    last = position.legs[-1]
    return ReplayedExit(net=pnl_breakdown(position).net, at=last.at, reason=last.reason)


def _replay(
    trade: StoredTrade, steps: Sequence[ReplayInput], trading: TradingContext, position: Position
) -> tuple[Position, str]:
    """Return the position at its end or where its prices end, and the reason not to trust it, if any."""
    last: PriceSeen | None = None
    for step, stated in _in_order_of_seq(steps, trade.manual_actions):
        at = step.at
        if isinstance(step, ManualAction):
            position = _apply_manual_action(position, step, stated or last, trading).position
        else:
            exits = not any(begin <= at < end for begin, end in trade.halted)
            if isinstance(step, PriceSeen):
                after_exit = trade.exit_at is not None and at > trade.exit_at
                if (
                    after_exit
                    and last is not None
                    and at - last.at > MOST_GAP
                    and _has_gap(last.at, at, trading)
                ):
                    return position, GAP
                if last is None or step.priced_at >= last.priced_at:
                    last = step
                position = on_price(position, step, at, trading, exits=exits).position
            else:
                position = on_time(position, at, last, trading, exits=exits).position
        if position.state is PositionState.CLOSED:
            break
    return position, ""


def _in_order_of_seq(
    steps: Sequence[ReplayInput], manual_actions: tuple[ManualAction, ...]
) -> Iterator[tuple[ReplayInput, PriceSeen | None]]:
    """Yield the inputs in order, a sale by a sender before the price of its own body, with that price."""
    waiting = list(manual_actions)
    for step in steps:
        while waiting and waiting[0].seq <= step.seq:
            own = isinstance(step, PriceSeen) and waiting[0].seq == step.seq
            yield waiting.pop(0), step if own and isinstance(step, PriceSeen) else None
        yield step, None
    for action in waiting:
        yield action, None


def _apply_manual_action(
    position: Position, action: ManualAction, last: PriceSeen | None, trading: TradingContext
) -> PositionChange:
    if action.contracts == 0:
        return PositionChange(position=stop_to_break_even(position, action.at))
    if not position.is_open:
        return PositionChange(position=position)
    contracts = position.remaining if action.contracts is None else min(action.contracts, position.remaining)
    return exit_by_hand(position, contracts, action.at, last, None, trading, reason=action.reason)


def _has_gap(before: datetime, after: datetime, trading: TradingContext) -> bool:
    """Return whether more than MOST_GAP of a session lies between two prices."""
    calendar = trading.calendar
    first, second = calendar.market_date(before), calendar.market_date(after)
    if first == second:
        day = calendar.session(first)
        return day is not None and min(after, day.close) - max(before, day.open) > MOST_GAP
    earlier, later = calendar.session(first), calendar.session(second)
    if earlier is not None and earlier.close - max(before, earlier.open) > MOST_GAP:
        return True
    if later is not None and min(after, later.close) - later.open > MOST_GAP:
        return True
    return calendar.next_session(first).open < (later.open if later is not None else after)


# --- the opening, read from stored entries -------------------------------------------------------------------


def shadow_opening(entry: Entry) -> Position | None:
    """Return the shadow of a ledger entry as it was opened; ``None`` when that is not stored."""
    shadow = entry.get("hypothetical") or {}
    levels = (entry.get("decision_breakdown") or {}).get("levels")
    if not (shadow.get("first") and shadow.get("contract") and levels):
        return None
    try:
        bought, first = read(EntryFill, shadow["execution"]), read(Mark, shadow["first"])
        contract, decided_levels = read(Contract, shadow["contract"]), read(Levels, levels)
    except FactsError:
        return None
    return Position(
        id=str(shadow["id"]),
        signal_id=str(entry["signal_id"]),
        decision_id=str(entry["id"]),
        symbol=str(entry["symbol"]),
        direction=Direction(entry["proposed_direction"]),
        contract=contract,
        timeframe=entry.get("timeframe"),
        opened_at=datetime.fromisoformat(str(shadow["opened_at"])),
        levels=decided_levels,
        stop=decided_levels.stop,
        entry=bought,
        remaining=bought.filled_contracts,
        last=first,
        first=first,
    )


def trade_opening(stored: Position) -> Position | None:
    """Return a stored position as it was opened; ``None`` when its first mark is not stored."""
    if stored.first is None:
        return None
    return replace(
        stored,
        stop=stored.levels.stop,
        remaining=stored.entry.filled_contracts,
        last=stored.first,
        legs=(),
        running=NO_ATTRIBUTION,
        mfe=0.0,
        mae=0.0,
        state=PositionState.OPEN,
        pending=None,
        stop_since=None,
    )


def candidate_levels(entry: Entry, opening: Position, in_force: Rules, candidate: Rules) -> Levels | None:
    """Return the levels that the candidate's exits give a trade; ``None`` when they cannot be traded."""
    if in_force.exits.atr_multiples == candidate.exits.atr_multiples:
        return opening.levels
    stored = entry["inputs"]
    try:
        context, market = read(Context, stored["context"]), read(MarketSnapshot, stored["market"])
    except FactsError:
        return None
    with_exits = replace(in_force, exits=candidate.exits)
    now, then = levels_for(context, market, in_force), levels_for(context, market, with_exits)
    if then is None or then == now:
        return opening.levels
    assert context.expert is not None and opening.first is not None
    fault = level_test(then, context.expert, opening.first.spot, with_exits)
    return None if fault is not None else then
