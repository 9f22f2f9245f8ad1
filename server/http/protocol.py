"""aiohttp's HTTP server, with our own answer to a request that it cannot parse.

aiohttp answers such a request in plain text and repeats parts of it. A sender should get the same problem+json as
for every other refusal, and the answer must not repeat a secret from the first line.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError

from server.http.problems import Refused

_CODING = re.compile(r"\((\w+)\)")


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ContentEncodingError):
        found = _CODING.search(str(error))
        coding = f"the content coding {found[1]}" if found else "the content coding of this body"
        return f"{coding} cannot be read here; send gzip, deflate or none"
    return "the request is not valid HTTP"


class _Protocol(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        return Refused("BAD_BODY", _reason(exc), close=True).response()


class Server(web.Server):
    """``web.Server`` whose parse errors are answered as problem+json."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any
    ) -> None:
        super().__init__(handler, **options)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._options)
