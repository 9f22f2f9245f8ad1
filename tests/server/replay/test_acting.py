"""A ledger with everything that a person can do by hand: replayed, verified, rebuilt, and counted apart."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.intake import sample
from core.learning.observations import observations_from
from core.model import BY_HAND, Direction, Mode, Source
from core.rules import parse_rules
from server.assembly import RunningEngine
from server.deck import Command, PageQuery
from server.ledger.lists import items
from server.ledger.snapshot import LedgerSnapshot
from server.replay.session import Wanted, replay
from server.replay.verify import verify_ledger
from server.whatif import whatif_of_ledger
from tests.server.deck.attached import RULES, becomes, engine, open_position

TAKEN = PageQuery(what="trades", filters={"cut": "decided_by=a person"})


async def signal(host: RunningEngine, symbol: str, price: float) -> str:
    """A signal that the structural gate refuses; returns its receipt."""
    clock: Any = host.runtime.clock
    clock.move(clock.now() + timedelta(seconds=20))
    body = sample(Source.TRADINGVIEW_SIGNAL, clock.now(), symbol, price, Direction.LONG, score=3.0)
    return (await host.runtime.submit(json.dumps(body), "signals")).receipt_id


async def told(host: RunningEngine, name: str, position: str | None = None, **fields: Any) -> None:
    """A command that is carried out, some seconds after the last one."""
    clock: Any = host.runtime.clock
    clock.move(clock.now() + timedelta(seconds=3))
    result = await host.deck.command(
        Command(id=f"{name} {clock.now()}", name=name, position_id=position, author="ann", **fields)
    )
    assert result.ok, result


async def act(folder: Path) -> None:
    async with engine(folder) as host:
        await open_position(host, "SPY")
        refused = await signal(host, "IWM", 220.0)
        await told(host, "take", argument=refused, note="breakout #news")
        await becomes(lambda: len(host.deck.snapshot().positions) == 2)
        by_rules, by_hand = host.deck.snapshot().positions
        await told(host, "levels", by_rules.id, argument="stop=1% target_2=3%", note="room")
        await told(host, "levels", by_hand.id, argument="stop=0.5%")
        await told(host, "mode", argument="HALTED")
        await told(host, "undo_mode", argument="HALTED")
        await told(host, "mode", argument="REDUCING")
        left = await signal(host, "QQQ", 500.0)
        result = await host.deck.command(Command(id="refused", name="take", argument=left))
        assert result.code == "MODE_REDUCING"
        await told(host, "exit", by_hand.id, note="enough #tired")
        await told(host, "exit", by_rules.id)
        view = await host.deck.performance("all", "decided_by")
        assert [(b.label, b.metrics.trades) for b in view.report.cuts["decided_by"]] == [
            ("rules", 1),
            ("a person", 1),
        ]
        found = await host.deck.page(TAKEN)
        assert [item["symbol"] for item in found.items] == ["IWM"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("acting")
    asyncio.run(act(folder))
    return folder / "gatedeck.db"


def test_it_replays_and_verifies(made: Path) -> None:
    told = verify_ledger(made)
    assert told["ok"], told
    assert replay(Wanted(source=made))["identical"] is True
    with LedgerSnapshot(made) as ledger:
        (trade,) = [entry for entry in items(ledger, "trades") if entry["code"] == BY_HAND]
        notes = {note["text"]: note["position_id"] for note in items(ledger, "notes")}
        modes = [code for (code,) in ledger.query("SELECT code FROM risk_events ORDER BY seq")]
    assert trade["symbol"] == "IWM" and trade["decision_breakdown"]["trigger"] == "person"
    assert set(notes) == {"breakout #news", "room", "enough #tired"}
    assert notes["breakout #news"] == notes["enough #tired"] == trade["position_id"]
    assert modes == [f"MODE_{mode}" for mode in (Mode.HALTED, Mode.ACTIVE, Mode.REDUCING)]


def test_learning_and_what_if_leave_a_taken_trade_out(made: Path) -> None:
    rules = parse_rules(RULES)
    with LedgerSnapshot(made) as ledger:
        entries = list(items(ledger, "ledger"))
        assert [(o.symbol, o.kind) for o in observations_from(entries, rules, stale=True)] == [
            ("SPY", "executed")
        ]
        found = whatif_of_ledger(ledger, rules, rules)
    assert found.baseline is not None and found.baseline.real == 1, "only the trade of the rules"
