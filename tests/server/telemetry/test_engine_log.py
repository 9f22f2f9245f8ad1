"""One line for each thing that the engine does, with the ids that lead from the receipt to the exit."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from core.effects import Notice
from core.model import Source, Tone
from server.deck import Command
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.runtime.runtime import Runtime
from server.telemetry.engine_log import EngineLog


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gatedeck.engine")


async def attached(runtime: Runtime) -> LocalDeck:
    deck, lines = LocalDeck(runtime), EngineLog()
    await lines.resume(runtime)
    runtime.listeners.add(lines.heard)
    deck.notice_listeners.add(lines.notice)
    lines.started(runtime, "http://127.0.0.1:8787", ("tradier",))
    return deck


def lines_of(caplog: Any, event: str) -> list[Any]:
    return [r for r in caplog.records if getattr(r, "event", "") == event]


async def test_the_ids_lead_from_the_receipt_to_the_exit_also_after_a_restart(
    station: Any, caplog: Any
) -> None:
    runtime = await station.start(NoFeed())
    await attached(runtime)
    given = await station.enter(runtime)
    (start,), (decision,), (fill,) = (lines_of(caplog, e) for e in ("start", "decision", "fill"))
    assert "feeds tradier" in start.getMessage() and "0 open" in start.getMessage()
    assert decision.getMessage().startswith("EXECUTE SPY LONG") and "None" not in decision.getMessage()
    assert "filled at" in fill.getMessage()
    assert decision.ids["receipt"] == given.receipt_id == fill.ids["receipt"]
    assert decision.ids["decision"] == fill.ids["decision"]
    await station.stop(runtime)

    runtime = await station.start(NoFeed())
    await attached(runtime)
    assert "1 open: SPY" in lines_of(caplog, "start")[-1].getMessage()
    (position,) = runtime.engine.state.positions.values()
    count = position.remaining
    answer = await runtime.command(
        Command(id="c-1", name="exit", position_id=position.id, contracts=count, expected=count)
    )
    assert answer.ok
    exits = lines_of(caplog, "exit")
    assert exits and all(line.ids == fill.ids for line in exits)


async def test_refusals_and_modes(station: Any, caplog: Any) -> None:
    runtime = await station.start(NoFeed())
    await attached(runtime)
    given = await runtime.submit('{"unknown": 1}', "/api/webhooks")
    await station.send(runtime, Source.SATY_PHASE)
    await runtime.command(Command(id="c-2", name="mode", argument="HALTED"))
    await runtime.command(Command(id="c-3", name="exit", position_id="none", contracts=1, expected=1))
    body, command = lines_of(caplog, "refusal")
    assert body.ids == {"receipt": given.receipt_id} and given.code in body.getMessage()
    assert command.ids == {"command": "c-3"}
    (mode,) = lines_of(caplog, "mode")
    assert "HALTED" in mode.getMessage()


def test_a_lost_session_is_told_without_a_warning(caplog: Any) -> None:
    caplog.set_level(logging.INFO, "gatedeck.engine")
    at = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    for kind in ("session", "risk"):
        EngineLog().notice(Notice(kind=kind, at=at, text="Session Tue 24 Nov closed", tone=Tone.NEGATIVE))
    assert [(line.event, line.levelno) for line in caplog.records] == [
        ("session", logging.INFO),
        ("limit", logging.WARNING),
    ]
