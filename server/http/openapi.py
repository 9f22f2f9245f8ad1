"""The OpenAPI 3.1 document, generated from the routes, the types of their answers and the webhook addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from server.http import webhook_contract
from server.http.answers import STREAM_EVENTS, WITH_UNKNOWN_NUMBERS, answer_types, stream_answer
from server.http.problems import PROBLEMS
from server.http.routes import COMMAND, OPEN, READ, Route
from server.http.stream_query import KINDS
from server.http.webhooks import WEBHOOK_PATHS
from server.package_version import package_version

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_EVERYWHERE = ("BAD_BODY", "NOT_ACCEPTABLE")
_BODY_REFUSALS = (
    "NOT_JSON",
    "BODY_TIMEOUT",
    "BODY_TOO_LARGE",
    "CODING_NOT_READ",
    "MEDIA_TYPE_NOT_READ",
    "INVALID_BODY",
)
_REFUSALS: Mapping[str, tuple[str, ...]] = {
    OPEN: (),
    READ: ("UNAUTHORIZED", "NOT_LOCAL"),
    COMMAND: ("UNAUTHORIZED", *_BODY_REFUSALS, "COMMAND_REFUSED", "OVERLOADED", "NOT_STORED"),
}
_WEBHOOK_REFUSALS = (
    *(
        "BAD_BODY",
        "UNAUTHORIZED",
        "NOT_ALLOWED",
        "NO_CERTIFICATE",
        "NOT_LOCAL",
        "BODY_TIMEOUT",
        "BODY_TOO_LARGE",
    ),
    *("CODING_NOT_READ", "RATE_LIMITED", "OVERLOADED", "NOT_STORED"),
)
_RAW: Mapping[str, Json] = {
    "OpenApi": {
        "description": "This document. Its form is that of the OpenAPI specification, version 3.1.",
        "type": "object",
        "required": ["openapi", "info", "paths", "components"],
        "properties": {"openapi": {"type": "string"}},
    },
    "MetricsPage": {"description": "Prometheus' text format.", "type": "string"},
    "Dashboard": {
        "description": "A dashboard in the form of Grafana.",
        "type": "object",
        "required": ["panels"],
    },
    "Page": {"description": "HTML.", "type": "string"},
    "Stream": {
        "description": "One event, see gatedeck guide stream. data is one line of JSON, whose form x-events has by "
        "the event; a mark has no id.",
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "id": {"type": "string"},
            "event": {"enum": list(KINDS)},
            "data": {"type": "string", "contentMediaType": "application/json"},
        },
    },
}
"""Answers whose form is somebody else's."""
_AT: Json = {
    "type": "object",
    "required": ["at"],
    "properties": {"at": {"type": "string", "format": "date-time"}},
}
"""Fields that a mark of the stream has beside the row."""
_FREE: Mapping[tuple[str, str], str] = {
    ("Gate", "evidence"): "The numbers that the gate compared, by name: each gate compares its own."
}
"""Properties of any form, with the reason."""
_NAMED: Mapping[tuple[str, str], Json] = {
    ("PositionDetail", "notes"): {"type": "array", "items": {"$ref": _REF.format(model="Note")}}
}
"""Properties that a fact holds as parsed JSON, by the schema of what they hold."""


