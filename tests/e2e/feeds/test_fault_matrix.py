"""What can go wrong between the deck and a vendor, cell by cell: no wrong decision, no exit at a stale price, the
deck tells it, and everything works again without a restart.
"""

from __future__ import annotations

from typing import Any

import pytest

from server.demo.vendors.faults import Fault, FaultKind, Faults
from server.feeds.http import HttpLimits

HASTY = HttpLimits(total=0.15, connect=0.15, tries=2, pause=0.005)
PATIENT = HttpLimits(total=3.0, connect=3.0, tries=2, pause=0.005)
"""Patience with a vendor that does not answer, and with one that does on a busy machine."""
VENDORS = ("tradier", "alpaca", "twelvedata")
STREAMS = ("tradier", "alpaca")

REQUESTS = [
    # what happens to every request, and what the deck says of it
    (Fault(kind=FaultKind.TIME_OUT, count=None), "no answer within"),
    (Fault(kind=FaultKind.RESET, count=None), "the connection failed"),
    (Fault(kind=FaultKind.HALF_BODY, count=None), "broke off in the middle"),
    (Fault(kind=FaultKind.SLOW_BODY, count=None, seconds=3.0), "no answer within"),
    (Fault(kind=FaultKind.UNAUTHORISED, count=None), ""),
    (Fault(kind=FaultKind.FORBIDDEN, count=None), ""),
    (Fault(kind=FaultKind.TOO_MANY, count=None), "the rate budget is spent"),
    (Fault(kind=FaultKind.TOO_MANY, count=None, seconds=7.0), "the rate budget is spent"),
    (Fault(kind=FaultKind.SERVER_ERROR, count=None), "nternal server error"),
    (Fault(kind=FaultKind.HTML, count=None), "not JSON"),
]
"""A refused key and a missing right are told in each vendor's own words."""


def named(fault: Fault) -> str:
    return f"{fault.kind}{'_with_retry_after' if fault.kind is FaultKind.TOO_MANY and fault.seconds else ''}"


async def stop_waits_for_the_price(at: Any, words: str) -> None:
    """While nothing comes through, the market falls through the stop: nothing is bought or sold on old prices."""
    held = at.position
    at.patience(HASTY)
    await at.passes(20, held.stop - 0.5)
    await at.passes(70)
    assert at.holds(), "an exit at a price that nobody could know"
    assert (await at.signal("QQQ"))["action"] != "EXECUTE"
    warning = at.warning().replace("Internal Server Error", "internal server error")
    assert warning.startswith("stops cannot act: SPY 90 s old, ") and words in warning, warning
    assert at.door.markets.status()[0].state in ("DOWN", "KEY_REFUSED"), at.words()


async def all_is_well_again(at: Any) -> None:
    """The stop acts at the price that is seen then, and a new signal is traded."""
    at.patience(PATIENT)
    await at.until(lambda: not at.holds(), 10)
    assert "SPY" not in at.warning()
    (trade,) = [item for item in await at.trades() if item["symbol"] == "SPY"]
    leg = trade["exit"]["partials"][-1]
    assert trade["exit"]["exit_reason"] == "STOP_LOSS"
    assert trade["exit"]["underlying_at_exit"] == pytest.approx(at.market.spot("SPY"), abs=0.02), leg
    await at.passes(65)  # a budget that a vendor called spent is whole again
    await at.enter("QQQ")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(("fault", "words"), REQUESTS, ids=[named(fault) for fault, _ in REQUESTS])
async def test_requests_fail(vendor: str, fault: Fault, words: str, desk: Any) -> None:
    at = await desk(vendor)
    await at.enter()
    at.server.faults.add(fault, Fault(kind=FaultKind.STREAM_SILENT, count=None))
    await at.cut()
    await stop_waits_for_the_price(at, words)
    at.server.faults.lift()
    await all_is_well_again(at)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_vendors_name_is_not_resolved(vendor: str, desk: Any) -> None:
    at = await desk(vendor)
    await at.enter()
    at.names.failing = True
    await at.cut()
    await stop_waits_for_the_price(at, "cannot be resolved")
    at.names.failing = False
    await all_is_well_again(at)


@pytest.mark.parametrize("vendor", STREAMS)
@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (FaultKind.STREAM_SILENT, None),
        (FaultKind.STREAM_CLOSED, 1),
        (FaultKind.STREAM_GAP, 2),
        (FaultKind.STREAM_OUT_OF_ORDER, 1),
        (FaultKind.STREAM_DUPLICATE, 1),
    ],
)
async def test_the_stream_misbehaves(vendor: str, kind: FaultKind, count: int | None, desk: Any) -> None:
    at = await desk(vendor)
    await at.enter()
    held = at.position
    await at.until(lambda: at.door.is_streaming)
    at.server.faults.add(Fault(kind=kind, count=count))
    seen = []
    for price in (661.5, 661.9, 661.2):
        await at.passes(5, price)
        await at.arrives(price)
        seen.append(at.position.last)
    assert [mark.spot for mark in seen] == [661.5, 661.9, 661.2]
    assert [mark.spot_at for mark in seen] == sorted(mark.spot_at for mark in seen)
    assert at.server.faults.happened[0][0] is kind
    await at.passes(5, held.stop - 0.5)
    await all_is_well_again(at)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("seconds", [300, -300])
async def test_the_vendors_clock_is_wrong(vendor: str, seconds: int, desk: Any) -> None:
    at = await desk(vendor, **{vendor: Faults([Fault(kind=FaultKind.CLOCK_SKEW, seconds=seconds)])})
    await at.enter()
    held = at.position
    await at.passes(5)
    assert abs((at.position.last.spot_at - at.clock.now()).total_seconds()) <= 2
    assert "clock" in at.words()
    await at.passes(5, held.stop - 0.5)
    await all_is_well_again(at)


async def test_two_vendors_disagree_by_one_percent(desk: Any) -> None:
    at = await desk("tradier", "alpaca")
    await at.enter()
    held = at.position
    at.server.faults.add(Fault(kind=FaultKind.WRONG_PRICE, factor=0.99))
    for _ in range(4):
        await at.passes(5)
        assert at.position.last.spot == pytest.approx(662.0, abs=0.02), "a price that only one vendor has"
    assert (await at.signal("QQQ"))["action"] != "EXECUTE"
    assert "apart" in at.words(), at.words()
    at.server.faults.lift()
    await at.passes(5, held.stop - 0.5)
    await all_is_well_again(at)
