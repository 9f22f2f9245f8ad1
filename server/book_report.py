"""The report of a book: its sums, and the P&L of its closed trades by day, symbol and setup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.day_report import Pages, every_trade
from server.ledger.paging import PageQuery

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The closed trades of a day, a symbol or a setup, with their net in $."""

    name: str
    trades: int
    wins: int
    net: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReport:
    """A book with the ``totals`` of its trades, their groups, and the trades that are still open, oldest first."""

    book: Item
    totals: Item
    days: tuple[Group, ...]
    symbols: tuple[Group, ...]
    setups: tuple[Group, ...]
    open: tuple[Item, ...]


async def book_report(pages: Pages, book: str) -> BookReport | None:
    """Return the report of a book, ``None`` when there is none of that name."""
    found = (await pages.page(PageQuery(what="books", filters={"book": book}))).items
    if not found:
        return None
    trades, totals = await every_trade(pages, {"book": book})
    closed = [trade for trade in reversed(trades) if trade["state"] == "CLOSED"]
    return BookReport(
        book=found[0],
        totals=totals,
        days=tuple(sorted(_groups(closed, lambda trade: trade["closed_day"]), key=lambda group: group.name)),
        symbols=_by_net(_groups(closed, lambda trade: trade["symbol"])),
        setups=_by_net(_groups(closed, lambda trade: trade["setup"] or "none")),
        open=tuple(trade for trade in reversed(trades) if trade["state"] != "CLOSED"),
    )


def _groups(trades: Iterable[Item], name_of: Callable[[Item], str]) -> list[Group]:
    nets: dict[str, list[float]] = {}
    for trade in trades:
        nets.setdefault(name_of(trade), []).append(trade["net"])
    return [
        Group(name=name, trades=len(of), wins=sum(net > 0 for net in of), net=round(sum(of), 2) + 0.0)
        for name, of in nets.items()
    ]


def _by_net(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.net, group.name)))
