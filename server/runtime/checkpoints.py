"""Checkpoints of the engine's state, so that a start does not read the whole journal."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime

from core.engine import EngineState
from core.from_json import read_json
from server.ledger.base import Ledger
from server.ledger.chunked_json import Part, join_parts, take_parts
from server.runtime.health import HealthCounters
from server.runtime.older_states import present_form

log = logging.getLogger("gatedeck.runtime")

DUE = ((5_000, 0.0), (500, 60.0), (1, 300.0))
"""A checkpoint is due so many inputs after the last one, once so many seconds have passed since it."""
SMALL, BYTES_PER_INPUT = 3_000_000, 600
"""Bytes of a checkpoint's JSON that are not waited for, and those beyond that wait for one more input each.

A state that remembers the messages of a busy day takes 15 MB: written every 5,000 inputs it would cost each of them
more, the more there were before.
"""
READ_AT_START = 1_000
"""Inputs read at a start after which a checkpoint is due at once, for a process that never lives long."""


class Checkpoints:
    """Stores the state now and then; ``seq`` is that of the last one stored, under way or read."""

    def __init__(self, ledger: Ledger, counters: HealthCounters) -> None:
        self.seq = 0
        self._ledger, self._counters = ledger, counters
        self._stored_at = time.monotonic()
        self._due_now = False
        self._bytes = 0
        """Size of the last checkpoint's JSON."""
        self._storing: asyncio.Task[None] | None = None

    def started(self, read: int) -> None:
        """Note how many inputs after the newest checkpoint were read."""
        self._due_now = read >= READ_AT_START

    async def newest(self) -> EngineState | None:
        """Return the state of the newest sound checkpoint; a damaged one is skipped, and an alarm from then on.

        ``None`` without one: the journal alone is enough. Raises LedgerError.
        """
        before: int | None = None
        while (saved := await self._ledger.last_checkpoint(before)) is not None:
            problem = saved.problem
            if problem is None:
                try:
                    return decode_state(saved.state)
                except ValueError as error:
                    problem = f"checkpoint of seq {saved.seq}: it cannot be read: {error}"
            log.error("%s; it is not used", problem)
            self._counters.alarms["damaged checkpoint"] = (
                f"{problem}; it was not used, the journal was read instead; `gatedeck verify` looks for more damage"
            )
            before = saved.seq
        return None

    async def store_if_due(self, state: EngineState) -> None:
        """Begin to store the state when it is due; returns once it may change. A failure is an alarm."""
        if state.at is None or not self._is_due(state) or (self._storing and not self._storing.done()):
            return
        self._due_now, self.seq, self._stored_at = False, state.seq, time.monotonic()
        store = self._store_in_background(state.seq, state.at, await take_parts(state))
        self._storing = asyncio.create_task(store, name="checkpoint")

    def _is_due(self, state: EngineState) -> bool:
        behind, seconds = state.seq - self.seq, time.monotonic() - self._stored_at
        if self._due_now:
            return True
        more = max(0, self._bytes - SMALL) // BYTES_PER_INPUT
        return any(behind >= (least if after else least + more) and seconds >= after for least, after in DUE)

    async def _store_in_background(self, seq: int, at: datetime, parts: list[Part]) -> None:
        try:
            await self._save(seq, at, parts)
            self._counters.alarms.pop("checkpoint", None)
        except Exception as error:  # a missing checkpoint only makes the next start slower
            log.exception("no checkpoint", exc_info=error)
            self._counters.alarms["checkpoint"] = f"no checkpoint could be stored: {error}"

    async def store(self, state: EngineState) -> None:
        """Store the state, which must not change meanwhile. Raises LedgerError."""
        await self.finished()
        if state.at is None:
            return
        await self._save(state.seq, state.at, await take_parts(state))
        self.seq, self._stored_at = state.seq, time.monotonic()

    async def finished(self) -> None:
        """Wait for the checkpoint under way."""
        if self._storing is not None:
            await asyncio.gather(self._storing, return_exceptions=True)

    async def _save(self, seq: int, at: datetime, parts: list[Part]) -> None:
        text = await asyncio.to_thread(join_parts, parts)
        self._bytes = len(text)
        await self._ledger.save_checkpoint(seq, at, text)


def decode_state(raw: bytes) -> EngineState:
    """Return an engine's state from the JSON of a checkpoint, also of an older engine's.

    Raises FactsError naming the field.
    """
    return read_json(EngineState, present_form(raw))
