"""Watch the ledger's files every second, so that what is lost or out of place is an alarm before a webhook comes."""

from __future__ import annotations

import logging
import time

from server.ledger.base import Ledger, LedgerError
from server.runtime.health import HealthCounters

log = logging.getLogger("gatedeck.runtime")

FILES, MISSING, HEALED = "ledger files", "missing inputs", "ledger log"
"""Names of the alarms."""
HEALED_SECONDS = 3600.0
"""Time for which a person is told that files were removed, though nothing was lost."""


class LedgerWatch:
    """Keeps the alarms about a ledger's files up to date."""

    def __init__(self, ledger: Ledger, counters: HealthCounters) -> None:
        self._ledger, self._alarms = ledger, counters.alarms
        self._healed, self._healed_at = ledger.healed, 0.0
        if ledger.missing is not None:
            log.critical("%s", ledger.missing)
            self._alarms[MISSING] = (
                f"{ledger.missing} Compare what is open with what you expect, and send again what is missing."
            )

    async def check(self) -> None:
        """Check the files and raise or end the alarms; call it every second."""
        try:
            await self._ledger.check()
        except LedgerError as error:
            if FILES not in self._alarms:
                log.critical("nothing can be stored: %s", error)
            # While inputs are turned away, the alarm of the outage says the same and more.
            if "ledger" in self._alarms:
                self._alarms.pop(FILES, None)
            else:
                self._alarms[FILES] = f"nothing can be stored: {error}"
            return
        if self._alarms.pop(FILES, None) is not None:
            log.warning("the ledger's files are in place again")
        self._tell_healed()

    def _tell_healed(self) -> None:
        now = time.monotonic()
        if self._ledger.healed > self._healed:
            self._healed, self._healed_at = self._ledger.healed, now
            self._alarms[HEALED] = (
                "the ledger's write-ahead log was removed by another program while it was in use: nothing is lost, "
                "but find out what deletes files there"
            )
            log.critical("%s", self._alarms[HEALED])
        elif HEALED in self._alarms and now - self._healed_at > HEALED_SECONDS:
            del self._alarms[HEALED]
