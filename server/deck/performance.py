"""Closed trades of a ledger for the metrics: read once, then updated with every exit."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Protocol

from core.effects import Effect, StoreTrade
from core.exchange.calendar import Calendar
from core.performance import CUTS, Report, Tracker, Trade, Trades, report
from core.performance.accounts import Accounts
from core.performance.days import micros
from core.positions import PositionState
from core.rules import Rules, parse_rules
from server.deck.reports import WINDOWS
from server.deck.tags import Pages, is_by_tags, with_tags

_TOGETHER = 500


def window_days(window: str) -> int | None:
    """Return the days of a window; ``None`` for all. Raises ValueError listing the windows."""
    if window not in WINDOWS:
        raise ValueError(f"window: {window!r} is not one of {', '.join(WINDOWS)}")
    return None if window == "all" else int(window)


class Entries(Pages, Protocol):
    """A reader of a ledger."""

    async def closed_trades(self, ids: Sequence[str] | None = None) -> tuple[Trade, ...]: ...

    async def rules_versions(self) -> Sequence[Mapping[str, Any]]: ...


def in_exit_order(trades: Iterable[Trade]) -> list[Trade]:
    """Return trades in the order of their exits, as the rows of ``Trades``."""
    return sorted(trades, key=_exit_order)


def report_of(
    trades: Trades,
    rules: Rules,
    as_of: datetime,
    window_days: int | None = None,
    cuts: Collection[str] = CUTS,
    include_stale: bool = False,
    versions: Iterable[Mapping[str, Any]] = (),
) -> Report:
    """Return a report for the account and the exchange sessions of the rules. Raises ValueError.

    ``versions`` are the rules that were in force: a drawdown in percent is one of the account of its time.
    """
    return report(
        trades,
        as_of=as_of,
        account=accounts_of(versions, rules),
        window_days=window_days,
        cuts=cuts,
        sessions=_sessions(rules),
        include_stale=include_stale,
    )


def accounts_of(versions: Iterable[Mapping[str, Any]], rules: Rules) -> Accounts:
    """Return the account's size over time from the rules versions of a ledger; without any, that of ``rules``."""
    changes = [
        (micros(datetime.fromisoformat(str(version["at"]))), parse_rules(str(version["toml"])).account.size)
        for version in versions
    ]
    return Accounts.from_changes(changes or [(0, rules.account.size)])


def _sessions(rules: Rules) -> tuple[date, ...] | None:
    """Return all sessions if the rules add closed days to the calendar; ``None`` if they do not."""
    if not rules.clock.closures:
        return None
    calendar = Calendar.from_rules(rules.clock)
    days = calendar.table()[0].astype("datetime64[D]").tolist()
    return tuple(days)


class Performance:
    """The closed trades of a running engine, kept up to date through ``heard``."""

    def __init__(self, ledger: Entries) -> None:
        self._ledger = ledger
        self._tracker: Tracker | None = None
        self._closed: dict[str, None] = {}
        self._turn = asyncio.Lock()

    def heard(self, effect: Effect) -> None:
        """Note a trade that was closed; its entry is read at the next report."""
        if isinstance(effect, StoreTrade) and effect.position.state is PositionState.CLOSED:
            self._closed[effect.position.decision_id] = None

    async def tracker(self) -> Tracker:
        """Return all closed trades up to now. Raises LedgerError."""
        async with self._turn:
            if self._tracker is None:
                # With the flagged ones in it: whether they count is for the report to say.
                tracker = Tracker(include_stale=True)
                for trade in in_exit_order(await self._ledger.closed_trades()):
                    tracker.add(trade)
                self._tracker = tracker
            while some := [*islice(self._closed, _TOGETHER)]:
                for trade in in_exit_order(await self._ledger.closed_trades(some)):
                    self._tracker.add(trade)
                for decision_id in some:
                    self._closed.pop(decision_id, None)
            return self._tracker

    async def report(
        self, rules: Rules, as_of: datetime, window_days: int | None, cuts: Collection[str]
    ) -> Report:
        """Return the report at an instant. Raises ValueError naming an unknown cut, LedgerError."""
        tracker = await self.tracker()
        trades = tracker.trades()
        if is_by_tags(cuts):
            trades = await with_tags(self._ledger, trades, tracker.ids(), cuts)
        versions = await self._ledger.rules_versions()
        return await asyncio.to_thread(report_of, trades, rules, as_of, window_days, cuts, versions=versions)


def _exit_order(trade: Trade) -> tuple[bool, float, str]:
    at = trade.exit_time
    return at is not None, 0.0 if at is None else at.timestamp(), trade.id
