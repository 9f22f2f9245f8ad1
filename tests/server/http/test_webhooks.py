"""What a sender posts and what it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.intake import endpoint_source
from server.config import ENDPOINTS
from server.runtime.ports import NotStored, Overloaded

SIGNAL = {"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0, "timeframe": "15"}
PHASE = {"meta": {"engine": "SATY_PO"}, "symbol": "SPY", "phase": {"current": 2, "name": "MARKUP"}}
TEXT = json.dumps(SIGNAL)

# name | path | body | status | what the answer says
ANSWERS = [
    ("a signal", "/api/webhooks/signals", TEXT, 200, {"status": "accepted", "source": "TRADINGVIEW_SIGNAL"}),
    ("its alias", "/api/phase25/webhooks/signals", TEXT, 200, {"status": "accepted", "symbol": "SPY"}),
    ("a trailing slash", "/api/webhooks/signals/", TEXT, 200, {"status": "accepted"}),
    ("a phase, detected", "/api/webhooks", json.dumps(PHASE), 200, {"source": "SATY_PHASE"}),
    ("detected, with slash", "/api/webhooks/", json.dumps(PHASE), 200, {"source": "SATY_PHASE"}),
    ("a phase's alias", "/api/phase25/webhooks/saty-phase", json.dumps(PHASE), 200, {"source": "SATY_PHASE"}),
    ("the wrong endpoint", "/api/webhooks/trend", json.dumps(PHASE), 200, {"source": "SATY_PHASE"}),
    ("text wrapped", "/api/webhooks/signals", json.dumps({"text": TEXT}), 200, {"status": "accepted"}),
    ("text before JSON", "/api/webhooks/signals", f"Alert!\n{TEXT}", 200, {"status": "accepted"}),
    ("an empty body", "/api/webhooks/signals", "", 400, {"status": "quarantined", "code": "NOT_JSON"}),
    ("not JSON", "/api/webhooks", "hello", 400, {"status": "quarantined", "code": "NOT_JSON"}),
    ("not understood", "/api/webhooks", '{"a": 1}', 422, {"status": "quarantined"}),
    ("no such thing", "/api/webhooks/signals", '"SPY"', 422, {"status": "quarantined"}),
    ("bytes, not UTF-8", "/api/webhooks", b"\xff\xf0\x80", 400, {"status": "quarantined"}),
]


@pytest.mark.parametrize(
    ("path", "body", "status", "says"), [a[1:] for a in ANSWERS], ids=[a[0] for a in ANSWERS]
)
async def test_answer_to_each_body(
    serve: Any, path: str, body: str | bytes, status: int, says: dict[str, Any]
) -> None:
    client = await serve()
    response = await client.post(path, data=body)
    told = await response.json()
    assert response.status == status
    assert told | says == told
    assert set(told) - {"reason", "code"} == {"status", "receipt_id", "source", "symbol", "notes", "decision"}
    if status != 200:
        assert told["reason"] and told["code"]


async def test_quarantined_is_kept_with_its_reason(serve: Any, intake: Any) -> None:
    client = await serve()
    told = await (await client.post("/api/webhooks/signals", data='{"ticker": "SPY"}')).json()
    assert (told["status"], told["decision"]) == ("quarantined", None)
    assert intake.bodies == [('{"ticker": "SPY"}', "/api/webhooks/signals")]


async def test_the_endpoint_is_handed_on_as_a_hint(serve: Any, intake: Any) -> None:
    client = await serve()
    for name in ENDPOINTS:
        await client.post(f"/api/webhooks/{name}", data=TEXT)
    await client.post("/api/webhooks", data=TEXT)
    await client.post("/api/phase25/webhooks/signals/", data=TEXT)
    hints = [endpoint for _, endpoint in intake.bodies]
    assert [endpoint_source(hint) for hint in hints[:-2]] == list(ENDPOINTS.values())
    assert hints[-2:] == [None, "/api/webhooks/signals"]


async def test_duplicate_answers_the_first_receipt(serve: Any) -> None:
    client = await serve()
    told = [await (await client.post("/api/webhooks/signals", data=TEXT)).json() for _ in range(2)]
    assert [t["status"] for t in told] == ["accepted", "duplicate"]
    assert told[0]["receipt_id"] == told[1]["receipt_id"]


@pytest.mark.parametrize(
    "content_type", ["text/plain; charset=utf-8", "application/x-www-form-urlencoded", "x/y", ""]
)
async def test_content_type_is_ignored(serve: Any, content_type: str) -> None:
    client = await serve()
    headers = {"Content-Type": content_type}
    response = await client.post("/api/webhooks/signals", data=TEXT.encode(), headers=headers)
    assert response.status == 200


async def test_decision_comes_with_its_evidence(serve: Any, intake: Any, record: Any) -> None:
    intake.decision = record
    client = await serve()
    told = await (await client.post("/api/webhooks/signals", data=TEXT)).json()
    decision = told["decision"]
    assert (decision["id"], decision["action"], decision["direction"]) == ("d-1", "SKIP", None)
    assert (decision["confidence"], decision["code"]) == (81.4, "MAX_POSITIONS")
    assert decision["created_at"] == "2026-11-24T15:00:00Z"
    breakdown = decision["decision_breakdown"]
    assert breakdown["gates"]["market"]["evidence"] == {"spread_bps": 4.2}
    assert [reason["code"] for reason in breakdown["reasons"]] == ["MAX_POSITIONS", "AI_SCORE"]


# --- arrays ----------------------------------------------------------------------------------------------


async def test_array_answers_an_array_and_each_item_is_a_receipt(serve: Any, intake: Any) -> None:
    client = await serve()
    response = await client.post("/api/webhooks", data=json.dumps([SIGNAL, PHASE, {"text": TEXT}]))
    told = await response.json()
    assert response.status == 200
    assert [t["source"] for t in told] == ["TRADINGVIEW_SIGNAL", "SATY_PHASE", "TRADINGVIEW_SIGNAL"]
    assert [t["receipt_id"] for t in told] == ["receipt-1", "receipt-2", "receipt-3"]
    assert len(intake.bodies) == 3


ARRAYS = [
    ("of one", [SIGNAL], 200, ["accepted"]),
    ("one bad", [SIGNAL, {"a": 1}], 422, ["accepted", "quarantined"]),
    ("nested", [[SIGNAL]], 422, ["quarantined"]),
]


@pytest.mark.parametrize(("body", "status", "each"), [a[1:] for a in ARRAYS], ids=[a[0] for a in ARRAYS])
async def test_array_status_is_the_highest(serve: Any, body: Any, status: int, each: list[str]) -> None:
    client = await serve()
    response = await client.post("/api/webhooks", data=json.dumps(body))
    assert (response.status, [t["status"] for t in await response.json()]) == (status, each)


async def test_empty_or_broken_array_is_one_quarantined_receipt(serve: Any, intake: Any) -> None:
    client = await serve()
    for body in ("[]", '[{"a": 1}'):
        response = await client.post("/api/webhooks", data=body)
        told = await response.json()
        assert response.status in (400, 422) and told["status"] == "quarantined"
    assert [body for body, _ in intake.bodies] == ["[]", '[{"a": 1}']


async def test_array_keeps_what_it_can_when_one_item_is_not_stored(serve: Any, intake: Any) -> None:
    intake.raises = lambda body: NotStored("disk full") if '"QQQ"' in body else None
    client = await serve()
    response = await client.post("/api/webhooks", data=json.dumps([SIGNAL, SIGNAL | {"ticker": "QQQ"}]))
    told = await response.json()
    assert response.status == 503 and "Retry-After" in response.headers
    assert told[0]["status"] == "accepted"
    assert (told[1]["code"], told[1]["status"]) == ("NOT_STORED", 503)


# --- what goes wrong -------------------------------------------------------------------------------------

FAILURES = [
    ("the ledger fails", NotStored("disk full"), 503, "NOT_STORED"),
    ("too much waits", Overloaded("20000 wait"), 429, "OVERLOADED"),
    ("a defect before storing", RuntimeError("oops"), 503, "NOT_STORED"),
]


@pytest.mark.parametrize(("error", "status", "code"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES])
async def test_not_stored_says_come_again(
    serve: Any, intake: Any, error: Exception, status: int, code: str
) -> None:
    intake.raises = lambda body: error
    client = await serve()
    response = await client.post("/api/webhooks/signals", data=TEXT)
    told = await response.json(content_type="application/problem+json")
    assert (response.status, told["code"], told["status"]) == (status, code, status)
    assert int(response.headers["Retry-After"]) > 0
    assert str(error) not in json.dumps(told)


async def test_answer_that_cannot_be_written_is_still_200(serve: Any, intake: Any) -> None:
    intake.notes = ("a lone surrogate \ud800",)
    client = await serve()
    response = await client.post("/api/webhooks/signals", data=TEXT)
    told = await response.json()
    assert (response.status, told["status"], told["receipt_id"]) == (200, "accepted", "receipt-1")


@pytest.mark.parametrize(
    "path", ["/api/webhooks", "/api/webhooks/signals", "/api/phase25/webhooks/saty-phase/"]
)
async def test_person_in_a_browser_is_told_what_this_is(serve: Any, path: str) -> None:
    client = await serve()
    response = await client.get(path)
    told = await response.json(content_type="application/problem+json")
    assert (response.status, response.headers["Allow"]) == (405, "OPTIONS, POST")
    assert "POST" in told["detail"] and "gatedeck send" in told["detail"]


async def test_unknown_endpoint_names_the_known_ones(serve: Any) -> None:
    client = await serve()
    response = await client.post("/api/webhooks/nonsense", data=TEXT)
    told = await response.json(content_type="application/problem+json")
    assert response.status == 404
    assert all(name in told["detail"] for name in ENDPOINTS)


# --- rate ------------------------------------------------------------------------------------------------


async def test_loopback_is_never_limited(serve: Any) -> None:
    client = await serve(rate_per_second=1, rate_burst=1)
    statuses = [(await client.post("/api/webhooks/signals", data=TEXT)).status for _ in range(5)]
    assert statuses == [200] * 5


async def test_remote_is_limited_on_its_own(serve: Any) -> None:
    client = await serve(rate_per_second=0.01, rate_burst=2, proxies="127.0.0.1", webhook_secret="hush")

    async def post(sender: str, body: str = TEXT) -> Any:
        headers = {"X-Forwarded-For": sender}
        return await client.post("/api/webhooks/signals?key=hush", data=body, headers=headers)

    assert [(await post("9.9.9.9")).status for _ in range(3)] == [200, 200, 429]
    refused = await post("9.9.9.9")
    assert 1 <= int(refused.headers["Retry-After"]) <= 100
    assert (await post("8.8.8.8")).status == 200


async def test_array_counts_for_each_of_its_items(serve: Any) -> None:
    client = await serve(rate_per_second=0.01, rate_burst=3, proxies="127.0.0.1", webhook_secret="hush")
    headers = {"X-Forwarded-For": "9.9.9.9"}
    url = "/api/webhooks?key=hush"
    first = await client.post(url, data=json.dumps([SIGNAL] * 3), headers=headers)
    second = await client.post(url, data=TEXT, headers=headers)
    assert (first.status, second.status) == (200, 429)
