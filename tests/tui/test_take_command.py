"""`gatedeck take`, `close --note` and `mode --undo` against an engine that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.intake import sample
from core.model import Direction, Source
from server.assembly import RunningEngine
from tests.server.deck.attached import COMMAND_TOKEN, engine
from tui.cli import control
from tui.cli.take import take


@pytest.fixture
def commanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Runs a command beside an engine; gives its exit code and what it printed."""
    monkeypatch.setenv("GATEDECK_COMMAND_TOKEN", COMMAND_TOKEN)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def run(
        host: RunningEngine, command: Callable[..., int], *args: Any, **fields: Any
    ) -> tuple[int, str]:
        more = {"url": host.http.url, "author": "ann", "config": Path("/dev/null"), "as_json": False} | fields
        code = await asyncio.to_thread(command, *args, **more)
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


async def test_a_signal_is_listed_taken_and_told(commanded: Any, tmp_path: Path) -> None:
    async with engine(tmp_path) as host:
        assert await commanded(host, take, None, note=None) == (0, "no signal can be taken\n")
        now = host.runtime.clock.now()
        body = sample(Source.TRADINGVIEW_SIGNAL, now, "IWM", 220.0, Direction.LONG, score=3.0)
        receipt = (await host.runtime.submit(json.dumps(body), "signals")).receipt_id
        code, listed = await commanded(host, take, None, note=None)
        assert code == 0 and "LONG IWM" in listed and "SKIP LOW_SCORE" in listed
        code, told = await commanded(host, take, receipt, note="news #news")
        assert code == 0 and told.startswith("Bought ") and told.endswith("LONG, taken by hand\n")
        code, told = await commanded(host, take, receipt, note=None)
        assert code == 1 and "its trade is made already" in told
        (row,) = host.deck.snapshot().positions
        more = {"contracts": None, "everything": False, "at": None, "note": "enough"}
        code, told = await commanded(host, control.close, "IWM", **more)
        assert code == 0 and told.startswith("Sold ")
        detail = await host.deck.position(row.id)
        assert detail is not None and [note["text"] for note in detail.notes] == ["news #news", "enough"]


async def test_a_refused_signal_is_told_with_the_reason_and_the_mode_is_undone(
    commanded: Any, tmp_path: Path
) -> None:
    async with engine(tmp_path, rules="[account]\nsize = 100\n") as host:
        now = host.runtime.clock.now()
        body = sample(Source.TRADINGVIEW_SIGNAL, now, "IWM", 220.0, Direction.LONG, score=3.0)
        await host.runtime.submit(json.dumps(body), "signals")
        code, told = await commanded(host, take, "IWM", note=None, as_json=True)
        answer = json.loads(told)
        assert (code, answer["ok"], answer["code"]) == (1, False, "RISK_TOO_LARGE")
        assert answer["text"].startswith("Not taken: LONG IWM: ")
        code, _ = await commanded(host, control.set_mode, "halted", flatten=False, undo=False)
        assert code == 0 and host.deck.snapshot().mode == "HALTED"
        code, told = await commanded(host, take, "IWM", note=None)
        assert code == 1 and "Mode is HALTED" in told
        code, told = await commanded(host, control.set_mode, None, flatten=False, undo=True)
        assert code == 0 and "undone by ann" in told and host.deck.snapshot().mode == "ACTIVE"
