"""Ready alert bodies, filled in as TradingView does: each has the intent it is meant for."""

from __future__ import annotations

import re

import pytest

from core.intake import normalise
from core.intake.templates import TRADINGVIEW, find_template
from core.model import Direction, Intent

CHART = {
    "ticker": "SPY", "exchange": "AMEX", "interval": "15", "time": "2026-11-24T15:00:00Z",
    "timenow": "2026-11-24T15:15:01Z", "open": "659.2", "high": "660.9", "low": "658.8", "close": "660.1",
    "volume": "81200", 'plot("stop")': "654.0", 'plot("target 1")': "668.0", 'plot("target 2")': "674.0",
    'plot("phase")': "2", 'plot("confidence")': "82",
    "strategy.order.action": "buy", "strategy.order.contracts": "4", "strategy.order.price": "660.1",
    "strategy.order.id": "Long", "strategy.order.comment": "", "strategy.position_size": "4",
    "strategy.market_position": "long", "strategy.market_position_size": "4",
    "strategy.prev_market_position": "flat", "strategy.prev_market_position_size": "0",
}  # fmt: skip
INTENTS = {
    "signals": Intent.ENTRY, "levels": Intent.ENTRY, "strategy": Intent.ENTRY, "exit": Intent.EXIT,
    "trim": Intent.REDUCE, "break-even": Intent.MOVE_STOP, "bar": Intent.BAR, "saty-phase": Intent.CONTEXT,
    "trend": Intent.CONTEXT, "strat": Intent.CONTEXT,
}  # fmt: skip


def filled(name: str, **changes: str) -> str:
    """Return the body as TradingView sends it; ``changes`` are placeholders with ``_`` for the dot."""
    values = CHART | {key.replace("__", "."): value for key, value in changes.items()}
    return re.sub(r"\{\{(.+?)\}\}", lambda match: values[match[1]], find_template("tradingview", name).body)


@pytest.mark.parametrize("template", TRADINGVIEW, ids=lambda each: each.name)
def test_every_body_is_read_without_a_complaint(template: object) -> None:
    name = template.name
    update = normalise(filled(name), template.path)
    assert update.symbol == "SPY"
    assert name not in INTENTS or update.intent is INTENTS[name]
    assert update.blocks == (), update.blocks
    if name == "levels":
        assert update.signal is not None
        assert (update.signal.stop, update.signal.target_1, update.signal.target_2) == (654.0, 668.0, 674.0)
    if name == "bar":
        assert update.bar is not None and (update.bar.high, update.bar.low) == (660.9, 658.8)
    if name == "trim":
        assert update.request is not None and update.request.fraction == 0.5


# what the strategy does | order | before | after | intent | side of the request
STRATEGY = [
    ("enters long", "buy", ("flat", "0"), ("long", "4"), Intent.ENTRY, None),
    ("enters short", "sell", ("flat", "0"), ("short", "4"), Intent.ENTRY, None),
    ("trims a long", "sell", ("long", "4"), ("long", "1"), Intent.REDUCE, Direction.LONG),
    ("trims a short", "buy", ("short", "4"), ("short", "2"), Intent.REDUCE, Direction.SHORT),
    ("leaves a long", "sell", ("long", "4"), ("flat", "0"), Intent.EXIT, Direction.LONG),
    ("leaves a short", "buy", ("short", "4"), ("flat", "0"), Intent.EXIT, Direction.SHORT),
    ("turns from long to short", "sell", ("long", "4"), ("short", "4"), Intent.ENTRY, Direction.LONG),
    ("turns from short to long", "buy", ("short", "4"), ("long", "4"), Intent.ENTRY, Direction.SHORT),
]


@pytest.mark.parametrize(
    ("order", "before", "after", "intent", "side"),
    [row[1:] for row in STRATEGY],
    ids=[row[0] for row in STRATEGY],
)
def test_one_strategy_alert_tells_entries_trims_exits_and_turns_apart(
    order: str, before: tuple[str, str], after: tuple[str, str], intent: Intent, side: Direction | None
) -> None:
    update = normalise(
        filled(
            "strategy",
            strategy__order__action=order,
            strategy__market_position=after[0],
            strategy__market_position_size=after[1],
            strategy__prev_market_position=before[0],
            strategy__prev_market_position_size=before[1],
        ),
        "/api/webhooks/signals",
    )
    assert update.intent is intent
    assert (update.request.direction if update.request is not None else None) is side
