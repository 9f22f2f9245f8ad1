"""Write a large state as JSON without blocking the event loop: taken in pieces, put together in a thread.

``take_parts`` encodes what can change, a piece at a time, and copies the large mappings whose values cannot: a copy
costs about a hundredth of their JSON. The caller must not change the value until it returns. ``join_parts`` then
writes the copies, in a thread, while the value goes on changing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from server.ledger.codec import encode_any

PIECE = 250
"""Items of a mapping written without a pause: a few milliseconds at most."""

Part = bytes | dict[Any, Any]


async def take_parts(value: object) -> list[Part]:
    """Return JSON texts, and copies of large mappings of immutable values in place of theirs."""
    parts: list[Part] = []
    await _take(value, parts)
    return parts


def join_parts(parts: list[Part]) -> bytearray:
    """Return the same bytes as ``codec.encode_any`` of the value; blocks, and lets other threads run in between."""
    out = bytearray()
    for part in parts:
        if isinstance(part, dict):
            for text in _pieces(part):
                out += text
        else:
            out += part
    return out


async def _take(value: object, parts: list[Part]) -> None:
    if isinstance(value, dict) and len(value) > PIECE:
        if _is_immutable(next(iter(value.values()))):
            parts.append(dict(value))
            return
        for text in _pieces(value):
            parts.append(text)
            await asyncio.sleep(0)
    elif is_dataclass(value) and not isinstance(value, type) and _is_large(value):
        for n, field in enumerate(fields(value)):
            parts.append(b'%b"%b":' % (b"," if n else b"{", field.name.encode()))
            await _take(getattr(value, field.name), parts)
        parts.append(b"}")
    else:
        parts.append(encode_any(value))


def _pieces(mapping: dict[Any, Any]) -> Iterator[bytes]:
    """Yield the JSON of a mapping in pieces."""
    items = iter(mapping.items())
    opening = b"{"
    while piece := dict(islice(items, PIECE)):
        yield opening + encode_any(piece)[1:-1]
        opening = b","
    yield b"}"


def _is_immutable(value: object) -> bool:
    """Return whether a value is a tuple, a text, a number or a frozen fact, as all values of its mapping are."""
    parameters = getattr(type(value), "__dataclass_params__", None)
    return bool(parameters.frozen) if parameters else isinstance(value, tuple | str | int | float)


def _is_large(value: Any) -> bool:
    """Return whether a mapping in the value, at any depth of dataclasses, is larger than one piece."""
    for field in fields(value):
        held = getattr(value, field.name)
        if isinstance(held, dict) and len(held) > PIECE:
            return True
        if is_dataclass(held) and not isinstance(held, type) and _is_large(held):
            return True
    return False
