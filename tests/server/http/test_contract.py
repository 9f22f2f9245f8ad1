"""The API against its own document, on an engine with real rows: every answer fits, and a fuzzer finds nothing."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.server.http.demo_engine import COMMAND_TOKEN, SUGGESTION, DemoEngine, demo_engine

STATEMENT = Path(__file__).parents[2] / "golden" / "statements" / "alpaca.csv"
SIGNAL = {"symbol": "SPY", "direction": "LONG", "score": 9.1}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoEngine]:
    with demo_engine(tmp_path_factory.mktemp("demo")) as running:
        running.post("/api/webhooks/signals", {"symbol": "SPY"})
        running.post("/api/notes", {"day": "2026-11-25", "text": "quiet morning #fomo"})
        running.post("/api/books", {"text": STATEMENT.read_text(), "file": STATEMENT.name})
        yield running


@pytest.fixture(scope="module")
def document(engine: DemoEngine) -> dict[str, Any]:
    found: dict[str, Any] = engine.get("/openapi.json").json()
    return found


def closed(schema: Any) -> Any:
    """The schema with every object closed: a field that the document does not name is then a fault."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: closed(value) for key, value in schema.items()}
    if "properties" in out and isinstance(out["properties"], dict) and out.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out


def faults(document: dict[str, Any], path: str, method: str, response: Any) -> list[str]:
    """What an answer has that its operation does not document."""
    content = document["paths"][path][method]["responses"][str(response.status_code)]["content"]
    media = response.headers["Content-Type"].partition(";")[0]
    schema = copy.deepcopy(content[media]["schema"])
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": {"schemas": closed(document["components"]["schemas"])}},
        validate_formats=True,
    )
    found = response.json() if "json" in media else response.text
    return [f"{'/'.join(map(str, e.instance_path))}: {e.message[:200]}" for e in validator.iter_errors(found)]


LISTS = (
    "decisions", "ledger", "receipts", "approvals", "risk-events", "trades", "days", "notes", "positions", "feeds",
    "config", "books",
)  # fmt: skip
REPORTS = ("metrics", "learning", "rules", "mode", "status", "day", "risk")


@pytest.mark.parametrize("name", LISTS)
def test_every_row_of_a_list_fits_its_schema(engine: DemoEngine, document: dict[str, Any], name: str) -> None:
    path = f"/api/{name}"
    query = "?limit=500" if "limit" in json.dumps(document["paths"][path]["get"]["parameters"]) else ""
    response = engine.get(path + query)
    assert response.status_code == 200 and response.json()["items"], name
    assert faults(document, path, "get", response) == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits_its_schema(engine: DemoEngine, document: dict[str, Any], name: str) -> None:
    response = engine.get(f"/api/{name}")
    assert response.status_code == 200
    assert faults(document, f"/api/{name}", "get", response) == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs", "/metrics"])
def test_every_other_page_fits_its_schema(engine: DemoEngine, document: dict[str, Any], path: str) -> None:
    response = engine.get(path)
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] in content
    if path != "/openapi.json":
        assert faults(document, path, "get", response) == []


def test_single_facts_fit_their_schemas(engine: DemoEngine, document: dict[str, Any]) -> None:
    decisions = engine.get("/api/decisions?limit=500").json()["items"]
    for action in ("EXECUTE", "WAIT", "SKIP"):
        one = next(each for each in decisions if each["decision"] == action)
        response = engine.get(f"/api/decisions/{one['id']}")
        assert faults(document, "/api/decisions/{id}", "get", response) == []
        assert (response.json()["why_no_trade"] is None) == (action == "EXECUTE")
    trades = engine.get("/api/trades?limit=500").json()["items"]
    for state in ("OPEN", "CLOSED"):
        one = next(each for each in trades if each["state"] == state)
        response = engine.get(f"/api/positions/{one['position_id']}")
        assert response.status_code == 200 and response.json()["row"]["state"] == state
        assert faults(document, "/api/positions/{id}", "get", response) == []
    missing = engine.get("/api/positions/none")
    assert missing.json()["code"] == "UNKNOWN_POSITION"
    assert faults(document, "/api/positions/{id}", "get", missing) == []


@pytest.mark.parametrize("query", ["book=alpaca", "book=alpaca&state=open", "book=none"])
def test_trades_and_days_of_a_book_fit_their_schemas(
    engine: DemoEngine, document: dict[str, Any], query: str
) -> None:
    response = engine.get(f"/api/trades?{query}")
    assert faults(document, "/api/trades", "get", response) == []
    assert {item["book"] for item in response.json()["items"]} == (
        {"alpaca"} if "none" not in query else set()
    )
    days = engine.get("/api/days?book=alpaca")
    assert days.json()["items"] and faults(document, "/api/days", "get", days) == []


