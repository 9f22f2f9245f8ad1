"""Lists of the API: their parameters and pages, newest first, paged by a cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from core.approvals import ApprovalStatus
from core.performance.cuts import CUT_TITLES, TAG_CUTS
from server.deck.reports import WINDOWS
from server.deck.rows import PositionRow
from server.deck.trade_windows import TRADE_WINDOWS
from server.http.problems import Refused
from server.http.routes import Parameter
from server.ledger.paging import PageQuery
from server.ledger.queries import ASCENDING
from server.ledger.trade_lists import SORTED

DEFAULT_LIMIT = 50
MAX_LIMIT = 500

_TEXT = {"type": "string"}

PAGING = (
    Parameter(
        name="limit",
        text="most items in one page",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    Parameter(name="cursor", text="next_cursor of the previous page", schema=_TEXT),
)
ENTRY_FILTERS = (
    Parameter(
        name="decision", text="the action", schema={"type": "string", "enum": ["EXECUTE", "WAIT", "SKIP"]}
    ),
    Parameter(name="timeframe", text="in minutes, or as 15m, 4h, D", schema=_TEXT),
    Parameter(name="quality", text="", schema={"type": "string", "enum": ["EXTREME", "HIGH", "MEDIUM"]}),
    Parameter(name="symbol", text="", schema=_TEXT),
    Parameter(name="source", text="source of the signal", schema=_TEXT),
    Parameter(name="from", text="ISO 8601 time, or a date as the exchange's day, inclusive", schema=_TEXT),
    Parameter(name="to", text="ISO 8601 time, or a date as the exchange's day, inclusive", schema=_TEXT),
    Parameter(
        name="order", text="", schema={"type": "string", "enum": ["time", "confidence"], "default": "time"}
    ),
)
RECEIPT_FILTERS = (
    Parameter(
        name="status", text="", schema={"type": "string", "enum": ["accepted", "duplicate", "quarantined"]}
    ),
    *(p for p in ENTRY_FILTERS if p.name in ("symbol", "source", "from", "to")),
)
TIME_FILTERS = tuple(p for p in ENTRY_FILTERS if p.name in ("from", "to"))
APPROVAL_FILTERS = (
    Parameter(
        name="status", text="", schema={"type": "string", "enum": [status.value for status in ApprovalStatus]}
    ),
    *(p for p in ENTRY_FILTERS if p.name in ("symbol", "from", "to")),
)

_DAY = {"type": "string", "format": "date"}
_ORDERS = ("time", *SORTED, *(f"{name}{ASCENDING}" for name in SORTED))
TRADE_QUERY = (
    Parameter(
        name="window",
        text="today and 5d (sessions) with the trades still open; days of exits back from now; or all",
        schema={"type": "string", "enum": list(TRADE_WINDOWS), "default": "all"},
    ),
    Parameter(name="text", text="words of contract, setup, reason or notes", schema=_TEXT),
    Parameter(name="symbol", text="", schema=_TEXT),
    Parameter(name="direction", text="", schema={"type": "string", "enum": ["LONG", "SHORT"]}),
    Parameter(name="setup", text="", schema=_TEXT),
    Parameter(name="state", text="", schema={"type": "string", "enum": ["open", "closed"]}),
    Parameter(name="outcome", text="", schema={"type": "string", "enum": ["win", "loss", "flat", "open"]}),
    Parameter(name="reason", text="reason of the last exit", schema=_TEXT),
    Parameter(name="tag", text="tag of a note on the trade", schema=_TEXT),
    Parameter(name="day_tag", text="tag of a note on the day it closed", schema=_TEXT),
    Parameter(name="day", text="exchange day on which it closed", schema=_DAY),
    Parameter(name="overnight", text="exchange day at whose end it was open", schema=_DAY),
    Parameter(name="since", text="first day of its close; open trades are included", schema=_DAY),
    Parameter(name="from", text="earliest close: ISO 8601 time or date", schema=_TEXT),
    Parameter(name="to", text="latest close: ISO 8601 time or date", schema=_TEXT),
    Parameter(
        name="untagged",
        text="trades whose notes, or those of their day, have no tag",
        schema={"type": "string", "enum": list(TAG_CUTS)},
    ),
    Parameter(name="tagged", text="only trades with a tag", schema={"type": "string", "enum": ["yes"]}),
    Parameter(name="cut", text="a group of a breakdown, as timeframe=15m", schema=_TEXT),
    Parameter(
        name="counted",
        text="only the closed trades that the metrics measure",
        schema={"type": "string", "enum": ["yes"]},
    ),
    Parameter(name="id", text="id of the decision or the position", schema=_TEXT),
    Parameter(name="order", text="", schema={"type": "string", "enum": list(_ORDERS), "default": "time"}),
)
DAY_QUERY = (
    Parameter(name="from", text="first day", schema=_DAY),
    Parameter(name="to", text="last day", schema=_DAY),
)
NOTE_QUERY = (
    Parameter(name="position", text="id of the position of a trade", schema=_TEXT),
    Parameter(name="day", text="day that the note is about", schema=_DAY),
    Parameter(name="tag", text="", schema=_TEXT),
    Parameter(name="text", text="words of the note", schema=_TEXT),
    *TIME_FILTERS,
)

PERFORMANCE = (
    Parameter(
        name="window",
        text="days back from now, or every trade",
        schema={"type": "string", "enum": list(WINDOWS), "default": "all"},
    ),
    Parameter(
        name="cut",
        text="property by which the trades are grouped",
        schema={"type": "string", "enum": list(CUT_TITLES), "default": "setup"},
    ),
)


def page_query(request: web.BaseRequest, what: str, accepted: Sequence[Parameter]) -> PageQuery:
    """Return the query of a list. Raises Refused naming the parameter that is not accepted."""
    given = parameters(request, accepted)
    limit = _limit(given.pop("limit", None))
    cursor = given.pop("cursor", None)
    order = given.pop("order", "time")
    return PageQuery(what=what, limit=limit, cursor=cursor, filters=given, order=order)


def parameters(request: web.BaseRequest, accepted: Sequence[Parameter]) -> dict[str, str]:
    """Return the parameters of a request. Raises Refused naming one that is not accepted."""
    names = [parameter.name for parameter in accepted]
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in names:
            raise invalid(f"{name}: is not a parameter of this list ({', '.join(names)})")
        if name in given:
            raise invalid(f"{name}: is given twice")
        # An empty value, as a form sends it, asks for nothing.
        if value != "":
            given[name] = value
    return given


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_LIMIT and len(text) < 9):
        raise invalid(f"limit: {text[:20]!r} is not a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def invalid(detail: str) -> Refused:
    """Return a refusal whose detail begins with the parameter's name."""
    return Refused("INVALID_PARAMETER", detail, extra={"parameter": detail.partition(":")[0]})


def listing(
    items: Sequence[object], next_cursor: str | None, totals: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Return the body of a page; ``totals`` are the sums over all pages of a list that has them."""
    return {"items": items, "next_cursor": next_cursor} | ({} if totals is None else {"totals": totals})


def position_page(rows: Sequence[PositionRow], query: PageQuery) -> Mapping[str, Any]:
    """Return a page of the open positions, newest first; a cursor is valid after its position is closed."""
    ordered = sorted(rows, key=_position_key, reverse=True)
    if query.cursor is not None:
        after = _position_cursor(query.cursor)
        ordered = [row for row in ordered if _position_key(row) < after]
    page, rest = ordered[: query.limit], ordered[query.limit :]
    return listing(page, f"{page[-1].opened_at.isoformat()}~{page[-1].id}" if rest else None)


def _position_key(row: PositionRow) -> tuple[datetime, str]:
    return row.opened_at, row.id


def _position_cursor(text: str) -> tuple[datetime, str]:
    at, _, position_id = text.replace(" ", "+").partition("~")
    try:
        opened = datetime.fromisoformat(at)
    except ValueError:
        opened = datetime.min
    if opened.tzinfo is None:
        raise invalid("cursor: not one that this list gave out")
    return opened, position_id