class _Schema(GenerateJsonSchema):
    """pydantic's generator without a title for every property."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def document(routes: Iterable[Route], *, reading_open: bool = True, webhooks_open: bool = True) -> Json:
    """Return the whole document; reading and webhooks are ``open`` where this machine needs no token for them."""
    routes = tuple(route for route in routes if not route.websocket)
    answers, bodies, schemas = _schemas(routes)
    paths: dict[str, Json] = {}
    for path, endpoint in WEBHOOK_PATHS.items():
        paths[path] = {"post": _webhook(path, endpoint, answers, webhooks_open)}
    for route in routes:
        security = _security(route.access, reading_open)
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, answers, bodies, security)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gatedeck",
            "version": package_version(),
            "description": "Every list is newest first and paged: next_cursor of one page is the cursor of the next. "
            "Errors are application/problem+json with a code that never changes. Money in $, times in UTC.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


_BEARER = {"type": "http", "scheme": "bearer"}
_SCHEMES: Json = {
    "readToken": {**_BEARER, "description": "GATEDECK_API_TOKEN"},
    "commandToken": {
        **_BEARER,
        "description": "GATEDECK_COMMAND_TOKEN, or the token in the state folder; it may read too",
    },
    "webhookSecret": {**_BEARER, "description": "The secret of the source that the body is of"},
    "webhookKey": {"type": "apiKey", "in": "query", "name": "key"},
    "webhookSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "HMAC-SHA256 of the body, in hexadecimal; X-Hub-Signature-256 and Standard Webhooks too",
    },
}


def _security(access: str, reading_open: bool) -> list[Json] | None:
    if access == OPEN:
        return None
    if access == COMMAND:
        return [{"commandToken": []}]
    tokens: list[Json] = [{"readToken": []}, {"commandToken": []}]
    return [{}, *tokens] if reading_open else tokens


def _schemas(routes: tuple[Route, ...]) -> tuple[Mapping[str, Json], Mapping[type, Json], Json]:
    """Return the schema of each answer by name and of each body by its class, and the components they refer to."""
    kinds: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(kind)) for name, kind in answer_types().items()
    ]
    bodies = {route.body for route in routes if route.body is not None}
    kinds += [(body, "validation", TypeAdapter(body)) for body in sorted(bodies, key=lambda b: b.__name__)]
    found, rest = TypeAdapter.json_schemas(kinds, ref_template=_REF, schema_generator=_Schema)
    schemas: Json = rest["$defs"]
    for name in WITH_UNKNOWN_NUMBERS:
        for spec in schemas[name]["properties"].values():
            if spec.get("type") == "number":
                spec["type"] = ["number", "null"]
    for (name, part), why in _FREE.items():
        schemas[name]["properties"][part]["description"] = why
    for (name, part), schema in _NAMED.items():
        schemas[name]["properties"][part] = schema
    schemas |= {**_RAW, **webhook_contract.SCHEMAS}
    answers = {name: schema for (name, mode), schema in found.items() if mode == "serialization"}
    answers |= {name: {"$ref": _REF.format(model=name)} for name in _RAW}
    events = {kind: answers[stream_answer(kind)] for kind in STREAM_EVENTS}
    schemas["Stream"] = {**_RAW["Stream"], "x-events": events | {"mark": {"allOf": [events["mark"], _AT]}}}
    asked = {body: schema for (body, mode), schema in found.items() if mode == "validation"}
    return answers, asked, dict(sorted(schemas.items()))


def _webhook(path: str, endpoint: str | None, answers: Mapping[str, Json], is_open: bool) -> Json:
    content = {"application/json": {"schema": answers["WebhookAnswers"]}}
    links = {"decision": {"operationId": "decision", "parameters": {"id": "$response.body#/decision/id"}}}
    ways: list[Json] = [{"webhookKey": []}, {"webhookSecret": []}, {"webhookSignature": []}]
    refusals = _problems(_WEBHOOK_REFUSALS)
    quarantined = "not understood; stored in quarantine"
    return {
        "operationId": f"post{path.removeprefix('/api').replace('/', '_').replace('-', '_')}",
        "tags": ["Webhooks"],
        "summary": webhook_contract.summary_of(endpoint),
        "description": webhook_contract.DESCRIPTION,
        "requestBody": webhook_contract.body_of(endpoint),
        "security": [{}] if is_open else ways,
        "responses": {
            "200": {
                "description": "stored, or a duplicate of a stored one",
                "content": content,
                "links": links,
            },
            "422": {"description": quarantined, "content": content},
            **refusals,
            "400": {
                "description": f"not JSON: {quarantined}; or {refusals['400']['description']}",
                "content": content | refusals["400"]["content"],
            },
            **{status: _array_too(refusals[status], content) for status in ("429", "503")},
        },
    }


def _array_too(refusal: Json, content: Json) -> Json:
    """Return a refusal that an array is answered with as well, when one of its items is refused."""
    return {**refusal, "content": content | refusal["content"]}


def _operation(
    route: Route, answers: Mapping[str, Json], bodies: Mapping[type, Json], security: list[Json] | None
) -> Json:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in names
    ]
    parameters += [
        {"name": p.name, "in": "query", "description": p.text, "schema": dict(p.schema)} for p in route.query
    ]
    done: Json = {
        "description": "done",
        "content": {media: {"schema": answers[route.answers]} for media in route.media},
    }
    if route.links:
        done["links"] = {
            link.operation: {
                "operationId": link.operation,
                "parameters": {link.parameter: f"$response.body#{link.pointer}"},
            }
            for link in route.links
        }
    operation: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": parameters,
        "responses": {"200": done},
    }
    responses = operation["responses"]
    if route.etag:
        parameters.append(_IF_NONE_MATCH)
        done["headers"] = {"ETag": {"schema": {"type": "string"}, "required": True}}
        responses["304"] = {"description": "nothing has changed: If-None-Match names the present ETag"}
    if route.access == COMMAND:
        responses["202"] = {**done, "description": "accepted; the result follows"}
    responses |= _problems((*_EVERYWHERE, *_REFUSALS[route.access], *route.refuses))
    if security is not None:
        operation["security"] = security
    if route.body is not None:
        operation["requestBody"] = {
            "required": not _accepts_nothing(route.body),
            "content": {"application/json": {"schema": bodies[route.body]}},
        }
    return operation


def _accepts_nothing(body: type[BaseModel]) -> bool:
    """Return whether a request without a body, which counts as an empty object, is accepted."""
    try:
        body.model_validate({})
    except ValidationError:
        return False
    return True


_IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETag of an earlier answer; the same answer is then 304 without a body",
    "schema": {"type": "string"},
}


def _problems(codes: Iterable[str]) -> Json:
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    by_status: dict[str, list[str]] = {}
    for code in dict.fromkeys(codes):
        status, title = PROBLEMS[code]
        by_status.setdefault(str(status), []).append(f"{title} ({code})")
    return {
        status: {"description": "; ".join(titles), "content": content} for status, titles in by_status.items()
    }
