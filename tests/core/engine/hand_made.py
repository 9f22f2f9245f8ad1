"""Webhooks whose meaning a test states itself: a body that carries an ``Update``, read without the intake."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import core.engine.kernel
from core.from_json import read_json
from core.intake import normalise
from core.model import (
    BarFacts,
    Direction,
    Intent,
    PositionRequest,
    Reason,
    SignalFacts,
    Source,
    Tone,
    Update,
)
from server.ledger.codec import encode_any

MARK = '{"hand_made":'
LONG, SHORT = Direction.LONG, Direction.SHORT


def body(update: Update) -> str:
    """A body that means this update once ``read_hand_made`` is in force."""
    return f"{MARK}{encode_any(update).decode()}}}"


def read_hand_made(patch: pytest.MonkeyPatch) -> None:
    """Let the engine read hand-made bodies beside real ones."""

    def read(text: object, *how: Any) -> Update:
        if isinstance(text, str) and text.startswith(MARK):
            return read_json(Update, text[len(MARK) : -1])
        return normalise(text, *how)

    patch.setattr(core.engine.kernel, "normalise", read)


def update(intent: Intent, symbol: str = "SPY", **fields: Any) -> Update:
    """An update of a strategy on a chart; ``direction``, ``fraction``, ``contracts``, ``remaining_fraction``,
    ``stop`` and ``break_even`` are its request's, ``blocked`` a code for which it may not trade."""
    asked = {
        name: fields.pop(name)
        for name in ("direction", "fraction", "contracts", "remaining_fraction", "stop", "break_even")
        if name in fields
    }
    blocked = fields.pop("blocked", None)
    if blocked is not None:
        fields["blocks"] = _blocks(blocked)
    if asked or intent in (Intent.EXIT, Intent.REDUCE, Intent.MOVE_STOP):
        fields["request"] = PositionRequest(**asked)
    fields.setdefault("source", Source.TRADINGVIEW_SIGNAL)
    return Update(symbol=symbol, intent=intent, **fields)


def entry(direction: Direction = LONG, score: float | None = 9.4, **fields: Any) -> Update:
    """A signal of a strategy; ``leave`` the side of a stated flip, ``blocked`` a code for which it may not trade."""
    leave = fields.pop("leave", None)
    if leave is not None:
        fields["request"] = PositionRequest(direction=leave)
    if "blocked" in fields:
        fields["blocks"] = _blocks(fields.pop("blocked"))
    facts = {k: fields.pop(k) for k in ("stop", "target_1", "target_2") if k in fields}
    return Update(
        source=Source.TRADINGVIEW_SIGNAL,
        symbol=fields.pop("symbol", "SPY"),
        intent=Intent.ENTRY,
        timeframe=fields.pop("timeframe", 15),
        price=fields.pop("price", 450.0),
        signal=SignalFacts(direction=direction, ai_score=score, **facts),
        **fields,
    )


def bar(close: float, at: datetime | None = None, interval: int | None = 1, **fields: Any) -> Update:
    """A bar of a chart: ``range`` is (open, high, low), ``at`` its open time."""
    first, high, low = fields.pop("range", (None, None, None))
    facts = BarFacts(close=close, open=first, high=high, low=low, interval=interval, opened_at=at)
    symbol = fields.pop("symbol", "SPY")
    return Update(
        source=Source.TRADINGVIEW_SIGNAL, symbol=symbol, intent=Intent.BAR, timestamp=at, timeframe=interval,
        bar=facts, price=close, **fields,
    )  # fmt: skip


def _blocks(code: str) -> tuple[Reason, ...]:
    return (Reason(code, f"{code} in words", Tone.NEGATIVE),)
