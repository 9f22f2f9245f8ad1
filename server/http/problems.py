"""Refusals as problem+json (RFC 9457), each with a code that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

PROBLEMS: Mapping[str, tuple[int, str]] = {
    "BAD_BODY": (400, "The body could not be read"),
    "NOT_JSON": (400, "The body is not JSON"),
    "UNAUTHORIZED": (401, "No valid secret or token"),
    "NOT_ALLOWED": (403, "Webhooks are not allowed from this address"),
    "NO_CERTIFICATE": (403, "No accepted client certificate"),
    "NOT_LOCAL": (403, "Only allowed from this machine"),
    "NOT_FOUND": (404, "Unknown address"),
    "UNKNOWN_DECISION": (404, "Unknown decision"),
    "UNKNOWN_POSITION": (404, "Unknown position"),
    "UNKNOWN_EVENT": (404, "Unknown event"),
    "UNKNOWN_CURSOR": (404, "Unknown page"),
    "NO_APPROVAL": (404, "Unknown approval"),
    "NO_SIGNAL": (404, "Unknown signal"),
    "NO_SUGGESTION": (404, "Unknown suggestion"),
    "NO_VERSION": (404, "Unknown rules version"),
    "NO_CHALLENGER": (404, "Unknown challenger"),
    "NO_NOTE": (404, "Unknown note"),
    "NO_BOOK": (404, "Unknown book"),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed"),
    "NOT_ACCEPTABLE": (406, "No accepted content type"),
    "BODY_TIMEOUT": (408, "The body did not arrive in time"),
    "COMMAND_REFUSED": (409, "The command was refused"),
    "NOT_ALL_CLOSED": (409, "Not everything could be closed"),
    "EVENTS_NOT_KEPT": (410, "The events are not kept"),
    "BODY_TOO_LARGE": (413, "The body is too large"),
    "CODING_NOT_READ": (415, "The content coding is not read"),
    "MEDIA_TYPE_NOT_READ": (415, "The content type is not read"),
    "INVALID_PARAMETER": (422, "A parameter is not accepted"),
    "INVALID_BODY": (422, "The body is not accepted"),
    "NOT_A_WEBSOCKET": (426, "A WebSocket is expected"),
    "RATE_LIMITED": (429, "Too many requests"),
    "OVERLOADED": (429, "The engine is busy"),
    "TOO_MANY_READERS": (429, "Too many readers"),
    "INTERNAL": (500, "Internal error"),
    "NOT_STORED": (503, "The receipt could not be stored"),
    "NOT_READY": (503, "The engine is not ready"),
}
"""Code to HTTP status and title. Programs read the code; people read title and detail."""

_TYPE = "application/problem+json"


@dataclass(slots=True, eq=False)
class Refused(Exception):
    """Raised to refuse a request; ``close`` also closes the connection, without reading the rest."""

    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    close: bool = False

    @property
    def status(self) -> int:
        return PROBLEMS[self.code][0]

    def response(self) -> web.Response:
        """Return the answer, and drop the traceback.

        Its frames hold this refusal and the request: without it they are freed at once, not by a garbage collection.
        """
        self.__traceback__ = self.__cause__ = self.__context__ = None
        answer = problem(self.code, self.detail, headers=self.headers, **self.extra)
        if self.close:
            answer.force_close()
        return answer


def document(code: str, detail: str, *, status: int | None = None, **extra: Any) -> dict[str, Any]:
    """Return the members of one problem; ``status`` is needed only for a code that is not in PROBLEMS."""
    known, title = PROBLEMS.get(code, PROBLEMS["COMMAND_REFUSED"])
    head = {"type": "about:blank", "title": title, "status": status or known, "code": code, "detail": detail}
    return head | extra


def problem(
    code: str,
    detail: str,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> web.Response:
    """Return a refusal as a response."""
    body = document(code, detail, status=status, **extra)
    return web.Response(
        body=orjson.dumps(body),
        status=body["status"],
        headers={"Content-Type": _TYPE, "Cache-Control": "no-store", **(headers or {})},
    )
