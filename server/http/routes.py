"""Routes as data, for the dispatcher and for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address; ``access`` is open | read | command, ``refuses`` its error codes.

    ``media`` is the type of its answer.
    """

    method: str
    path: str
    access: str
    handler: Handler
    summary: str
    answers: str
    query: tuple[Parameter, ...] = ()
    body: Mapping[str, Any] | None = None
    refuses: tuple[str, ...] = ()
    media: str = "application/json"


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
