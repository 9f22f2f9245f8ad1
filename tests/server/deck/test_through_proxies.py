"""A deck attached over HTTPS through the real nginx and Caddy, with the files that the guide prints."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from server.deck import Command
from server.deck.remote import RemoteDeck
from server.deck.wire.connect import EngineAddress, WrongEngine
from tests.ports import own_port
from tests.server.deck.attached import COMMAND_TOKEN, READ_TOKEN, becomes, engine, open_position
from tests.server.http.certificates import make_certificates, needs_openssl
from tests.server.http.proxies import caddy_of, needs_caddy, needs_nginx, nginx_of
from tests.server.http.test_proxy_files import DOMAIN, caddy_file, nginx_file

PROXIES = {"nginx": (nginx_file, nginx_of), "caddy": (caddy_file, caddy_of)}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@contextmanager
def proxy(name: str, folder: Path, certificates: Path, back: int) -> Iterator[int]:
    write, run = PROXIES[name]
    ports = own_port(), own_port()
    started: AbstractContextManager[None] = run(folder, ports[1], write(folder, certificates, back, ports))
    with started:
        yield ports[1]


@needs_openssl
@pytest.mark.parametrize(
    "name", [pytest.param("nginx", marks=needs_nginx), pytest.param("caddy", marks=needs_caddy)]
)
async def test_a_deck_through_a_proxy_shows_and_acts(
    name: str, tmp_path: Path, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def here(host: Any, *more: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if host == DOMAIN else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    tls = ssl.create_default_context(cafile=certificates / "ca.crt")
    tls.check_hostname = False  # the test's certificate is for localhost
    async with engine(tmp_path, proxies=("127.0.0.1",)) as host:
        await open_position(host, "SPY")
        with proxy(name, tmp_path, certificates, host.http.port) as port:
            url = f"https://{DOMAIN}:{port}"
            deck = RemoteDeck(EngineAddress(url=url, token=COMMAND_TOKEN, tls=tls))
            await deck.start()
            (row,) = deck.snapshot().positions
            await host.runtime.price("SPY", 450.7, "test")
            await becomes(lambda: deck.snapshot().positions[0].underlying == 450.7)
            asked = Command(id=str(uuid4()), name="exit", position_id=row.id, expected=row.remaining)
            assert (await deck.command(asked)).ok
            await becomes(lambda: deck.snapshot().positions == ())
            await deck.close()
            looking = RemoteDeck(EngineAddress(url=url, token=READ_TOKEN, tls=tls))
            await looking.start()
            assert (await looking.command(asked)).code == "READ_ONLY"
            await looking.close()
            with pytest.raises(WrongEngine, match="refuses this deck"):
                await RemoteDeck(EngineAddress(url=url, tls=tls)).start()
