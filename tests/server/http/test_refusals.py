"""Refusals before a receipt leave a trace: counted by reason and address, logged, bounded, without any secret."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from server.runtime.refusals import LINES, REMEMBERED, RefusalLog

SECRET = "hush-hush"
PATH = "/api/webhooks/signals"

# what is sent | path | method | headers | body | code that is counted
REFUSED = [
    ("no secret", PATH, "POST", {}, "{}", "UNAUTHORIZED"),
    ("wrong secret", f"{PATH}?key=wrong-one", "POST", {}, "{}", "UNAUTHORIZED"),
    ("wrong path secret", f"/w/wrong-one{PATH}", "POST", {}, "{}", "UNAUTHORIZED"),
    ("unknown path", "/webhook", "POST", {}, "{}", "NOT_FOUND"),
    ("not a POST", PATH, "GET", {}, "", "METHOD_NOT_ALLOWED"),
    ("too large", f"{PATH}?key={SECRET}", "POST", {}, "x" * 70_000, "BODY_TOO_LARGE"),
]


@pytest.mark.parametrize(
    ("path", "method", "headers", "body", "code"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
async def test_a_refusal_is_counted_by_reason_and_address_and_logged_without_a_secret(
    serve: Any, path: str, method: str, headers: dict[str, str], body: str, code: str, caplog: Any
) -> None:
    caplog.set_level(logging.WARNING)
    refusals = RefusalLog()
    client = await serve(webhook_secret=SECRET, refusals=refusals)
    for _ in range(3):
        await client.request(method, path, data=body, headers=headers)
    (row,) = refusals.rows()
    assert (row.code, row.address, row.count) == (code, "127.0.0.1", 3)
    logged = [record.getMessage() for record in caplog.records if "refused request" in record.getMessage()]
    assert len(logged) == 1 and code in logged[0]
    assert "wrong-one" not in logged[0] and SECRET not in logged[0]


async def test_an_accepted_webhook_is_no_refusal(serve: Any) -> None:
    refusals = RefusalLog()
    client = await serve(webhook_secret=SECRET, refusals=refusals)
    assert (await client.post(f"{PATH}?key={SECRET}", data="not JSON")).status == 400
    assert refusals.rows() == (), "a body in quarantine has a receipt"


def test_a_crowd_of_addresses_is_bounded_and_the_latest_comes_first() -> None:
    refusals = RefusalLog()
    for n in range(REMEMBERED + 50):
        refusals.record(
            code="UNAUTHORIZED", status=401, address=f"10.0.{n // 256}.{n % 256}", reason="no secret"
        )
    rows = refusals.rows()
    assert len(rows) == REMEMBERED and rows[0].address == "10.0.0.249"


def test_a_flood_from_one_address_is_logged_at_powers_of_ten(caplog: Any) -> None:
    refusals = RefusalLog()
    for _ in range(1000):
        refusals.record(code="RATE_LIMITED", status=429, address="10.0.0.1", reason="too many")
    assert [r.getMessage().split()[2] for r in caplog.records] == ["1", "10", "100", "1000"]


def test_crowd_of_addresses_cannot_fill_the_log(caplog: Any) -> None:
    now = [0.0]
    refusals = RefusalLog(monotonic=lambda: now[0])

    def crowd() -> None:
        for n in range(5000):
            refusals.record(code="UNAUTHORIZED", status=401, address=f"2001:db8::{n:x}", reason="no secret")

    crowd()
    assert len(caplog.records) == LINES
    now[0] = 61.0
    crowd()
    assert (
        caplog.records[LINES].getMessage()
        == f"{5000 - LINES} more lines about refused requests were left out"
    )
    assert len(caplog.records) == 2 * LINES + 1
