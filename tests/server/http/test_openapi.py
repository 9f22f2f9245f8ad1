"""The OpenAPI document and its page: whole, without loose ends, and true for the settings in force."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from server.http.answers import ENTRY, WITH_UNKNOWN_NUMBERS, answer_types
from server.http.api_routes import ROUTES
from server.http.openapi import document
from server.http.problems import PROBLEMS
from server.http.routes import COMMAND, OPEN
from server.http.webhooks import WEBHOOK_PATHS
from server.ledger.entries import _ENTRY_TEXT

SOMEBODY_ELSES = {"OpenApi", "Dashboard"}
"""Objects whose form is another project's; each says so in its description."""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return document(ROUTES)


def operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def schemas(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a part of the document, with its place."""
    if isinstance(value, list):
        for n, each in enumerate(value):
            yield from schemas(each, f"{place}/{n}")
    elif isinstance(value, dict):
        if "type" in value and isinstance(value["type"], str):
            yield place, value
        for key, each in value.items():
            yield from schemas(each, f"{place}/{key}")


def test_every_address_is_there_once(found: dict[str, Any]) -> None:
    assert set(found["paths"]) == {*WEBHOOK_PATHS, *(route.path for route in ROUTES)}
    ids = [operation["operationId"] for _, _, operation in operations(found)]
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"] and operation["tags"] for _, _, operation in operations(found))


def test_references_and_links_lead_somewhere(found: dict[str, Any]) -> None:
    known = set(found["components"]["schemas"])
    refs = {part.split('"')[0] for part in json.dumps(found).split("#/components/schemas/")[1:]}
    assert refs <= known and "$defs" not in json.dumps(found)
    parameters = {
        operation["operationId"]: {each["name"] for each in operation.get("parameters", ())}
        for _, _, operation in operations(found)
    }
    for _, _, operation in operations(found):
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                assert set(link["parameters"]) <= parameters[link["operationId"]]


def test_no_object_is_without_its_fields(found: dict[str, Any]) -> None:
    bare = []
    for place, schema in schemas(found["components"]["schemas"]):
        if (
            schema["type"] != "object"
            or schema.get("properties")
            or isinstance(schema.get("additionalProperties"), dict)
        ):
            continue
        if not schema.get("description"):
            bare.append(place)
    assert bare == []
    for name in SOMEBODY_ELSES:
        assert found["components"]["schemas"][name]["description"]


def test_names_of_schemas_are_plain(found: dict[str, Any]) -> None:
    assert [
        name for name in found["components"]["schemas"] if not re.fullmatch(r"[A-Z][A-Za-z]+", name)
    ] == []
    assert {route.answers for route in ROUTES} <= {*answer_types(), "OpenApi", "Page"}
    assert set(WITH_UNKNOWN_NUMBERS) <= set(found["components"]["schemas"])


def test_a_ledger_entry_has_the_columns_of_the_ledger() -> None:
    assert set(ENTRY) == {*_ENTRY_TEXT, "action"}


def test_every_operation_tells_its_refusals(found: dict[str, Any]) -> None:
    for path, _, operation in operations(found):
        text = json.dumps(operation["responses"])
        for code in re.findall(r"\(([A-Z_]+)\)", text):
            assert str(PROBLEMS[code][0]) in operation["responses"], (path, code)
    for route in ROUTES:
        responses = found["paths"][route.path][route.method.lower()]["responses"]
        assert ("401" in responses) == (route.access != OPEN)
        assert ("304" in responses) == route.etag
        assert ({"202", "409", "413", "415", "429", "503"} <= set(responses)) == (route.access == COMMAND)


def test_security_is_that_of_the_settings() -> None:
    closed = document(ROUTES, reading_open=False, webhooks_open=False)
    reading = closed["paths"]["/api/mode"]["get"]["security"]
    assert {} not in reading and {"readToken": []} in reading and {"commandToken": []} in reading
    assert {} not in closed["paths"]["/api/webhooks"]["post"]["security"]
    assert document(ROUTES)["paths"]["/api/webhooks"]["post"]["security"] == [{}]
    assert closed["paths"]["/api/mode"]["post"]["security"] == [{"commandToken": []}]
    assert "security" not in closed["paths"]["/healthz"]["get"]


async def test_the_page_is_open_and_asks_nobody_else(serve: Any) -> None:
    client = await serve(api_token="read")
    response = await client.get("/docs")
    text = await response.text()
    assert (response.status, response.content_type) == (200, "text/html")
    assert not re.search(r"https?://|//[a-z]", text)
    policy = response.headers["Content-Security-Policy"]
    for kind in ("script", "style"):
        (content,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy
    assert (await client.get("/openapi.json")).status == 401
