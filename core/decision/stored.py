"""A decision's inputs as JSON and back, so that deciding again from them gives the same verdict."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from core.from_json import read
from core.model import Context, MarketSnapshot


class Inputs(NamedTuple):
    """What ``decide`` was given, beside the rules whose fingerprint the decision names."""

    context: Context
    market: MarketSnapshot


def to_inputs(context: Context, market: MarketSnapshot) -> bytes:
    """The inputs as one JSON object; floats are written so that they read back to the same bits."""
    return orjson.dumps({"context": context, "market": market})


def from_inputs(stored: bytes | str) -> Inputs:
    """The inputs read back; raises FactsError when the text is not what ``to_inputs`` writes."""
    tree = read(dict[str, object], orjson.loads(stored))
    return Inputs(read(Context, tree.get("context")), read(MarketSnapshot, tree.get("market")))
