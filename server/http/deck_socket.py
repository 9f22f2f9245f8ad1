"""The deck over a WebSocket: at GET /api/deck of the listener, and on a socket in the state folder.

The listener asks for a token, the read token to look and the command token to act. The socket in the state folder
belongs to the user who runs the engine and to nobody else, and needs none.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from server.deck.hub import DeckHub
from server.deck.wire.asks import LOCAL_HZ, PATH, REMOTE_HZ, SUBPROTOCOL, Hello, deck_shape
from server.http.problems import Refused
from server.http.routes import READ, Call, Route
from server.package_version import package_version
from server.private_files import make_private_folder

log = logging.getLogger("gatedeck.http")

MOST_BYTES = 64 * 1024
"""Longest message that a deck may send: an ask."""
HEARTBEAT_SECONDS = 20.0
"""Time without an answer to a ping after half of which the connection is closed."""
PATH_BYTES = 100
"""Longest path of a socket; the system allows 107 bytes, on some systems 103."""


class DeckSocket:
    """Serves the decks of other processes; ``url`` tells the listener's address."""

    def __init__(self, hub: DeckHub, engine_id: str, url: Callable[[], str]) -> None:
        self._hub, self._engine_id, self._url = hub, engine_id, url

    async def serve(self, request: web.BaseRequest, *, may_command: bool, hz: float) -> web.WebSocketResponse:
        """Serve one deck until it is gone. Raises Refused."""
        if self._hub.closing:
            raise Refused("NOT_READY", "the engine is stopping", close=True)
        ws = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), heartbeat=HEARTBEAT_SECONDS, max_msg_size=MOST_BYTES, timeout=1.0
        )
        if not ws.can_prepare(request):
            raise Refused(
                "NOT_A_WEBSOCKET",
                "this address takes a WebSocket: attach to it with `gatedeck attach`; a proxy before it must "
                "pass the headers Upgrade and Connection on",
            )
        hello = Hello(
            version=package_version(),
            shape=await asyncio.to_thread(deck_shape),
            pid=os.getpid(),
            engine_id=self._engine_id,
            url=self._url(),
            may_command=may_command,
        )
        await ws.prepare(request)

        async def receive() -> bytes | None:
            message = await ws.receive()
            return message.data if message.type is WSMsgType.BINARY else None

        async def close() -> None:
            await ws.close(code=WSCloseCode.GOING_AWAY)

        where = request.remote or "this machine"
        log.info("a deck was attached from %s%s", where, "" if may_command else ", only to look")
        try:
            await self._hub.serve(hello, ws.send_bytes, receive, close, hz=hz)
        except (ConnectionError, ValueError, KeyError, TypeError) as error:
            log.info("the connection of a deck ended: %r", error)
        finally:
            with suppress(ConnectionError, RuntimeError):
                await ws.close()
            log.info("a deck from %s left", where)
        return ws


def deck_routes(decks: DeckSocket) -> tuple[Route, ...]:
    """Return the route of the deck."""

    async def deck_socket(api: Any, call: Call) -> Any:
        return await decks.serve(call.request, may_command=api.may_command(call.request), hz=REMOTE_HZ)

    return (
        Route(
            method="GET",
            path=PATH,
            access=READ,
            handler=deck_socket,
            summary="The deck for `gatedeck attach`, over a WebSocket",
            answers="",
            websocket=True,
            refuses=("NOT_A_WEBSOCKET", "NOT_READY"),
        ),
    )


class LocalSocket:
    """The listener on a socket in the state folder, for decks of the same user."""

    def __init__(self, decks: DeckSocket, path: Path) -> None:
        self._decks, self._path = decks, path
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen; a fault is logged, and decks can attach by the listener's address all the same.

        A socket that is left at the path belongs to an engine that was killed: two engines have no ledger in common.
        """
        try:
            if len(os.fsencode(self._path)) > PATH_BYTES:
                raise OSError(f"the path has more than {PATH_BYTES} bytes")
            make_private_folder(self._path.parent)
            self._path.unlink(missing_ok=True)
            own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            before = os.umask(0o177)
            try:
                own.bind(str(self._path))
            finally:
                os.umask(before)
            self._server = web.Server(self._handle, access_log=None)
            self._listener = await asyncio.get_running_loop().create_unix_server(self._server, sock=own)
        except OSError as error:
            log.warning("no socket for local decks at %s: %s", self._path, error)

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._listener is not None and self._server is not None:
            self._listener.close()
            await self._server.shutdown(1.0)
            self._path.unlink(missing_ok=True)
            self._listener = self._server = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            if request.path != PATH:
                raise Refused("NOT_FOUND", f"this socket has {PATH} only")
            return await self._decks.serve(request, may_command=True, hz=LOCAL_HZ)
        except Refused as refused:
            return refused.response()
