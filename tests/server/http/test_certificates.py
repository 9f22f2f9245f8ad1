"""HTTPS by the listener itself, nginx before it, and client certificates by both: real TLS over real sockets."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.config import SUBJECT_PRESETS, ConfigError, load_settings
from server.http import tls_handshake
from server.http.app import HttpServer
from server.http.client_certificate import parse_subject
from tests.server.http.certificates import make_certificates, needs_openssl
from tests.server.http.proxies import needs_nginx, nginx_before
from tui.cli.client import own_engine

PATH = "/api/webhooks/signals"
SIGNAL = json.dumps({"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0})
SECRET = "hush-hush"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def client_tls(made: Path, certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=made / "ca.crt")
    if certificate is not None:
        context.load_cert_chain(made / f"{certificate}.crt", made / f"{certificate}.key")
    return context


async def post(url: str, tls: ssl.SSLContext | None = None, **headers: str) -> tuple[int, str]:
    """Post a signal; status 0 stands for a connection that the other side ended."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=SIGNAL, headers=headers, ssl=tls or True) as response,
        ):
            return response.status, await response.text()
    except (aiohttp.ClientError, ssl.SSLError) as error:
        return 0, str(error)


@asynccontextmanager
async def listening(server: HttpServer) -> AsyncIterator[HttpServer]:
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


# client certificate | status of a webhook with the right secret
BY_CERTIFICATE = [("tradingview", 200), ("other", 403), ("namesake", 403), (None, 403), ("forged", 0)]


@needs_openssl
@pytest.mark.parametrize(("certificate", "status"), BY_CERTIFICATE)
async def test_listener_with_tls_takes_webhooks_by_the_wanted_subject(
    server_of: Any, made: Path, certificate: str | None, status: int
) -> None:
    server = server_of(
        webhook_secret=SECRET,
        tls_certificate=made / "server.crt",
        tls_key=made / "server.key",
        client_ca=made / "ca.crt",
        client_subject="tradingview",
    )
    async with listening(server):
        tls = client_tls(made, certificate)
        url = f"https://localhost:{server.port}{PATH}"
        given, told = await post(f"{url}?key={SECRET}", tls)
        assert given == status, told
        if status:
            forged = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-S-DN": SUBJECT_PRESETS["tradingview"]}
            assert (await post(f"{url}?key={SECRET}", tls, **forged))[0] == status
            assert (await post(url, tls))[0] == (401 if status == 200 else 403), (
                "it does not replace the secret"
            )


@needs_openssl
async def test_command_line_knows_the_listener_by_its_own_certificate(server_of: Any, made: Path) -> None:
    files = {"tls_certificate": made / "server.crt", "tls_key": made / "server.key"}
    async with listening(server_of(webhook_secret=SECRET, **files)) as server:
        assert server.url.startswith("https://")
        base, tls = own_engine(load_settings({**files, "port": server.port}))
        assert (await post(f"{base}{PATH}?key={SECRET}", tls))[0] == 200
        assert (await post(f"{base}{PATH}?key={SECRET}"))[0] == 0
        assert (await post(f"http://localhost:{server.port}{PATH}?key={SECRET}"))[0] == 0
    _, other = own_engine(load_settings({"tls_certificate": made / "other.crt"}))
    async with listening(server_of(webhook_secret=SECRET, **files)) as server:
        assert (await post(f"{server.url}{PATH}?key={SECRET}", other))[0] == 0


@needs_openssl
async def test_handshakes_under_way_count_in_the_limit_and_end(
    server_of: Any, made: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tls_handshake, "HANDSHAKE_SECONDS", 1.0)
    files = {"tls_certificate": made / "server.crt", "tls_key": made / "server.key"}
    async with listening(server_of(webhook_secret=SECRET, max_connections=8, **files)) as server:
        counted = server._connections
        silent = [await asyncio.open_connection("localhost", server.port) for _ in range(30)]
        for _, writer in silent[::2]:
            writer.write(b"\x16\x03\x01")  # the beginning of a handshake
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*(gone(reader) for reader, _ in silent[:22]))
        assert len(counted) == 8 and all(ended), "the oldest made room"
        url = f"{server.url.replace('127.0.0.1', 'localhost')}{PATH}?key={SECRET}"
        assert (await post(url, client_tls(made, None)))[0] == 200
        async with asyncio.timeout(5):
            assert all(await asyncio.gather(*(gone(reader) for reader, _ in silent[22:]))), "too long"
            while len(counted):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for _, writer in silent:
            writer.close()
    assert not [record for record in caplog.records if record.exc_info]


@needs_openssl
async def test_what_a_sender_writes_with_its_handshake_is_not_lost(server_of: Any, made: Path) -> None:
    """A client that sends its request in the same packet as the end of its handshake."""
    files = {"tls_certificate": made / "server.crt", "tls_key": made / "server.key"}
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_tls(made, None).wrap_bio(incoming, outgoing, server_hostname="localhost")
    request = f"POST {PATH}?key={SECRET} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(SIGNAL)}\r\n\r\n{SIGNAL}"
    async with listening(server_of(webhook_secret=SECRET, **files)) as server:
        reader, writer = await asyncio.open_connection("localhost", server.port)
        for _ in range(5):
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                incoming.write(await reader.read(1 << 16))
        tls.write(request.encode())
        writer.write(outgoing.read())
        answer = b""
        async with asyncio.timeout(5):
            while b"receipt_id" not in answer:
                incoming.write(await reader.read(1 << 16))
                with suppress(ssl.SSLWantReadError):
                    answer += tls.read(1 << 16)
        assert answer.startswith(b"HTTP/1.1 200 ")
        writer.close()


