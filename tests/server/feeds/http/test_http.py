"""One request function for all vendors, over real sockets: every fault is a value, and no key is in a text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from server.config import Settings
from server.feeds.breaker import FAILURES
from server.feeds.budget import Budget, RateHeaders
from server.feeds.http import DOWN_AFTER, HttpLimits, VendorHttp
from server.feeds.values import Fault, Unavailable
from server.feeds.vendor import VendorTools
from server.runtime.clock import VirtualClock

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
KEY = "very-secret-key"
QUICK = HttpLimits(total=0.3, connect=0.3, tries=2, pause=0.001, max_bytes=1000)


class Shop:
    """A vendor's server that does what ``acts`` say, one after the other, and then answers well."""

    def __init__(self) -> None:
        self.acts: list[Any] = []
        self.asked: list[web.Request] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        act = self.acts.pop(0) if self.acts else {}
        if callable(act):
            response: web.StreamResponse = await act(request)
            return response
        body = act.get("body", b'{"ok": true}')
        return web.Response(body=body, status=act.get("status", 200), headers=act.get("headers"))


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield made
    await runner.cleanup()


@pytest.fixture
async def ask(shop: Shop, tmp_path: Any) -> AsyncIterator[Any]:
    """Makes the requests of one vendor to the server, at another address when ``url`` is given."""
    session = aiohttp.ClientSession()
    now = [0.0]

    def make(url: str = "", limit: int = 100, **more: Any) -> VendorHttp:
        tools = VendorTools(
            session=session, settings=Settings(state_dir=tmp_path), environment={},
            clock=VirtualClock(NOW, "test"), random=Random(1),
        )  # fmt: skip
        return VendorHttp(
            "shop", tools, url or shop.url, Budget(limit, kept=0.0, monotonic=lambda: now[0]),
            headers={"Authorization": f"Bearer {KEY}"}, secrets=(KEY,), limits=QUICK,
            monotonic=lambda: now[0], **more,
        )  # fmt: skip

    make.pass_ = lambda seconds: now.__setitem__(0, now[0] + seconds)
    yield make
    await session.close()


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b'{"ok": tr')
    assert request.transport is not None
    request.transport.close()
    return answer


async def drip(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    with suppress(ConnectionError):
        for _ in range(20):
            await answer.write(b" ")
            await asyncio.sleep(0.05)
    return answer


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


FAULTS = {
    "no answer": (hang, Fault.TIMED_OUT, "no answer within 0.3 s"),
    "reset": (reset, Fault.UNREACHABLE, "connection failed"),
    "half a body": (half, Fault.MALFORMED, "broke off"),
    "a slow body": (drip, Fault.TIMED_OUT, "no answer within"),
    "empty": ({"body": b""}, Fault.MALFORMED, "is empty"),
    "null": ({"body": b"null"}, Fault.MALFORMED, "is empty"),
    "a web page": ({"body": b"<html>busy</html>"}, Fault.MALFORMED, "web page"),
    "no JSON": ({"body": b'{"a": NaN}'}, Fault.MALFORMED, "no JSON"),
    "a web page of an error": ({"body": b"<html>", "status": 502}, Fault.VENDOR_ERROR, "(502)"),
    "an error of the vendor": ({"status": 500}, Fault.VENDOR_ERROR, "(500)"),
    "too large": ({"body": b'"' + b"x" * 2000 + b'"'}, Fault.TOO_LARGE, "larger"),
    "elsewhere": ({"status": 302, "headers": {"Location": "http://x/"}}, Fault.REDIRECTED, "not sent there"),
    "a wrong key": ({"status": 401}, Fault.KEY_REFUSED, "(401)"),
    "no right": ({"status": 403}, Fault.KEY_REFUSED, "(403)"),
    "nothing there": ({"status": 404}, Fault.NO_DATA, "(404)"),
    "too many": ({"status": 429}, Fault.BUDGET_SPENT, "(429)"),
    "refused": ({"status": 422}, Fault.REFUSED, "(422)"),
}
AGAIN = {"no answer", "reset", "half a body", "a slow body", "empty", "null", "a web page", "no JSON"}
AGAIN |= {"a web page of an error", "an error of the vendor"}


@pytest.mark.parametrize("name", FAULTS)
async def test_every_fault_is_a_value_in_plain_words(name: str, shop: Shop, ask: Any) -> None:
    act, fault, text = FAULTS[name]
    shop.acts = [act] * 4  # aiohttp itself repeats a read on a connection that was reset
    found = await ask().get("/quotes", {"symbols": "SPY", "apikey": KEY})
    assert isinstance(found, Unavailable) and found.fault is fault and text in found.text
    assert KEY not in found.text and "symbols" not in found.text
    assert len(shop.asked) == 1 if name not in AGAIN else len(shop.asked) >= 2


@pytest.mark.parametrize("name", sorted(AGAIN))
async def test_a_read_that_failed_is_tried_again(name: str, shop: Shop, ask: Any) -> None:
    shop.acts = [FAULTS[name][0]]
    assert await ask().get("/quotes") == {"ok": True}


async def test_what_may_have_had_an_effect_is_sent_once(shop: Shop, ask: Any) -> None:
    shop.acts = [{"status": 500}]
    found = await ask().post("/events/session", {"a": "b"})
    assert isinstance(found, Unavailable) and len(shop.asked) == 1


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:1", "no connection to 127.0.0.1"),
        ("http://no-such-host.invalid", "cannot be resolved"),
    ],
)
async def test_an_address_that_nobody_answers_at(url: str, text: str, ask: Any) -> None:
    found = await ask(url).get("/quotes")
    assert isinstance(found, Unavailable) and found.fault is Fault.UNREACHABLE and text in found.text


