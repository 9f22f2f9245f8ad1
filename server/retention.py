"""Removal of old marks and paths outside market hours, once a day: what can be made again from the journal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.ledger.base import Ledger, LedgerError

log = logging.getLogger("gatedeck.retention")

ALARM = "retention"
LOOK_SECONDS = 300.0
PAUSE_SECONDS = 0.05
"""Between two removals: an input that arrives meanwhile is stored first."""
_EXCHANGE = ZoneInfo("America/New_York")


class Retention:
    """Removes what is older than these whole days of the exchange from a ledger, while no session is open."""

    def __init__(
        self,
        ledger: Ledger,
        marks_days: int | None,
        paths_days: int | None,
        alarms: MutableMapping[str, str],
        *,
        closed: Callable[[], bool],
        now: Callable[[], datetime],
        upkeep: MutableMapping[str, str] | None = None,
    ) -> None:
        self._ledger, self._alarms = ledger, alarms
        self._marks_days, self._paths_days = marks_days, paths_days
        self._closed, self._now = closed, now
        self._done: datetime | None = None
        self._upkeep: MutableMapping[str, str] = {} if upkeep is None else upkeep
        self._tell("not yet since this start")

    async def run(self) -> None:
        """Look every five minutes whether something is due, and remove it."""
        while True:
            await self.remove_if_due()
            await asyncio.sleep(LOOK_SECONDS)

    async def remove_if_due(self) -> int:
        """Remove what is due and return how many rows; a failure is an alarm until a removal succeeds."""
        midnight = datetime.combine(self._now().astimezone(_EXCHANGE).date(), time(), _EXCHANGE)
        if midnight == self._done or not self._closed():
            return 0
        marks, prices = _before(midnight, self._marks_days), _before(midnight, self._paths_days)
        removed = 0
        try:
            while self._closed() and (some := await self._ledger.remove_old(marks, prices)):
                removed += some
                await asyncio.sleep(PAUSE_SECONDS)
        except LedgerError as error:
            self._alarms[ALARM] = f"old marks and paths could not be removed: {error}"
            log.error("%s", self._alarms[ALARM])
            return removed
        self._alarms.pop(ALARM, None)
        if self._closed():
            self._done = midnight
            self._tell(f"last {self._now():%Y-%m-%d %H:%M} UTC, {removed:,} removed")
        if removed:
            log.info("%s old marks and prices of paths were removed", f"{removed:,}")
        return removed

    def _tell(self, last: str) -> None:
        kept = [
            f"{what} for {days} days"
            for what, days in (("marks", self._marks_days), ("prices of paths", self._paths_days))
            if days is not None
        ]
        self._upkeep[ALARM] = f"{' and '.join(kept)} kept; {last}, once a day while the exchange is closed"


def _before(midnight: datetime, days: int | None) -> datetime | None:
    return None if days is None else midnight - timedelta(days=days)
