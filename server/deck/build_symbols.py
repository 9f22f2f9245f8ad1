"""Views of symbols from the engine's state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from core.context import Held, SymbolState
from core.engine import Engine
from core.exchange.clock_text import exchange_clock
from server.deck.rows import SourceStatus
from server.deck.symbols import ContextSection, LastPrice, WatchedSymbol


def watched_symbols(engine: Engine, now: datetime) -> tuple[WatchedSymbol, ...]:
    """Return every symbol that was heard, has a price, or is held: those with positions first, then by name."""
    state = engine.state
    heard: dict[str, datetime] = {}
    for sender in state.senders.known.values():
        heard[sender.symbol] = max(sender.last_at, heard.get(sender.symbol, sender.last_at))
    held = Counter(each.symbol for each in state.positions.values() if each.is_open)
    live = Counter(each.update.symbol for each in state.signals.values())
    names = heard.keys() | state.prices.keys() | held.keys() | live.keys()
    rows = [
        WatchedSymbol(
            symbol=name,
            price=_last_price(engine, name, now),
            heard_age=(now - heard[name]).total_seconds() if name in heard else None,
            positions=held[name],
            signals=live[name],
            remark=_remark(engine, name),
        )
        for name in names
    ]
    return tuple(sorted(rows, key=lambda row: (row.positions == 0, row.symbol)))


def sections_of(engine: Engine, symbol: str, now: datetime) -> tuple[ContextSection, ...]:
    """Return what senders said of a symbol, over or not, in the order that gates read it."""
    state = engine.state.contexts.symbols.get(symbol) or SymbolState()
    return tuple(
        ContextSection(
            name=name,
            facts=facts,
            source=held.origin.source,
            at=held.origin.at,
            age=(now - held.origin.at).total_seconds(),
            left=(held.origin.valid_until - now).total_seconds(),
            timeframe=held.origin.timeframe,
        )
        for name, facts, held in _held(state)
    )


def senders_of(engine: Engine, now: datetime, symbol: str | None = None) -> tuple[SourceStatus, ...]:
    """Return the senders, of one symbol or of all, with the age of their last message."""
    return tuple(
        SourceStatus(
            source=sender.source,
            symbol=sender.symbol,
            last_at=sender.last_at,
            age=(now - sender.last_at).total_seconds(),
            usual_gap=sender.usual_gap,
            quiet=sender.told_quiet,
        )
        for sender in engine.state.senders.known.values()
        if symbol in (None, sender.symbol)
    )


def _held(state: SymbolState) -> Iterator[tuple[str, dict[str, Any], Held[Any]]]:
    for name in ("regime", "alignment", "structure"):
        held = getattr(state, name)
        if held is not None:
            yield name, _stated(held.facts), held
    for expert in state.experts.values():
        yield "expert", _stated(expert.facts), expert
    for frame, direction in sorted(state.directions.items(), key=lambda each: int(each[0])):
        yield "direction", {"timeframe": int(frame), "direction": str(direction.facts)}, direction


def _stated(facts: Any) -> dict[str, Any]:
    """Return the fields that the sender stated, as plain values."""
    found = {each.name: getattr(facts, each.name) for each in fields(facts)}
    return {name: value for name, value in found.items() if value not in (None, (), "")}


def _last_price(engine: Engine, symbol: str, now: datetime) -> LastPrice | None:
    seen = engine.state.prices.get(symbol)
    if seen is None:
        return None
    return LastPrice(
        price=seen.price,
        at=seen.priced_at,
        age=max(0.0, (now - seen.priced_at).total_seconds()),
        source=seen.source,
        stale=engine.trading.is_stale(seen.priced_at, now),
    )


def _remark(engine: Engine, symbol: str) -> str:
    state, calendar = engine.state, engine.trading.calendar
    if (halt := state.halts.get(symbol)) is not None:
        return f"halted since {exchange_clock(halt.since, calendar)}"
    if symbol in state.ended:
        return f"no more prices: {state.ended[symbol]}"
    doubt = state.doubts.get(symbol)
    return f"{doubt.price:.2f} of {doubt.source} is in doubt" if doubt is not None else ""
