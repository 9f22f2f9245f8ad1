"""Option quotes of a price path: kept in the journal where its input is that very price, else with the path."""

from __future__ import annotations

from typing import Any

from core.events import Event, PriceSeen
from server.ledger.codec import encode_any, loads

IN_JOURNAL = "journal"
"""JSON in place of quotes that are those of the input of the same seq."""
PATHS = (
    "SELECT p.seq, p.at, p.symbol, p.price, p.priced_at, p.source, p.open, p.high, p.low, p.official_close, p.quotes,"
    " b.began, j.payload FROM paths p LEFT JOIN path_bars b ON b.seq = p.seq"
    " LEFT JOIN journal j ON j.seq = p.seq AND p.quotes IS NOT NULL ORDER BY p.seq"
)
"""Every step of every path, with the start of its bar and its input."""


def quotes_to_store(seen: PriceSeen, event: Event) -> bytes | None:
    """Return the JSON to keep with a price that the input ``event`` gave; ``None`` for a price without quotes."""
    if not seen.quotes:
        return None
    return encode_any(IN_JOURNAL if seen is event or seen == event else seen.quotes)


def stored_quotes(quotes: bytes | str | None, payload: bytes | str | None) -> list[Any] | None:
    """Return the quotes of a step, given what is kept with it and its input. Raises ValueError for damage."""
    found = loads(quotes)
    if found != IN_JOURNAL:
        return found if found is None or isinstance(found, list) else _fail(found)
    event = loads(payload) or {}
    return event["quotes"] if event.get("kind") == "price" else _fail(found)


def _fail(found: object) -> list[Any]:
    raise ValueError(f"the quotes of a price are damaged: {str(found)[:40]!r}")
