"""Suggestions, approvals and rules versions over HTTP: who may say what, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from server.deck import CommandResult

COMMANDS = [
    ("/api/suggestions/sug-1/approve", "approve", "sug-1"),
    ("/api/suggestions/sug-1/reject", "reject", "sug-1"),
    ("/api/approvals/app-1/approve", "approve_trade", "app-1"),
    ("/api/approvals/app-1/reject", "reject_trade", "app-1"),
    ("/api/rules/abc123/rollback", "rollback", "abc123"),
]


@pytest.mark.parametrize(("path", "name", "argument"), COMMANDS)
async def test_a_word_on_rules_needs_the_command_token_and_keeps_its_author(
    serve: Any, deck: Any, command_headers: dict[str, str], path: str, name: str, argument: str
) -> None:
    client = await serve()
    refused = await client.post(path, json={"author": "trader"})
    assert refused.status == 401
    assert deck.commands == []
    done = await client.post(path, json={"author": "trader"}, headers=command_headers)
    assert done.status == 200, await done.text()
    assert [(c.name, c.argument, c.author) for c in deck.commands] == [(name, argument, "trader")]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NO_SUGGESTION", 404),
        ("NO_APPROVAL", 404),
        ("EXPIRED", 409),
        ("NO_VERSION", 404),
        ("JUDGED", 409),
        ("RULES_CHANGED", 409),
    ],
)
async def test_what_cannot_be_said_is_refused_with_the_engines_code(
    serve: Any, deck: Any, command_headers: dict[str, str], code: str, status: int
) -> None:
    client = await serve()
    deck.results["mode"] = CommandResult(ok=False, code=code, text="because")
    answer = await client.post("/api/suggestions/x/approve", headers=command_headers)
    told = await answer.json(content_type=None)
    assert (answer.status, told["code"], told["detail"]) == (status, code, "because")


async def test_learning_and_rules_can_be_read(serve: Any) -> None:
    client = await serve()
    learning = await (await client.get("/api/learning")).json()
    assert learning["suggestions"] == []
    assert learning["learning"] is not None
    rules = await (await client.get("/api/rules")).json()
    assert rules["in_force"]["fingerprint"] == "abc"
    assert [v["fingerprint"] for v in rules["versions"]] == ["abc"]


async def test_an_author_is_a_name_not_a_text(serve: Any, command_headers: dict[str, str]) -> None:
    client = await serve()
    answer = await client.post(
        "/api/suggestions/x/approve", json={"author": "a\u001b[2Jb"}, headers=command_headers
    )
    assert answer.status == 422
