"""The local servers refuse, count, page and quote as the vendors do, with the traps that clients must survive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgpack
import orjson
import pytest

from server.demo.vendors import alpaca
from server.demo.vendors.source import CorporateAction

Start = Callable[..., Awaitable[Any]]
QUOTE = {
    "tradier": "/v1/markets/quotes?symbols=SPY",
    "alpaca": "/v2/stocks/quotes/latest?symbols=SPY",
    "twelvedata": "/quote?symbol=SPY",
}
WORDS = {"tradier": "Invalid Access Token", "alpaca": "forbidden.", "twelvedata": "**apikey** parameter"}
STATUS = {"tradier": 401, "alpaca": 403, "twelvedata": 200}
LEFT = {
    "tradier": "X-Ratelimit-Available",
    "alpaca": "X-RateLimit-Remaining",
    "twelvedata": "api-credits-left",
}


@pytest.mark.parametrize("vendor", QUOTE)
async def test_a_wrong_key_is_refused_in_the_vendors_words(vendor: str, local: Start) -> None:
    asked = await (await local(vendor)).get(QUOTE[vendor], headers={"Accept": "application/json"})
    assert asked.status == STATUS[vendor] and WORDS[vendor] in asked.text


@pytest.mark.parametrize("vendor", QUOTE)
async def test_the_budget_counts_down_is_refused_when_spent_and_comes_back(vendor: str, local: Start) -> None:
    clock = [0.0]
    market = await local(vendor, per_minute=2, monotonic=lambda: clock[0])
    left = [(await market.get(QUOTE[vendor])).headers[LEFT[vendor]] for _ in range(2)]
    spent = await market.get(QUOTE[vendor])
    assert left == ["1", "0"] and (spent.status == 429 or spent.json["code"] == 429)
    clock[0] = 61.0
    assert (await market.get(QUOTE[vendor])).headers[LEFT[vendor]] == "1"


async def test_the_date_of_an_answer_is_the_markets(local: Start) -> None:
    market = await local("tradier")
    asked = await market.get(QUOTE["tradier"])
    assert parsedate_to_datetime(asked.headers["Date"]) == market.market.now


async def test_tradier_sends_xml_unless_asked_for_json(local: Start) -> None:
    market = await local("tradier")
    asked = await market.get(QUOTE["tradier"], headers={"Authorization": market.keys["Authorization"]})
    assert asked.text.startswith("<quotes><quote><symbol>SPY</symbol>")


async def test_tradier_gives_an_empty_series_as_a_text_and_the_calls_theta_to_the_put(local: Start) -> None:
    market = await local("tradier")
    assert await market.json("/v1/markets/timesales?symbol=SPY&interval=1min") == {"series": "null"}
    rows = (await market.json("/v1/markets/options/chains?symbol=SPY&expiration=2026-11-24&greeks=true"))[
        "options"
    ]["option"]
    pairs: dict[float, list[dict[str, Any]]] = {}
    for row in rows:
        pairs.setdefault(row["strike"], []).append(row["greeks"])
    for put, call in pairs.values():
        assert put["theta"] == call["theta"] and put["delta"] == pytest.approx(call["delta"] - 1)
    assert any(row["greeks"]["bid_iv"] == 0.0 for row in rows)
    assert rows[0]["greeks"]["updated_at"] == "2026-11-24 13:59:01"


async def test_tradier_lists_adjusted_roots_where_there_are_some(local: Start) -> None:
    market = await local("tradier")
    rows = await market.json("/v1/markets/options/chains?symbol=NVDA&expiration=2026-11-27")
    assert {row["root_symbol"] for row in rows["options"]["option"]} == {"NVDA", "NVDA1"}


async def test_the_sandbox_is_late_and_has_no_stream(local: Start) -> None:
    market = await local("tradier", sandbox=True)
    row = (await market.json(QUOTE["tradier"]))["quotes"]["quote"]
    assert datetime.fromtimestamp(row["trade_date"] / 1000, UTC) == market.market.now.replace(minute=20)
    async with market.client.post(
        market.server.url + "/v1/markets/events/session", headers=market.keys
    ) as made:
        assert made.status == 403


async def test_alpaca_pages_end_with_an_empty_token_and_hold_every_symbol_once(local: Start) -> None:
    market = await local("alpaca")
    path = "/v1beta1/options/snapshots/SPY?expiration_date=2026-11-25&limit=30"
    seen: list[str] = []
    token = ""
    while True:
        page = await market.json(path + (f"&page_token={token}" if token else ""))
        seen += page["snapshots"]
        token = page["next_page_token"]
        if token is None:
            break
    assert len(seen) == len(set(seen)) == 82


async def test_alpaca_leaves_greeks_out_on_the_day_of_expiry_and_lists_only_this_week(local: Start) -> None:
    market = await local("alpaca")
    today = await market.json("/v1beta1/options/snapshots/SPY?expiration_date=2026-11-24&limit=200")
    assert not any("greeks" in row for row in today["snapshots"].values())
    near = await market.json("/v2/options/contracts?underlying_symbols=SPY&limit=10000")
    assert {row["expiration_date"] for row in near["option_contracts"]} == {
        "2026-11-24",
        "2026-11-25",
        "2026-11-27",
    }
    assert near["option_contracts"][0]["strike_price"] == "642"


async def test_alpaca_refuses_feeds_that_are_not_in_the_plan(local: Start) -> None:
    market = await local("alpaca")
    asked = await market.get("/v2/stocks/quotes/latest?symbols=SPY&feed=sip")
    assert asked.status == 403 and "does not permit" in asked.text


async def test_alpaca_tells_corporate_actions(local: Start) -> None:
    market = await local("alpaca")
    day = market.market.session.date
    market.source.corporate_actions += [
        CorporateAction(kind="dividend", symbol="SPY", ex_date=day, rate=1.8),
        CorporateAction(kind="split", symbol="NVDA", ex_date=day, new=10, old=1),
    ]
    told = (await market.json("/v1/corporate-actions?symbols=SPY,NVDA"))["corporate_actions"]
    assert told["cash_dividends"][0]["rate"] == 1.8 and told["forward_splits"][0]["new_rate"] == 10


async def test_twelvedata_gives_newest_first_and_hides_errors_in_good_answers(local: Start) -> None:
    market = await local("twelvedata")
    market.minute(3)
    rows = (await market.json("/time_series?symbol=SPY&interval=1min"))["values"]
    assert [row["datetime"] for row in rows] == [f"2026-11-24 09:{minute}:00" for minute in (37, 36, 35)]
    assert isinstance(rows[0]["close"], str)
    assert (await market.get("/quote?symbol=NOPE")).json["status"] == "error"
    batch = await market.json("/quote?symbol=SPY,NOPE")
    assert batch["SPY"]["symbol"] == "SPY" and batch["NOPE"]["code"] == 404


async def test_twelvedata_stops_when_the_credits_of_the_day_are_spent(local: Start) -> None:
    market = await local("twelvedata", per_day=1)
    await market.json(QUOTE["twelvedata"])
    assert "for the day" in (await market.json(QUOTE["twelvedata"]))["message"]


# --- streams -------------------------------------------------------------------------------------------


async def test_tradiers_stream_sends_lines_with_numbers_in_quotes_and_texts_elsewhere(local: Start) -> None:
    market = await local("tradier")
    post = market.client.post
    async with post(market.server.url + "/v1/markets/events/session", headers=market.keys) as made:
        stream = (await made.json())["stream"]
    form = {"symbols": "SPY,SPY261125C00660000", "sessionid": stream["sessionid"], "linebreak": "true"}
    async with post(stream["url"], data=form) as lines:
        events = [json_line async for json_line in _lines(lines, 5)]
    by_type = {event["type"]: event for event in events}
    assert isinstance(by_type["quote"]["bid"], float) and isinstance(by_type["trade"]["price"], str)
    assert isinstance(by_type["quote"]["biddate"], str) and by_type["timesale"]["seq"] == 1


async def test_tradiers_stream_needs_a_session(local: Start) -> None:
    market = await local("tradier")
    async with market.client.post(market.server.url + "/v1/markets/events", data={"sessionid": "x"}) as lines:
        assert lines.status == 401


async def test_alpacas_stream_authenticates_subscribes_and_tells_halts(local: Start) -> None:
    market = await local("alpaca")
    async with market.client.ws_connect(market.server.url + "/v2/iex") as socket:
        assert await socket.receive_json() == [{"T": "success", "msg": "connected"}]
        await socket.send_json({"action": "auth", "key": alpaca.KEY, "secret": alpaca.SECRET})
        assert await socket.receive_json() == [{"T": "success", "msg": "authenticated"}]
        wanted = {name: ["SPY"] for name in ("trades", "quotes", "bars", "statuses")}
        await socket.send_json({"action": "subscribe", **wanted})
        assert (await socket.receive_json())[0]["quotes"] == ["SPY"]
        market.minute()
        assert [message["T"] for message in await socket.receive_json()] == ["t", "t", "t", "t", "q", "b"]
        market.source.halts.add("SPY")
        market.minute()
        assert [(m["T"], m["sc"]) for m in await socket.receive_json()] == [("s", "H")]
        await socket.send_json({"action": "subscribe", "quotes": [f"S{n}" for n in range(40)]})
        assert (await socket.receive_json())[0]["code"] == 405


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"action": "auth", "key": "no", "secret": "no"}, 402),
        ({"action": "subscribe", "quotes": ["SPY"]}, 401),
    ],
)
async def test_alpacas_stream_refuses_what_is_not_authenticated(
    first: dict[str, Any], code: int, local: Start
) -> None:
    market = await local("alpaca")
    async with market.client.ws_connect(market.server.url + "/v2/iex") as socket:
        await socket.receive_json()
        await socket.send_json(first)
        assert (await socket.receive_json())[0]["code"] == code


async def test_alpacas_option_stream_speaks_messagepack(local: Start) -> None:
    market = await local("alpaca")
    async with market.client.ws_connect(market.server.url + "/v1beta1/indicative") as socket:
        await socket.receive_bytes()
        await socket.send_bytes(msgpack.packb({"action": "auth", "key": alpaca.KEY, "secret": alpaca.SECRET}))
        await socket.receive_bytes()
        await socket.send_bytes(msgpack.packb({"action": "subscribe", "quotes": ["SPY261125C00660000"]}))
        await socket.receive_bytes()
        market.minute()
        quote = msgpack.unpackb(await socket.receive_bytes(), timestamp=3)[0]
        assert quote["T"] == "q" and quote["S"] == "SPY261125C00660000" and quote["bp"] > 0
        assert quote["t"] == market.market.now


async def _lines(answer: Any, count: int) -> Any:
    """The first events of a stream of lines."""
    async with asyncio.timeout(5):
        while count:
            line = (await answer.content.readline()).strip()
            if line:
                count -= 1
                yield orjson.loads(line)
