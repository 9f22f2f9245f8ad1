"""A simulated session through each vendor's real client with faults drawn from a seed: every position closes, the
ledger is whole, and what was decided on the same data was decided in the same way as without faults.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session
from server.demo.vendors.faults import REQUEST_FAULTS, STREAM_FAULTS, FaultKind, Faults
from server.ledger.paging import PageQuery
from server.runtime.ports import Command

FULL_SPEED = float("inf")
MINUTES = int(os.environ.get("GATEDECK_FEED_MINUTES", "90"))
"""Simulated minutes of the long sessions; 385 is a whole day."""


@dataclass
class Ended:
    decisions: list[dict[str, Any]]
    trades: list[dict[str, Any]]
    open: int
    whole: bool
    faults: list[tuple[FaultKind, str]]


async def session(
    folder: Path, vendor: str, minutes: int, hasty: Callable[..., None], chance: float
) -> Ended:
    flags = {"state_dir": folder, "db": str(folder / "demo.db"), "engine_id": "demo", "port": 0}
    faults = Faults(seed=11, chance=chance, kinds=(*REQUEST_FAULTS, *STREAM_FAULTS))
    settings = load_settings(flags, Path("/dev/null"))
    async with demo_session(settings, seed=7, speed=FULL_SPEED, vendor=vendor, faults=faults) as demo:
        clock, runtime = demo.drive.clock, demo.host.runtime
        for one in demo.drive.door.markets.feeds.vendors:
            hasty(one, clock)
        await demo.drive.run(virtual_end(clock.now(), minutes, FULL_SPEED))
        faults.lift()
        for minute in range(6):  # what is still held is sold by hand, at quotes of the last minutes
            await demo.drive.run(virtual_end(clock.now(), 1, FULL_SPEED))
            await runtime.command(Command(id=f"flat {minute}", name="mode", argument="HALTED"))
            await runtime.command(Command(id=f"all {minute}", name="exit_all"))
            await runtime.settled()
        ledger = runtime.ledger
        decisions = await everything(ledger)
        trades = [item for item in decisions if item["execution"] is not None]
        still = len(runtime.engine.state.positions)
        return Ended(decisions, trades, still, (await ledger.verify()).ok, faults.happened)


async def everything(ledger: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await ledger.page(PageQuery(what="ledger", limit=500, cursor=cursor))
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items


def judged(decision: dict[str, Any]) -> tuple[Any, Any]:
    """The inputs of a decision, and its result."""
    breakdown, signal = decision["decision_breakdown"], decision["signal"]
    evidence = {name: gate["evidence"] for name, gate in breakdown["gates"].items()}
    seen = [(part["name"], part["value"]) for part in breakdown["components"]]
    return repr((signal["symbol"], signal["timeframe"], signal["facts"], evidence, seen)), breakdown[
        "verdict"
    ]


async def compare(folder: Path, vendor: str, minutes: int, hasty: Callable[..., None]) -> None:
    for name in ("plain", "faulty"):
        (folder / name).mkdir()
    plain = await session(folder / "plain", vendor, minutes, hasty, 0.0)
    faulty = await session(folder / "faulty", vendor, minutes, hasty, 0.2)
    assert not plain.faults and len({kind for kind, _ in faulty.faults}) >= 5, faulty.faults
    for ended in (plain, faulty):
        assert ended.whole and ended.open == 0 and ended.trades
        for trade in ended.trades:
            sold = sum(leg["contracts"] for leg in trade["exit"]["partials"])
            assert sold == trade["execution"]["filled_contracts"]
            stale = [leg for leg in trade["exit"]["partials"] if leg.get("stale_fill")]
            assert not [leg for leg in stale if leg["exit_reason"] in ("STOP_LOSS", "TARGET_1", "TARGET_2")]
    known = dict(judged(decision) for decision in plain.decisions)
    same = [(known[on], verdict) for on, verdict in map(judged, faulty.decisions) if on in known]
    print(
        f"\n{vendor}, {minutes} minutes: {len(faulty.faults)} faults of {len({k for k, _ in faulty.faults})} kinds, "
        f"{len(faulty.trades)} trades ({len(plain.trades)} without faults), "
        f"{len(same)} of {len(faulty.decisions)} decisions on the same data"
    )
    assert len(same) >= len(faulty.decisions) // 3
    assert [verdict for _, verdict in same] == [verdict for verdict, _ in same]


async def test_a_short_session_with_faults(tmp_path: Path, hasty: Any) -> None:
    await compare(tmp_path, "tradier", 6, hasty)


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["tradier", "alpaca", "twelvedata"])
async def test_a_long_session_with_faults(vendor: str, tmp_path: Path, hasty: Any) -> None:
    await compare(tmp_path, vendor, MINUTES, hasty)
