"""Lists of the API: their parameters and pages, newest first, paged by a cursor."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from server.deck.rows import PositionRow
from server.http.problems import Refused
from server.http.query_parameters import DEFAULT_LIMIT
from server.http.routes import Parameter
from server.ledger.paging import PageQuery
from server.ledger.queries import MAX_LIMIT


def page_query(request: web.BaseRequest, what: str, accepted: Sequence[Parameter]) -> PageQuery:
    """Return the query of a list. Raises Refused naming the parameter that is not accepted."""
    given = parameters(request, accepted)
    limit = _limit(given.pop("limit", None))
    cursor = given.pop("cursor", None)
    order = given.pop("order", "time")
    return PageQuery(what=what, limit=limit, cursor=cursor, filters=given, order=order)


def parameters(request: web.BaseRequest, accepted: Sequence[Parameter]) -> dict[str, str]:
    """Return the parameters of a request. Raises Refused naming one that is not accepted."""
    known = {parameter.name: parameter for parameter in accepted}
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known:
            raise invalid(f"{name}: is not a parameter of this address ({', '.join(known) or 'it has none'})")
        if name in given:
            raise invalid(f"{name}: is given twice")
        if value == "":
            raise invalid(f"{name}: has no value; leave it out to ask for all")
        pattern = known[name].schema.get("pattern")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise (unknown_cursor if name == "cursor" else invalid)(
                f"{name}: {value[:40]!r} is not accepted; it is {known[name].text}"
            )
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


def unknown_cursor(detail: str) -> Refused:
    """Return the refusal of a cursor that names no page of this list."""
    return Refused("UNKNOWN_CURSOR", detail, extra={"parameter": "cursor"})


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
        raise unknown_cursor("cursor: not one that this list gave out")
    return opened, position_id
