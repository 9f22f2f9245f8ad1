"""Each fault does over a real socket what its name says: the clients' tests rest on that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson
import pytest

from server.demo.vendors import alpaca
from server.demo.vendors.faults import REQUEST_FAULTS, Fault, FaultKind, Faults, LocalNames

Start = Callable[..., Awaitable[Any]]
QUOTES = "/v1/markets/quotes?symbols=SPY,QQQ"


async def outcome(market: Any, path: str = QUOTES) -> str:
    """One word for what a client with little patience sees."""
    try:
        async with market.client.get(
            market.server.url + path, headers=market.keys, timeout=aiohttp.ClientTimeout(total=0.4)
        ) as answer:
            text = await answer.text()
    except TimeoutError:
        return "late"
    except aiohttp.ClientPayloadError:
        return "cut"
    except aiohttp.ClientConnectionError:
        return "broken off"
    if answer.status != 200:
        return f"{answer.status} {answer.headers.get('Retry-After', '')}".strip()
    try:
        return "good" if "quotes" in orjson.loads(text) else "other"
    except orjson.JSONDecodeError:
        return "not JSON"


CELLS = {
    FaultKind.TIME_OUT: "late",
    FaultKind.RESET: "broken off",
    FaultKind.HALF_BODY: "cut",
    FaultKind.SLOW_BODY: "late",
    FaultKind.UNAUTHORISED: "401",
    FaultKind.FORBIDDEN: "403",
    FaultKind.TOO_MANY: "429 2",
    FaultKind.SERVER_ERROR: "500",
    FaultKind.HTML: "not JSON",
}


@pytest.mark.parametrize("kind", CELLS)
async def test_a_fault_of_a_request_happens_once_and_is_over(kind: FaultKind, local: Start) -> None:
    # aiohttp itself asks once more when a connection is reset.
    count = 2 if kind is FaultKind.RESET else 1
    fault = Fault(kind=kind, path="/v1/markets/q", count=count, seconds=2.0)
    market = await local("tradier", faults=Faults([fault]))
    assert [await outcome(market) for _ in range(2)] == [CELLS[kind], "good"]
    assert market.server.faults.happened == [(kind, "/v1/markets/quotes")] * count


def test_every_fault_of_a_request_has_its_row() -> None:
    assert set(CELLS) == set(REQUEST_FAULTS)


async def test_faults_meet_only_their_paths_and_end_when_lifted(local: Start) -> None:
    market = await local("tradier")
    market.server.faults.add(Fault(kind=FaultKind.SERVER_ERROR, path="/v1/markets/clock", count=None))
    assert await outcome(market) == "good"
    assert [await outcome(market, "/v1/markets/clock") for _ in range(3)] == ["500"] * 3
    market.server.faults.lift()
    assert await outcome(market, "/v1/markets/clock") == "other"


async def test_drawn_faults_are_those_of_their_seed(local: Start) -> None:
    kinds = (FaultKind.SERVER_ERROR, FaultKind.HTML)
    seen = []
    for seed in (1, 1, 2):
        market = await local("tradier", faults=Faults(seed=seed, chance=0.5, kinds=kinds))
        seen.append([await outcome(market) for _ in range(12)])
    assert seen[0] == seen[1] != seen[2] and {"good", "500", "not JSON"} == set(seen[0])


async def test_a_skewed_clock_moves_every_time(local: Start) -> None:
    market = await local("tradier", faults=Faults([Fault(kind=FaultKind.CLOCK_SKEW, seconds=300)]))
    asked = await market.get(QUOTES)
    ahead = market.market.now + timedelta(minutes=5)
    assert parsedate_to_datetime(asked.headers["Date"]) == ahead
    assert asked.json["quotes"]["quote"][0]["trade_date"] == ahead.timestamp() * 1000


async def test_wrong_prices_are_wrong_by_their_factor(local: Start) -> None:
    market = await local("tradier")
    right = (await market.json(QUOTES))["quotes"]["quote"][0]["last"]
    market.server.faults.add(Fault(kind=FaultKind.WRONG_PRICE, factor=1.01))
    assert (await market.json(QUOTES))["quotes"]["quote"][0]["last"] == pytest.approx(right * 1.01)


async def test_a_name_that_is_not_resolved_is_found_again(local: Start) -> None:
    market, names = await local("tradier"), LocalNames()
    connector = aiohttp.TCPConnector(resolver=names, use_dns_cache=False)
    url = f"http://api.tradier.test:{market.server.port}{QUOTES}"
    async with aiohttp.ClientSession(connector=connector, headers=market.keys) as client:
        names.failing = True
        with pytest.raises(aiohttp.ClientConnectorDNSError):
            await client.get(url)
        names.failing = False
        async with client.get(url) as answer:
            assert answer.status == 200


# --- streams -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [
        (None, [1, 2, 3]),
        (FaultKind.STREAM_SILENT, [1, 3]),
        (FaultKind.STREAM_GAP, [1, 3]),
        (FaultKind.STREAM_DUPLICATE, [1, 2, 2, 3]),
        (FaultKind.STREAM_OUT_OF_ORDER, [1, 3, 2]),
        (FaultKind.STREAM_CLOSED, [1]),
    ],
)
async def test_a_fault_of_a_stream(kind: FaultKind | None, minutes: list[int], local: Start) -> None:
    market = await local("alpaca")
    if kind is not None:
        market.server.faults.add(Fault(kind=kind, first=2))
    async with market.client.ws_connect(market.server.url + "/v2/iex") as socket:
        await socket.receive()
        await socket.send_json({"action": "auth", "key": alpaca.KEY, "secret": alpaca.SECRET})
        await socket.receive()
        await socket.send_json({"action": "subscribe", "bars": ["SPY"]})
        await socket.receive()
        market.minute(3)
        seen = []
        while len(seen) < len(minutes):
            message = orjson.loads((await socket.receive(timeout=2)).data)[-1]
            seen.append(int(message["t"][14:16]) - 34)
        assert seen == minutes
        if kind is FaultKind.STREAM_CLOSED:
            assert (await socket.receive(timeout=2)).type is aiohttp.WSMsgType.CLOSE
        await asyncio.sleep(0)
