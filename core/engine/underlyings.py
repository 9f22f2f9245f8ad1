"""Halts, corporate actions and ends of underlyings: what stops entries, exits and marks, and says so.

Invariants, tested under these names: a halt invents nothing; an ex-dividend gap is no move; a split stops the marks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from core.effects import Effect, Notice, ShadowStatus, StoreShadow, StoreTrade
from core.engine.kernel import Kernel
from core.engine.state import AnnouncedSplit, Halt
from core.events import CorporateAction, CorporateActionSeen, PriceSeen, TradingStatusSeen
from core.exchange.calendar import Calendar
from core.exchange.clock_text import exchange_clock
from core.model import Levels, Reason, Tone
from core.options.dividends import CashDividend, updated
from core.positions import Position
from core.rules.sections import IntakeRules
from core.thresholds import above

HALTED, ENDED = "SYMBOL_HALTED", "SYMBOL_ENDED"
MOST_RATIO = 50
"""Largest n of an n-for-1 split that a price is tested for: above it, whole numbers lie closer than the tolerance."""
KEPT_DAYS = timedelta(days=10)
"""Time after its ex-date for which an action is kept: a feed may announce it late."""


# --- inputs --------------------------------------------------------------------------------------------


def trading_status(kernel: Kernel, event: TradingStatusSeen) -> list[Effect]:
    """Begin or end a halt; the same status again changes nothing."""
    halts, symbol = kernel.state.halts, event.symbol
    if event.halted == (symbol in halts):
        return []
    if not event.halted:
        return end_halt(kernel, symbol, event.at)
    halts[symbol] = Halt(since=event.at, source=event.source, reason=event.reason)
    text = f"{halt_text(kernel, symbol)}: no entries, exits wait"
    return [Notice(kind="feed", at=event.at, text=text, tone=Tone.NEGATIVE, symbol=symbol)]


def end_halt(kernel: Kernel, symbol: str, at: datetime) -> list[Effect]:
    """End a halt and say so."""
    del kernel.state.halts[symbol]
    return [
        Notice(kind="feed", at=at, text=f"{symbol} trades again", tone=Tone.POSITIVE, symbol=symbol),
    ]


def corporate_action(kernel: Kernel, event: CorporateActionSeen) -> list[Effect]:
    """Keep a dividend or split for its ex-date, or end a symbol."""
    state, symbol = kernel.state, event.symbol
    if event.action in (CorporateAction.SYMBOL_CHANGE, CorporateAction.DELISTING):
        return _end(kernel, event)
    if event.ex_date is None:
        return []
    if event.action is CorporateAction.DIVIDEND and event.amount is not None and event.amount >= 0:
        known = state.dividends.get(symbol, ())
        state.dividends[symbol] = updated(known, CashDividend(event.ex_date, event.amount))
        kernel.take_dividends()
    if event.action is CorporateAction.SPLIT and event.ratio is not None and event.ratio > 0:
        others = tuple(s for s in state.splits.get(symbol, ()) if s.ex_date != event.ex_date)
        state.splits[symbol] = (*others, AnnouncedSplit(event.ex_date, event.ratio))
    return take_effect(kernel, event.at, symbol)


def _end(kernel: Kernel, event: CorporateActionSeen) -> list[Effect]:
    symbol = event.symbol
    if symbol in kernel.state.ended:
        return []
    said = event.text or "its symbol changed" if event.action is CorporateAction.SYMBOL_CHANGE else event.text
    kernel.state.ended[symbol] = said or "it is delisted"
    text = f"{symbol} has no more prices: {kernel.state.ended[symbol]}; no entries, exits wait for a person"
    return [Notice(kind="feed", at=event.at, text=text, tone=Tone.NEGATIVE, symbol=symbol)]


# --- what is stopped -----------------------------------------------------------------------------------


def untradable(kernel: Kernel, symbol: str) -> Reason | None:
    """Return the reason why options of a symbol cannot be traded now: halted, or without further prices."""
    if symbol in kernel.state.halts:
        return Reason(HALTED, halt_text(kernel, symbol), Tone.NEGATIVE)
    if symbol in kernel.state.ended:
        return Reason(ENDED, f"{symbol} has no more prices: {kernel.state.ended[symbol]}", Tone.NEGATIVE)
    return None


def halt_text(kernel: Kernel, symbol: str) -> str:
    """Return in words since when a symbol is halted, and why; the time is the exchange's."""
    halt = kernel.state.halts[symbol]
    why = f" ({halt.reason})" if halt.reason else ""
    return f"{symbol} is halted since {exchange_clock(halt.since, kernel.trading.calendar)}{why}"


def waiting_for(kernel: Kernel, position: Position, now: datetime) -> str | None:
    """Return why a position is neither marked nor sold now, ``None`` when it is.

    Neither a halt nor a split keeps an option from expiring.
    """
    blocked = untradable(kernel, position.symbol)
    if position.suspended is None and blocked is None:
        return None
    if now >= kernel.trading.last_close(position.contract.expiry):
        return None
    if position.suspended is not None:
        return position.suspended
    return None if blocked is None else blocked.text


# --- actions that take effect --------------------------------------------------------------------------


def actions_due(kernel: Kernel, now: datetime) -> list[Effect]:
    """Apply every dividend and split whose ex-date has come, and forget those long past."""
    state = kernel.state
    if not (state.dividends or state.splits):
        return []
    effects: list[Effect] = []
    for symbol in sorted(state.dividends.keys() | state.splits.keys()):
        effects += take_effect(kernel, now, symbol)
    _forget(kernel, kernel.trading.calendar.market_date(now) - KEPT_DAYS)
    return effects


