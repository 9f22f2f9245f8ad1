"""Who is let in: the table of webhook credentials, readers, commanders, and what a browser may not do."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from core.intake import sample
from core.model import Direction, Source
from server.config import ADDRESS_PRESETS, ConfigError

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SIGNAL = json.dumps({"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0})
PHASE = json.dumps(
    {"meta": {"engine": "SATY_PO"}, "symbol": "SPY", "phase": {"current": 2, "name": "MARKUP"}}
)
STRUCTURE = json.dumps(sample(Source.STRAT_EXEC, AT, "SPY", 450.0, Direction.LONG))
PATH = "/api/webhooks/signals"
SECRET = "hush-hush"


def sign(secret: str = SECRET, body: str = SIGNAL) -> str:
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


# name | path | headers | status, with one secret for everything
WITH_A_SECRET = [
    ("nothing given", PATH, {}, 401),
    ("?key=", f"{PATH}?key={SECRET}", {}, 200),
    ("?key= with a slash", f"{PATH}/?key={SECRET}", {}, 200),
    ("?key= wrong", f"{PATH}?key=hush", {}, 401),
    ("?key= empty", f"{PATH}?key=", {}, 401),
    ("?key= too long", f"{PATH}?key={SECRET}x", {}, 401),
    ("?key= not ASCII", f"{PATH}?key=h%C3%BCsh%FF", {}, 401),
    ("bearer", PATH, {"Authorization": f"Bearer {SECRET}"}, 200),
    ("bearer, any case", PATH, {"Authorization": f"bearer {SECRET}"}, 200),
    ("bearer wrong", PATH, {"Authorization": "Bearer nope"}, 401),
    ("bearer empty", PATH, {"Authorization": "Bearer "}, 401),
    ("basic", PATH, {"Authorization": f"Basic {SECRET}"}, 401),
    ("X-Signature", PATH, {"X-Signature": sign()}, 200),
    ("X-Signature with prefix", PATH, {"X-Signature": f"sha256={sign()}"}, 200),
    ("X-Signature in capitals", PATH, {"X-Signature": sign().upper()}, 200),
    ("X-Hub-Signature-256", PATH, {"X-Hub-Signature-256": f"sha256={sign()}"}, 200),
    ("X-Hub-Signature-256 bare", PATH, {"X-Hub-Signature-256": sign()}, 200),
    ("signature by another secret", PATH, {"X-Signature": sign("other")}, 401),
    ("signature of another body", PATH, {"X-Signature": sign(body=SIGNAL + " ")}, 401),
    ("signature empty", PATH, {"X-Signature": ""}, 401),
    ("signature not hex", PATH, {"X-Signature": "sha256=ü"}, 401),
    ("secret path", f"/w/{SECRET}{PATH}", {}, 200),
    ("secret path with a slash", f"/w/{SECRET}{PATH}/", {}, 200),
    ("secret path to the detecting one", f"/w/{SECRET}/api/webhooks", {}, 200),
    ("secret path wrong", f"/w/hush{PATH}", {}, 401),
    ("secret path empty", f"/w/{PATH}", {}, 401),
    ("a wrong key beside a good bearer", f"{PATH}?key=x", {"Authorization": f"Bearer {SECRET}"}, 200),
    ("a wrong key beside a good signature", f"{PATH}?key=x", {"X-Signature": sign()}, 200),
]


@pytest.mark.parametrize(
    ("path", "headers", "status"), [row[1:] for row in WITH_A_SECRET], ids=[row[0] for row in WITH_A_SECRET]
)
async def test_webhook_secret(serve: Any, intake: Any, path: str, headers: Any, status: int) -> None:
    client = await serve(webhook_secret=SECRET)
    response = await client.post(path, data=SIGNAL, headers=headers)
    assert response.status == status
    assert len(intake.bodies) == (status == 200)
    if status == 401:
        told = await response.json(content_type="application/problem+json")
        assert told["code"] == "UNAUTHORIZED"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


# path | key | status, with a secret for everything and another one for phases
PER_SOURCE = [
    ("/api/webhooks/signals", "general", 200),
    ("/api/webhooks/signals", "phases", 401),
    ("/api/webhooks/saty-phase", "phases", 200),
    ("/api/webhooks/saty-phase", "phases-2", 200),
    ("/api/phase25/webhooks/saty-phase", "phases", 200),
    ("/api/webhooks/saty-phase", "general", 401),
    ("/api/webhooks", "general", 200),
    ("/api/webhooks", "phases", 401),
]


@pytest.mark.parametrize(("path", "key", "status"), PER_SOURCE)
async def test_secret_of_one_source_opens_that_source_only(
    serve: Any, path: str, key: str, status: int
) -> None:
    client = await serve(webhook_secret="general", webhook_secrets={"SATY_PHASE": ["phases", "phases-2"]})
    body = PHASE if "saty" in path else SIGNAL
    assert (await client.post(f"{path}?key={key}", data=body)).status == status


async def test_endpoint_without_a_secret_is_closed_once_another_has_one(serve: Any) -> None:
    client = await serve(webhook_secrets={"strat": "s"})
    response = await client.post(f"{PATH}?key=s", data=SIGNAL)
    assert response.status == 401
    assert (await client.post("/api/webhooks/strat?key=s", data=STRUCTURE)).status == 200


# headers that a request on an open loopback listener must not carry
NOT_OURS = [
    ("this machine", {}, 200),
    ("localhost", {"Host": "localhost:8787"}, 200),
    ("a name under localhost", {"Host": "deck.localhost"}, 200),
    ("IPv6", {"Host": "[::1]:8787"}, 200),
    ("our own page", {"Origin": "http://localhost:3000"}, 200),
    ("a rebound name", {"Host": "evil.example:8787"}, 403),
    ("a name that begins like ours", {"Host": "localhost.evil.example"}, 403),
    ("a name that begins like an address", {"Host": "127.0.0.1.evil.example"}, 403),
    ("another address", {"Host": "10.1.2.3"}, 403),
    ("a foreign page", {"Origin": "https://evil.example"}, 403),
    ("a sandboxed page", {"Origin": "null"}, 403),
    ("a tunnel", {"X-Forwarded-For": "9.9.9.9"}, 403),
    ("a proxy that names the host", {"X-Forwarded-Host": "deck.example"}, 403),
    ("a proxy that names the sender", {"X-Real-IP": "127.0.0.1"}, 403),
    ("a standard proxy", {"Forwarded": "for=127.0.0.1"}, 403),
    ("Cloudflare", {"CF-Connecting-IP": "9.9.9.9"}, 403),
    ("a page of another site", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("a page of this machine", {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, 200),
    ("typed by a person", {"Sec-Fetch-Site": "none"}, 200),
    ("a proxy", {"Via": "1.1 proxy"}, 403),
]


@pytest.mark.parametrize(
    ("headers", "status"), [row[1:] for row in NOT_OURS], ids=[row[0] for row in NOT_OURS]
)
@pytest.mark.parametrize(("method", "path"), [("POST", PATH), ("GET", "/api/decisions")])
async def test_open_on_loopback_means_this_machine_only(
    serve: Any, method: str, path: str, headers: Any, status: int
) -> None:
    client = await serve()
    response = await client.request(method, path, headers=headers, data=SIGNAL if method == "POST" else None)
    assert response.status == status


async def test_listener_behind_proxies_has_no_own_machine(serve: Any) -> None:
    client = await serve(proxies="10.0.0.1")
    assert (await client.post(PATH, data=SIGNAL)).status == 403
    assert (await client.get("/api/decisions")).status == 403


@pytest.mark.parametrize("host", ["Host: 127.0.0.1:8787\r\n", "Host: deck.example\r\n", ""])
async def test_plain_proxy_is_not_this_machine(serve: Any, host: str) -> None:
    """A proxy set up in one line speaks HTTP/1.0, names the listener as host, and adds no header."""
    client = await serve()
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = f"POST {PATH} HTTP/1.0\r\n{host}Connection: close\r\nContent-Length: {len(SIGNAL)}\r\n\r\n"
    writer.write(f"{head}{SIGNAL}".encode())
    assert b" 403 " in (await reader.read()).partition(b"\r\n")[0]
    writer.close()


async def test_proxied_request_is_never_on_a_loopback_list(serve: Any) -> None:
    client = await serve(allow_from="loopback", webhook_secret=SECRET)
    forged = {"X-Forwarded-For": "127.0.0.1"}
    assert (await client.post(f"{PATH}?key={SECRET}", data=SIGNAL)).status == 200
    assert (await client.post(f"{PATH}?key={SECRET}", data=SIGNAL, headers=forged)).status == 403


async def test_allowed_host_is_as_good_as_ours(serve: Any) -> None:
    client = await serve(allowed_hosts="Deck.lan")
    assert (await client.get("/api/decisions", headers={"Host": "deck.lan:8787"})).status == 200


async def test_secret_makes_the_way_in_irrelevant(serve: Any) -> None:
    client = await serve(webhook_secret=SECRET)
    headers = {"Host": "abc.tunnel.example", "X-Forwarded-For": "9.9.9.9"}
    assert (await client.post(f"{PATH}?key={SECRET}", data=SIGNAL, headers=headers)).status == 200


# bound to | api token | sent | status of a read
READING = [
    ("127.0.0.1", None, None, 200),
    ("127.0.0.1", "", None, 200),
    ("127.0.0.1", None, "whatever", 200),
    ("127.0.0.1", "read", None, 401),
    ("127.0.0.1", "read", "read", 200),
    ("127.0.0.1", "read", "wrong", 401),
    ("127.0.0.1", "read", "the-command-token", 200),
    ("0.0.0.0", None, None, 401),
    ("0.0.0.0", "read", "read", 200),
    ("0.0.0.0", "read", None, 401),
    ("0.0.0.0", None, "the-command-token", 200),
    ("::", None, None, 401),
    ("deck.example", None, None, 401),
]


@pytest.mark.parametrize(("host", "token", "sent", "status"), READING)
@pytest.mark.parametrize("path", ["/api/decisions", "/api/positions", "/api/mode", "/openapi.json"])
async def test_reading(
    serve: Any, host: str, token: str | None, sent: str | None, status: int, path: str
) -> None:
    client = await serve(host=host, api_token=token, webhook_secret=SECRET)
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    assert (await client.get(path, headers=headers)).status == status


async def test_commands_need_their_token_even_on_loopback(
    serve: Any, deck: Any, command_headers: Any
) -> None:
    client = await serve(api_token="read")
    for token in (None, "read", "", "the-command-token-", "THE-COMMAND-TOKEN"):
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        for path in ("/api/positions/p-1/exit", "/api/mode"):
            response = await client.post(path, headers=headers, json={"mode": "HALTED"})
            assert response.status == 401, (token, path)
    assert deck.commands == []
    assert (await client.post("/api/mode", headers=command_headers, json={"mode": "HALTED"})).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "deck.example"])
def test_listener_beyond_loopback_needs_a_secret(server_of: Any, host: str) -> None:
    with pytest.raises(ConfigError, match=f"^host: {host} can be reached.*GATEDECK_WEBHOOK_SECRET"):
        server_of(host=host)
    with pytest.raises(ConfigError):
        server_of(host=host, webhook_secret="", webhook_secrets={"strat": ""})
    server_of(host=host, webhook_secrets={"strat": "s"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_needs_none(server_of: Any, host: str) -> None:
    server_of(host=host)


# --- addresses -------------------------------------------------------------------------------------------

TRADINGVIEW = ADDRESS_PRESETS["tradingview"][0]

# allow_from | proxies | X-Forwarded-For | status
ALLOWED = [
    ("tradingview", "", None, 403),
    ("tradingview,loopback", "", None, 200),
    ("127.0.0.0/8", "", None, 200),
    ("tradingview", "", TRADINGVIEW, 403),  # said by nobody we were told to believe
    ("tradingview", "127.0.0.1", TRADINGVIEW, 200),
    ("tradingview", "127.0.0.1", f"{TRADINGVIEW}:4711", 200),
    ("tradingview", "127.0.0.1", f"::ffff:{TRADINGVIEW}", 200),
    ("tradingview", "127.0.0.1", f"{TRADINGVIEW}, 9.9.9.9", 403),  # the first hop is the sender's own claim
    ("tradingview", "127.0.0.1,10.0.0.0/8", f"9.9.9.9, {TRADINGVIEW}, 10.1.1.1", 200),
    ("tradingview", "127.0.0.1", "unknown", 403),
    ("tradingview", "127.0.0.1", f"{TRADINGVIEW}, junk", 403),
    ("tradingview", "127.0.0.1", None, 403),
]


@pytest.mark.parametrize(("allow", "proxies", "forwarded", "status"), ALLOWED)
async def test_allow_list(serve: Any, allow: str, proxies: str, forwarded: str | None, status: int) -> None:
    client = await serve(allow_from=allow, proxies=proxies, webhook_secret=SECRET)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    response = await client.post(f"{PATH}?key={SECRET}", data=SIGNAL, headers=headers)
    assert response.status == status
    if status == 403:
        assert (await response.json(content_type="application/problem+json"))["code"] == "NOT_ALLOWED"


# --- secrets stay secret -----------------------------------------------------------------------------------


async def test_secrets_are_never_logged_nor_told(
    server_of: Any, intake: Any, deck: Any, log_of_everything: Any, command_headers: Any
) -> None:
    intake.raises = lambda body: RuntimeError("a defect") if "boom" in body else None
    deck.results["mode"] = RuntimeError("another defect")
    server = server_of(
        webhook_secret="hush-hook", api_token="hush-read", webhook_secrets={"trend": "hush-trend"}
    )
    await server.start()
    told = []
    try:
        async with aiohttp.ClientSession(server.url) as client:
            for path in (
                f"{PATH}?key=hush-hook",
                f"{PATH}?key=hush-guess",
                f"/w/hush-hook{PATH}",
                f"/w/hush-guess{PATH}",
                "/w/hush-hook/api/nowhere",
                "/w/hush-hook/api/webhooks?key=hush-trend",
            ):
                for body in (SIGNAL, "boom", "x" * 70_000):
                    for method in ("POST", "GET"):
                        async with client.request(method, path, data=body) as response:
                            told.append(await response.text() + str(response.headers))
            for headers in (command_headers, {"Authorization": "Bearer hush-read"}):
                for path in ("/api/mode", "/api/decisions?bogus=hush-read"):
                    for method in ("POST", "GET"):
                        mode = {"mode": "HALTED"}
                        async with client.request(method, path, headers=headers, json=mode) as response:
                            told.append(await response.text())
        for broken in ("?key=hush-hook HTTP/1.1\r\nContent-Length: hush-x", "?key=hush-hook HTTP/9x"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"POST /api/webhooks{broken}\r\nHost: a\r\n\r\n".encode())
            assert b" 400 " in (await reader.read(65536)).partition(b"\r\n")[0]
            writer.close()
    finally:
        await server.stop()
    assert "a defect" in log_of_everything.text and "another defect" in log_of_everything.text
    assert "hush-" not in log_of_everything.text + "".join(told)
    assert "the-command-token" not in log_of_everything.text + "".join(told)
