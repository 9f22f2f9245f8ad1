"""Accept, Content-Type, ETag and If-None-Match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.model import Mode

# Accept | status of /api/mode
ACCEPTED = [
    (None, 200),
    ("", 200),
    ("*/*", 200),
    ("application/json", 200),
    ("APPLICATION/JSON; charset=utf-8", 200),
    ("application/*", 200),
    ("text/html,application/xhtml+xml,*/*;q=0.8", 200),
    ("application/json;q=0, */*", 406),
    ("text/html", 406),
    ("application/json;q=0", 406),
    ("*/*;q=0.0", 406),
    ("nonsense", 406),
]


@pytest.mark.parametrize(("accept", "status"), ACCEPTED)
async def test_accept(serve: Any, accept: str | None, status: int) -> None:
    client = await serve()
    response = await client.get("/api/mode", headers={} if accept is None else {"Accept": accept})
    assert response.status == status
    if status == 406:
        told = await response.json(content_type="application/problem+json")
        assert told["code"] == "NOT_ACCEPTABLE" and "application/json" in told["detail"]


# Content-Type | status of a command with a body
TYPES = [
    ("application/json", 200),
    ("Application/JSON; charset=utf-8", 200),
    ("application/merge-patch+json", 200),
    ("text/plain", 415),
    ("application/x-www-form-urlencoded", 200),
]


@pytest.mark.parametrize(("kind", "status"), TYPES)
async def test_a_commands_body_is_json(
    serve: Any, deck: Any, command_headers: Any, kind: str, status: int
) -> None:
    client = await serve()
    headers = command_headers | {"Content-Type": kind}
    response = await client.post("/api/mode", headers=headers, data=b'{"mode": "HALTED"}')
    assert (response.status, len(deck.commands)) == (status, int(status == 200))
    if status == 415:
        told = await response.json(content_type="application/problem+json")
        assert (told["code"], response.headers["Accept"]) == ("MEDIA_TYPE_NOT_READ", "application/json")


async def test_what_did_not_change_is_not_sent_again(serve: Any, deck: Any) -> None:
    client = await serve()
    first = await client.get("/api/mode")
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get("/api/mode", headers={"If-None-Match": known})
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
    for other in ('"other"', tag.strip('"'), ""):
        assert (await client.get("/api/mode", headers={"If-None-Match": other})).status == 200
    assert (await client.head("/api/mode", headers={"If-None-Match": tag})).status == 304
    deck.now = replace(deck.now, mode=Mode.HALTED)
    changed = await client.get("/api/mode", headers={"If-None-Match": tag})
    assert changed.status == 200 and changed.headers["ETag"] != tag


@pytest.mark.parametrize("path", ["/api/decisions", "/api/config", "/openapi.json", "/docs", "/api/rules"])
async def test_lists_and_documents_have_an_etag(serve: Any, path: str) -> None:
    client = await serve()
    tag = (await client.get(path)).headers["ETag"]
    assert (await client.get(path, headers={"If-None-Match": tag})).status == 304


@pytest.mark.parametrize("path", ["/api/positions", "/api/status", "/healthz"])
async def test_what_changes_with_the_clock_has_none(serve: Any, path: str) -> None:
    response = await (await serve()).get(path)
    assert "ETag" not in response.headers and response.headers["Cache-Control"] == "no-store"
