"""kill -9 in the middle of five hundred webhooks: what was answered is there, what was opened goes on, once."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections import Counter
from typing import Any

import aiohttp
import pytest

from core.model import Source

SYMBOLS = [f"{a}{b}X" for a in "ABCDEFGHJKM" for b in "LMNOPQR"]
BODIES = 500


def bodies(served: Any) -> list[str]:
    """Five hundred of all sources, of which every eighth and more proposes a trade."""
    found = [
        # Two signals of one bar would be one: the last is of another timeframe.
        served.body(
            source, symbol, 450.0, changes={"id": f"{source}-{symbol}-{n}"}, timeframe=15 if n < 6 else 30
        )
        for symbol in SYMBOLS
        for n, source in enumerate(
            (
                Source.SATY_PHASE,
                Source.MTF_DOTS,
                Source.STRAT_EXEC,
                Source.TRADINGVIEW_SIGNAL,
                Source.MTF_DOTS,
                Source.ULTIMATE_OPTIONS,
                Source.TRADINGVIEW_SIGNAL,
            )
        )
    ]
    return found[:BODIES]


async def storm(served: Any, texts: list[str], kill_after: int) -> list[dict[str, Any]]:
    """Post all of them over many connections and kill the engine in between; returns what was answered 200."""
    answered: list[dict[str, Any]] = []
    waiting = list(reversed(texts))

    async def sender(client: aiohttp.ClientSession) -> None:
        while waiting:
            text = waiting.pop()
            try:
                async with client.post(f"{served.url}/api/webhooks", data=text) as answer:
                    told = await answer.json()
            except (aiohttp.ClientError, ConnectionError):
                return
            if answer.status == 200:
                answered.append(told)
            if len(answered) == kill_after:
                served.process.send_signal(signal.SIGKILL)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:
        await asyncio.gather(*(sender(client) for _ in range(32)))
    return answered


@pytest.mark.parametrize("kill_after", [pytest.param(40, marks=pytest.mark.slow), 300])
async def test_kill_in_the_middle_of_webhooks(gatedeck: Any, kill_after: int) -> None:
    served = gatedeck.serve()
    texts = bodies(served)
    answered = await storm(served, texts, kill_after)
    assert served.process.wait(10) == -signal.SIGKILL
    assert kill_after <= len(answered) < BODIES
    executed = [a["decision"] for a in answered if a["decision"] and a["decision"]["action"] == "EXECUTE"]
    assert executed, "at least one of them an EXECUTE"

    again = gatedeck.serve()
    receipts = {r["id"]: r for r in again.all("/api/receipts")}
    assert {a["receipt_id"] for a in answered} <= set(receipts), "every answered webhook is in the ledger"
    assert len(receipts) == len({r["id"] for r in receipts.values()})

    entries = again.all("/api/ledger")
    signals = [
        r["id"]
        for r in receipts.values()
        if r["status"] == "accepted" and r["source"] in ("TRADINGVIEW_SIGNAL", "ULTIMATE_OPTIONS")
    ]
    assert {e["receipt_id"] for e in entries} == set(signals), "what was not decided is decided"
    assert {d["id"] for d in executed} <= {e["id"] for e in entries}

    held = again.all("/api/positions")
    owners = Counter(p["decision_id"] for p in held)
    opened = {e["id"] for e in entries if e["decision"] == "EXECUTE"}
    assert set(owners) == opened and set(owners.values()) == {1}, "every EXECUTE has exactly one position"
    with sqlite3.connect(f"file:{gatedeck.state / 'gatedeck.db'}?mode=ro", uri=True) as ledger:
        stored = Counter(row[0] for row in ledger.execute("SELECT decision_id FROM positions"))
    assert stored == owners

    # What was open goes on: a later price marks one and stops another out.
    first = next(p for p in held if p["direction"] == "LONG")
    again.send(Source.MTF_DOTS, first["symbol"], 450.3)
    marked = next(p for p in again.all("/api/positions") if p["id"] == first["id"])
    assert marked["underlying"] == 450.3 and marked["mark"] != first["mark"]
    again.send(Source.STRAT_EXEC, first["symbol"], 448.0)
    assert first["id"] not in {p["id"] for p in again.all("/api/positions")}
    entry = next(e for e in again.all("/api/ledger") if e["id"] == first["decision_id"])
    assert [leg["exit_reason"] for leg in entry["exit"]["partials"]] == ["STOP_LOSS"]

    # Every sender comes again, as it does after a 5xx or no answer: nothing is taken twice.
    told = await storm(again, texts, BODIES + 1)
    assert len(told) == BODIES
    taken = Counter(t["status"] for t in told)
    assert taken == {"duplicate": len(receipts), "accepted": BODIES - len(receipts)}
    assert {t["receipt_id"] for t in told if t["status"] == "duplicate"} == set(receipts)
    opened = {e["id"] for e in again.all("/api/ledger") if e["decision"] == "EXECUTE"}
    with sqlite3.connect(f"file:{gatedeck.state / 'gatedeck.db'}?mode=ro", uri=True) as ledger:
        stored = Counter(row[0] for row in ledger.execute("SELECT decision_id FROM positions"))
    assert set(stored) == opened and set(stored.values()) == {1}
    assert again.end(signal.SIGTERM, within=3) == 0
