"""Alpaca's pages and batches before a small server that answers what no faithful one would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from server.config import Settings
from server.feeds.alpaca import Alpaca
from server.feeds.http import HttpLimits
from server.feeds.values import Fault, OptionRow, Quote, Unavailable
from server.feeds.vendor import VendorTools
from server.runtime.clock import VirtualClock

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
BOOK = {"t": "2026-11-24T14:59:59.731674112Z", "bp": 1.0, "bs": 1, "ap": 1.1, "as": 1, "c": " "}
Answers = Callable[[web.Request], Any]


@pytest.fixture
async def alpaca() -> AsyncIterator[Callable[[Answers], Any]]:
    """Makes a client whose every request is answered by a function: a body, or (status, body)."""
    closing: list[Any] = []

    async def start(answers: Answers) -> Alpaca:
        async def handle(request: web.Request) -> web.Response:
            found = answers(request)
            status, body = found if isinstance(found, tuple) else (200, found)
            return web.json_response(body, status=status)

        app = web.Application()
        app.router.add_get("/{path:.*}", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        session = aiohttp.ClientSession()
        closing.extend([session.close, runner.cleanup])
        tools = VendorTools(
            session=session,
            settings=Settings(alpaca_data_url=url, alpaca_trading_url=url),
            environment={},
            clock=VirtualClock(NOW, ""),
            random=Random(1),
        )
        return Alpaca(tools, "a-key", "a-secret", limits=HttpLimits(total=1, tries=1))

    yield start
    for close in closing:
        await close()


async def test_a_batch_goes_on_without_the_symbols_that_are_refused(alpaca: Any) -> None:
    asked: list[str] = []

    def answers(request: web.Request) -> Any:
        asked.append(request.query["symbols"])
        bad = [name for name in asked[-1].split(",") if "$" in name]
        if bad:
            return 400, {"message": f"code=400, message=invalid symbol: {bad[0]}"}
        return {name: {"latestQuote": BOOK} for name in asked[-1].split(",")}

    client = await alpaca(answers)
    found = await client.quotes(("SPY", "A$", "AAPL", "B$"))
    assert [type(found[name]) for name in ("SPY", "A$", "AAPL", "B$")] == [
        Quote,
        Unavailable,
        Quote,
        Unavailable,
    ]
    assert found["A$"].fault is Fault.UNKNOWN_SYMBOL and asked[-1] == "SPY,AAPL"
    only = await client.quotes(("A$",))
    assert only["A$"].fault is Fault.UNKNOWN_SYMBOL


async def test_a_refusal_that_names_no_symbol_is_that_of_all(alpaca: Any) -> None:
    client = await alpaca(lambda request: (400, {"message": "invalid symbol: ?"}))
    found = await client.quotes(("SPY", "AAPL"))
    assert {value.fault for value in found.values()} == {Fault.UNKNOWN_SYMBOL}


async def test_pages_that_never_end_are_no_answer(alpaca: Any) -> None:
    same = await alpaca(lambda request: {"snapshots": {}, "next_page_token": "a"})
    found = await same.chain("SPY", NOW.date())
    assert isinstance(found, Unavailable) and found.fault is Fault.MALFORMED
    many = await alpaca(
        lambda request: {"snapshots": {}, "next_page_token": request.query.get("page_token", "") + "a"}
    )
    found = await many.chain("SPY", NOW.date())
    assert isinstance(found, Unavailable) and found.fault is Fault.TOO_LARGE


async def test_of_an_option_on_two_pages_the_newer_quote_counts(alpaca: Any) -> None:
    occ = f"SPY{NOW:%y%m%d}C00660000"
    older = BOOK | {"t": "2026-11-24T14:00:00Z", "bp": 0.5}

    def answers(request: web.Request) -> Any:
        if "contracts" in request.path:
            return {"option_contracts": [], "next_page_token": None}
        if "page_token" not in request.query:
            return {"snapshots": {occ: {"latestQuote": BOOK}}, "next_page_token": "b"}
        return {"snapshots": {occ: {"latestQuote": older}}, "next_page_token": None}

    page = await (await alpaca(answers)).chain("SPY", NOW.date())
    assert [row.bid for row in page.rows] == [1.0] and isinstance(page.rows[0], OptionRow)


async def test_an_error_in_an_answer_of_status_200_is_an_error(alpaca: Any) -> None:
    client = await alpaca(lambda request: {"code": 50010000, "message": "internal server error occurred"})
    for found in ((await client.quotes(("SPY",)))["SPY"], (await client.daily_bars(("SPY",), 5))["SPY"],
                  await client.expirations("SPY"), await client.chain("SPY", NOW.date()),
                  (await client.dividends(("SPY",)))["SPY"]):  # fmt: skip
        assert isinstance(found, Unavailable) and found.fault is Fault.VENDOR_ERROR


async def test_bars_of_one_symbol_are_joined_over_pages(alpaca: Any) -> None:
    def bar(day: int) -> dict[str, Any]:
        return {"t": f"2026-11-{day}T05:00:00Z", "o": 1, "h": 2, "l": 1, "c": 2, "v": 1}

    def answers(request: web.Request) -> Any:
        if "page_token" not in request.query:
            return {"bars": {"A": [bar(18), bar(19)], "B": [bar(18)]}, "next_page_token": "b"}
        return {"bars": {"B": [bar(18), bar(19)], "C": [bar(19) | {"h": 0}]}, "next_page_token": None}

    found = await (await alpaca(answers)).daily_bars(("A", "B", "C"), 5)
    assert [len(found[name]) for name in "AB"] == [2, 2]
    assert isinstance(found["C"], Unavailable)
