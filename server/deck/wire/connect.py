"""Connections to the deck of an engine: where it is, how to get there, and in words why it cannot be reached."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import orjson

from server.deck.wire.asks import LOCAL_HZ, PATH, REMOTE_HZ, SUBPROTOCOL, Hello, deck_shape
from server.deck.wire.codec import load
from server.package_version import package_version

CONNECT_SECONDS = 6.0
"""Longest time of one try to connect, up to the engine's first message."""
NEXT_TRY_SECONDS = 0.5
"""Time after which another try begins beside one that has no answer: after a cut one of them is never far away."""
TRIES_AT_ONCE = 8
WINDOW_BITS = 15


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """The address of an engine's listener with a token, or the socket in its state folder."""

    url: str = ""
    token: str | None = None
    tls: ssl.SSLContext | None = None
    socket: Path | None = None

    def __str__(self) -> str:
        return self.url or str(self.socket)


class CannotConnect(Exception):
    """The engine cannot be reached now, and why."""


class WrongEngine(CannotConnect):
    """Another try will not help: a token is refused, or the engine is of another version."""


class Connection:
    """One open connection: messages of the engine in, acknowledgements and asks out."""

    def __init__(
        self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, hello: Hello
    ) -> None:
        self._session, self._socket = session, socket
        self.hello = hello

    async def receive(self, within: float) -> dict[str, Any] | None:
        """Return the next message; ``None`` when the engine closed. Raises TimeoutError after ``within`` seconds."""
        return await _receive(self._socket, within)

    async def send(self, message: bytes) -> None:
        """Send a message. Raises ConnectionError."""
        try:
            await self._socket.send_bytes(message)
        except RuntimeError as error:  # closed already
            raise ConnectionResetError(str(error)) from None

    async def close(self) -> None:
        """Close at once, without waiting for the engine."""
        await self._session.close()

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _receive(socket: aiohttp.ClientWebSocketResponse, within: float) -> dict[str, Any] | None:
    message = await asyncio.wait_for(socket.receive(), within)
    if message.type is not aiohttp.WSMsgType.BINARY:
        return None
    found: dict[str, Any] = orjson.loads(message.data)
    return found


async def connect(address: EngineAddress) -> Connection:
    """Return an open connection. Raises CannotConnect, or WrongEngine when another try will not help.

    While a try has no answer others begin beside it; the first that succeeds is taken.
    """
    tries: set[asyncio.Task[Connection]] = set()
    try:
        while True:
            if len(tries) < TRIES_AT_ONCE:
                tries.add(asyncio.create_task(_try(address), name="connect to an engine"))
            done, tries = await asyncio.wait(
                tries, timeout=NEXT_TRY_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            succeeded = [task for task in done if task.exception() is None]
            if succeeded:
                tries |= set(succeeded[1:])
                return succeeded[0].result()
            for task in done:
                raise task.exception() or CannotConnect("no answer")
    finally:
        for task in tries:
            task.cancel()
        for other in await asyncio.gather(*tries, return_exceptions=True):
            if isinstance(other, Connection):
                await other.close()


async def _try(address: EngineAddress) -> Connection:
    local = address.socket is not None
    connector = (
        aiohttp.UnixConnector(str(address.socket)) if address.socket is not None else aiohttp.TCPConnector()
    )
    headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
    session = aiohttp.ClientSession(connector=connector, headers=headers)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await session.ws_connect(
                f"{address.url or 'http://localhost'}{PATH}?hz={LOCAL_HZ if local else REMOTE_HZ:g}",
                protocols=(SUBPROTOCOL,),
                compress=0 if local else WINDOW_BITS,
                max_msg_size=0,
                ssl=address.tls or True,
            )
            return Connection(session, socket, await _hello(socket))
    except BaseException as error:
        with suppress(Exception):
            await session.close()
        if isinstance(error, Exception):
            raise _in_words(error, address) from error
        raise


async def _hello(socket: aiohttp.ClientWebSocketResponse) -> Hello:
    first = await _receive(socket, CONNECT_SECONDS)
    own = package_version()
    if socket.protocol != SUBPROTOCOL or first is None or first.pop("kind") != "hello":
        raise WrongEngine(f"what answers is not an engine that gatedeck {own} can be attached to")
    if first.get("shape") != deck_shape():
        raise WrongEngine(
            f"the engine is gatedeck {first.get('version')} and this deck {own}, and they do not fit together: "
            "attach with the engine's version"
        )
    hello: Hello = load(Hello, orjson.dumps(first))
    return hello


def _in_words(error: Exception, address: EngineAddress) -> CannotConnect:
    if isinstance(error, CannotConnect):
        return error
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return _refused(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return WrongEngine(f"the certificate of {address} is not accepted: {error}")
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return WrongEngine(f"{address} is not an address such as https://deck.example")
    if isinstance(error, TimeoutError):
        return CannotConnect("no answer")
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, FileNotFoundError | ConnectionRefusedError):
        return CannotConnect("no engine runs there")
    return CannotConnect(str(cause) or repr(cause))


def _refused(error: aiohttp.WSServerHandshakeError) -> CannotConnect:
    if error.status in (401, 403):
        return WrongEngine(
            f"the engine refuses this deck ({error.status}): it asks for its read token (GATEDECK_API_TOKEN) or "
            "its command token (GATEDECK_COMMAND_TOKEN)"
        )
    if error.status in (200, 404, 405, 426):
        return WrongEngine(
            f"there is no deck at this address ({error.status}): a proxy before the engine must pass the headers "
            f"Upgrade and Connection on for {PATH}"
        )
    return CannotConnect(f"the answer was {error.status}")
