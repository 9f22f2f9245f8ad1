"""Facts as JSON of the API, under the same names as the ledger's columns."""

from __future__ import annotations

from email.utils import formatdate
from functools import cache, lru_cache
from http import HTTPStatus
from time import time
from typing import Any

from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from core.decision.deciding_reason import code_of, text_of
from core.decision.evidence import decision_evidence
from core.decision.why_no_trade import WhyNoTrade
from core.model import DecisionRecord
from server.ledger.codec import encode_any
from server.runtime.ports import WebhookAnswer

_END = "\r\n"
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def json_response(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, headers=_HEADERS)


def json_bytes(body: bytes, status: int = 200) -> bytes:
    """Return the whole of a JSON answer as it goes over the wire, as ``json_response`` would be written."""
    return b"%b%d\r\n%b%b" % (_json_head(status), len(body), _tail(int(time())), body)


def response_bytes(response: web.Response, *, close: bool = False) -> bytes:
    """Return the whole of an answer as it goes over the wire."""
    body = response.body if isinstance(response.body, bytes) else b""
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}\r\n" for name, value in response.headers.items() if name != "Content-Length"]
    head = f"{''.join(lines)}Content-Length: {len(body)}\r\n{'Connection: close' + _END if close else ''}"
    return head.encode() + _tail(int(time())) + body


@cache
def _json_head(status: int) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())
    return f"{_status_line(status)}{lines}Content-Length: ".encode()


def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"


@lru_cache(maxsize=1)
def _tail(second: int) -> bytes:
    """Return the headers that every answer of a second has in common, and the end of the head."""
    return f"Date: {formatdate(second, usegmt=True)}\r\nServer: {SERVER_SOFTWARE}\r\n\r\n".encode()


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


def why_no_trade_view(why: WhyNoTrade | None) -> dict[str, Any] | None:
    """Return the distances of a WAIT or SKIP to an EXECUTE, each with its sentence; ``None`` for an EXECUTE."""
    if why is None:
        return None
    fields = ("gate", "code", "sentence", "text", "changed", "would", "missing", "unit", "rule")
    return {
        "distances": [{name: getattr(each, name) for name in fields} for each in why.distances],
        "together": why.together,
        "unknown": why.unknown,
    }


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
