"""GET /api/metrics: what core measured, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.performance import Trade, Trades

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
TRADES = Trades.from_trades(
    Trade(id=str(n), pnl_net=net, exit_time=NOW - timedelta(days=40 * n), symbol=symbol)
    for n, (net, symbol) in enumerate([(50.0, "SPY"), (-20.0, "QQQ"), (-10.0, "SPY")])
)


@pytest.fixture(autouse=True)
def measured(deck: Any) -> None:
    deck.trades = TRADES


async def test_all_trades_with_their_uncertainty(serve: Any) -> None:
    answer = await (await (await serve()).get("/api/metrics?cut=symbol")).json()
    assert (answer["window"], answer["cut"], answer["assumed"]) == ("all", "symbol", False)
    assert answer["metrics"]["trades"] == 3
    rate = answer["metrics"]["win_rate"]
    assert rate["value"] == pytest.approx(1 / 3) and rate["low"] < 1 / 3 < rate["high"]
    assert (rate["n"], rate["status"]) == (3, "INSUFFICIENT_DATA")
    r = answer["metrics"]["average_r"]
    assert (r["value"], r["reason"]) == (None, "no trade with a planned loss")
    assert [(b["label"], b["metrics"]["net_pnl"]["value"]) for b in answer["buckets"]] == [
        ("SPY", 40.0),
        ("QQQ", -20.0),
    ]


async def test_a_window(serve: Any) -> None:
    answer = await (await (await serve()).get("/api/metrics?window=60")).json()
    assert (answer["window"], answer["metrics"]["trades"]) == ("60", 2)


@pytest.mark.parametrize("query", ["window=31", "cut=colour", "limit=5", "window=30&window=60"])
async def test_what_is_not_accepted_is_named(serve: Any, query: str) -> None:
    answer = await (await serve()).get(f"/api/metrics?{query}")
    assert answer.status == 422
    told = await answer.json()
    assert (told["code"], told["parameter"]) == ("INVALID_PARAMETER", query.partition("=")[0])


async def test_beyond_loopback_it_needs_the_token(serve: Any) -> None:
    client = await serve(api_token="secret")
    assert (await client.get("/api/metrics")).status == 401
