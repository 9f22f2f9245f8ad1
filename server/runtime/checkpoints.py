"""Checkpoints of the engine's state, so that a start does not read the whole journal."""

from __future__ import annotations

import logging
import time

from core.engine import EngineState
from core.from_json import read_json
from server.ledger.base import Ledger
from server.ledger.chunked_json import encode_in_chunks
from server.runtime.health import HealthCounters

log = logging.getLogger("gatedeck.runtime")

CHECKPOINT_EVENTS = 10_000
CHECKPOINT_SECONDS = 300.0


class Checkpoints:
    """Stores the state now and then; ``seq`` is that of the last one stored or read."""

    def __init__(self, ledger: Ledger, counters: HealthCounters) -> None:
        self.seq = 0
        self._ledger, self._counters = ledger, counters
        self._stored_at = time.monotonic()

    async def store_if_due(self, state: EngineState) -> None:
        """Store the state after CHECKPOINT_EVENTS inputs or CHECKPOINT_SECONDS; a failure is an alarm."""
        behind = state.seq - self.seq
        old = time.monotonic() - self._stored_at > CHECKPOINT_SECONDS
        # A large state is written less often, so that checkpoints stay a small part of the work.
        enough = max(CHECKPOINT_EVENTS, len(state.duplicates.keys))
        if not (behind >= enough or (behind and old)):
            return
        try:
            await self.store(state)
            self._counters.alarms.pop("checkpoint", None)
        except Exception as error:  # a missing checkpoint only makes the next start slower
            log.exception("no checkpoint", exc_info=error)
            self._counters.alarms["checkpoint"] = f"no checkpoint could be stored: {error}"
            self.seq, self._stored_at = state.seq, time.monotonic()

    async def store(self, state: EngineState) -> None:
        """Store the state, which must not change meanwhile. Raises LedgerError."""
        if state.at is None:
            return
        await self._ledger.save_checkpoint(state.seq, state.at, await encode_in_chunks(state))
        self.seq, self._stored_at = state.seq, time.monotonic()


def decode_state(raw: bytes) -> EngineState:
    """Return an engine's state from the JSON of a checkpoint. Raises FactsError naming the field."""
    return read_json(EngineState, raw)