async def gone(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closed a connection."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


@needs_openssl
def test_certificates_that_cannot_be_used_are_named(server_of: Any, made: Path) -> None:
    for flags, name in (
        ({"tls_certificate": made / "none.crt"}, "tls_certificate"),
        ({"tls_certificate": made / "server.crt", "tls_key": made / "other.key"}, "tls_certificate"),
        ({"tls_certificate": made / "server.crt"}, "tls_certificate"),
        ({"tls_key": made / "server.key"}, "tls_key"),
        ({"client_subject": "somebody"}, "client_subject"),
    ):
        with pytest.raises(ConfigError, match=f"^{name}: "):
            server_of(**flags)


SUBJECTS = [
    (r"CN=TradingView Webhooks,O=TradingView\, Inc.,L=Westerville,ST=Ohio,C=US", "TradingView, Inc."),
    ('C=US, ST=Ohio, O="TradingView, Inc.", CN=TradingView Webhooks', "TradingView, Inc."),
    ("O=A,CN=TradingView Webhooks", "A"),
    ("O=A,O=B", None),
    (r"CN=x\,O=TradingView\, Inc.", None),
    ("junk", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "organisation"), SUBJECTS)
def test_subject_is_read_part_by_part(text: str, organisation: str | None) -> None:
    assert parse_subject(text).get("O") == organisation


# --- nginx -------------------------------------------------------------------------------------------------

TLS = """ssl_certificate {made}/server.crt; ssl_certificate_key {made}/server.key;
    ssl_client_certificate {made}/ca.crt; ssl_verify_client {verify};"""
CERTIFICATE = (
    "proxy_set_header X-SSL-Client-Verify $ssl_client_verify; "
    "proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;"
)
FORWARDED = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"

# what nginx adds: each makes a listener without a secret refuse, and one with a secret is open to its holder
SITES = [
    ("proxy_pass alone", ""),
    ("with the Host of the sender", "proxy_set_header Host $host;"),
    ("with the Host of the sender and HTTP/1.1", "proxy_http_version 1.1; proxy_set_header Host $host;"),
    ("as its pages advise", f"proxy_http_version 1.1; proxy_set_header Host localhost; {FORWARDED}"),
    ("with the address alone", "proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;"),
]


@needs_nginx
@pytest.mark.parametrize("headers", [site[1] for site in SITES], ids=[site[0] for site in SITES])
async def test_nginx_does_not_open_a_listener_without_a_secret(
    server_of: Any, intake: Any, tmp_path: Path, headers: str
) -> None:
    forged = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    async with listening(server_of()) as server:
        with nginx_before(tmp_path, server.port, headers=headers) as port:
            url = f"http://127.0.0.1:{port}{PATH}"
            for sent in ({"Host": "deck.example"}, {"Host": "deck.example", **forged}):
                assert (await post(url, **sent))[0] == 403
            async with (
                aiohttp.ClientSession() as session,
                session.get(
                    f"http://127.0.0.1:{port}/api/decisions", headers={"Host": "deck.example"}
                ) as response,
            ):
                assert response.status == 403
        assert (await post(f"{server.url}{PATH}"))[0] == 200
    assert len(intake.bodies) == 1
    async with listening(server_of(webhook_secret=SECRET)) as server:
        with nginx_before(tmp_path, server.port, headers=headers) as port:
            url = f"http://127.0.0.1:{port}{PATH}"
            assert (await post(f"{url}?key={SECRET}", Host="deck.example"))[0] == 200
            assert (await post(url, Host="deck.example"))[0] == 401


# certificate | with nginx's `optional`: status
BEHIND_NGINX = [("tradingview", 200), ("other", 403), ("namesake", 403), (None, 403), ("forged", 400)]


@needs_nginx
@needs_openssl
@pytest.mark.parametrize(("certificate", "status"), BEHIND_NGINX)
async def test_nginx_states_the_certificate_that_it_checked(
    server_of: Any, made: Path, tmp_path: Path, certificate: str | None, status: int
) -> None:
    flags = {"webhook_secret": SECRET, "client_subject": "tradingview"}
    forged = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-S-DN": SUBJECT_PRESETS["tradingview"]}
    lines = TLS.format(made=made, verify="optional")
    for proxies, expected in (("127.0.0.1", status), ("", status if status == 400 else 403)):
        async with listening(server_of(**flags, proxies=proxies)) as server:
            with nginx_before(
                tmp_path, server.port, headers=CERTIFICATE + FORWARDED, tls=True, lines=lines
            ) as port:
                url = f"https://localhost:{port}{PATH}?key={SECRET}"
                for sent in ({}, forged):
                    given, told = await post(url, client_tls(made, certificate), **sent)
                    assert given == expected, (proxies, told)
