"""Absurd numbers and times in any field: refused or survived, never a fault, never a state that cannot be kept."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from core.effects import StoreReceipt
from core.events import Received
from core.intake import sample
from core.model import Direction, Source
from server.ledger.codec import decode, encode, encode_any
from server.runtime.checkpoints import decode_state
from tests.core.intake.disguises import DISGUISES

NUMBERS = (
    1e-320, 1e-300, 1e-12, 1e-4, 0.01, 1, 449.9, 450, 455, 1e5, 1e7, 1e9, 1e100, 1.7e308, 0, -1, "NaN", "1e999",
    "Infinity", None, True, [], {}, "450", 10**23, "٣", "\ud800",
)  # fmt: skip
FRAMES = (0, 1, 5, 15, 240, "D", "W", "M", 10**6, 10**9, 10**30, -5, "999999999999h", "99999D", None)
TIMES = (
    "2026-11-24T15:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1970-01-01", 0, 1e18, -1e18,
    253402300799000, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", None, "now",
)  # fmt: skip
PRICES = (1e-320, 1e-12, 1e-4, 2e-4, 0.01, 0.3, 1, 5, 1e5, 9e6, 1e7, 1e15, 1e300, 1.7e308)
SYMBOLS = ("SPY", "SPX", "XYZ", "TSLA", "X", "A/B", "BRK.B", "S1")


def paths(body: dict[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in body.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from paths(value, (*before, key))


def put(body: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for key in path[:-1]:
        body = body[key]
    body[path[-1]] = value


def absurd(draw: random.Random, now: Any) -> str:
    source = draw.choice(list(Source))
    side = draw.choice(list(Direction))
    frame, score = draw.choice([5, 15, 60, 240]), draw.choice([6.5, 9.6])
    body = sample(source, now, draw.choice(SYMBOLS), 450.0, side, timeframe=frame, score=score)
    if source in (Source.TRADINGVIEW_SIGNAL, Source.ULTIMATE_OPTIONS) and draw.random() < 0.6:
        price, sign = draw.choice(PRICES), side.sign
        body["instrument"]["current_price"] = price
        near = [price * (1 + sign * x) for x in (-0.004, 0.006, 0.01)]
        wild = [
            price * draw.choice([1e-300, 0.5, 2, 1e9, 0.99]),
            price * draw.choice([1.01, 0.99, 1e300]),
            None,
        ]
        levels = draw.choice([near, wild, [None, None, None]])
        body["entry"] = {
            "price": price,
            **dict(zip(("stop_loss", "target_1", "target_2"), levels, strict=True)),
        }
        body["entry"] = {k: v for k, v in body["entry"].items() if v is not None}
    for _ in range(draw.choice([0, 1, 1, 2, 4])):
        path = draw.choice(list(paths(body)))
        put(body, path, draw.choice(draw.choice([NUMBERS, FRAMES, TIMES])))
    return draw.choice(list(DISGUISES.values()))(body) if draw.random() < 0.5 else json.dumps(body)


def torment(wired: type[Any], seed: int, bodies: int) -> dict[str, int]:
    draw = random.Random(seed)
    rules = "[risk]\nopen_positions = 900\nper_symbol = 900\nsymbol_premium = 1e9\ndaily_loss = 1e12\n"
    wire = wired(rules=rules)
    for n in range(bodies):
        wire.later(seconds=draw.choice([0, 1, 20]))
        text = absurd(draw, wire.now)
        wire.post(Received, receipt_id=f"r{n}", body=text, endpoint="/api/webhooks")
        assert len(wire.of(StoreReceipt)) == 1
        for effect in wire.latest:
            encode_any(effect)
        if draw.random() < 0.1:
            wire.later(seconds=61)
            wire.tick()
    assert decode_state(encode_any(wire.state)) == wire.state
    again = type(wire.engine)(engine_id="wire")
    for event in wire.journal:
        again.step(decode(encode(event)))
    assert again.state == wire.state
    tally = wire.state.tally
    return {"executed": tally.executed, "quarantined": tally.quarantined, "receipts": tally.receipts}


@pytest.mark.parametrize("seed", range(3))
def test_absurd_numbers_are_survived(wired: type[Any], seed: int) -> None:
    told = torment(wired, seed, 500)
    assert told["receipts"] == 500 and told["executed"] > 0 and told["quarantined"] > 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 40))
def test_many_absurd_numbers_are_survived(wired: type[Any], seed: int) -> None:
    torment(wired, seed, 3_000)
