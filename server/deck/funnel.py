"""Today's funnel: webhooks, signals, the reasons that refused them by code, trades, and what these made."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.exchange.calendar import Calendar
from core.model import Action, ReceiptStatus
from server.ledger.base import LedgerReader
from server.ledger.paging import PageQuery

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The exchange's day so far. A signal counts once, by its latest decision; money is net, in $.

    ``refused`` are the signals without a trade by the code that decided, most first; ``waiting`` of them wait.
    ``decisions`` counts today's decisions by action, several of one signal included.
    ``open``, ``won``, ``lost`` and ``flat`` are today's trades by how they stand; ``net`` is of the closed ones.
    """

    day: date
    webhooks: int = 0
    duplicates: int = 0
    quarantined: int = 0
    signals: int = 0
    refused: tuple[tuple[str, int], ...] = ()
    waiting: int = 0
    executed: int = 0
    decisions: tuple[tuple[str, int], ...] = ()
    open: int = 0
    won: int = 0
    lost: int = 0
    flat: int = 0
    net: float = 0.0


@dataclass(slots=True)
class _List:
    """The place up to which a list was read: the last row of the day that is counted already."""

    last: tuple[int, str] = (0, "")


class FunnelReader:
    """Reads the day's rows of the ledger once, and after that only what is new."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger
        self._begin(date.min)

    def _begin(self, day: date) -> None:
        self._day = day
        self._receipts, self._decisions = _List(), _List()
        self._statuses: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._signals: dict[str, tuple[int, str, str]] = {}
        """The latest decision of each signal: its seq, action and code."""

    async def read(self, now: datetime, calendar: Calendar) -> Funnel:
        """Return the funnel of the exchange's day at an instant."""
        day = calendar.market_date(now)
        if day != self._day:
            self._begin(day)
        async for row in self._new("receipts", "received_at", self._receipts, calendar):
            self._statuses[row["status"]] += 1
        async for row in self._new("decisions", "created_at", self._decisions, calendar):
            self._actions[row["decision"]] += 1
            known = self._signals.get(row["signal_id"])
            if known is None or row["seq"] > known[0]:
                self._signals[row["signal_id"]] = (row["seq"], row["decision"], row["code"] or "")
        trades = [row async for row in self._new("trades", "opened_at", _List(), calendar)]
        return self._funnel(trades)

    async def _new(
        self, what: str, time: str, read: _List, calendar: Calendar
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the day's rows that were not counted yet, newest first."""
        newest, cursor = read.last, None
        while True:
            page = await self._ledger.page(PageQuery(what=what, limit=_PAGE, cursor=cursor))
            for row in page.items:
                place = (row["seq"], row["id"])
                if place <= read.last or calendar.market_date(_instant(row[time])) < self._day:
                    read.last = newest
                    return
                newest = max(newest, place)
                yield row
            cursor = page.next_cursor
            if cursor is None:
                read.last = newest
                return

    def _funnel(self, trades: list[Mapping[str, Any]]) -> Funnel:
        latest = list(self._signals.values())
        refused = [(action, code) for _, action, code in latest if action != Action.EXECUTE]
        codes = Counter(code or "–" for _, code in refused)
        ended = [row["net"] for row in trades if row["closed_at"] is not None]
        return Funnel(
            day=self._day,
            webhooks=self._statuses.total(),
            duplicates=self._statuses[ReceiptStatus.DUPLICATE],
            quarantined=self._statuses[ReceiptStatus.QUARANTINED],
            signals=len(latest),
            refused=tuple(sorted(codes.items(), key=lambda each: (-each[1], each[0]))),
            waiting=sum(action == Action.WAIT for action, _ in refused),
            executed=len(trades),
            decisions=tuple((each.value, self._actions[each]) for each in Action if self._actions[each]),
            open=len(trades) - len(ended),
            won=sum(net > 0 for net in ended),
            lost=sum(net < 0 for net in ended),
            flat=sum(net == 0 for net in ended),
            net=sum(ended),
        )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
