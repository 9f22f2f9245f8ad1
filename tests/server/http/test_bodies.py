"""Bodies as they come over the wire: too large, in pieces, compressed, broken, or never finished."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.http import bodies

LIMIT = 64 * 1024
PATH = "/api/webhooks/signals"
SIGNAL = json.dumps({"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0})


async def raw(client: Any, data: bytes, *, then: bytes = b"", wait: float = 0.05) -> tuple[int, bytes]:
    """Write bytes to the listener; the status and everything it answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(data)
    if then:
        await asyncio.sleep(wait)
        writer.write(then)
    answer = b""
    async with asyncio.timeout(5):
        while b"\r\n\r\n" not in answer and (chunk := await reader.read(65536)):
            answer += chunk
    writer.close()
    return int(answer[9:12] or 0), answer


def padded(size: int) -> bytes:
    """A signal of exactly ``size`` bytes."""
    body = json.dumps(json.loads(SIGNAL) | {"pad": ""})
    return body.replace('"pad": ""', f'"pad": "{"x" * (size - len(body))}"').encode()


SIZES = [(LIMIT, 200), (LIMIT + 1, 413), (20 * LIMIT, 413)]


@pytest.mark.parametrize(("size", "status"), SIZES)
@pytest.mark.parametrize("chunked", [False, True], ids=["stated length", "chunked"])
async def test_limit_is_64_kib_exactly(
    serve: Any, intake: Any, size: int, status: int, chunked: bool
) -> None:
    client = await serve()
    body = padded(size)

    async def pieces() -> Any:
        for at in range(0, len(body), 4096):
            yield body[at : at + 4096]

    response = await client.post(PATH, data=pieces() if chunked else body)
    assert len(body) == size
    assert response.status == status
    assert len(intake.bodies) == (status == 200)
    if status == 413:
        told = await response.json(content_type="application/problem+json")
        assert told["code"] == "BODY_TOO_LARGE" and "64 KiB" in told["detail"]


async def test_stated_length_over_the_limit_is_refused_before_the_body_is_sent(serve: Any) -> None:
    client = await serve()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n".encode()
    status, answer = await raw(client, head)
    assert status == 413
    assert b"connection: close" in answer.lower()


async def test_endless_chunked_body_is_cut_off(serve: Any) -> None:
    client = await serve()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    status, _ = await raw(client, head, then=(b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 5)
    assert status == 413


async def test_expect_100_continue_is_answered(serve: Any) -> None:
    client = await serve()
    body = SIGNAL.encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(head.encode())
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(body)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_body_in_two_packets_is_one_body(serve: Any, intake: Any) -> None:
    client = await serve()
    body = SIGNAL.encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    status, _ = await raw(client, head + body[:20], then=body[20:])
    assert status == 200
    assert intake.bodies == [(SIGNAL, PATH)]


async def test_body_that_never_ends_times_out(
    serve: Any, intake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "READ_SECONDS", 0.05)
    client = await serve()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc".encode()
    status, _ = await raw(client, head)
    assert (status, intake.bodies) == (408, [])


async def test_compressed_body_is_read_and_limited_unpacked(serve: Any, intake: Any) -> None:
    client = await serve()
    headers = {"Content-Encoding": "gzip"}
    good = await client.post(PATH, data=gzip.compress(SIGNAL.encode()), headers=headers)
    bomb = await client.post(PATH, data=gzip.compress(b" " * (50 * 1024 * 1024)), headers=headers)
    broken = await client.post(PATH, data=b"not gzip at all", headers=headers)
    assert (good.status, bomb.status, broken.status) == (200, 413, 400)
    assert intake.bodies == [(SIGNAL, PATH)]


async def test_sender_that_hangs_up_leaves_the_listener_well(serve: Any, intake: Any) -> None:
    client = await serve()
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc".encode())
    writer.close()
    await asyncio.sleep(0.02)
    assert (await client.post(PATH, data=SIGNAL)).status == 200
    assert len(intake.bodies) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["ticker", "symbol", "signal", "text", "phase", "meta", "action", "price", "timeframes"]
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, name=st.sampled_from(["", "/signals", "/saty-phase", "/trend", "/strat", "/nonsense"]))
async def test_no_body_whatever_is_answered_5xx(serve: Any, body: bytes, name: str) -> None:
    client = await serve()
    response = await client.post(f"/api/webhooks{name}", data=body)
    assert response.status in (200, 400, 404, 422)
    await response.json(content_type=None)
    await client.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.text(st.characters(codec="ascii", exclude_characters=" "), max_size=30),
    method=st.sampled_from(["GET", "POST", "HEAD", "BREW"]),
)
async def test_no_address_whatever_is_answered_5xx(serve: Any, target: str, method: str) -> None:
    client = await serve()
    line = f"{method} /{target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    status, _ = await raw(client, line.encode())
    assert 200 <= status < 500
    await client.close()


BODY = '{"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0, "comment": "é"}'

# what it is | bytes | content type | status | text in the answer
ENCODINGS = [
    ("UTF-8", BODY.encode(), "application/json", 200, "SPY"),
    ("UTF-16 with a mark", BODY.encode("utf-16"), "application/json; charset=utf-16", 400, "UTF-16"),
    ("UTF-16 big-endian without a mark", BODY.encode("utf-16-be"), "application/json", 400, "UTF-16"),
    ("UTF-16 little-endian without a mark", BODY.encode("utf-16-le"), "text/plain", 400, "UTF-16"),
    ("UTF-8 called UTF-16", BODY.encode(), "application/json; charset=utf-16", 200, "SPY"),
    ("Windows-1252", BODY.encode("cp1252"), "text/plain; charset=windows-1252", 200, "SPY"),
    ("an encoding nobody knows", BODY.encode(), "text/plain; charset=klingon", 400, "klingon"),
]


@pytest.mark.parametrize(
    ("body", "kind", "status", "text"), [row[1:] for row in ENCODINGS], ids=[row[0] for row in ENCODINGS]
)
async def test_encodings_are_read_or_named(
    serve: Any, body: bytes, kind: str, status: int, text: str
) -> None:
    client = await serve()
    response = await client.post("/api/webhooks/signals", data=body, headers={"Content-Type": kind})
    assert response.status == status
    assert text in await response.text()


@pytest.mark.parametrize("coding", ["br", "zstd", "compress"])
async def test_a_content_coding_that_is_not_read_is_refused_by_name(server_of: Any, coding: str) -> None:
    server = server_of()
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            response = await session.post(
                f"{server.url}/api/webhooks/signals", data=b"abc", headers={"Content-Encoding": coding}
            )
            assert response.status == 415 and response.content_type == "application/problem+json"
            assert response.headers["Accept-Encoding"] == "gzip, deflate"
            assert coding in await response.text()
    finally:
        await server.stop()
