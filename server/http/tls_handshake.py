"""TLS of the listener: a connection counts in the limits from the moment it is accepted, not after its handshake.

asyncio makes a connection known only when its handshake is done; until then a crowd that begins handshakes and says
nothing would hold files that no limit counts.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from server.http.connections import Connections
from server.http.remote import Networks, is_loopback_address

HANDSHAKE_SECONDS = 5.0


def address_of(transport: asyncio.BaseTransport) -> str:
    """Return the address of the other side, empty if it is not known."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


class TlsHandshakes:
    """Makes the protocols of accepted connections: a handshake first, then one of ``protocols``."""

    def __init__(
        self,
        protocols: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        connections: Connections,
        proxies: Networks,
    ) -> None:
        self._protocols, self._context = protocols, context
        self._connections, self._proxies = connections, proxies
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        return _Handshake(self)

    def began(self, handshake: _Handshake, transport: asyncio.Transport) -> None:
        """Count a connection, and begin its handshake."""
        exempt = is_loopback_address(handshake.address) or handshake.address in self._proxies
        self._connections.opened(handshake, exempt=exempt)
        task = asyncio.get_running_loop().create_task(self._shake(handshake, transport))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _shake(self, handshake: _Handshake, transport: asyncio.Transport) -> None:
        try:
            if transport.is_closing():  # it was one too many
                return
            secure = await asyncio.get_running_loop().start_tls(
                transport, handshake, self._context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except (
            OSError
        ):  # no TLS, an unknown certificate, too late, or gone; a refused handshake is an OSError too
            transport.abort()
            return
        finally:
            self._connections.lost(handshake)
        if secure is not None and not handshake.over:
            handshake.hand_over(secure, self._protocols())

    def close(self) -> None:
        """End the handshakes under way."""
        for task in self._tasks:
            task.cancel()


class _Handshake(asyncio.Protocol):
    """One connection until its handshake is done; what is decrypted at once after it is kept for its protocol."""

    def __init__(self, handshakes: TlsHandshakes) -> None:
        self.address = ""
        self.busy = self.over = False
        self.since = 0.0
        self._handshakes = handshakes
        self._transport: asyncio.Transport | None = None
        self._kept = b""
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        plain: Any = transport
        self._transport = plain
        self.address = address_of(transport)
        self._handshakes.began(self, plain)

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._kept += data

    def eof_received(self) -> bool:
        self._ended = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.over = True
        self._transport = None

    def hand_over(self, secure: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Go on with the listener's protocol."""
        self._transport = None
        secure.set_protocol(protocol)
        protocol.connection_made(secure)
        if self._kept:
            protocol.data_received(self._kept)
        if self._ended and not protocol.eof_received():
            secure.close()
