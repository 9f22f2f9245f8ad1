"""Facts as JSON of the API, under the same names as the ledger's columns."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from core.decision.deciding_reason import code_of, text_of
from core.decision.evidence import decision_evidence
from core.model import DecisionRecord
from server.ledger.codec import encode_any
from server.runtime.ports import WebhookAnswer

_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def json_response(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, headers=_HEADERS)


def answer(value: object) -> web.Response:
    return json_response(encode_any(value))


def decision_view(record: DecisionRecord) -> dict[str, Any]:
    """Return a decision with all of its evidence, without its inputs."""
    verdict = record.verdict
    return {
        "id": record.id,
        "seq": record.seq,
        "created_at": record.at,
        "symbol": record.symbol,
        "source": record.source,
        "timeframe": record.timeframe,
        "quality": record.quality,
        "decision": record.action,
        "action": record.action,
        "direction": record.direction,
        "proposed_direction": record.proposed_direction,
        "confidence": record.confidence,
        "code": code_of(record),
        "confluence_score": record.size.confluence if record.size else None,
        "signal_id": record.signal_id,
        "receipt_id": record.receipt_id,
        "position_id": record.position_id,
        "supersedes": record.supersedes,
        "rules_fingerprint": verdict.rules_fingerprint,
        "engine_version": verdict.engine_version,
        "decision_breakdown": decision_evidence(record),
    }


def decision_detail(record: DecisionRecord) -> dict[str, Any]:
    """Return a decision with its evidence and the inputs from which it can be decided again."""
    return decision_view(record) | {"inputs": {"context": record.context, "market": record.market}}


def receipt_answer(given: WebhookAnswer) -> dict[str, Any]:
    """Return the answer to the sender of one receipt."""
    record = given.decision
    content: dict[str, Any] = {
        "status": given.status,
        "receipt_id": given.receipt_id,
        "source": given.source,
        "symbol": given.symbol,
        "notes": given.notes,
        "decision": None if record is None else decision_view(record),
    }
    if given.code is not None or given.reason is not None:
        content["reason"], content["code"] = given.reason, given.code
    elif record is not None:
        content["reason"], content["code"] = text_of(record), code_of(record)
    return content
