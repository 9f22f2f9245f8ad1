"""Webhooks in the OpenAPI document: what is accepted, and what its sender is answered.

The intake reads far more than a schema can say (see the description). The schema holds the plain forms, every body
of which is accepted; what fits none of them is read all the same where its meaning is clear, else refused.
"""

from __future__ import annotations

from typing import Any

from core.intake.body import MAX_ITEMS
from core.intake.fields import LEAST_PRICE, MOST_PRICE
from server.config import ENDPOINTS
from server.http.credentials import PRICE

Json = dict[str, Any]

DESCRIPTION = f"""\
Any JSON or text is taken, whatever its Content-Type says: a JSON object, `{{"text": "<JSON as a string>"}}`, an array
of either (each item is a receipt of its own, and the answer an array, at most {MAX_ITEMS} items), a line of text
before the JSON, or TradingView's default strategy sentence. The source is recognised by the body's own fields; the
address is a hint. Whatever has arrived is stored first. A body that cannot be understood is kept in quarantine and
answered 400 (not JSON) or 422 (its field is named); both hold a receipt_id. An array is answered with the highest
status of its items. 503 and 429 mean that nothing was stored and it may be sent again.
"""

_SYMBOL: Json = {
    "description": "US stock, fund or index, as SPY or BATS:SPY.",
    "type": "string",
    "pattern": r"^([A-Za-z]{2,10}:)?[A-Za-z0-9_.^/-]{1,15}$",
}
_PRICE: Json = {
    "description": "Dollars a share.",
    "anyOf": [
        {"type": "number", "minimum": LEAST_PRICE, "maximum": MOST_PRICE},
        {"type": "string", "pattern": r"^[1-9][0-9]{0,5}(\.[0-9]{1,9})?$"},
    ],
}

_WORDS = ("LONG", "SHORT", "BUY", "SELL", "BULLISH", "BEARISH", "UP", "DOWN")
_DIRECTION: Json = {
    "description": "Any case is read; 1 and -1 are LONG and SHORT.",
    "enum": [*_WORDS, 1, -1, "1", "-1"],
}
_SCORE: Json = {
    "description": "On 0 to 10.5, or a percentage above; a number out of 0 to 100 is left out.",
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9})?$"}],
}


def _plain(description: str, example: Json, required: int = 9, /, **properties: Json) -> Json:
    """Return the schema of a plain form, of which the first ``required`` properties are."""
    return {
        "description": description,
        "type": "object",
        "required": list(properties)[:required],
        "unevaluatedProperties": False,
        "properties": properties,
        "examples": [example],
    }


_PROPOSED = (
    "A proposed trade in its plainest form. Senders' own fields (levels, quality, timeframe, time, id …) are read "
    "too, wherever they stand and by the names that they are given."
)
SCHEMAS: dict[str, Json] = {
    "ScoredSignalBody": _plain(
        _PROPOSED,
        {"symbol": "SPY", "direction": "LONG", "score": 9.2},
        symbol=_SYMBOL,
        direction=_DIRECTION,
        score=_SCORE,
    ),
    "SignalBody": _plain(
        _PROPOSED,
        {"symbol": "SPY", "direction": "LONG"},
        2,
        symbol=_SYMBOL,
        direction=_DIRECTION,
        score=_SCORE,
    ),
    "BiasBody": _plain(
        "The bias of a phase indicator in its plainest form.",
        {"symbol": "SPY", "direction": "BULLISH"},
        symbol=_SYMBOL,
        direction={"enum": list(_WORDS)},
    ),
    "PriceBody": _plain(
        "A price of the underlying in its plainest form; the bar of a chart is read too.",
        {"symbol": "SPY", "price": 450.25},
        symbol=_SYMBOL,
        price=_PRICE,
    ),
    "StrategySentence": {
        "description": "TradingView's default message of a strategy.",
        "type": "string",
        "pattern": r"^[A-Za-z]{1,20}: order (buy @ [1-9][0-9]{0,3} filled on [A-Z]{1,5}\. New strategy position is "
        r"[1-9][0-9]{0,3}|sell @ [1-9][0-9]{0,3} filled on [A-Z]{1,5}\. New strategy position is -[1-9][0-9]{0,3})$",
        "examples": ["EMA: order buy @ 1 filled on SPY. New strategy position is 1"],
    },
}


_FORMS = {
    PRICE: "PriceBody",
    "signals": "SignalBody",
    "ultimate-options": "SignalBody",
    "saty-phase": "BiasBody",
}
"""The plain form of each endpoint; where the body alone decides its source, only a score marks a signal."""


def body_of(endpoint: str | None) -> Json:
    """Return the request body of a webhook address."""
    form = _FORMS.get(endpoint or "", "ScoredSignalBody")
    content: Json = {"application/json": {"schema": {"$ref": f"#/components/schemas/{form}"}}}
    if endpoint != PRICE:
        content["text/plain"] = {"schema": {"$ref": "#/components/schemas/StrategySentence"}}
    return {
        "description": "What the schema holds is accepted, and more.",
        "required": True,
        "content": content,
    }


def summary_of(endpoint: str | None) -> str:
    """Return what a webhook address is for in a few words."""
    if endpoint is None:
        return "A webhook whose source is recognised from its body"
    if endpoint == PRICE:
        return "A price or a price bar of a chart"
    return f"A webhook of {ENDPOINTS[endpoint]}"
