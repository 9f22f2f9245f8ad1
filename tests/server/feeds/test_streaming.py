"""Streams are opened again with growing pauses, their parts have one state, and no key goes elsewhere."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from aiohttp import web

from server.feeds.streaming import (
    JointState,
    Steadiness,
    StreamBroken,
    StreamLimits,
    StreamRefused,
    keep_open,
    stop,
)
from server.feeds.values import StreamState

LIMITS = StreamLimits(first=1.0, longest=8.0, steady=10.0)


class Hours:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_up_to_the_longest_and_are_spread() -> None:
    steadiness = Steadiness(Random(3), LIMITS)
    pauses = [steadiness.pause(0.0) for _ in range(6)]
    for pause, middle in zip(pauses, (1, 2, 4, 8, 8, 8), strict=True):
        assert 0.75 * middle <= pause <= 1.25 * middle
    assert len(set(pauses)) == 6
    assert steadiness.pause(60.0) == 60.0


@pytest.mark.parametrize(("held", "again"), [(9.0, 4.0), (11.0, 1.0)])
def test_only_a_stream_that_has_held_forgets_its_failures(held: float, again: float) -> None:
    clock = Hours()
    steadiness = Steadiness(Random(3), LIMITS, clock)
    steadiness.pause(0.0), steadiness.pause(0.0)
    steadiness.begin()
    clock.now += held
    steadiness.received()
    assert 0.75 * again <= steadiness.pause(0.0) <= 1.25 * again


def test_a_vendor_is_connected_when_each_connection_that_is_needed_is() -> None:
    told: list[Any] = []
    state = JointState("x")
    state.on_tick = told.append
    stocks, options = state.connection(), state.connection("options: ")
    stocks.tell(True)
    assert told[-1] == StreamState(source="x", connected=True)  # options are not needed
    options.tell(False)
    assert not told[-1].connected and state.text == "connecting"
    options.tell(False, "silent for 30 s")
    assert told[-1].text == "options: silent for 30 s"
    options.tell(True)
    assert told[-1].connected and len(told) == 4
    options.tell(True)
    assert len(told) == 4  # the same is not told again
    options.tell(False, idle=True), stocks.tell(False, idle=True)
    assert not told[-1].connected and state.text == "nothing to stream"


async def test_attempts_go_on_until_one_is_refused() -> None:
    ends: list[Any] = [
        StreamBroken("a"),
        None,
        ValueError("ours"),
        StreamBroken("b", 60.0),
        StreamRefused("no", key=True),
    ]
    slept: list[float] = []
    told: list[Any] = []
    state = JointState("x")
    state.on_tick = told.append

    async def attempt() -> None:
        if (end := ends.pop(0)) is not None:
            raise end

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    refused = await keep_open(attempt, state.connection(), Steadiness(Random(1), LIMITS), sleep=sleep)
    assert refused.key and not ends and len(slept) == 3 and slept[-1] == 60.0
    texts = [each.text for each in told]
    assert texts[0].startswith("a; connecting again in ") and "ValueError" in texts[1] and texts[-1] == "no"


async def test_a_cancellation_while_tasks_end_is_not_lost() -> None:
    slow = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await slow.wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    stopping = asyncio.create_task(stop(task))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    slow.set()
    await stop(task)


@pytest.mark.parametrize("vendor", ["alpaca", "tradier"])
async def test_after_a_redirect_no_key_is_sent(live: Any, vendor: str) -> None:
    heard: list[Any] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('[{"T":"success","msg":"connected"}]')
        async for message in socket:
            heard.append(message.data)
        return socket

    async def sends_on(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"http://127.0.0.1:{port}/elsewhere")

    app = web.Application()
    app.add_routes([web.get("/elsewhere", elsewhere), web.get("/{path:.*}", sends_on)])
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        here = await live(vendor, settings={f"{vendor}_stream_url": f"ws://127.0.0.1:{port}"})
        here.stream("SPY")
        await asyncio.wait_for(asyncio.shield(here.streaming), 10)
        assert "not sent there" in here.states[-1].text and heard == []
    finally:
        await runner.cleanup()
