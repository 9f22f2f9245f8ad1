"""A ledger that is removed, replaced or damaged under a running engine: told, refused, and gone on with."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from core.effects import StoreTrade
from core.model import ExitReason, Source
from server.feeds.base import NoFeed
from server.ledger.checkpoint import compress, expand
from server.runtime import outage
from server.runtime.ports import NotStored

SIGNAL, SATY, DOTS = Source.TRADINGVIEW_SIGNAL, Source.SATY_PHASE, Source.MTF_DOTS


async def test_a_folder_that_is_moved_away_and_back_costs_no_exit(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "TRY_AGAIN_SECONDS", 0.01)
    station.path = station.path.parent / "ledger" / "station.db"
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    (position,) = runtime.engine.state.positions.values()
    await runtime.check_ledger()
    assert runtime.health().ready
    runtime.counters.alarms["other"] = "something else"
    elsewhere = station.path.parent.with_name("elsewhere")
    station.path.parent.rename(elsewhere)
    await runtime.check_ledger()
    assert not runtime.health().ready, "known before a webhook comes"
    assert (
        "removed or moved" in runtime.health().alarms[0]
        and "put the ledger back" in runtime.health().alarms[0]
    )
    station.later(seconds=30)
    with pytest.raises(NotStored):
        await station.send(runtime, SATY, "QQQ")
    station.later(seconds=30)
    crossed = station.clock.now()
    for price in (position.stop - 0.1, 450.2):
        with pytest.raises(NotStored):
            await runtime.price("SPY", price, "feed")
        station.later(seconds=1)
    await runtime.check_ledger()
    alarm, _ = runtime.health().alarms
    assert "no entries, exits wait" in alarm and "put the ledger back" in alarm
    elsewhere.rename(station.path.parent)
    await runtime.check_ledger()
    while not runtime.health().ready:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    stored = [e for batch in runtime.ledger.batches for _, effects in batch for e in effects]
    (leg,) = [e.position for e in stored if isinstance(e, StoreTrade)][-1].legs
    assert (leg.reason, leg.at) == (ExitReason.STOP_LOSS, crossed)
    assert runtime.health().alarms == ("something else",)


async def test_a_removed_log_is_told_and_nothing_is_refused(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    station.path.with_name(station.path.name + "-wal").unlink()
    await runtime.check_ledger()
    assert "nothing is lost" in runtime.counters.alarms["ledger log"] and runtime.health().ready
    await station.send(runtime, SATY, "QQQ")
    await station.kill(runtime)
    again = await station.start(NoFeed())
    assert len(again.engine.state.positions) == 1 and "QQQ" in again.engine.state.contexts.symbols


async def test_a_checkpoint_with_a_changed_digit_sells_no_contract_that_was_not_bought(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    (bought,) = runtime.engine.state.positions.values()
    await station.stop(runtime)
    with sqlite3.connect(station.path) as c:
        ((seq, packed),) = c.execute("SELECT seq, state FROM checkpoints").fetchall()
        state = expand(packed).decode()
        assert f'"remaining":{bought.remaining}' in state
        changed = compress(state.replace(f'"remaining":{bought.remaining}', '"remaining":9').encode())
        c.execute("UPDATE checkpoints SET state = ? WHERE seq = ?", (changed, seq))
    c.close()
    again = await station.start(NoFeed())
    (position,) = again.engine.state.positions.values()
    assert position.remaining == bought.remaining
    assert f"checkpoint of seq {seq}: it was changed" in again.counters.alarms["damaged checkpoint"]
    assert again.health().ready


async def test_a_damaged_text_of_a_derived_table_stops_no_start(station: Any) -> None:
    runtime = await station.start(NoFeed())
    answer = await station.enter(runtime)
    await station.stop(runtime)
    with sqlite3.connect(station.path) as c:
        for table, column in (
            ("receipts", "endpoint"),
            ("rules_versions", "toml"),
            ("ledger_entries", "regime"),
        ):
            c.execute(f"UPDATE {table} SET {column} = CAST(x'7bfe22' AS TEXT)")
    c.close()
    again = await station.start(NoFeed())
    assert len(again.engine.state.positions) == 1
    assert (await again.ledger.receipt(answer.receipt_id))["endpoint"].startswith("{")
    await station.send(again, SATY, "QQQ")


@pytest.mark.parametrize("damage", ["cut off", "a byte"])
async def test_a_start_says_what_a_damaged_log_has_lost(station: Any, damage: str) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    log, head = (station.path.with_name(station.path.name + suffix) for suffix in ("-wal", ".head"))
    kept = log.read_bytes(), station.path.read_bytes(), head.read_bytes()
    last = runtime.ledger.last_seq
    await station.kill(runtime)
    station.path.write_bytes(kept[1])
    head.write_bytes(kept[2])
    cut = len(kept[0]) // 2
    log.write_bytes(
        kept[0][:cut] + (b"" if damage == "cut off" else bytes([kept[0][cut] ^ 1]) + kept[0][cut + 1 :])
    )
    again = await station.start(NoFeed())
    alarm = again.counters.alarms["missing inputs"]
    assert f"seq {last} had been stored" in alarm and "The write-ahead log is kept as" in alarm
    assert again.health().ready
    (copy,) = station.path.parent.glob("*-wal.damaged-*")
    assert len(copy.read_bytes()) >= cut
    await station.stop(again)
    third = await station.start(NoFeed())
    assert "missing inputs" not in third.counters.alarms
