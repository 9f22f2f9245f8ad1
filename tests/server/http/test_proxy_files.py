"""The files of nginx and Caddy that the guide prints, before the listener, by the real programs and real TLS."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from server.config import SUBJECT_PRESETS, ConfigError, load_settings
from server.deploy.proxy_files import PROXY_FILES, proxy_file
from tests.ports import own_port
from tests.server.http.certificates import make_certificates, needs_openssl
from tests.server.http.proxies import caddy_of, needs_caddy, needs_nginx, nginx_of
from tui.cli.guide import guide, print_file

PATH = "/api/webhooks/signals"
SIGNAL = json.dumps({"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0})
SECRET = "hush-hush"
DOMAIN = "deck.example.org"
FORGED = {
    "X-Forwarded-For": "52.89.214.238",
    "X-SSL-Client-Verify": "SUCCESS",
    "X-SSL-Client-S-DN": SUBJECT_PRESETS["tradingview"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def nginx_file(folder: Path, made: Path, back: int, ports: tuple[int, int]) -> str:
    """The file with this test's ports and folders in place of those of a server."""
    text = proxy_file("nginx", domain=DOMAIN, settings=load_settings({"port": back}))
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{ports[0]};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{ports[1]} ssl;"),
        (f"/etc/letsencrypt/live/{DOMAIN}/fullchain.pem", f"{made}/server.crt"),
        (f"/etc/letsencrypt/live/{DOMAIN}/privkey.pem", f"{made}/server.key"),
        ("/etc/ssl/certs/ca-certificates.crt", f"{made}/ca.crt"),
        ("/var/log/nginx", f"{folder}"),
        ("/var/www/html", f"{folder}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


def caddy_file(folder: Path, made: Path, back: int, ports: tuple[int, int]) -> str:
    text = proxy_file("caddy", domain=DOMAIN, settings=load_settings({"port": back}))
    own = f"admin off\n\thttp_port {ports[0]}\n\thttps_port {ports[1]}\n\tdefault_bind 127.0.0.1\n"
    text = text.replace("{\n\t# A secret", f"{{\n\t{own}\t# A secret", 1)
    return text.replace(f"{DOMAIN} {{\n", f"{DOMAIN} {{\n\ttls {made}/server.crt {made}/server.key\n", 1)


Before = Callable[[int], AbstractContextManager[tuple[int, int]]]
"""Runs the proxy before the listener at a port; gives its ports for HTTP and HTTPS."""


@pytest.fixture(
    params=[pytest.param("nginx", marks=needs_nginx), pytest.param("caddy", marks=needs_caddy)],
)
def before(request: pytest.FixtureRequest, tmp_path: Path, made: Path) -> Before:
    write, run = {"nginx": (nginx_file, nginx_of), "caddy": (caddy_file, caddy_of)}[request.param]

    @contextmanager
    def start(back: int) -> Iterator[tuple[int, int]]:
        ports = own_port(), own_port()
        with run(tmp_path, ports[1], write(tmp_path, made, back, ports)):
            yield ports

    return start


class ToThisMachine(aiohttp.abc.AbstractResolver):
    """Resolves every name to loopback, so that requests name the domain as a sender would."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None: ...


@asynccontextmanager
async def sender(made: Path, certificate: str | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    tls = ssl.create_default_context(cafile=made / "ca.crt")
    tls.check_hostname = False  # the test's certificate is for localhost
    if certificate:
        tls.load_cert_chain(made / f"{certificate}.crt", made / f"{certificate}.key")
    connector = aiohttp.TCPConnector(ssl=tls, resolver=ToThisMachine())
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


@asynccontextmanager
async def listening(server: Any) -> AsyncIterator[Any]:
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def logs_in(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (*folder.glob("*.log"), *folder.glob("*.out"))}


@needs_openssl
async def test_webhooks_pass_with_the_secret_alone(
    server_of: Any, intake: Any, made: Path, tmp_path: Path, before: Before
) -> None:
    async with listening(server_of(webhook_secret=SECRET, proxies="127.0.0.1")) as server, sender(made) as by:
        with before(server.port) as (plain, tls):
            base = f"https://{DOMAIN}:{tls}"
            for path, headers, status in (
                (f"{PATH}?key={SECRET}", {}, 200),
                (f"/w/{SECRET}{PATH}", {}, 200),
                (PATH, {"Authorization": f"Bearer {SECRET}"}, 200),
                (PATH, {}, 401),
                (f"{PATH}?key=wrong", {}, 401),
                (f"{PATH}?key=wrong", FORGED, 401),
            ):
                async with by.post(base + path, data=SIGNAL, headers=headers) as answer:
                    assert answer.status == status, (path, await answer.text())
            for path in ("/api/decisions", "/api/mode"):  # what came through the proxy is never this machine
                async with by.get(base + path) as answer:
                    assert answer.status == 403, await answer.text()
            async with by.get(
                base + "/api/decisions", headers={"Authorization": "Bearer the-command-token"}
            ) as answer:
                assert answer.status == 200
            async with by.post(
                f"http://{DOMAIN}:{plain}{PATH}?key={SECRET}", data=SIGNAL, allow_redirects=False
            ) as answer:
                assert answer.status in (301, 308) and answer.headers["Location"].startswith("https://")
        assert len(intake.bodies) == 3
    # What either program logs holds no secret, also while the engine is stopped.
    async with sender(made) as by:
        with before(own_port()) as (_, tls):
            for path in (f"{PATH}?key={SECRET}&a=b", f"/w/{SECRET}{PATH}"):
                begun = time.monotonic()
                headers = {"Authorization": f"Bearer {SECRET}"}
                async with by.post(f"https://{DOMAIN}:{tls}{path}", data=SIGNAL, headers=headers) as answer:
                    assert answer.status == 502 and time.monotonic() - begun < 2.5
    logs = logs_in(tmp_path)
    assert len(logs) >= 1 and "/api/webhooks/signals" in "".join(logs.values())
    assert [name for name, text in logs.items() if SECRET in text] == []


async def echo(request: web.Request) -> web.StreamResponse:
    """Stand for the parts of the listener that stay open: a websocket at /api/deck, events at /api/stream."""
    if request.path == "/api/deck":
        deck = web.WebSocketResponse()
        await deck.prepare(request)
        async for message in deck:
            await deck.send_str(message.data.upper())
        return deck
    if request.path == "/api/stream":
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for n in range(3):
            await stream.write(f"id: {n}\ndata: event\n\n".encode())
            await asyncio.sleep(0.3)
        return stream
    return web.json_response({name.lower(): value for name, value in request.headers.items()})


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    port = own_port()
    runner = web.ServerRunner(web.Server(echo))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


@needs_openssl
async def test_host_sender_upgrade_and_stream_are_passed_on(made: Path, before: Before) -> None:
    async with echoing() as back, sender(made) as by:
        with before(back) as (_, tls):
            base = f"https://{DOMAIN}:{tls}"
            async with by.get(base + "/", headers=FORGED) as answer:
                told = await answer.json()
            assert re.fullmatch(rf"{re.escape(DOMAIN)}(:{tls})?", told["host"])
            assert told["x-forwarded-for"] == "127.0.0.1" and told["x-forwarded-proto"] == "https"
            assert told.get("x-ssl-client-verify", "NONE") == "NONE" and "x-ssl-client-s-dn" not in told
            async with by.ws_connect(base + "/api/deck") as deck:
                for n in range(3):
                    await deck.send_str(f"key {n}")
                    assert await deck.receive_str(timeout=5) == f"KEY {n}"
            async with by.get(base + "/api/stream") as stream:
                arrived = []
                async for line in stream.content:
                    if line.startswith(b"id:"):
                        arrived.append(time.monotonic())
            gaps = [after - earlier for earlier, after in pairwise(arrived)]
            assert len(arrived) == 3 and min(gaps) > 0.15, (
                "each event arrives when it is sent, not with the last"
            )


# certificate of the sender | status of a webhook with the right secret
BY_CERTIFICATE = [("tradingview", 200), ("other", 403), (None, 403), ("forged", 400)]


@needs_nginx
@needs_openssl
async def test_the_lines_for_a_client_certificate_do_what_they_say(
    server_of: Any, made: Path, tmp_path: Path
) -> None:
    flags = {"webhook_secret": SECRET, "proxies": "127.0.0.1", "client_subject": "tradingview"}
    async with listening(server_of(**flags)) as server:
        ports = own_port(), own_port()
        text, lines = re.subn(
            r"(?m)^(\s*)#(ssl_\w+ )", r"\1\2", nginx_file(tmp_path, made, server.port, ports)
        )
        assert lines == 3
        with nginx_of(tmp_path, ports[1], text):
            for certificate, status in BY_CERTIFICATE:
                async with sender(made, certificate) as by:
                    url = f"https://{DOMAIN}:{ports[1]}{PATH}?key={SECRET}"
                    async with by.post(url, data=SIGNAL, headers=FORGED) as answer:
                        assert answer.status == status, (certificate, await answer.text())


@pytest.mark.parametrize("name", PROXY_FILES)
def test_a_file_is_printed_for_a_domain_and_the_engines_address(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('host = "::"\nport = 9001\n')
    assert print_file("VPS", name, domain=DOMAIN, config=config) == 0
    out = capsys.readouterr().out
    assert DOMAIN in out and "[::1]:9001" in out and "deck.example.com" not in out and "8787" not in out


@pytest.mark.parametrize(
    ("topic", "file", "domain", "settings", "named"),
    [
        ("vps", "apache", None, "", "nginx, caddy"),
        ("vps", None, DOMAIN, "", "--file nginx"),
        ("feeds", "nginx", None, "", "guide vps"),
        ("vps", "nginx", "deck.example.org; return 200", "", "is not a domain"),
        ("vps", "caddy", "deck", "", "is not a domain"),
        ("vps", "nginx", DOMAIN, 'tls_certificate = "a.crt"', "speaks HTTPS itself"),
    ],
)
def test_a_file_that_cannot_be_made_is_refused(
    topic: str, file: str | None, domain: str | None, settings: str, named: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(settings)
    with pytest.raises(ConfigError, match=re.escape(named)):
        print_file(topic, file, domain=domain, config=config)


def test_the_page_about_servers_names_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert guide("vps") == 0
    out = capsys.readouterr().out
    assert all(f"gatedeck guide vps --file {name}" in out for name in PROXY_FILES)
