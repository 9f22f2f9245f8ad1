"""The report of one exchange day: its trades with their sums, what was open at its end, and its notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from server.ledger.paging import Page, PageQuery

_PAGE = 500
Item = Mapping[str, Any]


class Pages(Protocol):
    """A deck, or a reader of a ledger."""

    async def page(self, query: PageQuery) -> Page: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """The trades closed on a day, oldest entry first, with their ``totals``; the others it had, and its notes.

    ``opened`` is the number of trades opened on it, ``overnight`` are those opened by then and closed later or not
    yet. Rows are those of the list of trades, money in $.
    """

    day: date
    totals: Item
    opened: int
    closed: tuple[Item, ...]
    overnight: tuple[Item, ...]
    notes: tuple[Item, ...]


async def latest_day(pages: Pages) -> date | None:
    """Return the newest day on which a trade was opened or closed, ``None`` without any."""
    for item in (await pages.page(PageQuery(what="days", limit=_PAGE))).items:
        if item["trades"] or item["opened"]:
            return date.fromisoformat(item["day"])
    return None


async def day_report(pages: Pages, day: date) -> DayReport:
    """Return the report of an exchange day; one without trades has no rows. Raises LedgerError."""
    text = day.isoformat()
    closed, totals = await every_trade(pages, {"day": text})
    overnight, _ = await every_trade(pages, {"overnight": text})
    found = (await pages.page(PageQuery(what="days", filters={"from": text, "to": text}))).items
    return DayReport(
        day=day,
        totals=totals,
        opened=found[0]["opened"] if found else 0,
        closed=tuple(reversed(closed)),
        overnight=tuple(reversed(overnight)),
        notes=tuple(found[0]["notes"]) if found else (),
    )


async def every_trade(pages: Pages, filters: Mapping[str, str]) -> tuple[list[Item], Item]:
    """Return all trades that filters select, newest first, and their sums."""
    items: list[Item] = []
    cursor: str | None = None
    while True:
        page = await pages.page(PageQuery(what="trades", limit=_PAGE, cursor=cursor, filters=filters))
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items, page.totals or {}
