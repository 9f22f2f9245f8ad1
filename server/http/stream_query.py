"""The wishes of a reader of the stream: from which event on, of which kinds and symbols."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from core.model import SYMBOL_PATTERN
from server.http.lists import invalid, parameters
from server.http.routes import Parameter
from server.ledger.streamed import Place, StreamKind

MARK = "mark"
"""The one kind that is not stored: the value of a position, as it is now."""
KINDS = (*StreamKind, MARK)
LAST_EVENT_ID = "Last-Event-ID"
WHOLE_INPUT = (1 << 31) - 1
"""Number after every event of an input: a place without a number is after all of them."""

_KIND = "|".join(KINDS)
STREAM_QUERY = (
    Parameter(
        name="events",
        text=f"kinds, with commas: {', '.join(KINDS)}",
        schema={"type": "string", "pattern": f"^({_KIND})(,({_KIND})){{0,{len(KINDS)}}}$"},
    ),
    Parameter(
        name="symbol",
        text="symbols, with commas; events that belong to none (mode, alert) come in any case",
        schema={"type": "string", "pattern": r"^[A-Za-z0-9_.^/-]{1,15}(,[A-Za-z0-9_.^/-]{1,15}){0,19}$"},
    ),
    Parameter(
        name="last_event_id",
        text=f"go on after this event, 0 from the first on; the header {LAST_EVENT_ID} comes before it",
        schema={"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,6})?$"},
    ),
)

_ID = re.compile(r"(\d{1,15})(?:\.(\d{1,6}))?", re.ASCII)
_SYMBOL = re.compile(SYMBOL_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamQuery:
    """``kinds`` and ``symbols`` are empty for all; ``marks`` says whether those of positions are wanted."""

    after: Place
    kinds: frozenset[StreamKind] = frozenset()
    symbols: frozenset[str] = frozenset()
    marks: bool = True
    stored: bool = True
    """Return whether any kind that is stored is wanted."""

    def wants(self, kind: StreamKind, symbol: str | None) -> bool:
        if not self.stored or (self.kinds and kind not in self.kinds):
            return False
        return not self.symbols or symbol is None or symbol in self.symbols

    def wants_mark(self, symbol: str) -> bool:
        return self.marks and (not self.symbols or symbol in self.symbols)


def stream_query(request: web.BaseRequest, now: int) -> StreamQuery:
    """Return the query of a request, by default from the input ``now`` on. Raises Refused naming the parameter."""
    given = parameters(request, STREAM_QUERY)
    kinds = _listed(given.get("events", ""))
    for kind in kinds:
        if kind not in KINDS:
            raise invalid(f"events: {kind[:20]!r} is not one of {', '.join(KINDS)}")
    symbols = [symbol.upper() for symbol in _listed(given.get("symbol", ""))]
    for symbol in symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise invalid(f"symbol: {symbol[:20]!r} is not a symbol")
    # A browser that comes back sends the header with the address that it began with.
    name = LAST_EVENT_ID if request.headers.get(LAST_EVENT_ID) else "last_event_id"
    text = request.headers.get(LAST_EVENT_ID) or given.get("last_event_id")
    return StreamQuery(
        after=Place(now, WHOLE_INPUT) if text is None else parse_id(name, text),
        kinds=frozenset(map(StreamKind, (kind for kind in kinds if kind != MARK))),
        symbols=frozenset(symbols),
        marks=not kinds or MARK in kinds,
        stored=kinds != [MARK] or not kinds,
    )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_id(name: str, text: str) -> Place:
    """Return the place of an event's id. Raises Refused naming the parameter."""
    found = _ID.fullmatch(text.strip())
    if found is None:
        raise invalid(f"{name}: {text[:40]!r} is not the id of an event, such as 1234.0")
    return Place(int(found[1]), WHOLE_INPUT if found[2] is None else int(found[2]))


def format_id(place: Place) -> str:
    """Return the id of an event: the seq of its input, and its number among the events of that input."""
    return str(place.seq) if place.n == WHOLE_INPUT else f"{place.seq}.{place.n}"


def kinds_of(queries: Collection[StreamQuery]) -> frozenset[StreamKind]:
    """Return the kinds that any of these queries wants, empty for all."""
    wanted = [query.kinds for query in queries]
    return frozenset().union(*wanted) if all(wanted) else frozenset()
