"""Webhooks that arrive whole are answered without a task: in order, once each, also when others wait behind them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from server.http import protocol
from server.http.app import HttpServer
from server.runtime.ports import NotStored, WebhookAnswer

PATH = "/api/webhooks/signals"
SECRET = "hush"


def post(n: int, *, head: str = "", version: str = "1.1", path: str = PATH) -> bytes:
    body = json.dumps({"ticker": f"S{n}", "action": "buy", "price": 450.0})
    lines = f"POST {path}?key={SECRET} HTTP/{version}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    return f"{lines}{body}".encode()


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    """Read one answer: status, headers, body."""
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
    return int(status.split()[1]), headers, json.loads(body)


class HeldIntake:
    """Answers when it is told to; ``taken`` are the bodies in their order of arrival."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.waiting: list[tuple[Callable[[WebhookAnswer | Exception], None], Callable[[], bool]]] = []
        self.submitted = 0

    def take(self, body: str, endpoint: str | None, done: Any, gone: Any) -> None:
        self.taken.append(body)
        self.waiting.append((done, gone))

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        self.submitted += 1
        return WebhookAnswer(http_status=200, status="accepted", receipt_id=json.loads(body)["ticker"])

    def commit(self) -> None:
        """Answer everything that waits, as one commit does."""
        waiting, self.waiting = self.waiting, []
        for (done, _), body in zip(waiting, self.taken[-len(waiting) :], strict=True):
            done(WebhookAnswer(http_status=200, status="accepted", receipt_id=json.loads(body)["ticker"]))


@pytest.fixture
def intake() -> Any:
    return HeldIntake()


@pytest.fixture
async def port(server_of: Callable[..., HttpServer]) -> Any:
    server = server_of(webhook_secret=SECRET)
    await server.start()
    yield server.port
    await server.stop()


async def until(met: Callable[[], bool]) -> None:
    for _ in range(5000):
        if met():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")


async def test_every_answer_of_a_commit_leaves_in_one_call(port: int, intake: Any) -> None:
    many = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    for turn in range(2):  # the second on the same connections
        for n, (_, writer) in enumerate(many):
            writer.write(post(100 * turn + n))
        await until(lambda: len(intake.waiting) == 20)
        intake.commit()
        for n, (reader, _) in enumerate(many):
            status, headers, body = await answer_of(reader)
            assert (status, body["receipt_id"]) == (200, f"S{100 * turn + n}")
            assert headers["content-type"] == "application/json" and headers["cache-control"] == "no-store"
            assert {"date", "server"} <= headers.keys() and "connection" not in headers
    assert intake.submitted == 0
    for _, writer in many:
        writer.close()


async def test_requests_behind_a_webhook_keep_their_order(port: int, intake: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(1))
    await until(lambda: len(intake.waiting) == 1)
    behind = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    writer.write(post(2) + behind)
    await asyncio.sleep(0.02)
    writer.write(post(3))
    await asyncio.sleep(0.02)
    assert (len(intake.taken), intake.submitted) == (1, 0)
    intake.commit()
    answers = [await answer_of(reader) for _ in range(4)]
    assert [a[2].get("receipt_id") for a in answers] == ["S1", "S2", None, "S3"]
    writer.write(post(4))  # the connection is idle again
    await until(lambda: len(intake.waiting) == 1)
    intake.commit()
    assert (await answer_of(reader))[2]["receipt_id"] == "S4"
    writer.close()


async def test_a_crowd_behind_a_webhook_is_answered_in_order(port: int, intake: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(0))
    await until(lambda: len(intake.waiting) == 1)
    writer.write(b"".join(map(post, range(1, 400))))
    await asyncio.sleep(0.02)
    intake.commit()
    assert [(await answer_of(reader))[2]["receipt_id"] for _ in range(400)] == [f"S{n}" for n in range(400)]
    writer.close()


