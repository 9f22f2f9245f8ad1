"""Requests of senders about positions that are open: EXIT, REDUCE, MOVE_STOP, CANCEL. Start with ``obey``.

Invariants, tested under these names: a request opens nothing; it touches positions of its symbol only, and of its
direction, timeframe and strategy where both state them; a stop only moves to the side that protects more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.decision.lateness import in_time_on_exchange_clock, late
from core.effects import Effect, Notice
from core.engine.kernel import Kernel
from core.engine.positions import settle_outcome
from core.engine.state import ask_for
from core.engine.stated_price import price_made_at
from core.engine.underlyings import waiting_for
from core.events import PriceSeen, Received
from core.live_signal import LiveSignal
from core.model import Direction, ExitReason, Intent, Mode, PositionRequest, Reason, Tone, Update
from core.positions import (
    STOP,
    Position,
    PositionChange,
    PositionState,
    break_even_stop,
    exit_at_next_price,
    exit_by_hand,
    levels_moved,
)
from core.thresholds import whole_down, whole_up

OBEY = "obey"
"""The value of ``exits.on_signal`` with which the exits of senders are made."""
UNTRADED = frozenset({"NO_CONTRACT"})
"""Codes of an update about another instrument than the underlying of that name, such as a future."""
ENDS_SIGNALS = frozenset({Intent.EXIT, Intent.CANCEL})
_CONTEXT = Intent.CONTEXT


@dataclass(slots=True)
class RequestResult:
    """Effects of a request in order, and the notes that its sender receives."""

    effects: list[Effect] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def obey(
    kernel: Kernel, update: Update, event: Received, seen: PriceSeen | None, intent: Intent | None = None
) -> RequestResult:
    """Carry out a sender's request, or note why it is not carried out.

    ``seen`` is the price the body states, if it is the newest: a sale is made at it. ``intent`` overrides the
    update's own (a flip exits before its entry is decided).
    """
    intent = intent or update.intent
    result = RequestResult()
    if any(reason.code in UNTRADED for reason in update.blocks):
        result.notes.append(
            f"{intent}: {update.symbol} names no underlying of an option here, nothing is done"
        )
        return result
    if intent in ENDS_SIGNALS:
        _end_signals(kernel, update, event, intent, result)
        kernel.state.contexts.withdraw(update.symbol, update.source, _direction(update))
    if intent is Intent.CANCEL:
        return result
    if intent is Intent.EXIT:
        kernel.state.sender_exits[update.symbol] = event.at
    found = _matching(kernel, update, event, intent, result)
    if not found:
        return result
    refused = _refusal(kernel)
    if refused is not None:
        result.notes.append(
            f"{intent} not obeyed, {_count(len(found), 'position')} of {update.symbol} kept: {refused}"
        )
        text = f"{update.source} says {intent} {update.symbol}: told, not obeyed ({refused})"
        result.effects.append(
            Notice(kind="exit", at=event.at, text=text, tone=Tone.NEGATIVE, symbol=update.symbol)
        )
        return result
    last = seen or kernel.state.prices.get(update.symbol)
    if intent is Intent.MOVE_STOP:
        for position in found:
            _move_stop(kernel, position, update, event.at, last, result)
    elif intent is Intent.REDUCE:
        _reduce(kernel, found, update.request or PositionRequest(), event.at, last, result)
    else:
        _exit(kernel, found, update.symbol, event.at, last, result)
    return result


def not_repeated_since(kernel: Kernel, update: Update) -> datetime | None:
    """Return the instant after which the same body means another trade; ``None`` if there is none.

    A request is about the newest of its positions. An entry after an exit of its symbol is a new trade.
    """
    if update.intent is _CONTEXT and update.request is None and update.signal is None:
        return None
    since = []
    if update.request is not None or update.intent is Intent.EXIT:
        since += [position.opened_at for position in _of_request(kernel, update)]
    if update.signal is not None and update.symbol in kernel.state.sender_exits:
        since.append(kernel.state.sender_exits[update.symbol])
    return max(since, default=None)


# --- which positions and signals -----------------------------------------------------------------------


def _matching(
    kernel: Kernel, update: Update, event: Received, intent: Intent, result: RequestResult
) -> list[Position]:
    """Return the open positions a request is about; where there are none a note says so."""
    symbol = update.symbol
    of_symbol = [p for p in kernel.state.positions.values() if p.symbol == symbol]
    found = [p for p in _of_request(kernel, update) if p.is_open]
    if not of_symbol:
        result.notes.append(f"{intent}: no position of {symbol} is open, nothing to do")
    elif not found and any(not p.is_open for p in of_symbol):
        result.notes.append(f"{intent}: the option of {symbol} has expired and awaits its settlement")
    elif not found:
        result.notes.append(
            f"{intent}: {_count(len(of_symbol), 'position')} of {symbol} open, none of this "
            f"{_stated(update)}: nothing to do"
        )
    made = _made_too_long_ago(kernel, update, event)
    if made is None:
        return found
    younger = [p for p in found if p.opened_at > made]
    if younger:
        minutes = (event.at - made).total_seconds() / 60
        result.notes.append(
            f"{intent} was made {minutes:.0f} min ago, before {_count(len(younger), 'position')} of {symbol} "
            "was opened: kept"
        )
    return [p for p in found if p.opened_at <= made]


def _of_request(kernel: Kernel, update: Update) -> Iterator[Position]:
    for p in kernel.state.positions.values():
        if p.symbol == update.symbol and _concerns(update, p.direction, p.timeframe, p.strategy):
            yield p


def _concerns(update: Update, direction: Direction, timeframe: int | None, strategy: str | None) -> bool:
    """Return whether direction, timeframe and strategy are the request's, where both sides state them."""
    wanted = _direction(update)
    if wanted is not None and wanted is not direction:
        return False
    if update.timeframe is not None and timeframe is not None and update.timeframe != timeframe:
        return False
    if update.strategy is None or strategy is None:
        return True
    return update.strategy.strip().casefold() == strategy.strip().casefold()


