"""Tags of trades and of days as columns, for breakdowns of the metrics by a person's notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from core.notes import DAY_TAG, TAG, TAG_CUTS
from core.performance import Trades
from core.performance.days import UNKNOWN_AT, to_date
from core.performance.tag_breakdown import tag_codes
from server.ledger.paging import Page, PageQuery

_PAGE = 500
Tags = tuple[str, ...]


class Pages(Protocol):
    """A deck, or a reader of a ledger."""

    async def page(self, query: PageQuery) -> Page: ...


async def with_tags(pages: Pages, trades: Trades, ids: Sequence[str], cuts: Collection[str]) -> Trades:
    """Return the trades with those of ``cuts`` that are by tags; ``ids`` are their decisions, in their order."""
    added = {}
    if TAG in cuts:
        of_trade = {
            item["id"]: tuple(item["tags"]) for item in await _every(pages, "trades", {"tagged": "yes"})
        }
        added[TAG] = tag_codes([of_trade.get(trade_id, ()) for trade_id in ids])
    if DAY_TAG in cuts:
        of_day = await _tags_of_days(pages)
        days = [None if day == UNKNOWN_AT else to_date(day).isoformat() for day in trades.day.tolist()]
        added[DAY_TAG] = tag_codes([of_day.get(day or "", ()) for day in days])
    return replace(trades, cuts={**trades.cuts, **added}) if added else trades


def is_by_tags(cuts: Collection[str]) -> bool:
    return any(cut in TAG_CUTS for cut in cuts)


async def _tags_of_days(pages: Pages) -> dict[str, Tags]:
    found: dict[str, dict[str, None]] = {}
    for note in await _every(pages, "notes", {"about": "day"}):
        found.setdefault(note["day"], {}).update(dict.fromkeys(note["tags"]))
    return {day: tuple(tags) for day, tags in found.items()}


async def _every(pages: Pages, what: str, filters: Mapping[str, str]) -> list[Mapping[str, Any]]:
    items: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await pages.page(PageQuery(what=what, limit=_PAGE, cursor=cursor, filters=filters))
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items
