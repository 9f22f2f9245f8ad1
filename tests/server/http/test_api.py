"""Reading pages and commanding, one scenario table each."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from core.from_json import read
from core.model import Action
from server.deck import CommandResult, GateDistance, Outcome, RiskView, WhyNoTrade
from server.runtime.ports import NotStored, Overloaded

JSON = {"Content-Type": "application/json"}

# path | limit asked of the deck | filters | order
QUERIES = [
    ("/api/decisions", "decisions", 50, {}, "time"),
    ("/api/decisions/", "decisions", 50, {}, "time"),
    ("/api/decisions?limit=500", "decisions", 500, {}, "time"),
    (
        "/api/decisions?limit=1&symbol=SPY&decision=SKIP",
        "decisions",
        1,
        {"symbol": "SPY", "decision": "SKIP"},
        "time",
    ),
    (
        "/api/decisions?timeframe=15m&quality=HIGH",
        "decisions",
        50,
        {"timeframe": "15m", "quality": "HIGH"},
        "time",
    ),
    ("/api/decisions?order=confidence", "decisions", 50, {}, "confidence"),
    (
        "/api/ledger?from=2026-11-24&to=2026-11-25",
        "ledger",
        50,
        {"from": "2026-11-24", "to": "2026-11-25"},
        "time",
    ),
    ("/api/receipts?status=quarantined", "receipts", 50, {"status": "quarantined"}, "time"),
    ("/api/risk-events?from=2026-11-24", "risk_events", 50, {"from": "2026-11-24"}, "time"),
    ("/api/approvals?status=PENDING", "approvals", 50, {"status": "PENDING"}, "time"),
    (
        "/api/trades?window=today&text=late&order=net.asc",
        "trades",
        50,
        {"window": "today", "text": "late"},
        "net.asc",
    ),
    ("/api/days?from=2026-11-24", "days", 50, {"from": "2026-11-24"}, "time"),
    ("/api/notes?tag=fomo", "notes", 50, {"tag": "fomo"}, "time"),
]


@pytest.mark.parametrize(("path", "what", "limit", "filters", "order"), QUERIES)
async def test_list_asks_the_deck(
    serve: Any, deck: Any, path: str, what: str, limit: int, filters: Any, order: str
) -> None:
    deck.items = ({"id": "a"}, {"id": "b"})
    client = await serve()
    told = await (await client.get(path)).json()
    (query,) = deck.queries
    assert (query.what, query.limit, query.filters, query.order) == (what, limit, filters, order)
    assert told == {"items": [{"id": "a"}, {"id": "b"}][:limit], "next_cursor": "next"}


REFUSED = [
    ("/api/decisions?limit=0", "limit"),
    ("/api/decisions?limit=501", "limit"),
    ("/api/decisions?limit=-1", "limit"),
    ("/api/decisions?limit=ten", "limit"),
    ("/api/decisions?limit=1.5", "limit"),
    ("/api/decisions?limit=%C2%B2", "limit"),
    ("/api/decisions?limit=99999999999999999999999", "limit"),
    ("/api/receipts?limit=501", "limit"),
    ("/api/ledger?limit=501", "limit"),
    ("/api/positions?limit=501", "limit"),
    ("/api/decisions?symbl=SPY", "symbl"),
    ("/api/receipts?decision=SKIP", "decision"),
    ("/api/decisions?symbol=SPY&symbol=QQQ", "symbol"),
    ("/api/decisions?decision=BUY", "decision"),
    ("/api/decisions?symbol=", "symbol"),
    ("/api/decisions?limit=", "limit"),
    ("/api/decisions?symbol=S%20PY", "symbol"),
    ("/api/decisions?timeframe=0", "timeframe"),
    ("/api/mode?now=1", "now"),
]


@pytest.mark.parametrize(("path", "parameter"), REFUSED)
async def test_parameter_not_accepted_is_named(serve: Any, path: str, parameter: str) -> None:
    client = await serve()
    response = await client.get(path)
    told = await response.json(content_type="application/problem+json")
    assert (response.status, told["code"], told["parameter"]) == (422, "INVALID_PARAMETER", parameter)
    assert told["detail"].startswith(f"{parameter}: ")


@pytest.mark.parametrize(
    "path",
    [
        "/api/decisions?cursor=foreign",
        "/api/decisions?cursor=%00",
        "/api/positions?cursor=foreign",
        "/api/positions?cursor=2026-11-24T10:00:00~p",
    ],
)
async def test_a_cursor_of_no_page_is_not_found(serve: Any, path: str) -> None:
    response = await (await serve()).get(path)
    told = await response.json(content_type="application/problem+json")
    assert (response.status, told["code"], told["parameter"]) == (404, "UNKNOWN_CURSOR", "cursor")


async def test_one_decision_with_its_inputs(serve: Any, deck: Any, record: Any) -> None:
    deck.records["d-1"] = record
    client = await serve()
    told = await (await client.get("/api/decisions/d-1")).json()
    assert (told["id"], told["symbol"], told["action"]) == ("d-1", "SPY", "SKIP")
    assert told["inputs"]["market"]["spread_bps"] == 4.2
    assert told["inputs"]["context"]["session"] == "OPEN"
    assert told["why_no_trade"] is None
    missing = await client.get("/api/decisions/d-2")
    assert missing.status == 404
    assert (await missing.json(content_type=None))["code"] == "UNKNOWN_DECISION"


async def test_a_refused_decision_says_how_far_it_was_from_a_trade(
    serve: Any, deck: Any, record: Any
) -> None:
    deck.records["d-1"] = record
    would = Outcome(action=Action.EXECUTE, confidence=71.3)
    deck.why["d-1"] = WhyNoTrade(
        distances=(
            GateDistance(
                gate="market", code="SPREAD_WIDE", text="market failed by 1.4 bps of spread",
                changed="at 12 bps", would=would, missing=1.4, unit="bps", rule="market.max_spread_bps",
            ),
        ),
    )  # fmt: skip
    client = await serve()
    told = (await (await client.get("/api/decisions/d-1")).json())["why_no_trade"]
    (distance,) = told["distances"]
    assert distance["sentence"] == (
        "market failed by 1.4 bps of spread; at 12 bps it would have been EXECUTE 71.3"
    )
    assert (distance["missing"], distance["unit"], distance["rule"]) == (1.4, "bps", "market.max_spread_bps")
    assert (distance["would"]["action"], distance["would"]["confidence"]) == ("EXECUTE", 71.3)
    assert (told["together"], told["unknown"]) == (None, "")


# --- positions -------------------------------------------------------------------------------------------


async def test_positions_are_paged_newest_first(serve: Any, deck: Any, five_positions: Any) -> None:
    deck.now = replace(deck.now, positions=five_positions)
    client = await serve()
    seen, cursor = [], None
    for _ in range(5):
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = await (await client.get("/api/positions", params=params)).json()
        seen.append([item["id"] for item in page["items"]])
        # What is closed meanwhile must not make the next page begin elsewhere.
        deck.now = replace(deck.now, positions=tuple(p for p in deck.now.positions if p.id != "p-3"))
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [["p-4", "p-3"], ["p-2", "p-1"], ["p-0"]]


async def test_position_has_its_columns(serve: Any) -> None:
    client = await serve()
    page = await (await client.get("/api/positions")).json()
    (item,) = page["items"]
    assert (item["id"], item["delta"], item["opened_at"]) == (
        "p-1",
        {"now": 0.4, "entry": 0.5},
        "2026-11-24T15:00:00Z",
    )
    assert page["next_cursor"] is None


# what the engine answers | status | code
EXITS = [
    (CommandResult(ok=True, code="EXITED", text="Sold"), 200, "EXITED"),
    (CommandResult(ok=True, code="EXITING", text="waits for a price"), 202, "EXITING"),
    (CommandResult(ok=False, code="UNKNOWN_POSITION", text="no such position"), 404, "UNKNOWN_POSITION"),
    (CommandResult(ok=False, code="NOT_OPEN", text="not open (any more)"), 409, "NOT_OPEN"),
    (CommandResult(ok=False, code="CHANGED", text="3 are held now"), 409, "CHANGED"),
    (CommandResult(ok=False, code="BAD_QUANTITY", text="9 cannot be sold"), 409, "BAD_QUANTITY"),
    (CommandResult(ok=False, code="SOMETHING_NEW", text="no"), 409, "SOMETHING_NEW"),
    (NotStored("disk"), 503, "NOT_STORED"),
    (Overloaded("busy"), 429, "OVERLOADED"),
    (RuntimeError("a defect"), 500, "INTERNAL"),
]


@pytest.mark.parametrize(("result", "status", "code"), EXITS, ids=[row[2] for row in EXITS])
async def test_exit_answers_what_the_engine_says(
    serve: Any, deck: Any, command_headers: Any, result: Any, status: int, code: str
) -> None:
    deck.results["p-1"] = result
    client = await serve()
    response = await client.post("/api/positions/p-1/exit", headers=command_headers)
    told = await response.json(content_type=None)
    assert (response.status, told["code"]) == (status, code)
    problem = status >= 400
    assert response.content_type == ("application/problem+json" if problem else "application/json")
    assert told.get("status" if problem else "ok") == (status if problem else True)
    assert ("Retry-After" in response.headers) == (status in (429, 503))


async def test_exit_hands_on_what_was_asked(serve: Any, deck: Any, command_headers: Any) -> None:
    client = await serve()
    body = {"contracts": 2, "expected": 4, "command_id": "c-1"}
    told = await (await client.post("/api/positions/p-1/exit", headers=command_headers, json=body)).json()
    (command,) = deck.commands
    assert (command.name, command.position_id, command.contracts, command.expected, command.id) == (
        "exit",
        "p-1",
        2,
        4,
        "c-1",
    )
    assert told["command_id"] == "c-1"


async def test_levels_are_handed_on_as_given_and_what_is_none_is_refused(
    serve: Any, deck: Any, command_headers: Any
) -> None:
    client = await serve()
    to = "/api/positions/p-1/levels"
    body = {"stop": "448.5", "target_2": "2atr", "expected": 4}
    assert (await client.post(to, headers=command_headers, json=body)).status == 200
    assert (await client.post(to, headers=command_headers, json={"stop": "cost"})).status == 200
    assert [(c.name, c.position_id, c.expected, c.argument) for c in deck.commands] == [
        ("levels", "p-1", 4, "stop=448.5 target_2=2atr"),
        ("levels", "p-1", None, "stop=cost"),
    ]
    for wrong in ({"stop": 448.5}, {"stop": "-1"}, {"stop": "448 target_1=1"}, {"trail": "1%"}):
        assert (await client.post(to, headers=command_headers, json=wrong)).status == 422, wrong
    assert len(deck.commands) == 2


async def test_a_challenger_is_started_by_rules_or_a_suggestion_and_ended_by_its_id(
    serve: Any, deck: Any, command_headers: Any
) -> None:
    client = await serve()
    to = "/api/challenge"
    for body in ({"rules": "[sizing]\ncontract_cap = 2\n", "author": "owner"}, {"suggestion": "s-1"}):
        assert (await client.post(to, headers=command_headers, json=body)).status == 200
    for verb in ("adopt", "retire"):
        assert (await client.post(f"{to}/c-1/{verb}", headers=command_headers)).status == 200
    assert [(c.name, c.argument, c.author) for c in deck.commands] == [
        ("start_challenger", "[sizing]\ncontract_cap = 2\n", "owner"),
        ("challenge_suggestion", "s-1", "api"),
        ("adopt_challenger", "c-1", "api"),
        ("retire_challenger", "c-1", "api"),
    ]
    for wrong in ({}, {"rules": "", "suggestion": "s-1"}, {"rules": 1}, {"file": "x"}):
        assert (await client.post(to, headers=command_headers, json=wrong)).status == 422, wrong
    deck.results["mode"] = CommandResult(ok=False, code="NO_CHALLENGER", text="none")
    assert (await client.post(f"{to}/c-1/retire", headers=command_headers)).status == 404
    found = await (await client.get(to)).json()
    assert found["running"] is None and found["ended"] == []


async def test_a_note_a_trade_to_take_and_an_undo_are_handed_on(
    serve: Any, deck: Any, command_headers: Any
) -> None:
    client = await serve()
    for path, body in (
        ("positions/p-1/exit", {"note": "weak #early"}),
        ("positions/p-1/levels", {"stop": "cost", "note": "room"}),
        ("decisions/d-1/take", {"note": "news"}),
        ("decisions/r-1/take", {}),
        ("mode/undo", {"mode": "HALTED"}),
        ("mode/undo", {}),
    ):
        assert (await client.post(f"/api/{path}", headers=command_headers, json=body)).status == 200, path
    assert [(c.name, c.position_id, c.argument, c.note) for c in deck.commands] == [
        ("exit", "p-1", None, "weak #early"),
        ("levels", "p-1", "stop=cost", "room"),
        ("take", None, "d-1", "news"),
        ("take", None, "r-1", None),
        ("undo_mode", None, "HALTED", None),
        ("undo_mode", None, None, None),
    ]
    for path, body in (("decisions/d-1/take", {"note": ""}), ("mode/undo", {"mode": "OFF"})):
        assert (await client.post(f"/api/{path}", headers=command_headers, json=body)).status == 422, path


async def test_settle_hands_on_the_close_and_refuses_what_is_none(
    serve: Any, deck: Any, command_headers: Any
) -> None:
    client = await serve()
    to = "/api/positions/p-1/settle"
    body = {"price": 661.5, "expected": 2, "command_id": "c-9", "author": "Ann"}
    told = await (await client.post(to, headers=command_headers, json=body)).json()
    assert told["ok"] and told["command_id"] == "c-9"
    sure = {"price": 1, "sure": True}
    assert (await client.post(to, headers=command_headers, json=sure)).status == 200
    assert [(c.name, c.position_id, c.expected, c.argument) for c in deck.commands] == [
        ("settle", "p-1", 2, "661.5"),
        ("settle", "p-1", None, "1.0 SURE"),
    ]
    for wrong in (
        b"{}",
        b'{"price": 0}',
        b'{"price": -1}',
        b'{"price": "661"}',
        b'{"price": NaN}',
        b'{"price": 1e999}',
    ):
        response = await client.post(to, headers=command_headers | JSON, data=wrong)
        assert response.status in (400, 422), wrong
    assert len(deck.commands) == 2


async def test_exit_without_an_id_gets_one_of_its_own(serve: Any, deck: Any, command_headers: Any) -> None:
    client = await serve()
    for _ in range(2):
        await client.post("/api/positions/p-1/exit/", headers=command_headers, data=b"")
    first, second = deck.commands
    assert first.id != second.id and first.contracts is None


BAD_BODIES = [
    (b"{", 400, "NOT_JSON", ""),
    (b"[]", 422, "INVALID_BODY", ""),
    (b'{"contracts": 0}', 422, "INVALID_BODY", "contracts"),
    (b'{"contracts": -1}', 422, "INVALID_BODY", "contracts"),
    (b'{"contracts": "2"}', 422, "INVALID_BODY", "contracts"),
    (b'{"contracts": true}', 422, "INVALID_BODY", "contracts"),
    (b'{"contracts": 1.5}', 422, "INVALID_BODY", "contracts"),
    (b'{"quantity": 1}', 422, "INVALID_BODY", "quantity"),
    (b'{"command_id": ""}', 422, "INVALID_BODY", "command_id"),
    (b'{"command_id": "a b"}', 422, "INVALID_BODY", "command_id"),
    (json.dumps({"command_id": "c" * 101}).encode(), 422, "INVALID_BODY", "command_id"),
    (b'"' + b"x" * 70_000 + b'"', 413, "BODY_TOO_LARGE", ""),
]


@pytest.mark.parametrize(("body", "status", "code", "field"), BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_exit_refuses_a_bad_body_and_names_the_field(
    serve: Any, deck: Any, command_headers: Any, body: bytes, status: int, code: str, field: str
) -> None:
    client = await serve()
    response = await client.post("/api/positions/p-1/exit", headers=command_headers | JSON, data=body)
    told = await response.json(content_type="application/problem+json")
    assert (response.status, told["code"]) == (status, code)
    assert told["detail"].startswith(field)
    assert deck.commands == []


async def test_the_risk_is_that_of_the_snapshot(serve: Any, deck: Any) -> None:
    client = await serve()
    told = await (await client.get("/api/risk")).json()
    assert read(RiskView, told) == deck.now.risk
    assert told["delta"]["limit"] == 250_000.0
    assert (await client.get("/api/risk?symbol=SPY")).status == 422


async def test_mode_is_read_and_set(serve: Any, deck: Any, command_headers: Any) -> None:
    client = await serve()
    assert await (await client.get("/api/mode")).json() == {
        "mode": "ACTIVE", "reason": "", "since": None, "until": None,
    }  # fmt: skip
    response = await client.post(
        "/api/mode", headers=command_headers, json={"mode": "HALTED", "command_id": "m-1"}
    )
    assert (response.status, (await response.json())["ok"]) == (200, True)
    (command,) = deck.commands
    assert (command.name, command.argument, command.id) == ("mode", "HALTED", "m-1")
    flat = {"mode": "HALTED", "flatten": True, "author": "ana"}
    await client.post("/api/mode", headers=command_headers, json=flat)
    assert [(c.argument, c.author) for c in deck.commands] == [("HALTED", "api"), ("HALTED FLATTEN", "ana")]
    refused = await client.post("/api/mode", headers=command_headers, json={"mode": "PARTY"})
    assert refused.status == 422
    assert (await refused.json(content_type=None))["errors"][0]["field"] == "mode"


# --- health and the rest ---------------------------------------------------------------------------------


async def test_health_and_readiness(serve: Any, deck: Any) -> None:
    client = await serve()
    health = await client.get("/healthz")
    assert (health.status, await health.json()) == (
        200,
        {
            "status": "ok",
            "uptime_seconds": 12.346,
            "queue": 4,
            "last_commit_ms": 1.5,
            "alarms": [],
            "clock": None,
        },
    )
    assert (await client.get("/readyz")).status == 200
    deck.state = replace(deck.state, ready=False, alarms=("ledger cannot store: disk full",))
    not_ready = await client.get("/readyz")
    assert not_ready.status == 503
    assert (await not_ready.json(content_type=None))["alarms"] == ["ledger cannot store: disk full"]
    assert (await client.get("/healthz")).status == 200


async def test_strangers_learn_the_status_alone(serve: Any, deck: Any) -> None:
    client = await serve(api_token="read")
    deck.state = replace(deck.state, ready=False, alarms=("ledger at /home/me",))
    assert await (await client.get("/healthz")).json() == {"status": "ok"}
    assert "alarms" not in await (await client.get("/readyz")).json(content_type=None)


METHODS = [
    ("DELETE", "/api/decisions", 405, "GET, HEAD, OPTIONS"),
    ("POST", "/api/decisions", 405, "GET, HEAD, OPTIONS"),
    ("PUT", "/api/mode", 405, "GET, HEAD, OPTIONS, POST"),
    ("GET", "/api/positions/p-1/exit", 405, "OPTIONS, POST"),
    ("GET", "/api/webhooks/signals", 405, "OPTIONS, POST"),
    ("OPTIONS", "/api/webhooks/signals", 204, "OPTIONS, POST"),
    ("OPTIONS", "/api/mode", 204, "GET, HEAD, OPTIONS, POST"),
    ("OPTIONS", "/api", 404, None),
    ("GET", "/", 404, None),
    ("GET", "/api", 404, None),
    ("GET", "/api/positions/p-1/", 404, None),
    ("GET", "/api/decisions//", 200, None),
    ("GET", "/api/positions//exit", 404, None),
    ("GET", "/w/x/api/decisions", 404, None),
]


@pytest.mark.parametrize(("method", "path", "status", "allow"), METHODS)
async def test_wrong_method_and_wrong_address(
    serve: Any, method: str, path: str, status: int, allow: str | None
) -> None:
    client = await serve()
    response = await client.request(method, path)
    assert (response.status, response.headers.get("Allow")) == (status, allow)
    if status >= 400:
        assert set(await response.json(content_type="application/problem+json")) >= {
            "code",
            "detail",
            "title",
        }


async def test_head_answers_without_a_body(serve: Any) -> None:
    client = await serve()
    response = await client.head("/api/decisions")
    assert (response.status, await response.read()) == (200, b"")


async def test_unknown_failure_is_500_without_its_text(serve: Any, deck: Any, log_of_everything: Any) -> None:
    async def broken(query: Any) -> Any:
        raise RuntimeError("select * from secrets")

    deck.page = broken
    client = await serve()
    response = await client.get("/api/decisions")
    told = await response.text()
    assert response.status == 500 and "INTERNAL" in told
    assert "secrets" not in told and "select * from secrets" in log_of_everything.text


async def test_openapi_names_every_address_and_its_refusals(serve: Any) -> None:
    client = await serve()
    document = await (await client.get("/openapi.json")).json()
    paths = document["paths"]
    for path in ("/api/webhooks", "/api/webhooks/saty-phase", "/api/phase25/webhooks/signals"):
        assert {"200", "401", "413", "422", "429", "503"} <= set(paths[path]["post"]["responses"])
    for path in ("/api/decisions", "/api/ledger", "/api/receipts", "/api/positions"):
        names = [parameter["name"] for parameter in paths[path]["get"]["parameters"]]
        assert names[:2] == ["limit", "cursor"]
        assert "422" in paths[path]["get"]["responses"]
    exit_ = paths["/api/positions/{id}/exit"]["post"]
    assert {"401", "404", "409", "422"} <= set(exit_["responses"])
    assert [parameter["name"] for parameter in exit_["parameters"]] == ["id"]
    known = set(document["components"]["schemas"])
    refs = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert refs <= known


async def test_slow_command_does_not_hold_up_a_webhook(serve: Any, deck: Any, command_headers: Any) -> None:
    release = asyncio.Event()

    async def slow(command: Any) -> CommandResult:
        await release.wait()
        return CommandResult(ok=True, code="EXITED", text="")

    deck.command = slow
    client = await serve()
    exit_ = asyncio.ensure_future(client.post("/api/positions/p-1/exit", headers=command_headers))
    response = await client.post("/api/webhooks", data="{}")
    assert response.status == 422 and not exit_.done()
    release.set()
    assert (await exit_).status == 200


async def test_feeds_are_a_list_in_order_of_preference(serve: Any) -> None:
    body = await (await (await serve()).get("/api/feeds")).json()
    assert body["next_cursor"] is None
    assert [(item["id"], item["state"], item["budget_left"]) for item in body["items"]] == [
        ("tradier", "OK", 118)
    ]
