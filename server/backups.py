"""Back up the ledger on a schedule: a process of its own makes and checks each copy, the oldest are deleted."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

log = logging.getLogger("gatedeck.backups")

ALARM = "backup"
LOOK_SECONDS = 30.0
AGAIN_AFTER = timedelta(minutes=10)
"""Time after a failure until the next try."""
_FORM = re.compile(r"(\d+)\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_STAMP = "%Y%m%dT%H%M%SZ"
_MINUTE = "%Y-%m-%d %H:%M UTC"


def interval(text: str) -> timedelta:
    """Return the time that a text such as ``12h`` or ``1d`` names. Raises ValueError."""
    found = _FORM.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError("is not a time such as 30m, 12h or 1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Backups:
    """Makes a copy of ``ledger`` in ``folder`` once the newest is older than ``every``; keeps the newest ``keep``."""

    def __init__(
        self,
        ledger: Path,
        folder: Path,
        every: timedelta,
        keep: int,
        alarms: MutableMapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        upkeep: MutableMapping[str, str] | None = None,
    ) -> None:
        self._ledger, self._folder = ledger.absolute(), folder.absolute()
        self._every, self._keep = every, keep
        self._alarms, self._now = alarms, now
        self._upkeep: MutableMapping[str, str] = {} if upkeep is None else upkeep
        self._not_before: datetime | None = None
        self._tell()

    async def run(self) -> None:
        """Look every half minute whether a copy is due, and make it."""
        while True:
            await self.back_up_if_due()
            await asyncio.sleep(LOOK_SECONDS)

    async def back_up_if_due(self) -> Path | None:
        """Make a copy if one is due and return it; a failure is an alarm until a copy was made."""
        try:
            return await self._back_up_if_due()
        finally:
            self._tell()

    async def _back_up_if_due(self) -> Path | None:
        now, copies = self._now(), copies_of(self._ledger, self._folder)
        if self._not_before is not None and now < self._not_before:
            return None
        if copies and now - copies[-1][0] < self._every:
            return None
        target = self._folder / f"{self._ledger.stem}-{now:{_STAMP}}{self._ledger.suffix or '.db'}"
        fault = await _make(self._ledger, target)
        if fault is not None:
            self._not_before = now + AGAIN_AFTER
            newest = f"the newest is of {copies[-1][0]:%Y-%m-%d %H:%M} UTC" if copies else "there is none yet"
            self._alarms[ALARM] = f"no backup could be made, {newest}: {fault}"
            log.error("%s", self._alarms[ALARM])
            return None
        self._not_before = None
        self._alarms.pop(ALARM, None)
        log.info("the ledger is backed up as %s", target)
        for _, old in copies_of(self._ledger, self._folder)[: -self._keep]:
            old.unlink(missing_ok=True)
        return target

    def _tell(self) -> None:
        copies = copies_of(self._ledger, self._folder)
        newest = copies[-1][0] if copies else None
        due = max(
            (at for at in (newest and newest + self._every, self._not_before) if at), default=self._now()
        )
        last = f"newest {newest:{_MINUTE}}" if newest else "none yet"
        when = f"next {due:{_MINUTE}}" if due > self._now() else "next now"
        self._upkeep[ALARM] = f"{last}, {when}; {len(copies)} of {self._keep} in {self._folder}"


def copies_of(ledger: Path, folder: Path) -> list[tuple[datetime, Path]]:
    """Return the scheduled copies of a ledger in a folder with their times, oldest first."""
    named = re.compile(rf"{re.escape(ledger.stem)}-(\d{{8}}T\d{{6}}Z)")
    found = []
    for path in folder.glob(f"{ledger.stem}-*{ledger.suffix or '.db'}"):
        if (stamp := named.fullmatch(path.stem)) is not None:
            found.append((datetime.strptime(stamp[1], _STAMP).replace(tzinfo=UTC), path))
    return sorted(found)


async def _make(ledger: Path, target: Path) -> str | None:
    """Make and check a copy in another process, which leaves the engine its processor; return what went wrong."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GATEDECK_")}
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.ledger.backup", str(ledger), str(target),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env=environ, preexec_fn=_give_way,
        )  # fmt: skip
    except OSError as error:
        return str(error)
    try:
        _, told = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 0:
        return None
    lines = told.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"the process ended with {process.returncode}"


def _give_way() -> None:
    os.nice(10)
