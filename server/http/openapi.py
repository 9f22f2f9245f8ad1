"""The OpenAPI document, generated from the route table and the webhook addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.model import Mode, ReceiptStatus, Source
from server.deck.reports import WINDOWS
from server.http.engine_status import EngineStatus
from server.http.problems import PROBLEMS
from server.http.routes import COMMAND, READ, Route
from server.http.webhooks import WEBHOOK_PATHS
from server.package_version import package_version

Json = dict[str, Any]

_TEXT_OR_NULL: Json = {"type": ["string", "null"]}

SCHEMAS: Mapping[str, Json] = {
    "List": {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {
                "type": "array",
                "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            },
            "next_cursor": _TEXT_OR_NULL,
        },
    },
    "Decision": {
        "type": "object",
        "required": ["id", "created_at", "symbol", "action", "direction", "confidence", "decision_breakdown"],
        "properties": {
            "id": {"type": "string"},
            "created_at": {"type": "string", "format": "date-time"},
            "symbol": {"type": "string"},
            "action": {"enum": ["EXECUTE", "WAIT", "SKIP"]},
            "direction": {"enum": ["LONG", "SHORT", None]},
            "confidence": {"type": "number"},
            "decision_breakdown": {"type": "object"},
        },
    },
    "Metrics": {
        "type": "object",
        "required": ["as_of", "window", "assumed", "metrics", "cut", "buckets"],
        "properties": {
            "as_of": {"type": "string", "format": "date-time"},
            "window": {"enum": list(WINDOWS)},
            "assumed": {"type": "boolean"},
            "metrics": {"type": "object"},
            "cut": {"type": "string"},
            "buckets": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["label", "metrics"],
                    "properties": {"label": {"type": "string"}, "metrics": {"type": "object"}},
                },
            },
        },
    },
    "EngineStatus": EngineStatus.model_json_schema(mode="serialization"),
    "Learning": {"type": "object", "required": ["as_of", "learning", "suggestions", "judged"]},
    "Rules": {
        "type": "object",
        "required": ["in_force", "versions"],
        "properties": {
            "in_force": {"type": "object"},
            "versions": {"type": "array", "items": {"type": "object"}},
        },
    },
    "WebhookAnswer": {
        "type": "object",
        "required": ["status", "receipt_id", "source", "symbol", "notes", "decision"],
        "properties": {
            "status": {"enum": [status.value for status in ReceiptStatus]},
            "receipt_id": {"type": "string"},
            "source": {"enum": [*(source.value for source in Source), None]},
            "symbol": _TEXT_OR_NULL,
            "notes": {"type": "array", "items": {"type": "string"}},
            "decision": {"oneOf": [{"$ref": "#/components/schemas/Decision"}, {"type": "null"}]},
            "reason": _TEXT_OR_NULL,
            "code": _TEXT_OR_NULL,
        },
    },
    "WebhookAnswers": {
        "oneOf": [
            {"$ref": "#/components/schemas/WebhookAnswer"},
            {
                "type": "array",
                "items": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/WebhookAnswer"},
                        {"$ref": "#/components/schemas/Problem"},
                    ]
                },
            },
        ]
    },
    "CommandDone": {
        "type": "object",
        "required": ["ok", "code", "text", "command_id"],
        "properties": {
            "ok": {"const": True},
            "code": {"type": "string"},
            "text": {"type": "string"},
            "command_id": {"type": "string"},
        },
    },
    "Mode": {
        "type": "object",
        "required": ["mode", "reason", "since", "until"],
        "properties": {
            "mode": {"enum": [mode.value for mode in Mode]},
            "reason": {"type": "string"},
            "since": {"type": ["string", "null"], "format": "date-time"},
            "until": {"type": ["string", "null"], "format": "date-time"},
        },
    },
    "Health": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
    "OpenApi": {"type": "object"},
    "MetricsPage": {"type": "string"},
    "Dashboard": {"type": "object"},
    "DeckSocket": {"type": "object"},
    "Stream": {
        "type": "string",
        "description": "blocks of `id`, `event` and `data`; data is one line of JSON, see `gatedeck guide stream`",
    },
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    },
}

_WEBHOOK_REFUSALS = (
    "BAD_BODY",
    "UNAUTHORIZED",
    "NOT_ALLOWED",
    "BODY_TIMEOUT",
    "BODY_TOO_LARGE",
    "RATE_LIMITED",
)
_SECURITY: Mapping[str, list[Json]] = {
    READ: [{}, {"readToken": []}],
    COMMAND: [{"commandToken": []}],
}


def document(routes: Iterable[Route]) -> Json:
    """Return the whole document, OpenAPI 3.1."""
    paths: dict[str, Json] = {}
    for path, endpoint in WEBHOOK_PATHS.items():
        paths[path] = {"post": _webhook(endpoint)}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "gatedeck", "version": package_version()},
        "paths": paths,
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {
                "readToken": bearer,
                "commandToken": bearer,
                "webhookSecret": bearer,
                "webhookKey": {"type": "apiKey", "in": "query", "name": "key"},
                "webhookSignature": {"type": "apiKey", "in": "header", "name": "X-Signature"},
            },
        },
    }


def _webhook(endpoint: str | None) -> Json:
    content = {"application/json": {"schema": {}}, "text/plain": {"schema": {"type": "string"}}}
    answers = {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookAnswers"}}}
    return {
        "summary": f"A webhook of {endpoint}"
        if endpoint
        else "A webhook whose source is detected from its body",
        "requestBody": {"required": True, "content": content},
        "security": [{}, {"webhookKey": []}, {"webhookSecret": []}, {"webhookSignature": []}],
        "responses": {
            "200": {"description": "stored, or a duplicate of a stored one", "content": answers},
            "422": {"description": "not understood; stored in quarantine", "content": answers},
            **_problems((*_WEBHOOK_REFUSALS, "NOT_STORED")),
        },
    }


def _operation(route: Route) -> Json:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [
        {"name": p.name, "in": "query", "description": p.text, "schema": dict(p.schema)} for p in route.query
    ]
    schema = {"$ref": f"#/components/schemas/{route.answers}"}
    operation: Json = {
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": {route.media: {"schema": schema}}},
            **_problems(route.refuses + (("UNAUTHORIZED", "NOT_LOCAL") if route.access == READ else ())),
            **(_accepted(schema) if route.access == COMMAND else {}),
            **_problems(("UNAUTHORIZED",) if route.access == COMMAND else ()),
        },
    }
    if route.access in _SECURITY:
        operation["security"] = _SECURITY[route.access]
    if route.body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": dict(route.body)}}}
    return operation


def _accepted(schema: Json) -> Json:
    response = {
        "description": "accepted; the result follows",
        "content": {"application/json": {"schema": schema}},
    }
    return {"202": response}


def _problems(codes: Iterable[str]) -> Json:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    by_status: dict[str, list[str]] = {}
    for code in codes:
        status, title = PROBLEMS[code]
        by_status.setdefault(str(status), []).append(f"{title} ({code})")
    return {
        status: {"description": "; ".join(titles), "content": content} for status, titles in by_status.items()
    }
