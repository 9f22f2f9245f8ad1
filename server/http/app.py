"""The listener: one dispatcher on aiohttp's low-level server.

A webhook that arrives whole is handed over by the protocol; any other goes to its handler without router, middleware
or access log. Other addresses are looked up in one table. No part of a request's address is ever logged, because it
may contain a secret.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from server.config import ConfigError, Settings
from server.deck.protocol import Deck
from server.http.api import Api
from server.http.api_routes import ROUTES
from server.http.auth import Access
from server.http.client_certificate import tls_context
from server.http.connections import ACCEPT_AT_ONCE, Connections
from server.http.direct import DirectWebhooks
from server.http.limits import RateLimiter
from server.http.problems import Refused
from server.http.protocol import Server, engage, release
from server.http.remote import Networks, remote_of
from server.http.routes import Route, Router
from server.http.tls_handshake import TlsHandshakes
from server.http.webhooks import WEBHOOK_PATHS, Webhooks
from server.runtime.credentials import CredentialLog
from server.runtime.ports import HealthSource, Intake
from server.runtime.refusals import RefusalLog
from server.settings_view import settings_view

log = logging.getLogger("gatedeck.http")

SECRET_PATH = "/w/"
COUNTED_REFUSALS = frozenset(
    {
        "UNAUTHORIZED", "NOT_ALLOWED", "NO_CERTIFICATE", "NOT_LOCAL", "NOT_FOUND", "METHOD_NOT_ALLOWED",
        "BODY_TOO_LARGE", "BODY_TIMEOUT", "BAD_BODY", "CODING_NOT_READ", "RATE_LIMITED", "OVERLOADED",
    }
)  # fmt: skip
"""Refusals that leave no receipt; an API caller's mistakes (unknown id, bad parameter) are not counted."""
SHUTDOWN_SECONDS = 3.0
LINGER_SECONDS = 2.0
KEEPALIVE_SECONDS = 75.0
BACKLOG = 1024


