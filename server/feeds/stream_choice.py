"""The stream of one vendor: the first in order that offers one and has not ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from core.model import Contract
from server.feeds.values import Need, StreamState, Tick
from server.feeds.vendor import Vendor, Wanted

log = logging.getLogger("gatedeck.feeds")

MOST_CONTRACTS = 400
"""Options in one subscription; those of shadow trades beyond it are asked for by request."""
AGAIN_SECONDS = 30.0

Take = Callable[[Vendor, Tick], None]


class Streaming:
    """Runs the stream and hands its messages to ``take``; while it is interrupted, requests go on without it."""

    def __init__(self, vendors: tuple[Vendor, ...], take: Take) -> None:
        self._vendors = tuple(vendor for vendor in vendors if Need.STREAM in vendor.offers)
        self._take = take
        self._wanted = Wanted()
        self.states: dict[str, StreamState] = {}
        """The last state of each vendor's stream."""

    @property
    def is_connected(self) -> bool:
        """Return whether a stream is open and subscribed."""
        return any(state.connected for state in self.states.values())

    def want(self, symbols: Sequence[str], contracts: Sequence[Contract]) -> None:
        """Subscribe to these, and to nothing else."""
        self._wanted.replace(symbols, contracts[:MOST_CONTRACTS])

    async def run(self) -> None:
        """Run the stream of the first vendor; when one has ended, that of the next, and so on again later."""
        while self._vendors:
            for vendor in self._vendors:
                try:
                    await vendor.stream(self._wanted, partial(self.on_tick, vendor))
                except Exception as error:
                    log.exception("the stream of %s failed", vendor.name, exc_info=error)
                    text = f"the stream failed ({type(error).__name__})"
                    self.on_tick(vendor, StreamState(source=vendor.name, connected=False, text=text))
            await asyncio.sleep(AGAIN_SECONDS)

    def on_tick(self, vendor: Vendor, tick: Tick) -> None:
        """Take one message of a vendor's stream."""
        if isinstance(tick, StreamState):
            self.states[vendor.name] = tick
        self._take(vendor, tick)
