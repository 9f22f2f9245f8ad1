"""Market requests: the time limit of a feed, and spread and depth of a cash index from its ETF."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from core.effects import FetchMarket, Watch
from core.model import Action, Direction, MarketSnapshot, Source
from core.rules import DEFAULT, parse_rules
from server.feeds.base import FeedStatus, MarketReply, NoFeed, reply_at_once, request_market

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
QUICK = parse_rules("[market]\nfeed_timeout_seconds = 0.02\n")


def snapshot(symbol: str) -> MarketSnapshot:
    fields = ("price", "spread_bps", "depth_score", "atr14")
    base = {"SPX": 6620.0, "SPY": 662.0}.get(symbol, 100.0)
    return MarketSnapshot(
        symbol=symbol, as_of=NOW, price=base, spread_bps=40.0 if symbol == "SPX" else 1.5,
        depth_score=5.0 if symbol == "SPX" else 90.0, atr14=base / 100,
        feeds=dict.fromkeys(fields, f"feed of {symbol}"), ages=dict.fromkeys(fields, 0.5),
    )  # fmt: skip


class Feed:
    """A feed that replies at once, or after ``wait`` seconds for the symbols in ``slow``."""

    note = "test"
    assumed = False

    def __init__(self, *slow: str, wait: float = 60.0, at_once: bool = False) -> None:
        self.slow, self.wait, self.immediate = slow, wait, at_once
        self.asked: list[str] = []

    def at_once(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply | None:
        return MarketReply(snapshot(ask.symbol)) if self.immediate else None

    async def ask(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        self.asked.append(ask.symbol)
        if ask.symbol in self.slow:
            await asyncio.sleep(self.wait)
        return MarketReply(snapshot(ask.symbol))

    def trouble(self, symbol: str) -> str:
        return ""

    def status(self) -> tuple[FeedStatus, ...]:
        return ()

    async def watch(self, wanted: Sequence[Watch]) -> None:
        return None


def ask(symbol: str) -> FetchMarket:
    return FetchMarket(signal_id="s", symbol=symbol, direction=Direction.LONG)


@pytest.mark.parametrize(("symbol", "etf"), [("SPX", "SPY"), ("XSP", "SPY"), ("NDX", "QQQ"), ("RUT", "IWM")])
async def test_spread_and_depth_of_a_cash_index_come_from_its_etf(symbol: str, etf: str) -> None:
    later = await request_market(Feed(), ask(symbol), NOW, DEFAULT)
    now = reply_at_once(Feed(at_once=True), ask(symbol), NOW, DEFAULT)
    assert now == later
    own, got = snapshot(symbol), later.snapshot
    assert (got.symbol, got.price, got.atr14, got.proxied) == (symbol, own.price, own.atr14, etf)
    assert (got.spread_bps, got.depth_score) == (1.5, 90.0)
    assert got.feeds["spread_bps"] == f"feed of {etf}" and got.feeds["price"] == f"feed of {symbol}"


async def test_other_symbols_are_asked_for_themselves_alone() -> None:
    feed = Feed()
    assert (await request_market(feed, ask("AAPL"), NOW, DEFAULT)).snapshot == snapshot("AAPL")
    assert feed.asked == ["AAPL"]


async def test_without_a_feed_nothing_is_taken_from_an_etf() -> None:
    reply = reply_at_once(NoFeed(), ask("SPX"), NOW, DEFAULT)
    assert reply is not None and reply.snapshot.proxied is None and reply.snapshot.assumed


async def test_a_feed_that_is_too_slow_leaves_its_fields_absent() -> None:
    begun = asyncio.get_running_loop().time()
    reply = await request_market(Feed("AAPL"), ask("AAPL"), NOW, QUICK)
    assert asyncio.get_running_loop().time() - begun < 5
    assert reply == MarketReply(MarketSnapshot(symbol="AAPL", as_of=NOW))


async def test_an_etf_that_is_too_slow_takes_only_spread_and_depth() -> None:
    got = (await request_market(Feed("SPY"), ask("SPX"), NOW, QUICK)).snapshot
    assert (got.price, got.spread_bps, got.depth_score, got.proxied) == (6620.0, None, None, "SPY")
    assert "spread_bps" not in got.feeds and "depth_score" not in got.ages


async def test_a_signal_whose_feed_hangs_is_skipped_by_the_market_gate(station: Any) -> None:
    runtime = await station.start(
        Feed("SPY"), rules="[market]\nfeed_timeout_seconds = 0.02\n", decision_wait=5.0
    )
    answer = await station.send(runtime, Source.TRADINGVIEW_SIGNAL, "SPY")
    assert answer.decision is not None and answer.decision.action is Action.SKIP
    assert "market" in answer.decision.verdict.gates.failed


async def test_a_signal_on_a_cash_index_names_the_etf_in_its_evidence(station: Any) -> None:
    runtime = await station.start(Feed(), decision_wait=5.0)
    answer = await station.send(runtime, Source.TRADINGVIEW_SIGNAL, "SPX")
    assert answer.decision is not None and answer.decision.market.proxied == "SPY"
