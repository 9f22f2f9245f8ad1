"""One open stream of a client: a queue of messages, with the faults of streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from server.demo.vendors.faults import FaultKind, Faults
from server.demo.vendors.source import PriceBar

SLOWEST = 10_000
"""Messages that may wait for a client; a slower one is cut off, as vendors do."""


class Stream:
    """Queues what the market publishes; a subclass makes a vendor's messages of it."""

    def __init__(self, path: str, faults: Faults) -> None:
        self.path = path
        self._faults = faults
        self._queue: asyncio.Queue[Sequence[bytes] | None] = asyncio.Queue()
        self._held: list[Sequence[bytes]] = []
        self.silent = False
        """The last fault was silence: nothing is sent, not even what keeps the connection alive."""

    def messages(self, bars: Mapping[str, PriceBar], symbols: Iterable[str] | None) -> Sequence[bytes]:
        """Return the vendor's messages about the newest prices of the subscriptions among ``symbols``."""
        raise NotImplementedError

    def offer(self, bars: Mapping[str, PriceBar], symbols: Iterable[str] | None) -> None:
        """Queue the newest prices of the subscriptions among ``symbols`` (``None``: all)."""
        made = self.messages(bars, symbols)
        if not made:
            return
        fault = self._faults.of_stream(self.path)
        self.silent = fault is not None and fault.kind is FaultKind.STREAM_SILENT
        match None if fault is None else fault.kind:
            case FaultKind.STREAM_SILENT | FaultKind.STREAM_GAP:
                return
            case FaultKind.STREAM_CLOSED:
                self.close()
            case FaultKind.STREAM_OUT_OF_ORDER:
                self._held.append(made)
            case FaultKind.STREAM_DUPLICATE:
                self.put(made)
                self.put(made)
            case _:
                self.put(made)
                for late in self._held:
                    self.put(late)
                self._held.clear()

    def put(self, messages: Sequence[bytes]) -> None:
        """Queue messages as they are."""
        if self._queue.qsize() > SLOWEST:
            self.close()
        else:
            self._queue.put_nowait(messages)

    def close(self) -> None:
        """End the stream after what is queued."""
        self._queue.put_nowait(None)

    async def next(self, seconds: float) -> Sequence[bytes] | None:
        """Return the next messages, none when there are no new ones in time; ``None`` when the stream ends."""
        try:
            return await asyncio.wait_for(self._queue.get(), seconds)
        except TimeoutError:
            return ()