class _WithoutForeignBytes(logging.Filter):
    """Drop aiohttp's log records of malformed requests: they quote the first line, secrets included."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return not isinstance(error, HttpProcessingError)


_wire = logging.getLogger("gatedeck.http.wire")
_wire.addFilter(_WithoutForeignBytes())

_NOT_A_PAGE = (
    "this is a webhook address: it takes POST from a sender, such as the Webhook URL of a TradingView alert; "
    "`gatedeck send` posts a sample to it"
)


def _secret_and_path(rest: str) -> tuple[str, str]:
    """Return the secret and the webhook address behind ``/w/``; the secret may hold slashes."""
    bare = rest.rstrip("/")
    for address in WEBHOOK_PATHS:
        if bare.endswith(address):
            return bare.removesuffix(address), address
    secret, _, path = rest.partition("/")
    return secret, f"/{path}"


def _options(allowed: str) -> web.Response:
    """Return the methods of an address; no access is needed, for nothing else is told."""
    return web.Response(status=204, headers={"Allow": allowed})


class HttpServer:
    """Serves webhooks and the API on the running event loop.

    Raises ConfigError when the settings would accept webhooks from other machines without a secret, and at start
    when the address cannot be used.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        deck: Deck,
        health: HealthSource,
        settings: Settings,
        command_token: str,
        refusals: RefusalLog | None = None,
        uses: CredentialLog | None = None,
        routes: tuple[Route, ...] = (),
    ) -> None:
        """Serve ``routes`` beside those of the API."""
        access = Access(settings, command_token, uses=uses)
        self._settings = settings
        self._tls = tls_context(settings)
        self._connections = Connections(settings.max_connections, settings.max_connections_per_address)
        self._refusals = refusals or RefusalLog()
        self._proxies = Networks(settings.proxies)
        self._webhooks = Webhooks(
            intake,
            access,
            proxies=self._proxies,
            limiter=RateLimiter(settings.rate_per_second, settings.rate_burst),
            max_body_bytes=settings.max_body_bytes,
        )
        self._direct = DirectWebhooks(self._webhooks, intake, self._record)
        self._api = Api(
            deck,
            health,
            access,
            max_body_bytes=settings.max_body_bytes,
            settings=settings_view(settings),
            routes=ROUTES + routes,
        )
        self._router = Router(ROUTES + routes)
        self._server: Server | None = None
        self._handshakes: TlsHandshakes | None = None
        self._listener: asyncio.Server | None = None
        self._port = settings.port

    @property
    def address(self) -> str:
        """Host and port of the listener; the system chooses the port when the setting is 0."""
        host = self._settings.host
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """URL at which this machine reaches the listener."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._settings.host, self._settings.host)
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://[{host}]:{self._port}" if ":" in host else f"{scheme}://{host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen. Raises ConfigError saying what is wrong with the address and what to do."""
        server = self.server()
        if self._tls is not None:
            self._handshakes = TlsHandshakes(server, self._tls, self._connections, self._proxies)
        try:
            listener = await asyncio.get_running_loop().create_server(
                self._handshakes or server, self._settings.host, self._settings.port, backlog=ACCEPT_AT_ONCE
            )
        except OSError as error:
            raise ConfigError(self._unavailable(error)) from None
        self._server, self._listener = server, listener
        self._port = listener.sockets[0].getsockname()[1]
        for listening in listener.sockets:
            # asyncio accepts as many at once as the queue holds; the queue may be longer than that.
            with listening.dup() as same:
                same.listen(BACKLOG)

    def server(self) -> Server:
        """Return the server without a socket, for tests and benchmarks that bring their own."""
        return Server(
            self.handle,
            direct=self._direct,
            endpoints=WEBHOOK_PATHS,
            connections=self._connections,
            proxies=self._proxies,
            auto_decompress=False,
            access_log=None,
            logger=_wire,
            keepalive_timeout=KEEPALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
        )

    async def stop(self) -> None:
        """Stop listening, answer the requests under way, and close."""
        if self._listener is not None and self._server is not None:
            self._listener.close()
            if self._handshakes is not None:
                self._handshakes.close()
            await asyncio.sleep(0)
            self._server.pre_shutdown()
            await self._server.shutdown(SHUTDOWN_SECONDS)
            self._connections.close()
            self._listener = self._server = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer to one request. Raises nothing."""
        if request.content.is_eof():
            engage(request)
        answer = await self._answer(request)
        release(request, answer.status)
        return answer

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            path = request.path
            endpoint = WEBHOOK_PATHS.get(path, "")
            if endpoint != "" and request.method == "POST":
                return await self._webhooks.receive(request, endpoint)
            return await self._dispatch(request, path)
        except Refused as refused:
            self._record(request, refused)
            return refused.response()
        except ConnectionError as error:
            error.__traceback__ = (
                None  # the connection keeps the error, whose frames would keep the connection
            )
            return Refused("BAD_BODY", "the connection was lost", close=True).response()
        except Exception as error:
            log.exception("a request failed", exc_info=error)
            return Refused(
                "INTERNAL", "the request failed because of an error in gatedeck; see its log"
            ).response()

    def _record(self, request: web.BaseRequest, refused: Refused) -> None:
        if refused.code in COUNTED_REFUSALS:
            address = remote_of(request, self._proxies) or "an unknown address"
            self._refusals.record(
                code=refused.code, status=refused.status, address=address, reason=refused.detail
            )

    async def _dispatch(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        secret = None
        if path.startswith(SECRET_PATH):
            secret, path = _secret_and_path(path[len(SECRET_PATH) :])
        bare = path.rstrip("/") or "/"
        if bare in WEBHOOK_PATHS:
            if request.method == "OPTIONS":
                return _options("OPTIONS, POST")
            if request.method != "POST":
                raise Refused("METHOD_NOT_ALLOWED", _NOT_A_PAGE, {"Allow": "OPTIONS, POST"})
            return await self._webhooks.receive(request, WEBHOOK_PATHS[bare], secret)
        found = self._router.find(bare) if secret is None else None
        if found is None:
            raise Refused(
                "NOT_FOUND", f"webhooks go to {', '.join(WEBHOOK_PATHS)}; the API is in /openapi.json"
            )
        methods, params = found
        route = methods.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            allowed = ", ".join(sorted({*methods, "OPTIONS", *({"HEAD"} if "GET" in methods else ())}))
            if request.method == "OPTIONS":
                return _options(allowed)
            raise Refused("METHOD_NOT_ALLOWED", f"this address accepts {allowed}", {"Allow": allowed})
        return await self._api.call(route, request, params)

    def _unavailable(self, error: OSError) -> str:
        host, port = self._settings.host, self._settings.port
        if error.errno == errno.EADDRINUSE:
            return (
                f"port: {port} on {host} is in use, perhaps by another gatedeck; stop that one, "
                f"or choose another port with --port (0 takes a free one)"
            )
        if error.errno == errno.EACCES:
            return f"port: {port} may not be opened by this user; choose one above 1023 with --port"
        if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            return f"host: {host} is not an address of this machine"
        return f"host: cannot listen on {host} port {port}: {error.strerror or error}"
