"""Ready bodies for alerts: what to paste into the message field of a TradingView alert.

``{{...}}`` are TradingView's placeholders; TradingView fills them in when the alert fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AlertTemplate:
    """A body to paste: its name, what it is for, the path it goes to, and the text itself."""

    name: str
    about: str
    path: str
    body: str


_HEAD = (
    '  "ticker": "{{ticker}}",\n  "exchange": "{{exchange}}",\n  "timeframe": "{{interval}}",\n'
    '  "time": "{{time}}",\n  "timenow": "{{timenow}}",\n'
)

TRADINGVIEW: Final = (
    AlertTemplate(
        "signals",
        "An indicator's entry: change action to sell for a short, and the score to what your indicator says.",
        "/api/webhooks/signals",
        "{\n" + _HEAD + '  "price": {{close}},\n  "action": "buy",\n  "ai_score": 8.5\n}',
    ),
    AlertTemplate(
        "levels",
        "An entry with its own stop and targets, plotted by the indicator under these names.",
        "/api/webhooks/signals",
        "{\n" + _HEAD + '  "price": {{close}},\n  "action": "buy",\n  "ai_score": 8.5,\n'
        '  "stop_loss": {{plot("stop")}},\n  "target_1": {{plot("target 1")}},\n'
        '  "target_2": {{plot("target 2")}}\n}',
    ),
    AlertTemplate(
        "strategy",
        "A strategy: one alert for its entries, trims, exits and reversals. The positions tell them apart.",
        "/api/webhooks/signals",
        "{\n" + _HEAD + '  "price": {{strategy.order.price}},\n'
        '  "action": "{{strategy.order.action}}",\n  "order_id": "{{strategy.order.id}}",\n'
        '  "comment": "{{strategy.order.comment}}",\n  "contracts": "{{strategy.order.contracts}}",\n'
        '  "market_position": "{{strategy.market_position}}",\n'
        '  "market_position_size": "{{strategy.market_position_size}}",\n'
        '  "prev_market_position": "{{strategy.prev_market_position}}",\n'
        '  "prev_market_position_size": "{{strategy.prev_market_position_size}}"\n}',
    ),
    AlertTemplate(
        "sentence",
        "A strategy's default message. It states neither time nor price: prefer the template named strategy.",
        "/api/webhooks/signals",
        "My strategy: order {{strategy.order.action}} @ {{strategy.order.contracts}} filled on {{ticker}}. "
        "New strategy position is {{strategy.position_size}}",
    ),
    AlertTemplate(
        "exit",
        "Close every position of the symbol on that side.",
        "/api/webhooks/signals",
        "{\n" + _HEAD + '  "price": {{close}},\n  "action": "exit",\n  "direction": "long"\n}',
    ),
    AlertTemplate(
        "trim",
        "Sell half of the position; any percentage.",
        "/api/webhooks/signals",
        "{\n"
        + _HEAD
        + '  "price": {{close}},\n  "action": "reduce",\n  "direction": "long",\n  "percent": 50\n}',
    ),
    AlertTemplate(
        "break-even",
        "Move the stop to the price at the entry.",
        "/api/webhooks/signals",
        "{\n" + _HEAD + '  "price": {{close}},\n  "action": "move_stop",\n  "direction": "long",\n'
        '  "stop": "breakeven"\n}',
    ),
    AlertTemplate(
        "bar",
        "Prices without a vendor's key: an alert 'once per bar close' on a one-minute chart keeps marks, stops and "
        "targets alive.",
        "/api/webhooks/price",
        '{\n  "ticker": "{{ticker}}",\n  "exchange": "{{exchange}}",\n  "interval": "{{interval}}",\n'
        '  "time": "{{time}}",\n  "timenow": "{{timenow}}",\n  "open": {{open}},\n  "high": {{high}},\n'
        '  "low": {{low}},\n  "close": {{close}},\n  "volume": {{volume}}\n}',
    ),
    AlertTemplate(
        "saty-phase",
        'The market phase: 1 accumulation, 2 markup, 3 distribution, 4 markdown; plotted as "phase".',
        "/api/webhooks/saty-phase",
        '{\n  "symbol": "{{ticker}}",\n  "timeframe": "{{interval}}",\n  "timenow": "{{timenow}}",\n'
        '  "phase": {{plot("phase")}},\n  "confidence": {{plot("confidence")}}\n}',
    ),
    AlertTemplate(
        "trend",
        "Directions of several timeframes, each plotted as a text by the indicator.",
        "/api/webhooks/trend",
        '{\n  "ticker": "{{ticker}}",\n  "timenow": "{{timenow}}",\n  "price": {{close}},\n  "timeframes": {\n'
        '    "5m": {"direction": "bullish"},\n    "15m": {"direction": "bullish"},\n'
        '    "1h": {"direction": "bullish"},\n    "4h": {"direction": "bullish"}\n  }\n}',
    ),
    AlertTemplate(
        "strat",
        "Whether the setup is valid and the option liquid.",
        "/api/webhooks/strat",
        '{\n  "symbol": "{{ticker}}",\n  "timeframe": "{{interval}}",\n  "timenow": "{{timenow}}",\n'
        '  "price": {{close}},\n  "setup_valid": true,\n  "liquidity_ok": true,\n  "quality": "A"\n}',
    ),
    AlertTemplate(
        "ultimate-options",
        "A scored option signal without a timeframe.",
        "/api/webhooks/ultimate-options",
        '{\n  "timenow": "{{timenow}}",\n  "instrument": {"ticker": "{{ticker}}", "current_price": {{close}}},\n'
        '  "signal": {"type": "LONG", "ai_score": 8.5, "quality": "HIGH"}\n}',
    ),
)
"""Bodies for TradingView's alert dialog."""

TEMPLATES: Final[Mapping[str, tuple[AlertTemplate, ...]]] = {"tradingview": TRADINGVIEW}
"""Ready bodies by platform."""


def find_template(platform: str, name: str) -> AlertTemplate:
    """Return a ready body; raises KeyError with the names that exist."""
    templates = TEMPLATES.get(platform)
    if templates is None:
        raise KeyError(f"no templates for {platform!r}; there are: {', '.join(TEMPLATES)}")
    found = next((template for template in templates if template.name == name), None)
    if found is None:
        raise KeyError(f"no template {name!r}; there are: {', '.join(each.name for each in templates)}")
    return found
