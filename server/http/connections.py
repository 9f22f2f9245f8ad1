"""Limits of open connections, in all and per address, below what the process may open.

A new connection is always taken while an older one only waits: the one that has waited longest is closed for it,
those that never had a request accepted first. So a crowd of silent or slow connections cannot shut out a sender.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import OrderedDict
from typing import Protocol

log = logging.getLogger("gatedeck.http")

SPARE_FILES = 256
"""Files left to the ledger, the feeds, the log, and connections that are accepted while others are closed."""
ACCEPT_AT_ONCE = 32
"""Connections accepted in one turn of the loop; asyncio goes on after the limit of open files for as many."""
REQUEST_SECONDS = 10.0
"""Longest time without a whole request on a connection that never had one accepted."""
TOLD_SECONDS = 60.0


class Connection(Protocol):
    """One connection, as its limits see it.

    ``busy`` while a whole request is answered; ``since`` is the loop's time at which it began to wait.
    """

    address: str
    busy: bool
    since: float

    def abort(self) -> None: ...


def files_limit() -> int:
    """Return how many files the process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Connections:
    """Open connections of strangers, and of senders known by an accepted request.

    Both are filed in the order in which they began to wait. One used since is filed anew when its turn comes,
    not at each request.
    """

    def __init__(self, most: int, per_address: int) -> None:
        self.capacity = max(1, min(most, files_limit() - SPARE_FILES))
        self._per_address = per_address
        self._strangers: OrderedDict[Connection, float] = OrderedDict()
        self._known: OrderedDict[Connection, float] = OrderedDict()
        self._by_address: dict[str, OrderedDict[Connection, float]] = {}
        self._closed = 0
        self._told_at = -TOLD_SECONDS
        self._sweeping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._strangers) + len(self._known)

    def opened(self, connection: Connection, *, exempt: bool) -> None:
        """Add a connection; another one, or this one, is closed if it is too many.

        ``exempt`` addresses have no limit of their own: a proxy or tunnel brings many senders.
        """
        loop = asyncio.get_running_loop()
        connection.since = self._strangers[connection] = loop.time()
        of_address = self._by_address.setdefault(connection.address, OrderedDict())
        of_address[connection] = connection.since
        if not exempt and len(of_address) > self._per_address:
            self._close_one(_oldest(of_address) or connection)
        if len(self) > self.capacity:
            self._close_one(_oldest(self._strangers, but=connection) or _oldest(self._known) or connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(1.0, self._sweep)

    def accepted(self, connection: Connection) -> None:
        """Note that the first request of a connection was accepted."""
        if self._strangers.pop(connection, None) is not None:
            self._known[connection] = connection.since

    def lost(self, connection: Connection) -> None:
        """Forget a connection."""
        self._strangers.pop(connection, None)
        self._known.pop(connection, None)
        of_address = self._by_address.get(connection.address)
        if of_address is not None:
            of_address.pop(connection, None)
            if not of_address:
                del self._by_address[connection.address]

    def _close_one(self, connection: Connection) -> None:
        self.lost(connection)
        connection.abort()
        self._closed += 1
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD_SECONDS:
            log.warning(
                "%d waiting connections were closed for new ones (at most %d in all, %d of one address)",
                self._closed, self.capacity, self._per_address,
            )  # fmt: skip
            self._told_at, self._closed = now, 0

    def _sweep(self) -> None:
        """Close strangers that sent no whole request in time."""
        loop = asyncio.get_running_loop()
        until = loop.time() - REQUEST_SECONDS
        while (connection := _oldest(self._strangers)) is not None and connection.since <= until:
            self.lost(connection)
            connection.abort()
        self._sweeping = loop.call_later(1.0, self._sweep) if len(self) else None

    def close(self) -> None:
        """End the sweep."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None


def _oldest(filed: OrderedDict[Connection, float], but: Connection | None = None) -> Connection | None:
    """Return the connection that has waited longest, and file those anew that were used since."""
    for _ in range(2 * len(filed)):
        connection, since = next(iter(filed.items()))
        if connection is not but and not connection.busy and connection.since <= since:
            return connection
        filed[connection] = connection.since
        filed.move_to_end(connection)
    return None
