"""A large state to JSON a piece at a time, so that the loop has its turn in between.

Whoever calls sees to it that the value does not change meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from server.ledger.codec import encode_any

PIECE = 250
"""Items of a mapping that are written in one go: a few milliseconds at the most."""


async def encode_in_chunks(value: object) -> bytearray:
    """What ``codec.encode_any`` makes of a dataclass or mapping, byte for byte."""
    # It grows with the pieces: joining them at the end would be a pause of its own.
    out = bytearray()
    await _encode(value, out)
    return out


async def _encode(value: object, out: bytearray) -> None:
    if isinstance(value, dict) and len(value) > PIECE:
        await _mapping(value, out)
    elif is_dataclass(value) and not isinstance(value, type) and _large(value):
        for n, field in enumerate(fields(value)):
            out += b'%b"%b":' % (b"," if n else b"{", field.name.encode())
            await _encode(getattr(value, field.name), out)
        out += b"}"
    else:
        out += encode_any(value)


async def _mapping(value: dict[Any, Any], out: bytearray) -> None:
    items = iter(value.items())
    opening = b"{"
    while piece := dict(islice(items, PIECE)):
        out += opening
        out += encode_any(piece)[1:-1]
        opening = b","
        await asyncio.sleep(0)
    out += b"}"


def _large(value: Any) -> bool:
    """Whether anything directly in it, or in what that holds, is too much for one go."""
    for field in fields(value):
        held = getattr(value, field.name)
        if isinstance(held, dict) and len(held) > PIECE:
            return True
        if is_dataclass(held) and not isinstance(held, type) and _large(held):
            return True
    return False
