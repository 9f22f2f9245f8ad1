"""The stream of the real command: its guide page, and a reader that goes on over kill -9 and a restart."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
from typing import Any

import aiohttp
import pytest

from core.model import Source
from tui.guide.pages import stored_page

ENTER = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)
STORED = "events=decision,fill,exit,approval,mode,alert"


async def read(
    url: str, count: int, last: str | None, at_start: asyncio.Event | None = None
) -> list[tuple[str, str, str]]:
    """Id, kind and data of the next events."""
    headers = {} if last is None else {"Last-Event-ID": last}
    found: list[tuple[str, str, str]] = []
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{url}/api/stream?{STORED}", headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
        block: dict[str, str] = {}
        while len(found) < count:
            line = (await answer.content.readline()).decode()
            assert line, "the stream ended"
            if line.strip():
                name, _, value = line.strip().partition(": ")
                block[name] = value
                continue
            if at_start is not None:
                at_start.set()
            if "data" in block:
                found.append((block["id"], block["event"], block["data"]))
            block = {}
    return found


def enter(served: Any, symbol: str) -> None:
    for source in ENTER:
        served.send(source, symbol)


async def test_a_reader_goes_on_over_kill_and_restart(gatedeck: Any) -> None:
    served = gatedeck.serve()
    connected = asyncio.Event()
    reading = asyncio.create_task(read(served.url, 2, None, connected))
    await connected.wait()
    await asyncio.to_thread(enter, served, "SPY")
    first = await asyncio.wait_for(reading, 20)
    assert [kind for _, kind, _ in first] == ["decision", "fill"]

    # What happens while it is away, on both sides of the crash.
    await asyncio.to_thread(enter, served, "QQQ")
    served.end(signal.SIGKILL)
    served = gatedeck.serve()
    token = served.token()
    held = served.all("/api/positions")
    assert {position["symbol"] for position in held} == {"SPY", "QQQ"}
    spy = next(position for position in held if position["symbol"] == "SPY")
    told = served.http(f"/api/positions/{spy['id']}/exit", "{}", token).json
    assert told["ok"], told
    missed = await asyncio.wait_for(read(served.url, 3, first[-1][0]), 20)
    assert [kind for _, kind, _ in missed] == ["decision", "fill", "exit"]
    assert json.loads(missed[-1][2])["position_id"] == spy["id"]

    connected = asyncio.Event()
    reading = asyncio.create_task(read(served.url, 1, missed[-1][0], connected))
    await connected.wait()
    assert served.http("/api/mode", '{"mode": "HALTED"}', token).json["ok"]
    live = await asyncio.wait_for(reading, 20)
    assert json.loads(live[0][2])["mode"] == "HALTED"
    whole = await asyncio.wait_for(read(served.url, 6, "0"), 20)
    assert first + missed + live == whole

    connected = asyncio.Event()
    stopping = asyncio.create_task(read(served.url, 1, live[-1][0], connected))
    await connected.wait()
    assert await asyncio.to_thread(served.end) == 0, "a connected reader holds up no stop"
    with pytest.raises(AssertionError, match="ended"):
        await stopping


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page is about curl")
def test_the_commands_of_the_guide(gatedeck: Any) -> None:
    served = gatedeck.serve()
    enter(served, "SPY")
    commands = re.findall(r"^curl (?:.*\\\n)*.*$", stored_page("stream"), re.MULTILINE)
    assert len(commands) == 2
    curls = [
        subprocess.Popen(
            ["bash", "-c", f"{command.replace('http://127.0.0.1:8787', served.url)} --max-time 3"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    told = [curl.communicate(timeout=30)[0] for curl in curls]
    assert [curl.returncode for curl in curls] == [28, 28], "curl ends at --max-time"
    assert re.fullmatch(r"retry: 3000\nid: \d+\n\n", told[0])
    assert "event: decision\n" in told[1] and "event: fill" not in told[1]