def _direction(update: Update) -> Direction | None:
    if update.request is not None:
        return update.request.direction
    if update.intent is Intent.CANCEL and update.signal is not None:
        return update.signal.direction
    return None


def _stated(update: Update) -> str:
    stated = [
        name
        for name, value in (
            ("direction", _direction(update)),
            ("timeframe", update.timeframe),
            ("strategy", update.strategy),
        )
        if value is not None
    ]
    return " and ".join(stated) or "kind"


def _made_too_long_ago(kernel: Kernel, update: Update, event: Received) -> datetime | None:
    """Return when a late request was made; ``None`` for one that is in time.

    A late exit still closes the positions that were open when it was made, because its strategy has left them. A
    position opened after that is another trade. A time without an offset that would be fresh as exchange time
    counts as fresh: a position that stays open is the greater harm.
    """
    if late(update, event.at, kernel.rules) is None:
        return None
    if in_time_on_exchange_clock(update, event.at, kernel.rules):
        return None
    return min(event.at, price_made_at(update, event.at))


def _end_signals(
    kernel: Kernel, update: Update, event: Received, intent: Intent, result: RequestResult
) -> None:
    """End the live signals whose trade the sender has left or taken back.

    Each is decided once more, as SKIP CANCELLED, so that a sender that still waits is answered and the ledger
    holds the reason.
    """
    made = _made_too_long_ago(kernel, update, event)
    why = "Its sender left the trade" if intent is Intent.EXIT else "Its sender took it back"
    ended = 0
    for signal in kernel.signals_of(update.symbol):
        if not signal.is_live(event.at) or signal.late is not None or not _is_of(update, signal):
            continue
        if made is not None and signal.arrived > made:
            continue
        signal.late = Reason("CANCELLED", f"{why}: {intent} came {_after(signal, event.at)}", Tone.NEGATIVE)
        ended += 1
        if not signal.asked:
            result.effects.append(ask_for(signal))
    for signal in list(kernel.state.passed.values()):
        if signal.update.symbol == update.symbol and _is_of(update, signal):
            del kernel.state.passed[signal.id]
    kernel.state.bar_signals.reopen(update, _direction(update), event.at)
    if ended:
        result.notes.append(f"{intent}: ended {_count(ended, 'live signal')} of {update.symbol}")
    elif intent is Intent.CANCEL:
        result.notes.append(f"{intent}: no live signal of {update.symbol}, nothing to do")


def _is_of(update: Update, signal: LiveSignal) -> bool:
    facts = signal.update.signal
    return facts is not None and _concerns(
        update, facts.direction, signal.update.timeframe, signal.update.strategy
    )


def _after(signal: LiveSignal, at: datetime) -> str:
    return f"{(at - signal.arrived) / timedelta(minutes=1):.1f} min later"


# --- what is done --------------------------------------------------------------------------------------


def _refusal(kernel: Kernel) -> str | None:
    """Return why requests of senders are not carried out now; ``None`` when they are.

    When HALTED, exits are made by hand only, because the senders may be the reason for the halt. The request is
    reported, so that a person can follow it.
    """
    if kernel.state.mode is Mode.HALTED:
        return "mode is HALTED, exits only by hand"
    if kernel.rules.exits.on_signal != OBEY:
        return "rule exits.on_signal = tell"
    return None


def _exit(
    kernel: Kernel,
    found: list[Position],
    symbol: str,
    at: datetime,
    last: PriceSeen | None,
    result: RequestResult,
) -> None:
    closed = 0
    for position in found:
        after = _sell(kernel, position, position.remaining, at, last, result)
        closed += after.state is PositionState.CLOSED
    if closed:
        result.notes.append(f"closed {closed} of {_count(len(found), 'position')} of {symbol}")


