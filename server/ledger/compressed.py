"""Compressed JSON columns of a ledger: zstandard frames made with a dictionary of what such JSON usually holds.

A dictionary is part of the program and never changes: a frame names the one it was made with, so that a later one
can be added beside it (tests/tools/make_dictionary.py trains it). Short texts, and the rows of ledgers from before
version 9, are plain text in the same column.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import zstandard

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "journal": ("payload",),
    "ledger_entries": ("signal", "decision_breakdown", "inputs", "hypothetical"),
    "marks": ("payload",),
    "paths": ("quotes",),
    "positions": ("payload",),
    "approvals": ("payload",),
    "stream_events": ("payload",),
}
"""The columns that may be compressed, by table."""

_DICTIONARY = 1
_LEVEL = 3
_LEAST = 96
"""Bytes below which a text stays as it is: a frame would hardly be shorter."""
_MOST = 1 << 28
"""Bytes that no row reaches: a damaged frame that claims more is not unpacked."""


def compress(data: bytes) -> bytes | str:
    """Return JSON as it is stored: a frame, or for a short one its text."""
    if len(data) < _LEAST:
        return data.decode()
    return _here().compressor.compress(data)


def compress_all(texts: Sequence[bytes]) -> list[bytes | str]:
    """Return several texts as ``compress`` does each.

    The interpreter lock is released once for all: the event loop's thread competes for it every time.
    """
    together = getattr(_here().compressor, "multi_compress_to_buffer", None)  # in the library's C form only
    long = [text for text in texts if len(text) >= _LEAST]
    if together is None or not long:
        return [*map(compress, texts)]
    frames = iter(together(long))
    return [next(frames).tobytes() if len(text) >= _LEAST else text.decode() for text in texts]


def compressed_again(stored: bytes | str) -> bytes | str:
    """Return a value that some ledger stored as ``compress`` would store it; a frame stays as it is."""
    if isinstance(stored, str):
        return compress(stored.encode())
    return stored if stored.startswith(zstandard.FRAME_HEADER) else compress(stored)


def compress_bytes(data: bytes) -> bytes:
    """Return any bytes as a frame."""
    return _here().compressor.compress(data)


def expand(stored: bytes | str) -> bytes:
    """Return the JSON of a stored value. Raises ValueError when the value is damaged."""
    if isinstance(stored, str):
        return stored.encode()
    try:
        if not stored.startswith(zstandard.FRAME_HEADER):
            return stored
        return _here().decompressor.decompress(stored, max_output_size=_MOST)
    except zstandard.ZstdError as error:
        raise ValueError(f"the row is damaged and cannot be unpacked: {error}") from None
    except AttributeError:
        raise ValueError("the row is damaged: a number stands in the place of JSON") from None


def expanded(stored: bytes | str | None) -> str | None:
    """Return the JSON of a stored value as text, for SQL; ``None`` for no value and for a damaged one."""
    if stored is None or isinstance(stored, str):
        return stored
    try:
        return expand(stored).decode()
    except ValueError:
        return None


class _PerThread(threading.local):
    """The compressor and decompressor of a thread: they may not be used by two at once."""

    def __init__(self) -> None:
        dictionary = _dictionary()
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)


@cache
def _here() -> _PerThread:
    return _PerThread()


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    data = resources.files("server.ledger.schema").joinpath(f"dictionary-{_DICTIONARY}.zstd").read_bytes()
    dictionary = zstandard.ZstdCompressionDict(data)
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary
