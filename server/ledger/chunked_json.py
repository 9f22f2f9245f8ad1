"""Write a large state as JSON in chunks, so that the event loop is not blocked meanwhile.

The caller must not change the value until it is written.
"""

from __future__ import annotations

import asyncio
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from server.ledger.codec import encode_any

PIECE = 250
"""Items of a mapping written without a pause: a few milliseconds at most."""


async def encode_in_chunks(value: object) -> bytearray:
    """Return the same bytes as ``codec.encode_any``, written in chunks, of a dataclass or mapping."""
    # One growing buffer: joining the chunks at the end would block the loop.
    out = bytearray()
    await _encode(value, out)
    return out


async def _encode(value: object, out: bytearray) -> None:
    if isinstance(value, dict) and len(value) > PIECE:
        await _mapping(value, out)
    elif is_dataclass(value) and not isinstance(value, type) and _is_large(value):
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


def _is_large(value: Any) -> bool:
    """Return whether a mapping in the value, at any depth of dataclasses, is larger than one chunk."""
    for field in fields(value):
        held = getattr(value, field.name)
        if isinstance(held, dict) and len(held) > PIECE:
            return True
        if is_dataclass(held) and not isinstance(held, type) and _is_large(held):
            return True
    return False