async def test_a_vendor_that_refuses_everything_or_is_spent_counts_as_down(shop: Shop, ask: Any) -> None:
    http = ask()
    shop.acts = [{"status": 400}] * DOWN_AFTER
    for _ in range(DOWN_AFTER):
        assert http.status().state != "DOWN"
        await http.get("/quotes")
    assert http.status().state == "DOWN"
    await http.get("/quotes")
    assert http.status().state == "OK"
    http.budget.block(30)
    assert http.status().state == "DOWN" and "budget" in http.status().detail


async def test_after_failures_the_vendor_is_left_alone_and_then_tried_once(shop: Shop, ask: Any) -> None:
    http = ask()
    shop.acts = [{"status": 500}] * (FAILURES + 1)
    for _ in range(FAILURES // 2):
        await http.get("/quotes")
    paused = await http.get("/quotes")
    assert paused.fault is Fault.PAUSED and paused.retry_at > NOW and len(shop.asked) == FAILURES
    assert http.status().state == "DOWN" and "(500)" in http.status().detail
    ask.pass_(3)
    assert (await http.get("/quotes")).fault is Fault.VENDOR_ERROR and len(shop.asked) == FAILURES + 1
    ask.pass_(3)
    assert (await http.get("/quotes")).fault is Fault.PAUSED, "the pause has doubled"
    ask.pass_(3)
    assert await http.get("/quotes") == {"ok": True} and http.status().state == "OK"


async def test_a_refused_key_is_not_tried_at_every_price_but_again_later(shop: Shop, ask: Any) -> None:
    http = ask()
    shop.acts = [{"status": 401}]
    await http.get("/quotes")
    assert (await http.get("/quotes")).fault is Fault.KEY_REFUSED and len(shop.asked) == 1
    assert http.status().state == "KEY_REFUSED"
    ask.pass_(61)
    assert await http.get("/quotes") == {"ok": True} and http.status().state == "OK"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=9), True)}, 9),
        ({}, 1),
    ],
)
async def test_too_many_requests_stop_them_for_as_long_as_the_vendor_says(
    headers: dict[str, str], seconds: int, shop: Shop, ask: Any
) -> None:
    http = ask()
    shop.acts = [{"status": 429, "headers": {**headers, "Date": format_datetime(NOW, True)}}]
    await http.get("/quotes")
    ask.pass_(seconds - 0.5)
    assert (await http.get("/quotes")).fault is Fault.BUDGET_SPENT and len(shop.asked) == 1
    ask.pass_(60)
    assert await http.get("/quotes") == {"ok": True}


async def test_the_headers_correct_the_budget_and_no_request_exceeds_it(shop: Shop, ask: Any) -> None:
    http = ask(limit=100, read_rate=lambda headers, at: RateHeaders(120, int(headers["Left"]), 20.0))
    shop.acts = [{"headers": {"Left": "1"}}, {"headers": {"Left": "0"}}]
    assert [await http.get("/quotes") for _ in range(2)] == [{"ok": True}] * 2
    spent = await http.get("/quotes")
    assert spent.fault is Fault.BUDGET_SPENT and len(shop.asked) == 2
    ask.pass_(21)
    assert http.budget.left == 120


async def test_an_error_inside_a_good_answer_is_the_vendors_fault(shop: Shop, ask: Any) -> None:
    def check(status: int, body: Any) -> Unavailable | None:
        return Unavailable(Fault.BUDGET_SPENT, f"out of credits {KEY}") if body == {"code": 429} else None

    http = ask(check=check)
    shop.acts = [{"body": b'{"code": 429}'}]
    found = await http.get("/quotes")
    assert (found.fault, found.text) == (Fault.BUDGET_SPENT, "out of credits ***")


async def test_a_clock_that_differs_is_told(shop: Shop, ask: Any) -> None:
    http = ask()
    shop.acts = [{"headers": {"Date": format_datetime(NOW + timedelta(minutes=5), True)}}]
    await http.get("/quotes")
    assert http.clock_ahead == 300.0 and "5 min ahead" in http.status().detail


async def test_part_of_the_budget_is_kept_for_what_is_urgent() -> None:
    budget = Budget(8, monotonic=lambda: 0.0)
    assert sum(budget.take() for _ in range(8)) == 6
    assert sum(budget.take(urgent=True) for _ in range(8)) == 2