def take_effect(kernel: Kernel, now: datetime, symbol: str) -> list[Effect]:
    """Apply the symbol's dividends and splits whose ex-date has come to what was opened before it."""
    state, effects = kernel.state, list[Effect]()
    if symbol not in state.dividends and symbol not in state.splits:
        return effects
    today = kernel.trading.calendar.market_date(now)
    for split in state.splits.get(symbol, ()):
        if split.ex_date <= today:
            effects += suspend(kernel, symbol, split.ex_date, _split_text(symbol, split), now)
    for dividend in state.dividends.get(symbol, ()):
        if dividend.ex_date <= today:
            effects += _go_ex(kernel, symbol, dividend, now)
    return effects


def suspend(kernel: Kernel, symbol: str, ex_date: date, why: str, now: datetime) -> list[Effect]:
    """Stop the marks of what was opened before a split: the exchange adjusts its contract, and a person must look.

    Shadows are dropped uncounted, and closed options are not followed any longer.
    """
    state, effects = kernel.state, list[Effect]()
    for position in list(state.positions.values()):
        if not _concerned(kernel, position, symbol, ex_date) or position.suspended is not None:
            continue
        after = replace(position, suspended=why, ex_dates=(*position.ex_dates, ex_date))
        state.positions[position.id] = after
        text = f"{position.contract.label}: {why}; its marks and exits have stopped, a person must look"
        effects += [
            StoreTrade(position=after),
            Notice(
                kind="risk", at=now, text=text, tone=Tone.NEGATIVE, symbol=symbol, position_id=position.id
            ),
        ]
    for shadow in kernel.shadows_of(symbol):
        if _concerned(kernel, shadow, symbol, ex_date):
            kernel.drop_shadow(shadow)
            effects.append(StoreShadow(position=shadow, status=ShadowStatus.SUPERSEDED))
    state.tails.pop(symbol, None)
    return effects


def _go_ex(kernel: Kernel, symbol: str, dividend: CashDividend, now: datetime) -> list[Effect]:
    """Lower stop and targets by a dividend, as a broker lowers a stop order: the price falls by it unmoved."""
    state, effects = kernel.state, list[Effect]()
    for position in list(state.positions.values()):
        if _concerned(kernel, position, symbol, dividend.ex_date):
            after = _lowered(position, dividend)
            state.positions[position.id] = after
            text = (
                f"{symbol} trades ex-dividend ${dividend.amount:g}: stop and targets of {position.contract.label} "
                "lowered by it"
            )
            effects += [
                StoreTrade(position=after),
                Notice(
                    kind="stop", at=now, text=text, tone=Tone.NEUTRAL, symbol=symbol, position_id=position.id
                ),
            ]
    for shadow in kernel.shadows_of(symbol):
        if _concerned(kernel, shadow, symbol, dividend.ex_date):
            state.shadows[shadow.id] = _lowered(shadow, dividend)
    return effects


def _lowered(position: Position, dividend: CashDividend) -> Position:
    levels, amount = position.levels, dividend.amount
    return replace(
        position,
        stop=position.stop - amount,
        levels=Levels(
            stop=levels.stop - amount,
            target_1=levels.target_1 - amount,
            target_2=levels.target_2 - amount,
            origin=levels.origin,
        ),
        ex_dates=(*position.ex_dates, dividend.ex_date),
        dividends_paid=position.dividends_paid + amount,
    )


def _concerned(kernel: Kernel, position: Position, symbol: str, ex_date: date) -> bool:
    """Return whether an ex-date came after the position was opened, before its expiry, and is not applied yet."""
    return (
        position.symbol == symbol
        and position.is_open
        and kernel.trading.calendar.market_date(position.opened_at) < ex_date <= position.contract.expiry
        and ex_date not in position.ex_dates
    )


def _split_text(symbol: str, split: AnnouncedSplit) -> str:
    new, old = (split.ratio, 1.0) if split.ratio >= 1 else (1.0, 1 / split.ratio)
    return f"{new:g}-for-{old:g} split of {symbol} on {split.ex_date.isoformat()}"


def _forget(kernel: Kernel, limit: date) -> None:
    state = kernel.state
    for symbol, splits in list(state.splits.items()):
        kept = tuple(s for s in splits if s.ex_date >= limit)
        if kept:
            state.splits[symbol] = kept
        else:
            del state.splits[symbol]
    for symbol, dividends in list(state.dividends.items()):
        recent = tuple(d for d in dividends if d.ex_date >= limit)
        if recent != dividends:
            state.dividends[symbol] = recent
            kernel.take_dividends()


# --- a price that looks like a split ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LooksSplit:
    """A gap of two prices that may be a split, with the day on which it was seen."""

    day: date
    text: str


def looks_split(
    known: PriceSeen, seen: PriceSeen, calendar: Calendar, rules: IntakeRules
) -> LooksSplit | None:
    """Return what a price after a night looks like when it is about n times the last one, or one n-th of it.

    Any other gap that is wider than ``intake.gap_pct`` is returned too: it may be that of another share.
    """
    day = calendar.market_date(seen.priced_at)
    if day <= calendar.market_date(known.priced_at):
        return None
    ratio = max(known.price, seen.price) / min(known.price, seen.price)
    times = round(ratio)
    away = (seen.price / known.price - 1) * 100
    gap = LooksSplit(day, f"{seen.symbol} opened at {seen.price:g} after {known.price:g} ({away:+.0f} %)")
    wide = above((ratio - 1) * 100, rules.gap_pct)
    if not 2 <= times <= MOST_RATIO or above(abs(ratio / times - 1) * 100, rules.split_tolerance_pct):
        return gap if wide else None
    kind = f"{times}-for-1" if seen.price < known.price else f"1-for-{times}"
    return LooksSplit(
        day, f"{seen.symbol} opened at {seen.price:g} after {known.price:g}, as after a {kind} split"
    )
