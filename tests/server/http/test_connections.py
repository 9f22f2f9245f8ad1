"""Crowds of connections: silent ones are closed, the oldest ones make room, and a good sender always gets in."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from server.http import connections
from server.http.connections import Connections

PATH = "/api/webhooks/signals"
SECRET = "hush"
BODY = json.dumps({"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 450.0})


class Line:
    """A connection that only notes that it was closed."""

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.address = address
        self.busy = self.closed = False
        self.since = 0.0

    def abort(self) -> None:
        self.closed = True


@pytest.fixture
async def few() -> Any:
    few = Connections(4, 3)
    yield few
    few.close()


def opened(few: Connections, address: str = "192.0.2.1", *, exempt: bool = False) -> Line:
    line = Line(address)
    few.opened(line, exempt=exempt)
    return line


async def test_oldest_waiting_connection_makes_room(few: Connections) -> None:
    lines = [opened(few, f"192.0.2.{n}") for n in range(5)]
    assert [line.closed for line in lines] == [True, False, False, False, False]
    assert len(few) == 4


async def test_strangers_make_room_before_senders_and_nothing_under_way_does(few: Connections) -> None:
    sender, working, *strangers = [opened(few, f"192.0.2.{n}") for n in range(4)]
    few.accepted(sender)
    working.busy = True
    more = [opened(few, f"198.51.100.{n}") for n in range(5)]
    assert not sender.closed and not working.closed
    assert all(line.closed for line in [*strangers, *more[:-2]]) and not more[-1].closed
    working.busy, working.since = False, asyncio.get_running_loop().time()
    opened(few, "198.51.100.9")
    assert not working.closed, "it waits only since now"


async def test_address_has_a_limit_of_its_own_but_not_this_machine(few: Connections) -> None:
    crowd = [opened(few) for _ in range(4)]
    assert [line.closed for line in crowd] == [True, False, False, False]
    local = Connections(10, 3)
    assert not any(opened(local, "127.0.0.1", exempt=True).closed for _ in range(10))
    local.close()


async def test_new_one_is_closed_if_all_others_are_at_work(few: Connections) -> None:
    for n in range(4):
        opened(few, f"192.0.2.{n}").busy = True
    assert opened(few, "192.0.2.9").closed and len(few) == 4


async def test_address_is_forgotten_with_its_last_connection(few: Connections) -> None:
    line = opened(few)
    few.lost(line)
    few.lost(line)
    assert len(few) == 0 and few._by_address == {}


def test_limit_stays_below_the_files_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "files_limit", lambda: 1024)
    assert Connections(100_000, 10).capacity == 1024 - connections.SPARE_FILES
    assert Connections(50, 10).capacity == 50


# --- over real sockets ---------------------------------------------------------------------------------------


async def closed(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(5):
            return await reader.read() == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"POST ", id="a part of a line"),
        pytest.param(f"POST {PATH} HTTP/1.1\r\nHost: a\r\n".encode(), id="a part of the head"),
    ],
)
async def test_silent_connection_is_closed(
    server_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)
    server = server_of(webhook_secret=SECRET)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    assert await closed(reader)
    writer.close()
    await server.stop()


async def test_good_sender_gets_in_while_a_crowd_holds_every_connection(
    server_of: Callable[..., Any], intake: Any
) -> None:
    server = server_of(webhook_secret=SECRET, max_connections=20)
    await server.start()
    slow = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{{".encode()
    writers = []
    head = f"POST {PATH}?key={SECRET} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(BODY)}\r\n\r\n"
    reader, good = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for n in range(1, 6):
            for _ in range(15):
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(slow)
                writers.append(writer)
            good.write(f"{head}{BODY}".encode())
            async with asyncio.timeout(5):
                answer = await reader.readuntil(b"\r\n\r\n")
                await reader.read(4096)
            assert b" 200 " in answer and len(intake.bodies) == n
        assert len(server._connections) <= 20
    finally:
        for writer in [good, *writers]:
            writer.close()
        await server.stop()


ENDINGS = {
    "silent": b"",
    "in the head": f"POST {PATH} HTTP/1.1\r\n".encode(),
    "in the body": f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{{".encode(),
    "refused": f"POST {PATH}?key=bad HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
    "accepted": f"POST {PATH}?key={SECRET} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode(),
    "not HTTP": b"junk\r\n\r\n",
}


@pytest.mark.parametrize("sent", ENDINGS.values(), ids=ENDINGS)
async def test_connection_is_freed_without_a_garbage_collection(
    server_of: Callable[..., Any], sent: bytes
) -> None:
    """Full collections wait for the exchange to close: what only they could free would grow for a day."""
    server = server_of(webhook_secret=SECRET)
    await server.start()
    loop = asyncio.get_running_loop()

    async def ended() -> None:
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", server.port))
            await loop.sock_sendall(client, sent)
            await asyncio.sleep(0.02)
        for _ in range(500):
            await asyncio.sleep(0.01)
            if not len(server._connections):
                break
        await asyncio.sleep(0.01)

    await ended()
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            await ended()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {type(one).__name__ for one in gc.garbage} & {
            "_Protocol", "BaseRequest", "_SelectorSocketTransport", "StreamReader", "Refused", "Task",
        }  # fmt: skip
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        await server.stop()
    assert left == set()
