"""Symbols as the deck shows them, made of plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.model import Source
from server.deck import ContextSection, DeckSnapshot, LastPrice, SymbolView, WatchedSymbol


def last_price(at: datetime, price: float, age: float, *, stale: bool = False) -> LastPrice:
    return LastPrice(price=price, at=at - timedelta(seconds=age), age=age, source="tradier", stale=stale)


def watched(at: datetime) -> tuple[WatchedSymbol, ...]:
    return (
        WatchedSymbol(
            symbol="SPY", price=last_price(at, 451.62, 3.0), heard_age=12.0, positions=1, signals=1
        ),
        WatchedSymbol(symbol="AAPL", price=last_price(at, 231.4, 900.0, stale=True), heard_age=900.0),
        WatchedSymbol(symbol="GME", heard_age=40.0, remark="halted since 11:02 ET"),
    )


def view(now: DeckSnapshot, symbol: str, items: tuple[Mapping[str, Any], ...]) -> SymbolView:
    at = now.at
    begin = at - timedelta(hours=3)
    wave = ((begin + timedelta(minutes=n), 450 + 2 * math.sin(n / 17) + n / 90) for n in range(181))
    sections = (
        ContextSection(name="regime", facts={"phase": 2, "confidence": 82.0, "bias": "LONG"},
                       source=Source.SATY_PHASE, at=at - timedelta(minutes=4), age=240.0, left=1560.0),
        ContextSection(name="alignment", facts={"states": {"5": "LONG", "60": "SHORT"}, "bullish_pct": 50.0},
                       source=Source.MTF_DOTS, at=at - timedelta(minutes=42), age=2520.0, left=-720.0),
        ContextSection(name="expert", facts={"direction": "LONG", "ai_score": 9.2, "stop": 448.9},
                       source=Source.TRADINGVIEW_SIGNAL, at=at, age=12.0, left=1788.0, timeframe=15),
    )  # fmt: skip
    trades = (
        {"id": "t1", "opened_at": at.isoformat(), "contract": "SPY 450C 11/27", "contracts": 2,
         "entry_price": 2.41, "closed_at": None, "net": None, "r": None, "reason": None},
        {"id": "t0", "opened_at": begin.isoformat(), "contract": "SPY 449P 11/24", "contracts": 1,
         "entry_price": 1.1, "closed_at": at.isoformat(), "net": -48.3, "r": -0.42, "reason": "STOP_LOSS"},
    )  # fmt: skip
    return SymbolView(
        symbol=symbol,
        at=at,
        watched=next((row for row in watched(at) if row.symbol == symbol), WatchedSymbol(symbol=symbol)),
        sections=sections,
        path=tuple(wave),
        positions=tuple(row for row in now.positions if row.symbol == symbol),
        senders=tuple(each for each in now.sources if each.symbol == symbol),
        decisions=tuple(item for item in items if item["symbol"] == symbol),
        trades=trades,
    )
