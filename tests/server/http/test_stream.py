"""GET /api/stream: what is told, from where on, to whom, and what becomes of a slow reader."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from pydantic import TypeAdapter

from core.effects import StoreMarks
from server.http import stream as stream_module
from server.http import stream_reader
from server.http.answers import STREAM_EVENTS
from server.http.stream_query import KINDS
from server.ledger.base import LedgerError
from tests.server.http.proxies import needs_nginx, nginx_before
from tests.server.http.streaming import Events, HeldLedger, Streaming, ids, streaming
from tests.server.ledger.conftest import Make

make = Make()
ALL = "?last_event_id=0"


def steps(first: int, last: int, **changes: Any) -> list[Any]:
    return [make.decided(seq, **changes) for seq in range(first, last + 1)]


def trade(seq: int) -> list[Any]:
    """A decision with its fill, a mode and an alert, and its exit."""
    mode = replace(make.risk(seq + 1), id=make.id(seq, "mode"), code="MODE_HALTED")
    return [
        (make.received(seq), (*make.decided(seq)[1], make.trade(seq))),
        (make.tick(seq + 1), (mode, make.risk(seq + 1), make.approval(seq + 1))),
        (make.tick(seq + 2), (make.trade(seq, closed_at=seq + 2),)),
    ]


@pytest.fixture
async def on(tmp_path: Path, deck: Any, serve: Any) -> AsyncIterator[Streaming]:
    async with streaming(tmp_path / "ledger.db", deck, serve) as found:
        yield found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(stream_module, "MARK_SECONDS", 0.02)


# --- what is told ----------------------------------------------------------------------------------------


async def test_a_reader_gets_what_happens_from_now_on(on: Streaming) -> None:
    await on.engine.commit(*trade(1))
    reader = await on.get("?events=decision,fill,exit,mode,alert,approval")
    head = reader.response.headers
    assert head["Content-Type"] == "text/event-stream" and head["Cache-Control"] == "no-store"
    assert head["X-Accel-Buffering"] == "no"
    assert await reader.block() == {"retry": "3000", "id": "3"}
    await on.engine.commit(*trade(4))
    found = [await reader.next() for _ in range(6)]
    assert [(block["id"], block["event"]) for block in found] == [
        ("4.0", "decision"),
        ("4.1", "fill"),
        ("5.0", "mode"),
        ("5.1", "alert"),
        ("5.2", "approval"),
        ("6.0", "exit"),
    ]
    data = {block["event"]: orjson.loads(block["data"]) for block in found}
    assert data["decision"]["decision_breakdown"] and data["decision"]["symbol"] == "SPY"
    assert data["fill"]["position_id"] == data["exit"]["position_id"] == make.id(4, "position")
    assert data["mode"]["mode"] == "HALTED" and data["alert"]["code"] == "OVERTRADING"


async def test_each_kind_fits_its_type_in_the_openapi_document(on: Streaming) -> None:
    await on.engine.commit(*trade(1))
    reader = await on.get(ALL)
    found = {block["event"]: block["data"] for block in [await reader.next() for _ in range(7)]}
    document = await (await on.client.get("/openapi.json")).json()
    events = document["components"]["schemas"]["Stream"]["x-events"]
    assert set(found) == set(events) == set(STREAM_EVENTS) == set(KINDS)
    for kind, data in found.items():
        value = orjson.loads(data)
        if kind == "mark":
            assert events[kind]["allOf"][1]["required"] == ["at"] and value.pop("at")
        TypeAdapter(STREAM_EVENTS[kind]).validate_json(orjson.dumps(value))
        named = events[kind].get("$ref") or events[kind]["allOf"][0]["$ref"]
        schema = document["components"]["schemas"][named.rpartition("/")[2]]
        assert set(schema["required"]) <= set(value) <= set(schema["properties"]), kind


async def test_live_and_told_again_is_the_same(on: Streaming) -> None:
    live = await on.get("?events=decision,fill,exit,mode,alert,approval")
    await on.engine.commit(*trade(1))
    first = [await live.next() for _ in range(6)]
    again = await on.get(f"{ALL}&events=decision,fill,exit,mode,alert,approval")
    assert [await again.next() for _ in range(6)] == first


@pytest.mark.usefixtures("quick")
async def test_marks_come_at_once_and_when_they_change(on: Streaming, deck: Any, position: Any) -> None:
    reader = await on.get("?events=mark")
    first = await reader.next()
    assert first["event"] == "mark" and "id" not in first
    listed = (await (await on.client.get("/api/positions")).json())["items"][0]
    told = orjson.loads(first["data"])
    assert told.pop("at") == "2026-11-24T15:00:00Z" and told == listed
    other = replace(position, id="p-2", symbol="QQQ")
    deck.now = replace(deck.now, positions=(replace(position, mark=2.5), other))
    marks = StoreMarks(position_id="p-1", marks=())
    await on.engine.commit((make.tick(1), (marks,)))
    assert (await reader.data())["mark"] == 2.5
    only = await on.get("?events=mark&symbol=QQQ")
    assert (await only.data())["id"] == "p-2"


async def test_filters(on: Streaming) -> None:
    await on.engine.commit(*trade(1), make.decided(4, symbol="QQQ"))
    reader = await on.get(f"{ALL}&events=decision,exit")
    assert await reader.take(3) == ["1.0", "3.0", "4.0"]
    reader = await on.get(f"{ALL}&symbol=qqq,iwm&events=decision,mode")
    assert await reader.take(2) == ["2.0", "4.0"]
    await on.engine.commit(make.decided(5, symbol="SPY"), make.decided(6, symbol="IWM"))
    assert await reader.take(1) == ["6.0"]


async def test_a_heartbeat_while_nothing_happens(on: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_reader, "HEARTBEAT_SECONDS", 0.02)
    reader = await on.get("?events=exit")
    await reader.block()
    assert await reader.block() == {"": "ping"} == await reader.block()


# --- from where on ---------------------------------------------------------------------------------------

REFUSED = [
    ("?last_event_id=9", {}, 404, "UNKNOWN_EVENT", "ends at input 3"),
    ("", {"Last-Event-ID": "4.0"}, 404, "UNKNOWN_EVENT", "event 4.0 is not in this ledger"),
    ("?last_event_id=x", {}, 422, "INVALID_PARAMETER", "last_event_id: 'x' is not accepted"),
    ("?last_event_id=-1", {}, 422, "INVALID_PARAMETER", "last_event_id: '-1'"),
    ("?last_event_id=1.2.3", {}, 422, "INVALID_PARAMETER", "last_event_id: '1.2.3'"),
    (f"?last_event_id={'9' * 30}", {}, 422, "INVALID_PARAMETER", "last_event_id: '999"),
    ("", {"Last-Event-ID": "1;2"}, 422, "INVALID_PARAMETER", "Last-Event-ID: '1;2'"),
    ("?events=trade", {}, 422, "INVALID_PARAMETER", "events: 'trade' is not accepted; it is kinds"),
    ("?symbol=S P Y!", {}, 422, "INVALID_PARAMETER", "symbol: 'S P Y!' is not accepted"),
    ("?since=1", {}, 422, "INVALID_PARAMETER", "since: is not a parameter"),
]


@pytest.mark.parametrize(("query", "headers", "status", "code", "says"), REFUSED)
async def test_refused(
    on: Streaming, query: str, headers: dict[str, str], status: int, code: str, says: str
) -> None:
    await on.engine.commit(*trade(1))
    answer = await on.client.get(f"/api/stream{query}", headers=headers)
    told = await answer.json(content_type="application/problem+json")
    assert (answer.status, told["code"]) == (status, code) and says in told["detail"]
    assert on.stream.counts.connected == 0


@pytest.mark.parametrize("query", ["", "?last_event_id=1.0", "?last_event_id=0"])
async def test_the_header_goes_before_the_address(on: Streaming, query: str) -> None:
    await on.engine.commit(*trade(1))
    reader = await on.get(f"{query}{'&' if query else '?'}events=fill,mode,alert,exit", last="2.0")
    assert await reader.take(2) == ["2.1", "3.0"]


async def test_an_id_without_a_number_is_after_the_whole_input(on: Streaming) -> None:
    await on.engine.commit(*trade(1))
    reader = await on.get("?last_event_id=2&events=exit,alert")
    assert (await reader.block())["id"] == "2"
    assert await reader.take(1) == ["3.0"]


@pytest.mark.usefixtures("quick")
async def test_a_far_past_comes_in_pages_and_goes_on_live(
    on: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ledger.streamed.PAGE_EVENTS", 7)
    await on.engine.commit(*steps(1, 60))
    held = on.engine.ledger = HeldLedger(on.engine.ledger)
    reader = await on.get(f"{ALL}&events=decision")
    assert await reader.take(60) == ids(steps(1, 60), lambda _: True)
    await asyncio.sleep(0.1)
    assert held.reads == 9, "nothing is read while nothing happens"
    await on.engine.commit(*steps(61, 63))
    assert await reader.take(3) == ["61.0", "62.0", "63.0"]


async def test_events_of_before_the_upgrade_are_refused(on: Streaming) -> None:
    await on.engine.commit(*trade(1))

    async def upgraded() -> int:
        return 3

    on.engine.ledger = HeldLedger(on.engine.ledger)
    on.engine.ledger.streamed_after = upgraded
    answer = await on.client.get(f"/api/stream{ALL}")
    told = await answer.json(content_type="application/problem+json")
    assert (answer.status, told["code"], told["kept_after"]) == (410, "EVENTS_NOT_KEPT", 3)
    reader = await on.get("?last_event_id=3&events=decision")
    await on.engine.commit(make.decided(4))
    assert await reader.take(1) == ["4.0"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("late", [False, True], ids=["it is up to date first", "the others are told first"])
async def test_what_happens_while_one_reads_its_past_is_not_missed(on: Streaming, late: bool) -> None:
    narrow = await on.get("?events=exit")
    await narrow.block()
    held = on.engine.ledger = HeldLedger(on.engine.ledger)
    past, present = held.hold(), held.hold()
    wide = await on.get(ALL)
    await on.until(lambda: held.reads == 1)
    await on.engine.commit(*trade(1))
    await on.until(lambda: held.reads == 2)
    for gate in (present, past) if late else (past, present):
        gate.set()
        await asyncio.sleep(0.05)
    assert await wide.take(6) == ["1.0", "1.1", "2.0", "2.1", "2.2", "3.0"]
    assert await narrow.take(1) == ["3.0"]


@pytest.mark.usefixtures("quick")
async def test_a_read_that_fails_is_made_again(on: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "AGAIN_SECONDS", 0.2)
    narrow = await on.get("?events=exit")
    held = on.engine.ledger = HeldLedger(on.engine.ledger)
    held.errors.append(LedgerError("busy"))
    await on.engine.commit(*trade(1))
    await on.until(lambda: not held.errors)
    wide = await on.get("?events=decision")
    await on.until(lambda: held.reads == 1)
    await on.engine.commit(*trade(4))
    assert await wide.take(1) == ["4.0"]
    assert await narrow.take(2) == ["3.0", "6.0"]


# --- readers ---------------------------------------------------------------------------------------------


async def test_without_readers_nothing_runs(on: Streaming) -> None:
    assert on.engine.listeners == set()
    first, second = await on.get(), await on.get()
    assert len(on.engine.listeners) == 1 and on.stream.counts.connected == 2
    first.close()
    await on.until(lambda: on.stream.counts.connected == 1)
    second.close()
    await on.until(lambda: on.stream.counts.connected == 0)
    assert on.engine.listeners == set()
    running = {task.get_name() for task in asyncio.all_tasks()}
    assert not running & {"stream", "stream marks"}


async def test_too_many_readers(on: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MOST_READERS", 2)
    first, second = await on.get(), await on.get()
    answer = await on.client.get("/api/stream")
    assert answer.status == 429 and answer.headers["Retry-After"] == "5"
    assert (await answer.json(content_type=None))["code"] == "TOO_MANY_READERS"
    first.close()
    await on.until(lambda: on.stream.counts.connected == 1)
    third = await on.get(ALL)
    await on.engine.commit(make.decided(1))
    assert await second.take(1) == await third.take(1) == ["1.0"]
    assert (on.stream.counts.came, on.stream.counts.refused) == (3, 1)


async def test_a_stop_ends_every_reader_and_refuses_new_ones(on: Streaming) -> None:
    reader = await on.get("?events=exit")
    await reader.block()
    on.stream.close()
    assert (await reader.response.content.read()).endswith(b": the engine stops\n\n")
    answer = await on.client.get("/api/stream")
    assert (answer.status, (await answer.json(content_type=None))["code"]) == (503, "NOT_READY")
    assert on.stream.counts.connected == 0


async def test_head_begins_no_stream(on: Streaming) -> None:
    answer = await on.client.head("/api/stream")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    assert (await on.client.post("/api/stream")).status == 405
    assert on.stream.counts.came == 0


@pytest.mark.usefixtures("quick")
async def test_a_slow_reader_is_dropped_and_goes_on_where_it_was(
    on: Streaming, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream_reader, "WAITING_BYTES", 300_000)
    caplog.set_level(logging.WARNING)
    good = await on.get("?events=decision")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", on.client.port))
    slow.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(slow, b"GET /api/stream?events=decision HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await on.until(lambda: on.stream.counts.connected == 2)
    last = 0
    had: list[str] = []
    while not on.stream.counts.dropped and last < 6_000:
        await on.engine.commit(*steps(last + 1, last + 50))
        last += 50
        had += await good.take(50)
    assert on.stream.counts.dropped == 1 and on.stream.counts.connected == 1
    assert had == ids(steps(1, last), lambda _: True), "others notice nothing"
    told = [record.getMessage() for record in caplog.records if "dropped" in record.getMessage()]
    assert len(told) == 1 and "Last-Event-ID" in told[0]

    text = b""
    while chunk := await part(slow):
        text += chunk
    slow.close()
    seen = [line[4:].decode() for line in text.split(b"\n") if line.startswith(b"id: ")]
    seen = [one for one in seen if "." in one][:-1]  # the last one may be cut off
    again = await on.get("?events=decision", last=seen[-1] if seen else "0")
    assert seen + await again.take(last - len(seen)) == had


async def part(slow: socket.socket) -> bytes:
    """What has arrived at a socket, empty at the end of the connection."""
    try:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(slow, 1 << 16), 5)
    except ConnectionError:
        return b""


async def test_a_reader_that_takes_nothing_in_its_past_is_dropped(
    on: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_reader, "SEND_SECONDS", 0.2)
    monkeypatch.setattr("server.ledger.streamed.PAGE_BYTES", 1 << 24)
    monkeypatch.setattr("server.ledger.streamed.PAGE_EVENTS", 10_000)
    for first in range(1, 2_000, 100):
        await on.engine.commit(*steps(first, first + 99))
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", on.client.port))
    slow.sendall(f"GET /api/stream{ALL} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await on.until(lambda: on.stream.counts.dropped == 1)
    assert on.stream.counts.connected == 0
    slow.close()


@needs_nginx
@pytest.mark.parametrize("headers", ["", "proxy_http_version 1.1; proxy_set_header Connection '';"])
async def test_nginx_passes_each_event_on_at_once(
    tmp_path: Path, deck: Any, serve: Any, headers: str
) -> None:
    """Plain ``proxy_pass`` speaks HTTP/1.0 to the listener."""
    async with streaming(tmp_path / "ledger.db", deck, serve, api_token="reads") as on:
        with nginx_before(tmp_path, on.client.port, headers=headers) as port:
            url = f"http://127.0.0.1:{port}/api/stream?events=decision"
            async with aiohttp.ClientSession(headers={"Authorization": "Bearer reads"}) as session:
                async with session.get(url) as answer:
                    reader = Events(answer)
                    assert await reader.block() == {"retry": "3000", "id": "0"}
                    for seq in (1, 2):
                        await on.engine.commit(make.decided(seq))
                        assert await asyncio.wait_for(reader.take(1), 2) == [f"{seq}.0"]
                await on.until(lambda: on.stream.counts.connected == 0)
