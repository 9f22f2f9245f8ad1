"""GET /metrics and its dashboard over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from server.http.metrics import metrics_routes


class Page:
    def page(self, accept: str) -> tuple[bytes, str]:
        return f"accept {accept}\n".encode(), "text/plain; version=0.0.4; charset=utf-8"


@pytest.fixture
def routes() -> Any:
    return metrics_routes(Page())


async def test_the_page_and_the_dashboard(serve: Any, routes: Any) -> None:
    client = await serve(routes=routes)
    answer = await client.get("/metrics", headers={"Accept": "text/plain"})
    assert (answer.status, await answer.text()) == (200, "accept text/plain\n")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    dashboard = await client.get("/metrics/grafana.json")
    assert (await dashboard.json())["title"] == "gatedeck"
    document = await (await client.get("/openapi.json")).json()
    answers = document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]
    assert set(answers) == {"text/plain", "application/openmetrics-text"}


@pytest.mark.parametrize("path", ["/metrics", "/metrics/grafana.json"])
async def test_with_a_reading_token_both_need_it(serve: Any, routes: Any, path: str) -> None:
    client = await serve(routes=routes, api_token="reading")
    assert (await client.get(path)).status == 401
    assert (await client.get(path, headers={"Authorization": "Bearer reading"})).status == 200
