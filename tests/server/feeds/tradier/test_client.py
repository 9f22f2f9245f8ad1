"""Tradier's client before its local server, over real sockets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.model import Contract
from core.options.quotes import Refusal
from server.demo.vendors.faults import Fault as Broken
from server.demo.vendors.faults import FaultKind
from server.feeds.tradier import make
from server.feeds.values import Bar, ChainPage, Fault, Need, OptionRow, Quote, Unavailable
from server.feeds.vendor import VendorTools


def contract(occ: str, underlying: str) -> Contract:
    from server.feeds.values import occ_parts

    root, expiry, right, strike = occ_parts(occ) or ("", date.max, "C", 0.0)
    return Contract(underlying=underlying, root=root, expiry=expiry, strike=strike, right=right)


async def test_quotes_have_the_times_of_the_market(live: Any) -> None:
    here = await live("tradier")
    found = await here.vendor.quotes(("SPY", "NOSUCH", "AAPL"))
    assert list(found) == ["SPY", "NOSUCH", "AAPL"]
    quote, stock = found["SPY"], here.source.stock("SPY")
    assert isinstance(quote, Quote) and (quote.bid, quote.ask, quote.last) == (
        stock.bid,
        stock.ask,
        stock.last,
    )
    assert abs(quote.last_at - here.clock.now()) < timedelta(seconds=1) and quote.bid_size == stock.bid_size
    assert isinstance(found["NOSUCH"], Unavailable) and found["NOSUCH"].fault is Fault.UNKNOWN_SYMBOL
    assert len(here.server.requests) == 1


async def test_many_symbols_are_asked_in_parts(live: Any) -> None:
    here = await live("tradier")
    names = tuple(f"X{n}" for n in range(120))
    assert tuple(await here.vendor.quotes((*names, "SPY"))) == (*names, "SPY")
    assert len(here.server.requests) == 3


async def test_expiries_and_chain_of_the_expiry(live: Any) -> None:
    here = await live("tradier")
    expiries = await here.vendor.expirations("NVDA")
    assert expiries == here.source.expiries("NVDA") and "includeAllRoots=true" in here.server.requests[0]
    page = await here.vendor.chain("NVDA", expiries[0])
    assert isinstance(page, ChainPage) and page.complete and page.underlying == "NVDA"
    assert {row.adjusted for row in page.rows} == {True, False}
    assert all(row.underlying == "NVDA" and row.expiry == expiries[0] for row in page.rows)
    spot = here.source.stock("NVDA").last
    near = await here.vendor.chain("NVDA", expiries[0], (spot * 0.98, spot * 1.02))
    assert 0 < len(near.rows) < len(page.rows)
    nothing = await here.vendor.chain("NVDA", date(2026, 11, 28))
    assert isinstance(nothing, Unavailable) and nothing.fault is Fault.NO_DATA
    nobody = await here.vendor.expirations("NOSUCH")
    assert isinstance(nobody, Unavailable) and nobody.fault is Fault.NO_DATA and nobody.symbol == "NOSUCH"


async def test_option_quotes_are_those_of_the_chain(live: Any) -> None:
    here = await live("tradier")
    expiry = here.source.expiries("SPY")[1]
    page = await here.vendor.chain("SPY", expiry)
    some = [contract(row.occ, "SPY") for row in page.rows[18:22]]
    found = await here.vendor.option_quotes((*some, contract("XYZ261127C00100000", "SPY")))
    assert [found[c.occ] for c in some] == list(page.rows[18:22])
    assert isinstance(found["XYZ261127C00100000"], Unavailable)
    assert all(
        isinstance(found[c.occ], OptionRow) and found[c.occ].quote.fault() in (None, Refusal.NO_BID)
        for c in some
    )


async def test_bars_of_days_and_minutes(live: Any) -> None:
    here = await live("tradier")
    here.minute(5)
    daily = await here.vendor.daily_bars(("SPY", "NOSUCH"), 30)
    assert len(daily["SPY"]) == 30 and isinstance(daily["NOSUCH"], Unavailable)
    assert [bar.complete for bar in daily["SPY"][-2:]] == [True, False]
    assert daily["SPY"][-1].close == pytest.approx(here.source.stock("SPY").last, abs=0.01)
    since = here.clock.now() - timedelta(minutes=3)
    minutes = (await here.vendor.minute_bars(("SPY",), since))["SPY"]
    assert [bar.end - since for bar in minutes] == [timedelta(minutes=n) for n in (1, 2, 3)]
    assert all(isinstance(bar, Bar) and bar.complete for bar in minutes)
    assert (await here.vendor.minute_bars(("SPY",), here.clock.now()))["SPY"] == ()


async def test_the_clock(live: Any) -> None:
    here = await live("tradier")
    clock = await here.vendor.exchange_clock()
    assert clock.open is True and abs(clock.at - here.clock.now()) <= timedelta(seconds=1)


async def test_the_budget_is_the_server_s(live: Any) -> None:
    here = await live("tradier", per_minute=20)
    await here.vendor.quotes(("SPY",))
    status = here.vendor.status()
    assert (status.state, status.budget_limit, status.budget_left) == ("OK", 20, 19)
    assert 0 < status.budget_resets_in <= 60
    for _ in range(30):
        found = await here.vendor.quotes(("SPY",))
    assert found["SPY"].fault is Fault.BUDGET_SPENT and len(here.server.requests) == 15
    urgent = await here.vendor.quotes(("SPY",), urgent=True)
    assert isinstance(urgent["SPY"], Quote)


async def test_the_sandbox_is_late_and_has_no_stream(live: Any) -> None:
    from server.feeds import tradier

    settings = {"tradier_url": "https://sandbox.tradier.com/v1"}
    here = await live("tradier", settings=settings, sandbox=True)
    vendor = here.vendor
    assert Need.STREAM not in vendor.offers and vendor.status().stream is None and "15 min" in vendor.note
    # Its answers are marked, wherever they come from.
    vendor.http._base = f"{here.server.url}/v1"
    quote = (await vendor.quotes(("SPY",)))["SPY"]
    assert quote.delayed and here.clock.now() - quote.last_at == timedelta(minutes=15)
    with pytest.raises(NotImplementedError):
        await vendor.stream(here.wanted, here.ticks.append)
    assert tradier.SANDBOX_BUDGET < tradier.LIVE_BUDGET


async def test_a_wrong_token_is_told_and_not_tried_at_every_price(live: Any) -> None:
    here = await live("tradier", keys={"TRADIER_TOKEN": "wrong-token-of-mine"})
    for _ in range(5):
        found = (await here.vendor.quotes(("SPY",)))["SPY"]
        assert found.fault is Fault.KEY_REFUSED and "wrong-token-of-mine" not in found.text
    status = here.vendor.status()
    assert status.state == "KEY_REFUSED" and "Invalid Access Token" in status.detail
    assert len(here.server.requests) == 1


def test_without_a_token_the_line_says_what_to_set() -> None:
    tools: Any = VendorTools(
        session=None, settings=None, environment={"TRADIER_TOKEN": " "}, clock=None, random=None
    )  # type: ignore[arg-type]
    made = make(tools)
    assert isinstance(made, Unavailable) and made.fault is Fault.KEY_MISSING and "TRADIER_TOKEN" in made.text


async def test_without_the_accept_header_the_answer_is_xml_and_refused(live: Any) -> None:
    here = await live("tradier")
    here.vendor.http._headers["Accept"] = "*/*"
    found = (await here.vendor.quotes(("SPY",)))["SPY"]
    assert found.fault is Fault.MALFORMED and "XML" in found.text


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (FaultKind.TIME_OUT, Fault.TIMED_OUT), (FaultKind.RESET, Fault.UNREACHABLE),
        (FaultKind.HALF_BODY, Fault.MALFORMED), (FaultKind.HTML, Fault.MALFORMED),
        (FaultKind.UNAUTHORISED, Fault.KEY_REFUSED), (FaultKind.FORBIDDEN, Fault.REFUSED),
        (FaultKind.TOO_MANY, Fault.BUDGET_SPENT), (FaultKind.SERVER_ERROR, Fault.VENDOR_ERROR),
    ],
)  # fmt: skip
async def test_a_fault_is_a_value_for_every_symbol(live: Any, kind: FaultKind, fault: Fault) -> None:
    here = await live("tradier", seconds=0.3 if kind is FaultKind.TIME_OUT else 5.0)
    here.server.faults.add(Broken(kind=kind, count=None))
    found = await here.vendor.quotes(("SPY", "AAPL"))
    assert {name: value.fault for name, value in found.items()} == {"SPY": fault, "AAPL": fault}
    assert here.vendor.status().last_error


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET, FaultKind.HALF_BODY, FaultKind.SERVER_ERROR, FaultKind.HTML]
)
async def test_one_fault_is_got_over_by_asking_again(live: Any, kind: FaultKind) -> None:
    here = await live("tradier")
    here.server.faults.add(Broken(kind=kind))
    assert isinstance((await here.vendor.quotes(("SPY",)))["SPY"], Quote)


@pytest.mark.parametrize("seconds", [300, -300])
async def test_clocks_that_differ_are_told(live: Any, seconds: int) -> None:
    here = await live("tradier")
    here.server.faults.add(Broken(kind=FaultKind.CLOCK_SKEW, seconds=seconds, count=None))
    here.minute(5)
    await here.vendor.quotes(("SPY",))
    assert here.vendor.clock_ahead == pytest.approx(seconds, abs=1)
    assert ("ahead of" if seconds > 0 else "behind") in here.vendor.status().detail
    since = here.clock.now() - timedelta(minutes=2)
    bars = (await here.vendor.minute_bars(("SPY",), since))["SPY"]
    ends = [(bar.end - timedelta(seconds=here.vendor.clock_ahead) - since).total_seconds() for bar in bars]
    assert ends == pytest.approx([60, 120], abs=2) and all(bar.complete for bar in bars)
