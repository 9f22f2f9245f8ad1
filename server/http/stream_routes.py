"""The route of the stream."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.http.routes import READ, Call, Route
from server.http.stream import EventStream
from server.http.stream_query import STREAM_QUERY, stream_query
from server.http.stream_reader import HEADERS


def stream_routes(stream: EventStream) -> tuple[Route, ...]:
    """Return the route of the stream."""

    async def stream_events(_api: Any, call: Call) -> web.StreamResponse:
        query = stream_query(call.request, stream.last_seq)
        if call.request.method == "HEAD":
            return web.Response(headers=HEADERS)
        return await stream.serve(call.request, query)

    return (
        Route(
            method="GET",
            path="/api/stream",
            access=READ,
            handler=stream_events,
            summary="Decisions, fills, exits, approvals, modes, alerts and marks as they happen, as server-sent "
            "events; Last-Event-ID goes on after an event, marks excepted",
            answers="Stream",
            query=STREAM_QUERY,
            tag="Ledger",
            refuses=(
                "INVALID_PARAMETER", "UNKNOWN_EVENT", "EVENTS_NOT_KEPT", "TOO_MANY_READERS", "NOT_READY"
            ),
            media=("text/event-stream",),
        ),
    )  # fmt: skip
