"""The metrics page for Prometheus, and the Grafana dashboard that shows it."""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.resources import files
from typing import Any, Protocol

from aiohttp import web

from server.http.routes import READ, Call, Route

DASHBOARD = "grafana.json"


class MetricsPage(Protocol):
    """Source of the metrics page."""

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the page and its content type."""
        ...


def metrics_routes(metrics: MetricsPage) -> tuple[Route, ...]:
    """Return the routes of the metrics."""

    async def metrics_page(_api: Any, call: Call) -> web.Response:
        # The first import takes some 50 ms, which a webhook must not wait.
        await asyncio.to_thread(import_module, "prometheus_client")
        body, content_type = metrics.page(call.request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    async def dashboard(_api: Any, _call: Call) -> web.Response:
        text = await asyncio.to_thread(files("server.http").joinpath(DASHBOARD).read_text, "utf-8")
        return web.Response(text=text, content_type="application/json")

    return (
        Route(
            method="GET",
            path="/metrics",
            access=READ,
            handler=metrics_page,
            summary="Metrics for Prometheus",
            answers="MetricsPage",
            media=("text/plain", "application/openmetrics-text"),
            tag="Results",
        ),
        Route(
            method="GET",
            path="/metrics/grafana.json",
            access=READ,
            handler=dashboard,
            summary="A Grafana dashboard of these metrics, to be imported",
            answers="Dashboard",
            etag=True,
        ),
    )