def _reduce(
    kernel: Kernel,
    found: list[Position],
    request: PositionRequest,
    at: datetime,
    last: PriceSeen | None,
    result: RequestResult,
) -> None:
    """Sell the stated part, whole contracts, rounded up; a number of contracts from the oldest position on."""
    left = request.contracts if request.contracts is not None else 0.0
    if not _parts(request):
        result.notes.append("REDUCE states no part that can be sold: nothing is sold")
        return
    for position in found:
        wanted = _wanted(position, request, left)
        if wanted < 1:
            if request.contracts is None:
                result.notes.append(
                    f"{position.contract.label}: {position.remaining} of {position.entry.filled_contracts} contracts "
                    "held, not more than what is to be left"
                )
            continue
        left -= wanted
        after = _sell(kernel, position, wanted, at, last, result)
        sold = position.remaining - after.remaining
        if sold:
            rest = f", {after.remaining} left" if after.remaining else ": closed"
            result.notes.append(
                f"sold {sold} of {_count(position.remaining, 'contract')} of {position.contract.label}{rest}"
            )
    if request.contracts is not None and left >= 1:
        result.notes.append(f"{request.contracts:g} contracts asked for, {left:g} more than are held")


def _parts(request: PositionRequest) -> bool:
    stated = [x for x in (request.fraction, request.contracts, request.remaining_fraction) if x is not None]
    return bool(stated) and all(math.isfinite(x) and x >= 0 for x in stated)


def _wanted(position: Position, request: PositionRequest, left: float) -> int:
    held = position.remaining
    if request.fraction is not None:
        return min(held, whole_up(held * min(1.0, request.fraction)))
    if request.remaining_fraction is not None:
        return held - whole_down(position.entry.filled_contracts * request.remaining_fraction)
    return min(held, whole_up(left))


def _sell(
    kernel: Kernel,
    position: Position,
    contracts: int,
    at: datetime,
    last: PriceSeen | None,
    result: RequestResult,
) -> Position:
    """Sell now, or at the first price of the next session when options do not trade."""
    trading = kernel.trading
    why = waiting_for(kernel, position, at)
    if position.suspended is not None:
        result.notes.append(f"{position.contract.label} is not sold: {why}")
        return position
    closed = trading.calendar.session_at(at) is None and at < trading.last_close(position.contract.expiry)
    unsold = position.pending is not None and position.pending.walk is None
    waits = closed or why is not None or (unsold and contracts < position.remaining)
    if waits:
        change = PositionChange(position=exit_at_next_price(position, contracts, ExitReason.SIGNAL))
    else:
        doubted = position.symbol in kernel.state.doubts
        change = exit_by_hand(
            position, contracts, at, last, None, trading, reason=ExitReason.SIGNAL, doubted=doubted
        )
    result.effects += settle_outcome(kernel, position, change, at)
    after, label = change.position, position.contract.label
    if why is not None:
        result.notes.append(f"{label} waits: {why}")
    elif closed:
        result.notes.append(f"{label}: options do not trade now, sold at the first price of the next session")
    elif after.state is PositionState.AWAITING_SETTLEMENT:
        result.notes.append(f"{label} has expired and awaits its settlement")
    elif after.pending is not None:
        result.notes.append(f"{label}: {_count(after.pending.contracts, 'contract')} wait for the next price")
    return after


def _move_stop(
    kernel: Kernel,
    position: Position,
    update: Update,
    at: datetime,
    last: PriceSeen | None,
    result: RequestResult,
) -> None:
    """Move the stop nearer to the price, never away from it and never through it."""
    request, by = update.request or PositionRequest(), update.strategy or str(update.source)
    label, sign = position.contract.label, position.direction.sign
    stop = break_even_stop(position) if request.break_even else request.stop
    if stop is None or not 0 < stop < math.inf:
        result.notes.append(f"MOVE_STOP states no price for the stop of {label}: kept at {position.stop:.2f}")
        return
    price = position.last.spot if last is None else last.price
    if (stop - position.stop) * sign <= 0:
        same = "is there already" if stop == position.stop else f"protects more than {stop:.2f}: kept"
        result.notes.append(f"the stop of {label} at {position.stop:.2f} {same}")
    elif (price - stop) * sign <= 0:
        result.notes.append(
            f"a stop of {label} at {stop:.2f} is on the wrong side of the price {price:.2f}: "
            f"kept at {position.stop:.2f}"
        )
    else:
        after = levels_moved(position, {STOP: stop}, at, by)
        result.effects += settle_outcome(kernel, position, PositionChange(position=after), at)
        text = f"moved the stop of {label} from {position.stop:.2f} to {stop:.2f}"
        result.notes.append(text)
        result.effects.append(
            Notice(
                kind="stop", at=at, text=f"SIGNAL {text}", tone=Tone.NEUTRAL, symbol=position.symbol,
                position_id=position.id,
            )
        )  # fmt: skip


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
