"""Routes as data, for the dispatcher and for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a route, with the values of the ``{names}`` in its address."""

    request: web.BaseRequest
    params: Params


Handler = Callable[[Any, Call], Awaitable[web.StreamResponse]]

OPEN, READ, COMMAND = "open", "read", "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter."""

    name: str
    text: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """The place in an answer, a JSON ``pointer`` such as /items/0/id, of another operation's ``parameter``."""

    operation: str
    parameter: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address; ``access`` is open | read | command, ``refuses`` its own error codes.

    ``answers`` is the answer's type by its name in ``answers.answer_types``, ``media`` its content types, ``body``
    the model of the request. With ``etag`` an answer has one, and If-None-Match is heeded: only where the answer
    does not change with the clock. A ``websocket`` has no place in OpenAPI and is left out there.
    """

    method: str
    path: str
    access: str
    handler: Handler
    summary: str
    answers: str
    query: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    refuses: tuple[str, ...] = ()
    media: tuple[str, ...] = ("application/json",)
    etag: bool = False
    links: tuple[Link, ...] = ()
    tag: str = "Engine"
    websocket: bool = False

    @property
    def name(self) -> str:
        """The id of the operation in the OpenAPI document."""
        return self.handler.__name__


class Router:
    """Finds the routes of an address; a trailing slash is ignored."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[tuple[str, ...], dict[str, Route]]] = []
        for route in routes:
            if "{" not in route.path:
                self._exact.setdefault(route.path, {})[route.method] = route
                continue
            segments = tuple(route.path.split("/"))
            known = next((methods for pattern, methods in self._patterns if pattern == segments), None)
            if known is None:
                known = {}
                self._patterns.append((segments, known))
            known[route.method] = route

    def find(self, path: str) -> tuple[Mapping[str, Route], Params] | None:
        """Return the routes of a path by method, and the values of its ``{names}``."""
        bare = path.rstrip("/") or "/"
        if (methods := self._exact.get(bare)) is not None:
            return methods, {}
        given = bare.split("/")
        for pattern, methods in self._patterns:
            if len(pattern) != len(given):
                continue
            params: dict[str, str] = {}
            for part, value in zip(pattern, given, strict=True):
                if part.startswith("{") and value:
                    params[part[1:-1]] = value
                elif part != value:
                    break
            else:
                return methods, params
        return None
