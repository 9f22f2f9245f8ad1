"""Alpaca's client before its local server, over real sockets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.model import Contract
from server.demo.vendors.faults import Fault as Broken
from server.demo.vendors.faults import FaultKind
from server.demo.vendors.source import CorporateAction
from server.feeds.alpaca import make
from server.feeds.values import (
    Bar,
    ChainPage,
    Dividend,
    Fault,
    OptionRow,
    Quote,
    Split,
    SymbolChange,
    Unavailable,
    occ_parts,
)
from server.feeds.vendor import VendorTools


def contract(occ: str, underlying: str) -> Contract:
    root, expiry, right, strike = occ_parts(occ) or ("", date.max, "C", 0.0)
    return Contract(underlying=underlying, root=root, expiry=expiry, strike=strike, right=right)


async def test_quotes_have_the_times_of_the_market(live: Any) -> None:
    here = await live("alpaca")
    found = await here.vendor.quotes(("SPY", "NOSUCH", "AAPL"))
    assert list(found) == ["SPY", "NOSUCH", "AAPL"]
    quote, stock = found["SPY"], here.source.stock("SPY")
    assert isinstance(quote, Quote) and (quote.bid, quote.ask, quote.last) == (
        stock.bid,
        stock.ask,
        stock.last,
    )
    assert abs(quote.last_at - here.clock.now()) < timedelta(seconds=1) and quote.bid_size == stock.bid_size
    assert quote.previous_close and not quote.delayed
    assert isinstance(found["NOSUCH"], Unavailable) and found["NOSUCH"].fault is Fault.NO_DATA
    assert len(here.server.requests) == 1 and "feed=iex" in here.server.requests[0]


async def test_expiries_are_those_of_the_next_weeks(live: Any) -> None:
    here = await live("alpaca")
    assert await here.vendor.expirations("META") == here.source.expiries("META")
    await here.vendor.quotes(("META",))
    assert await here.vendor.expirations("META") == here.source.expiries("META")
    assert "strike_price_gte" in here.server.requests[-1]
    nobody = await here.vendor.expirations("NOSUCH")
    assert isinstance(nobody, Unavailable) and nobody.fault is Fault.NO_DATA


async def test_a_chain_joins_pages_of_quotes_with_open_interest(live: Any) -> None:
    here = await live("alpaca")
    expiry = here.source.expiries("NVDA")[0]
    page = await here.vendor.chain("NVDA", expiry)
    listed = {option.symbol: option for option in here.source.chain("NVDA", expiry)}
    assert isinstance(page, ChainPage) and page.complete
    assert {row.occ for row in page.rows} == set(listed) and {row.adjusted for row in page.rows} == {
        True,
        False,
    }
    for row in page.rows:
        assert (row.bid, row.ask) == (listed[row.occ].bid or None, listed[row.occ].ask or None)
        assert row.open_interest == listed[row.occ].open_interest
    asked = len(here.server.requests)
    await here.vendor.chain("NVDA", expiry, (0.0, 1.0))
    assert len(here.server.requests) == asked + 1  # contracts are kept for the day


async def test_pages_are_read_to_their_end(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await live("alpaca")
    for name, most in (("MOST_SNAPSHOTS", 7), ("MOST_CONTRACTS", 9)):
        monkeypatch.setattr(f"server.feeds.alpaca_chain.{name}", most)
    expiry = here.source.expiries("SPY")[0]
    page = await here.vendor.chain("SPY", expiry)
    assert len(page.rows) == len(here.source.chain("SPY", expiry)) > 14
    assert len([r for r in here.server.requests if "snapshots" in r]) > 2


async def test_a_page_that_fails_makes_the_chain_unavailable(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await live("alpaca")
    monkeypatch.setattr("server.feeds.alpaca_chain.MOST_SNAPSHOTS", 7)
    here.server.faults.add(
        Broken(kind=FaultKind.SERVER_ERROR, path="/v1beta1/options/snapshots", first=2, count=None)
    )
    found = await here.vendor.chain("SPY", here.source.expiries("SPY")[0])
    assert isinstance(found, Unavailable) and found.fault is Fault.VENDOR_ERROR


async def test_without_contracts_the_chain_says_that_it_is_not_complete(live: Any) -> None:
    here = await live("alpaca")
    here.server.faults.add(Broken(kind=FaultKind.UNAUTHORISED, path="/v2/options/contracts", count=None))
    page = await here.vendor.chain("SPY", here.source.expiries("SPY")[0])
    assert isinstance(page, ChainPage) and not page.complete and page.rows
    assert all(row.open_interest is None for row in page.rows)
    # Keys of one address may be refused at the other: quotes go on.
    assert isinstance((await here.vendor.quotes(("SPY",)))["SPY"], Quote)
    assert "contracts: " in here.vendor.status().detail and here.vendor.status().state == "OK"


async def test_option_quotes_by_symbol(live: Any) -> None:
    here = await live("alpaca")
    listed = here.source.chain("SPY", here.source.expiries("SPY")[1])[:150]
    some = tuple(contract(option.symbol, "SPY") for option in listed)
    found = await here.vendor.option_quotes((*some, contract("XYZ261127C00100000", "XYZ")))
    for option in listed:
        row = found[option.symbol]
        assert isinstance(row, OptionRow)
        assert (row.bid, row.ask) == (option.bid or None, option.ask or None)
        assert row.underlying == "SPY" and row.quote.at <= here.clock.now()
    assert isinstance(found["XYZ261127C00100000"], Unavailable)


async def test_bars_of_days_and_minutes(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await live("alpaca")
    monkeypatch.setattr("server.feeds.alpaca.MOST_BARS", 11)
    here.minute(5)
    daily = await here.vendor.daily_bars(("SPY", "NOSUCH", "AAPL"), 30)
    assert len(daily["SPY"]) == len(daily["AAPL"]) == 30 and isinstance(daily["NOSUCH"], Unavailable)
    assert [bar.complete for bar in daily["SPY"][-2:]] == [True, False]
    since = here.clock.now() - timedelta(minutes=3)
    minutes = (await here.vendor.minute_bars(("SPY", "AAPL"), since))["SPY"]
    assert [bar.end - since for bar in minutes] == [timedelta(minutes=n) for n in (1, 2, 3)]
    assert all(isinstance(bar, Bar) and bar.complete for bar in minutes)
    assert (await here.vendor.minute_bars(("SPY",), here.clock.now()))["SPY"] == ()


async def test_dividends_and_splits_that_are_announced(live: Any) -> None:
    here = await live("alpaca")
    day = date(2026, 12, 1)
    here.source.corporate_actions += [
        CorporateAction(kind="dividend", symbol="SPY", ex_date=day, rate=1.75),
        CorporateAction(kind="split", symbol="AAPL", ex_date=day, new=4, old=1),
        CorporateAction(kind="split", symbol="NVDA", ex_date=day, new=1, old=10),
    ]
    dividends = await here.vendor.dividends(("SPY", "AAPL"))
    assert dividends == {
        "SPY": (Dividend(symbol="SPY", ex_date=day, amount=1.75, source="alpaca"),),
        "AAPL": (),
    }
    splits = await here.vendor.splits(("SPY", "AAPL", "NVDA"))
    assert splits["SPY"] == () and splits["AAPL"] == (
        Split(symbol="AAPL", ex_date=day, new=4, old=1, source="alpaca"),
    )
    assert (splits["NVDA"][0].new, splits["NVDA"][0].old) == (1, 10)


async def test_changes_of_name_that_are_announced(live: Any) -> None:
    here = await live("alpaca")
    day = date(2026, 12, 1)
    here.source.corporate_actions += [
        CorporateAction(kind="name_change", symbol="AAPL", ex_date=day, to_symbol="APPL")
    ]
    changes = await here.vendor.symbol_changes(("SPY", "AAPL"))
    assert changes == {"SPY": (), "AAPL": (SymbolChange(symbol="AAPL", day=day, to="APPL", source="alpaca"),)}


async def test_the_budget_is_the_server_s(live: Any) -> None:
    here = await live("alpaca", per_minute=20)
    await here.vendor.quotes(("SPY",))
    status = here.vendor.status()
    assert (status.state, status.budget_limit, status.budget_left) == ("OK", 20, 19)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"alpaca_feed": "sip"}, "does not permit"), ({"alpaca_option_feed": "opra"}, "OPRA agreement")],
)
async def test_a_feed_outside_the_plan_is_told_and_is_no_refused_key(
    live: Any, settings: dict[str, Any], words: str
) -> None:
    here = await live("alpaca", settings=settings)
    quote = (await here.vendor.quotes(("SPY",)))["SPY"]
    chain = await here.vendor.chain("SPY", here.source.expiries("SPY")[0])
    found = quote if "alpaca_feed" in settings else chain
    assert isinstance(found, Unavailable) and found.fault is Fault.NOT_IN_PLAN and words in found.text
    assert here.vendor.status().state != "KEY_REFUSED"
    assert isinstance(quote, Quote) is ("alpaca_option_feed" in settings)


async def test_delayed_quotes_are_marked(live: Any) -> None:
    here = await live("alpaca", settings={"alpaca_feed": "delayed_sip"})
    assert (await here.vendor.quotes(("SPY",)))["SPY"].delayed and "15 min" in here.vendor.status().detail


async def test_wrong_keys_are_told_and_not_tried_at_every_price(live: Any) -> None:
    here = await live("alpaca", keys={"APCA_API_KEY_ID": "my-key-id", "APCA_API_SECRET_KEY": "my-secret"})
    for _ in range(5):
        found = (await here.vendor.quotes(("SPY",)))["SPY"]
        assert found.fault is Fault.KEY_REFUSED and "my-" not in found.text
    assert here.vendor.status().state == "KEY_REFUSED" and len(here.server.requests) == 1


@pytest.mark.parametrize("missing", ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"])
def test_without_a_key_the_line_says_what_to_set(missing: str) -> None:
    keys = {"APCA_API_KEY_ID": "a", "APCA_API_SECRET_KEY": "b"} | {missing: ""}
    tools: Any = VendorTools(session=None, settings=None, environment=keys, clock=None, random=None)  # type: ignore[arg-type]
    made = make(tools)
    assert isinstance(made, Unavailable) and made.fault is Fault.KEY_MISSING and made.text.count("APCA") == 1
    assert missing in made.text


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (FaultKind.TIME_OUT, Fault.TIMED_OUT), (FaultKind.RESET, Fault.UNREACHABLE),
        (FaultKind.HALF_BODY, Fault.MALFORMED), (FaultKind.HTML, Fault.MALFORMED),
        (FaultKind.UNAUTHORISED, Fault.KEY_REFUSED), (FaultKind.FORBIDDEN, Fault.KEY_REFUSED),
        (FaultKind.TOO_MANY, Fault.BUDGET_SPENT), (FaultKind.SERVER_ERROR, Fault.VENDOR_ERROR),
    ],
)  # fmt: skip
async def test_a_fault_is_a_value_for_every_symbol(live: Any, kind: FaultKind, fault: Fault) -> None:
    here = await live("alpaca", seconds=0.3 if kind is FaultKind.TIME_OUT else 5.0)
    here.server.faults.add(Broken(kind=kind, count=None))
    found = await here.vendor.quotes(("SPY", "AAPL"))
    assert {name: value.fault for name, value in found.items()} == {"SPY": fault, "AAPL": fault}
    assert here.vendor.status().last_error


@pytest.mark.parametrize("seconds", [300, -300])
async def test_clocks_that_differ_are_told(live: Any, seconds: int) -> None:
    here = await live("alpaca")
    here.server.faults.add(Broken(kind=FaultKind.CLOCK_SKEW, seconds=seconds, count=None))
    here.minute(5)
    await here.vendor.quotes(("SPY",))
    assert here.vendor.clock_ahead == pytest.approx(seconds, abs=1)
    assert ("ahead of" if seconds > 0 else "behind") in here.vendor.status().detail
    since = here.clock.now() - timedelta(minutes=2)
    bars = (await here.vendor.minute_bars(("SPY",), since))["SPY"]
    ends = [(bar.end - timedelta(seconds=here.vendor.clock_ahead) - since).total_seconds() for bar in bars]
    assert ends == pytest.approx([60, 120], abs=2) and all(bar.complete for bar in bars)
