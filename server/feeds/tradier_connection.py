"""The two ways in which Tradier's events arrive: the lines of a long HTTP answer, or frames of a websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import orjson

from server.feeds.streaming import StreamBroken, StreamLimits, same_address
from server.feeds.tradier_events import FILTER, LineError, Lines

MOST_BYTES = 8 << 20


class HttpConnection:
    """Events over HTTP; ``read`` returns what has arrived, empty lines that keep it alive included."""

    def __init__(
        self, client: aiohttp.ClientSession, url: str, token: str, session: str, limits: StreamLimits
    ) -> None:
        self._client, self._url, self._token, self._session = client, url, token, session
        self._limits = limits
        self._lines = Lines()
        self._answer: aiohttp.ClientResponse | None = None

    async def open(self, symbols: Sequence[str]) -> None:
        """Ask for the events of some symbols. Raises StreamBroken."""
        form = {
            "sessionid": self._session,
            "symbols": ",".join(symbols),
            "filter": ",".join(FILTER),
            "linebreak": "true",
            "validOnly": "true",
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect)
        try:
            async with asyncio.timeout(self._limits.connect):
                self._answer = await self._client.post(
                    self._url,
                    data=form,
                    headers={"Accept": "application/json", "Authorization": f"Bearer {self._token}"},
                    timeout=timeout,
                    allow_redirects=False,
                )
        except TimeoutError:
            raise StreamBroken(f"no connection within {self._limits.connect:g} s") from None
        if self._answer.status != 200:
            raise StreamBroken(f"the stream is refused ({self._answer.status})")

    async def read(self) -> list[bytes]:
        """Wait for something and return the complete lines of it. Raises StreamBroken at the end."""
        assert self._answer is not None
        try:
            part = await self._answer.content.readany()
        except aiohttp.ClientPayloadError:
            part = b""  # closed without the end that HTTP has for it
        if not part:
            raise StreamBroken("the vendor closed the connection")
        try:
            return self._lines.take(part)
        except LineError as error:
            raise StreamBroken(str(error)) from None

    async def change(self, symbols: Sequence[str]) -> bool:
        """Return that the symbols of this connection cannot change."""
        return False

    async def close(self) -> None:
        if self._answer is not None:
            self._answer.close()


class SocketConnection:
    """Events over a websocket; a new request replaces the symbols."""

    def __init__(
        self, client: aiohttp.ClientSession, url: str, token: str, session: str, limits: StreamLimits
    ) -> None:
        self._client, self._url, self._session, self._limits = client, url, session, limits
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def open(self, symbols: Sequence[str]) -> None:
        """Connect and ask for the events of some symbols. Raises StreamBroken."""
        try:
            async with asyncio.timeout(self._limits.connect):
                self._socket = await self._client.ws_connect(
                    self._url,
                    heartbeat=self._limits.heartbeat,
                    max_msg_size=MOST_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except TimeoutError:
            raise StreamBroken(f"no connection within {self._limits.connect:g} s") from None
        except aiohttp.WSServerHandshakeError as error:
            raise StreamBroken(f"the stream is refused ({error.status})") from None
        await same_address(self._socket)
        await self.change(symbols)

    async def read(self) -> list[bytes]:
        """Wait for a frame and return its lines. Raises StreamBroken at the end."""
        assert self._socket is not None
        frame = await self._socket.receive()
        if frame.type is aiohttp.WSMsgType.TEXT:
            return str(frame.data).encode().split(b"\n")
        if frame.type is aiohttp.WSMsgType.BINARY:
            return bytes(frame.data).split(b"\n")
        raise StreamBroken("the vendor closed the connection")

    async def change(self, symbols: Sequence[str]) -> bool:
        """Ask for the events of these symbols and no others; return that it was asked."""
        assert self._socket is not None
        request = {
            "symbols": list(symbols),
            "sessionid": self._session,
            "filter": list(FILTER),
            "linebreak": True,
            "validOnly": True,
        }
        await self._socket.send_str(orjson.dumps(request).decode())
        return True

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
