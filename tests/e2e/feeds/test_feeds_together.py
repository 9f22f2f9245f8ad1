"""What several feeds give each other, and what a feed tells besides prices: halts, splits, a revoked key."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.demo.vendors.faults import Fault, FaultKind
from server.demo.vendors.source import CorporateAction


async def test_a_revoked_key_leaves_the_trade_to_the_next_feed(desk: Any) -> None:
    at = await desk("tradier", "alpaca")
    await at.enter()
    assert at.position.last.basis == "quote"
    at.server.faults.add(Fault(kind=FaultKind.UNAUTHORISED, count=None))
    await at.cut()
    await at.passes(20, 661.8)
    await at.until(lambda: at.position.last.spot == pytest.approx(661.8, abs=0.02), 5)
    states = {status.name: status.state for status in at.door.markets.status()}
    assert states == {"tradier": "KEY_REFUSED", "alpaca": "SIMULATED"}
    assert at.warning() == ""
    await at.passes(5, at.position.stop - 0.5)
    await at.until(lambda: not at.holds(), 5)
    assert (await at.trades())[-1]["exit"]["exit_reason"] == "STOP_LOSS"


async def test_a_halted_underlying_is_neither_bought_nor_sold(desk: Any) -> None:
    at = await desk("alpaca")
    await at.enter()
    await at.until(lambda: at.door.is_streaming)
    stop = at.position.stop
    at.door.source.halts.add("SPY")
    await at.passes(5)
    await at.until(lambda: "halted" in at.warning())
    await at.passes(5, stop - 0.5)
    assert at.holds() and at.warning().startswith("stops cannot act: SPY")
    count = len(await at.trades())
    assert (await at.signal())["action"] == "SKIP" and len(await at.trades()) == count
    at.door.source.halts.clear()
    await at.passes(5)
    await at.until(lambda: not at.holds())
    trade = (await at.trades())[-1]
    assert trade["exit"]["underlying_at_exit"] == pytest.approx(stop - 0.5, abs=0.02)


async def test_a_split_of_a_held_underlying_asks_for_a_person(desk: Any) -> None:
    at = await desk("alpaca")
    at.door.source.corporate_actions.append(
        CorporateAction(kind="split", symbol="SPY", ex_date=date(2026, 11, 25), new=2, old=1)
    )
    await at.enter()
    assert at.warning() == ""
    await at.passes(23.6 * 3600, 331.0)
    await at.until(lambda: "split" in at.warning())
    await at.passes(65, 331.1)
    assert at.holds(), "half the price is no loss when there are twice the shares"