def test_answers_to_webhooks_fit_their_schema(engine: DemoEngine, document: dict[str, Any]) -> None:
    path = "/api/webhooks"
    for body, status in (
        (SIGNAL, 200),
        (SIGNAL, 200),
        ([SIGNAL, {"symbol": "QQQ", "price": 600.0}], 422),
        ({"symbol": "SPY"}, 422),
        ([], 422),
    ):
        response = engine.post(path, body)
        assert response.status_code == status, response.text
        assert faults(document, path, "post", response) == []


def test_answers_to_commands_fit_their_schema(engine: DemoEngine, document: dict[str, Any]) -> None:
    position = engine.get("/api/positions").json()["items"][0]
    version = engine.get("/api/rules").json()["versions"][0]["fingerprint"]
    note = engine.get("/api/notes").json()["items"][0]["id"]
    for path, key, body, status in (
        ("/api/positions/{id}/exit", position["id"], {"contracts": 100_000}, 409),
        ("/api/positions/{id}/exit", position["id"], {"contracts": 0}, 422),
        ("/api/positions/{id}/exit", position["id"], {"contracts": 1.0, "author": "José"}, 200),
        ("/api/positions/{id}/settle", position["id"], {"price": 450.0}, 409),
        ("/api/positions/{id}/adjust", position["id"], {"new": 4, "old": 1}, 409),
        ("/api/positions/{id}/resume", position["id"], {}, 409),
        ("/api/approvals/{id}/approve", "none", {}, 404),
        ("/api/approvals/{id}/reject", "none", {}, 404),
        ("/api/suggestions/{id}/reject", SUGGESTION.id, {}, 200),
        ("/api/suggestions/{id}/approve", "none", {}, 404),
        ("/api/rules/{fingerprint}/rollback", version, {}, 200),
        ("/api/rules/{fingerprint}/rollback", "none", {}, 404),
        ("/api/notes", "", {"trade": position["id"], "text": "early"}, 200),
        ("/api/notes", "", {"trade": position["id"], "day": "today", "text": "both"}, 422),
        ("/api/notes/{id}/remove", note, {}, 200),
        ("/api/books", "", {"text": STATEMENT.read_text(), "book": "second"}, 200),
        ("/api/books", "", {"text": STATEMENT.read_text(), "book": "No Name"}, 422),
        ("/api/books", "", {"text": "no statement"}, 409),
        ("/api/books/{id}/remove", "second", {}, 200),
        ("/api/books/{id}/remove", "second", {}, 404),
        ("/api/mode", "", {"mode": "REDUCING"}, 200),
        ("/api/mode", "", {"mode": "PARTY"}, 422),
    ):
        address = path.replace("{id}", key).replace("{fingerprint}", key)
        response = engine.post(address, body)
        assert response.status_code == status, (address, response.text)
        assert faults(document, path, "post", response) == [], address
        if status < 300:
            assert response.json()["ok"]


def test_one_command_id_is_one_command(engine: DemoEngine) -> None:
    body = {"mode": "REDUCING", "command_id": "once-1"}
    first = engine.post("/api/mode", body).json()
    assert engine.post("/api/mode", body).json() == first
    other = engine.post("/api/mode", body | {"mode": "ACTIVE"})
    assert (other.status_code, other.json()["code"]) == (409, "COMMAND_ID_USED")


# --- the fuzzer ------------------------------------------------------------------------------------------


def schemathesis(folder: Path, engine: DemoEngine, *options: str) -> str:
    """What schemathesis prints at its end, with all checks; raises with its findings."""
    command = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [command, "run", f"{engine.url}/openapi.json", "-H", f"Authorization: Bearer {COMMAND_TOKEN}",
         "--checks", "all", "--continue-on-failure", *options],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    return done.stdout


def test_schemathesis_finds_nothing(engine: DemoEngine, tmp_path: Path) -> None:
    assert "Test cases" in schemathesis(tmp_path, engine, "--max-time", "12", "--seed", "1")


@pytest.mark.slow
def test_schemathesis_finds_nothing_in_five_minutes(tmp_path: Path) -> None:
    with demo_engine(tmp_path) as engine:
        print(schemathesis(tmp_path, engine, "--max-time", "300")[-1_500:])
