"""Notes over HTTP: the command that a body becomes, and the field that is named when it is not accepted."""

from __future__ import annotations

from typing import Any

import pytest

# body | argument of the command | position
NOTES = [
    ({"trade": "p-1", "text": "late"}, "late", "p-1"),
    ({"trade": "p-1", "text": "late", "tags": ["FOMO", "#x"]}, "late #fomo #x", "p-1"),
    ({"day": "2026-11-24", "text": "CPI"}, "2026-11-24 CPI", None),
    ({"day": "today", "tags": ["news"]}, "2026-11-24 #news", None),
]


@pytest.mark.parametrize(("body", "argument", "position"), NOTES)
async def test_a_body_becomes_a_command(
    serve: Any, deck: Any, command_headers: Any, body: Any, argument: str, position: str | None
) -> None:
    client = await serve()
    response = await client.post("/api/notes", headers=command_headers, json=body | {"author": "ana"})
    assert response.status == 200
    (command,) = deck.commands
    assert (command.name, command.argument, command.position_id, command.author) == (
        "note", argument, position, "ana",
    )  # fmt: skip


async def test_a_trade_is_named_by_its_decision_too(serve: Any, deck: Any, command_headers: Any) -> None:
    deck.items = ({"id": "d-1", "position_id": "p-9"},)
    client = await serve()
    await client.post("/api/notes", headers=command_headers, json={"trade": "d-1", "text": "x"})
    assert deck.commands[0].position_id == "p-9" and deck.queries[0].filters == {"id": "d-1"}


REFUSED = [
    ({"text": "x"}, "trade or day: give one of them"),
    ({"trade": "p", "day": "2026-11-24", "text": "x"}, "trade or day: give one of them"),
    ({"trade": "p", "tags": ["5"]}, "tags.0: String should match pattern"),
    ({"day": "yesterday"}, "day"),
    ({"trade": "p", "text": "x" * 1001}, "text"),
]


@pytest.mark.parametrize(("body", "named"), REFUSED)
async def test_what_is_not_accepted_is_named(
    serve: Any, deck: Any, command_headers: Any, body: Any, named: str
) -> None:
    client = await serve()
    response = await client.post("/api/notes", headers=command_headers, json=body)
    told = await response.json(content_type=None)
    assert (response.status, told["code"]) == (422, "INVALID_BODY") and named in told["detail"]
    assert deck.commands == []


async def test_a_note_is_removed_by_its_id(serve: Any, deck: Any, command_headers: Any) -> None:
    client = await serve()
    await client.post("/api/notes/n-1/remove", headers=command_headers)
    assert (deck.commands[0].name, deck.commands[0].argument) == ("remove_note", "n-1")
    assert (await client.post("/api/notes/n-1/remove")).status == 401
