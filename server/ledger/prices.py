"""Prices of underlyings in a journal: what the feeds gave, bar by bar, for export and for another replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from core.events import MarketAnswered, PriceSeen
from server.ledger.codec import decode
from server.ledger.compressed import expand
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import exchange_iso, iso, micros

_UNKNOWN_LENGTH = timedelta(minutes=1)
"""Length of a bar whose start is not recorded."""


def price_rows(ledger: LedgerSnapshot) -> Iterator[Mapping[str, Any]]:
    """Yield every price that a feed gave, in the order of the journal, as one bar.

    A single price is a bar that starts and ends at its instant. Prices in the bodies of senders are in the receipts.
    """
    query = "SELECT payload FROM journal WHERE kind IN ('price', 'market') ORDER BY seq"
    for (payload,) in ledger.query(query):
        event = decode(expand(payload))
        if isinstance(event, PriceSeen):
            yield _row(event)
        elif isinstance(event, MarketAnswered) and (answered := _of_answer(event)) is not None:
            yield _row(answered)


def _of_answer(event: MarketAnswered) -> PriceSeen | None:
    snapshot = event.snapshot
    if snapshot.price is None:
        return None
    return PriceSeen(
        seq=event.seq,
        at=event.at,
        symbol=snapshot.symbol,
        price=snapshot.price,
        priced_at=event.at - timedelta(seconds=snapshot.ages.get("price", 0.0)),
        source=snapshot.feeds.get("price", "feed"),
    )


def _row(seen: PriceSeen) -> dict[str, Any]:
    ranged = seen.open is not None and seen.high is not None and seen.low is not None
    start = seen.priced_at
    if ranged:
        start = seen.began if seen.began is not None else seen.priced_at - _UNKNOWN_LENGTH
    return {
        "symbol": seen.symbol,
        "start": iso(micros(start)),
        "end": iso(micros(seen.priced_at)),
        "exchange_start": exchange_iso(start),
        "exchange_end": exchange_iso(seen.priced_at),
        "open": seen.open if ranged else seen.price,
        "high": seen.high if ranged else seen.price,
        "low": seen.low if ranged else seen.price,
        "close": seen.price,
        "source": seen.source,
    }
