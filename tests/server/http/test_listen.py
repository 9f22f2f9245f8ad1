"""Listening: the address, an occupied port, stopping; the token file; the rate limiter by its own clock."""

from __future__ import annotations

import asyncio
import errno
import stat
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config import ConfigError, load_settings
from server.http.limits import REMEMBERED, RateLimiter
from server.http.tokens import command_token


async def test_free_port_is_taken_and_named(server_of: Any) -> None:
    server = server_of(host="127.0.0.1")
    await server.start()
    try:
        assert server.port != 0 and server.address == f"127.0.0.1:{server.port}"
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/healthz") as response:
            assert response.status == 200
    finally:
        await server.stop()


async def test_occupied_port_is_named_with_what_to_do(server_of: Any) -> None:
    first = server_of()
    await first.start()
    try:
        with pytest.raises(ConfigError) as caught:
            await server_of(port=first.port).start()
    finally:
        await first.stop()
    assert str(caught.value).startswith(f"port: {first.port} on 127.0.0.1 is in use")
    assert "--port" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        (errno.EACCES, "port: 80 may not be opened by this user"),
        (errno.EADDRNOTAVAIL, "host: 192.0.2.1 is not an address of this machine"),
        (errno.EIO, "host: cannot listen on 192.0.2.1 port 80"),
    ],
)
async def test_other_failures_are_plain_words(
    server_of: Any, monkeypatch: pytest.MonkeyPatch, code: int, begins: str
) -> None:
    async def refuse(*args: Any, **kwargs: Any) -> Any:
        raise OSError(code, "refused")

    server = server_of(host="192.0.2.1", port=80, webhook_secret="s")
    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    with pytest.raises(ConfigError, match=f"^{begins}"):
        await server.start()


async def test_stop_answers_what_was_taken(server_of: Any, intake: Any) -> None:
    release = asyncio.Event()
    submit = intake.submit

    async def slow(body: str, endpoint: str | None) -> Any:
        await release.wait()
        return await submit(body, endpoint)

    intake.submit = slow
    server = server_of()
    await server.start()
    async with aiohttp.ClientSession() as session:
        post = asyncio.ensure_future(session.post(f"{server.url}/api/webhooks", data='{"a": 1}'))
        await asyncio.sleep(0.05)
        stopping = asyncio.ensure_future(server.stop())
        await asyncio.sleep(0.05)
        release.set()
        assert (await post).status == 422
        await stopping
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(f"{server.url}/api/webhooks", data="{}")


# --- the command token -----------------------------------------------------------------------------------


def test_token_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = load_settings({"state_dir": tmp_path / "state"})
    token = command_token(settings)
    path = tmp_path / "state" / "command.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(token) >= 32 and path.read_text().strip() == token
    assert command_token(settings) == token
    assert [p.name for p in path.parent.iterdir()] == ["command.token"]


def test_token_that_is_set_needs_no_file(tmp_path: Path) -> None:
    settings = load_settings({"state_dir": tmp_path / "state", "command_token": "mine"})
    assert command_token(settings) == "mine"
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("text", "mode"), [("secret\n", 0o644), ("secret\n", 0o640), ("\n", 0o600), ("ü", 0o600)]
)
def test_token_file_that_cannot_be_trusted_is_refused(tmp_path: Path, text: str, mode: int) -> None:
    path = tmp_path / "command.token"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(ConfigError, match="delete it"):
        command_token(load_settings({"state_dir": tmp_path}))


def test_state_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^state_dir: "):
        command_token(load_settings({"state_dir": tmp_path / "file"}))


# --- the rate limiter ------------------------------------------------------------------------------------


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=80),
)
def test_never_more_than_the_burst_and_what_time_refilled(rate: float, burst: int, gaps: list[float]) -> None:
    clock = _Clock()
    limiter = RateLimiter(rate, burst, clock)
    granted = 0
    for gap in gaps:
        clock.now += gap
        granted += limiter.take("a") == 0.0
        assert granted <= burst + clock.now * rate + 1e-6


@given(rate=st.floats(0.1, 1000), burst=st.integers(1, 50), cost=st.integers(1, 300))
def test_waiting_as_long_as_told_is_always_enough(rate: float, burst: int, cost: int) -> None:
    clock = _Clock()
    limiter = RateLimiter(rate, burst, clock)
    assert limiter.take("a", cost) == 0.0
    while (wait := limiter.take("a")) == 0.0:
        pass
    clock.now += wait * (1 + 1e-9) + 1e-9
    assert limiter.take("a") == 0.0


def test_remotes_are_remembered_up_to_a_limit() -> None:
    clock = _Clock()
    limiter = RateLimiter(1.0, 2, clock)
    for number in range(3 * REMEMBERED):
        limiter.take(f"remote {number}")
    assert len(limiter._buckets) <= REMEMBERED