async def test_head_that_repeats_is_not_parsed_again(
    port: int, intake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only heads that differ reach the parser; whatever comes between, each body is taken once and in order."""
    parsed: list[bytes] = []
    feed = protocol._Parser.feed_data

    def counted(self: Any, data: bytes) -> Any:
        parsed.append(data)
        return feed(self, data)

    monkeypatch.setattr(protocol._Parser, "feed_data", counted)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def parsed_for(request: bytes) -> int:
        parsed.clear()
        writer.write(request)
        await until(lambda: len(intake.waiting) == 1)
        intake.commit()
        status, _, body = await answer_of(reader)
        assert (status, body["receipt_id"]) == (200, json.loads(intake.taken[-1])["ticker"])
        return len(parsed)

    assert [await parsed_for(post(n)) for n in (1, 2, 3)] == [1, 0, 0]
    assert [await parsed_for(post(n)) for n in (10, 11)] == [1, 0]  # another length
    assert await parsed_for(post(12, head="X-More: 1\r\n")) == 1
    assert await parsed_for(post(13)) == 1
    writer.write(post(14)[:-5])  # not whole: the ordinary way
    await asyncio.sleep(0.01)
    writer.write(post(14)[-5:])
    assert (await answer_of(reader))[2]["receipt_id"] == "S14"
    assert [await parsed_for(post(n)) for n in (15, 16)] == [1, 0]
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await answer_of(reader))[0] == 200
    assert await parsed_for(post(17)) == 1
    order = [json.loads(body)["ticker"] for body in intake.taken]
    assert order == [f"S{n}" for n in (1, 2, 3, 10, 11, 12, 13, 15, 16, 17)]
    writer.close()


async def test_secret_is_checked_for_each_webhook_of_a_head_that_repeats(port: int, intake: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wrong = post(1).replace(SECRET.encode(), b"hash")
    for _ in range(3):
        writer.write(wrong)
        assert (await answer_of(reader))[0] == 401
    assert intake.taken == []
    writer.close()


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(post(1, version="1.0"), id="HTTP/1.0"),
        pytest.param(post(1, head="Connection: close\r\n"), id="closing"),
        pytest.param(post(1, path=PATH + "/"), id="another spelling of the address"),
        pytest.param(post(1) + post(2), id="two at once"),
    ],
)
async def test_unusual_requests_take_the_ordinary_way(port: int, intake: Any, request_: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_)
    assert (await answer_of(reader))[2]["receipt_id"] == "S1"
    assert intake.taken == [] and intake.submitted >= 1
    writer.close()


async def test_sender_that_hangs_up_is_known_to_be_gone(port: int, intake: Any) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(1))
    await until(lambda: len(intake.waiting) == 1)
    _, gone = intake.waiting[0]
    assert not gone()
    writer.close()
    await until(gone)
    intake.commit()  # nobody is there to read it
    other, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(2))
    await until(lambda: len(intake.waiting) == 1)
    intake.commit()
    assert (await answer_of(other))[2]["receipt_id"] == "S2"
    writer.close()


async def test_what_was_not_stored_is_told_to_its_sender(port: int, intake: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(1))
    await until(lambda: len(intake.waiting) == 1)
    done, _ = intake.waiting.pop()
    done(NotStored("the disk is full"))
    status, headers, body = await answer_of(reader)
    assert (status, body["code"]) == (503, "NOT_STORED") and "retry-after" in headers
    done(NotStored("told twice"))  # a second answer is dropped
    writer.write(post(2))
    await until(lambda: len(intake.waiting) == 1)
    intake.commit()
    assert (await answer_of(reader))[0] == 200
    writer.close()


async def test_bytes_that_are_no_request_are_refused_after_the_answer(port: int, intake: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(1))
    await until(lambda: len(intake.waiting) == 1)
    intake.commit()
    assert (await answer_of(reader))[0] == 200
    writer.write(post(2))
    await until(lambda: len(intake.waiting) == 1)
    writer.write(b"nonsense\r\n\r\n")
    await asyncio.sleep(0.02)
    intake.commit()
    assert (await answer_of(reader))[2]["receipt_id"] == "S2"
    assert (await answer_of(reader))[2]["code"] == "BAD_BODY"
    assert await reader.read() == b""


async def test_stop_answers_a_webhook_under_way(server_of: Callable[..., HttpServer], intake: Any) -> None:
    server = server_of()
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(post(1))
    await until(lambda: len(intake.waiting) == 1)
    stopping = asyncio.ensure_future(server.stop())
    await asyncio.sleep(0.02)
    intake.commit()
    assert (await answer_of(reader))[2]["receipt_id"] == "S1"
    assert await reader.read() == b""
    await stopping


async def test_rate_limit_closes_after_its_refusal(server_of: Callable[..., HttpServer], intake: Any) -> None:
    server = server_of(proxies=["127.0.0.1"], rate_per_second=0.001, rate_burst=1)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(post(1, head="X-Forwarded-For: 52.32.178.7\r\n"))
    refused = await answer_of(reader)
    assert refused[0] == 403  # without a secret nothing is taken through a proxy
    writer.write(post(2, head="X-Forwarded-For: 52.32.178.7\r\n"))
    status, headers, _ = await answer_of(reader)
    assert (status, headers["connection"]) == (429, "close") and int(headers["retry-after"]) > 0
    assert await reader.read() == b"" and intake.taken == []
    await server.stop()


async def test_an_answer_that_cannot_be_written_keeps_no_other_back(caplog: pytest.LogCaptureFixture) -> None:
    written: list[bytes] = []

    class Line:
        def __init__(self, fault: Exception | None = None) -> None:
            self.fault = fault

        def answered(self, data: bytes, *, close: bool) -> None:
            if self.fault is not None:
                raise self.fault
            written.append(data)

    outbox = protocol.Outbox(asyncio.get_running_loop())
    for data, line in ((b"1", Line()), (b"2", Line(OSError("broken"))), (b"3", Line())):
        protocol.Exchange(line, outbox).answer(data)  # type: ignore[arg-type]
    assert not written, "they are written together, in the loop's next turn"
    await asyncio.sleep(0)
    assert written == [b"1", b"3"]
    assert "an answer could not be written" in caplog.text
