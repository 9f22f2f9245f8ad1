"""Alpaca's streams before its local server, over websockets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.model import Contract
from server.demo.vendors.faults import Fault as Broken
from server.demo.vendors.faults import FaultKind
from server.feeds.values import Bar, OptionRow, Quote, StreamGap, StreamState, merged, occ_parts

STOCKS, OPTIONS = "/v2/iex", "/v1beta1/indicative"


def option(here: Any, symbol: str = "SPY") -> Contract:
    listed = here.source.chain(symbol, here.source.expiries(symbol)[1])
    near = min(listed, key=lambda each: abs(each.strike - here.source.stock(symbol).last))
    root, expiry, right, strike = occ_parts(near.symbol) or ("", None, "", 0.0)
    assert expiry is not None
    return Contract(underlying=symbol, root=root, expiry=expiry, strike=strike, right=right)


def whole(here: Any, symbol: str) -> Quote:
    found = None
    for quote in here.of(Quote, symbol):
        found = merged(found, quote)
    assert found is not None
    return found


async def test_quotes_trades_bars_and_options_arrive_as_they_are_made(live: Any) -> None:
    here = await live("alpaca")
    held = option(here)
    here.stream("SPY", "AAPL", contracts=(held,))
    await here.until(lambda: here.connected)
    here.minute()
    await here.until(
        lambda: here.of(Bar, "SPY") and here.of(OptionRow, held.occ) and len(here.of(Quote, "SPY")) > 1
    )
    stock = here.source.stock("SPY")
    found = whole(here, "SPY")
    assert (found.bid, found.ask, found.last) == (stock.bid, stock.ask, stock.last)
    assert abs(found.last_at - here.clock.now()) < timedelta(seconds=1)
    assert here.of(Bar, "SPY")[-1].end == here.clock.now()
    row = here.of(OptionRow)[-1]
    listed = here.source.option(held.occ)
    assert (row.underlying, row.bid, row.ask) == ("SPY", listed.bid or None, listed.ask or None)
    assert abs(row.quote.at - here.clock.now()) < timedelta(seconds=1)


async def test_what_is_wanted_may_change(live: Any) -> None:
    here = await live("alpaca")
    here.stream("SPY")
    await here.until(lambda: here.connected)
    assert [stream.path for stream in here.server.streams] == [STOCKS]
    held = option(here)
    here.stream("AAPL", contracts=(held,))
    await here.until(lambda: len(here.server.streams) == 2 and here.connected)
    here.ticks.clear()
    here.minute()
    await here.until(lambda: here.of(Quote, "AAPL") and here.of(OptionRow))
    assert here.of(Quote, "SPY")  # the underlying of a position is wanted with it
    here.stream("AAPL")
    await here.until(lambda: [stream.path for stream in here.server.streams] == [STOCKS])
    await here.until(lambda: "SPY" not in here.server.streams[0].channels["trades"])
    assert here.vendor.status().stream == "connected"


async def test_nothing_wanted_is_no_connection(live: Any) -> None:
    here = await live("alpaca")
    here.stream()
    await asyncio.sleep(0.05)
    assert not here.server.requests and here.vendor.status().stream == "nothing to stream"
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.stream()
    await here.until(lambda: not here.server.streams)
    assert here.vendor.status().stream == "nothing to stream"


async def test_a_halt_and_its_end_are_told(live: Any) -> None:
    here = await live("alpaca")
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.source.halts.add("SPY")
    await here.until(lambda: whole_halted(here) is True, beat=True)
    here.source.halts.clear()
    await here.until(lambda: whole_halted(here) is False, beat=True)


def whole_halted(here: Any) -> bool | None:
    return whole(here, "SPY").halted if here.of(Quote, "SPY") else None


@pytest.mark.parametrize("path", [STOCKS, OPTIONS])
@pytest.mark.parametrize("kind", [FaultKind.STREAM_CLOSED, FaultKind.STREAM_SILENT])
async def test_a_stream_that_ends_or_is_silent_is_opened_and_subscribed_again(
    live: Any, kind: FaultKind, path: str
) -> None:
    here = await live("alpaca", silence=0.5 if kind is FaultKind.STREAM_SILENT else 30)
    here.stream("SPY", contracts=(option(here),))
    await here.until(lambda: here.connected)
    here.server.faults.add(Broken(kind=kind, path=path, count=1))
    here.minute()
    lost = await here.until(lambda: [state for state in here.states if not state.connected and state.text])
    assert ("closed" if kind is FaultKind.STREAM_CLOSED else "silent") in lost[0].text
    assert "connecting again" in lost[0].text
    await here.until(lambda: here.connected)
    here.ticks.clear()
    await here.until(lambda: here.of(Quote, "SPY") and here.of(OptionRow), beat=True)


async def test_after_the_session_silence_is_no_fault(live: Any) -> None:
    here = await live("alpaca", silence=0.2)
    here.clock.wrong_by = timedelta(hours=12)
    here.stream("SPY")
    await here.until(lambda: here.connected)
    await asyncio.sleep(0.6)
    assert here.connected and len(here.server.requests) == 1
    here.minute()
    await here.until(lambda: here.of(Quote, "SPY"))


async def test_a_server_that_was_away_is_found_again_without_hurry(live: Any) -> None:
    here = await live("alpaca")
    here.stream("SPY")
    await here.until(lambda: here.connected)
    port = here.server.port
    await here.server.stop()
    await here.until(lambda: not here.connected)
    before = len(here.states)
    await asyncio.sleep(0.5)
    assert len(here.states) - before < 40  # never a loop without pauses
    await here.server.start(port)
    await here.until(lambda: here.connected, seconds=20)


async def test_duplicates_and_late_messages_change_nothing(live: Any) -> None:
    here = await live("alpaca")
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.server.faults.add(
        Broken(kind=FaultKind.STREAM_OUT_OF_ORDER, path=STOCKS, count=1),
        Broken(kind=FaultKind.STREAM_DUPLICATE, path=STOCKS, first=3, count=1),
    )
    here.minute(3)
    await here.until(lambda: len([q for q in here.of(Quote, "SPY") if q.last]) >= 4)
    assert whole(here, "SPY").last == here.source.stock("SPY").last


async def test_more_symbols_than_the_plan_allows_are_told(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.demo.vendors.alpaca_stream.SYMBOLS_OF_FREE_PLAN", 3)
    here = await live("alpaca")
    here.stream("SPY", "QQQ", "IWM", "TSLA", "AMD", contracts=(option(here),))
    state = await here.until(lambda: [s for s in here.states if "not streamed" in s.text])
    assert not state[-1].connected and "QQQ" in state[-1].text and "SPY" not in state[-1].text
    assert len(here.server.streams[0].channels["trades"]) == 3
    here.stream("SPY", "QQQ")
    await here.until(lambda: here.connected)


async def test_refused_keys_end_both_streams(live: Any) -> None:
    here = await live("alpaca", keys={"APCA_API_KEY_ID": "wrong-key", "APCA_API_SECRET_KEY": "wrong-secret"})
    here.stream("SPY")
    await asyncio.wait_for(here.streaming, 5)
    last = here.ticks[-1]
    assert isinstance(last, StreamState) and not last.connected and "key is refused (402)" in last.text
    assert here.vendor.status().state == "KEY_REFUSED" and len(here.server.requests) == 1


async def test_a_stream_outside_the_plan_is_told_and_the_other_goes_on(live: Any) -> None:
    here = await live("alpaca", settings={"alpaca_feed": "sip"})
    held = option(here)
    here.stream("SPY", contracts=(held,))
    await here.until(lambda: here.states and "plan" in here.states[-1].text)
    here.minute()
    await here.until(lambda: here.of(OptionRow))
    assert not here.connected and here.vendor.status().state != "KEY_REFUSED"
    assert sum("/v2/sip" in path for path in here.server.requests) == 1


async def test_a_second_connection_waits_before_it_tries_again(live: Any) -> None:
    here, there = await live("alpaca"), await live("alpaca")
    there.vendor._streams._stocks._url = f"ws://127.0.0.1:{here.server.port}{STOCKS}"
    here.stream("SPY")
    await here.until(lambda: here.connected)
    there.stream("SPY")
    told = await there.until(lambda: [s for s in there.states if "(406)" in s.text])
    assert "another connection" in told[0].text
    here.stream()
    await there.until(lambda: there.connected)


@pytest.mark.parametrize(
    "bad", [b"\x01not json", b"[1,2]", b'[{"T":"error","code":407,"msg":"slow client"}]']
)
async def test_a_frame_that_cannot_be_read_is_a_gap_and_no_end(live: Any, bad: bytes) -> None:
    here = await live("alpaca")
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.server.streams[0].put([b"", b"[]", b'[{"T":"new","S":"SPY"}]', bad, bad])
    await here.until(lambda: here.of(StreamGap))
    here.minute()
    await here.until(lambda: here.of(Quote, "SPY"))
    assert len(here.of(StreamGap)) == 1 and here.connected


async def test_a_name_that_cannot_be_resolved_is_told(live: Any) -> None:
    here = await live("alpaca", settings={"alpaca_stream_url": "wss://stream.nowhere.invalid"})
    here.stream("SPY")
    told = await here.until(lambda: [state for state in here.states if state.text])
    assert "stream.nowhere.invalid cannot be resolved; connecting again in 1 s" in told[0].text


async def test_a_fault_of_the_reader_does_not_end_the_stream(live: Any) -> None:
    here = await live("alpaca")
    ticks, broken = here.ticks, [True]

    class Reader(list[Any]):
        def append(self, tick: Any) -> None:
            if isinstance(tick, Quote) and broken and broken.pop():
                raise ZeroDivisionError
            ticks.append(tick)

    here.ticks = Reader()
    here.stream("SPY")
    here.ticks = ticks
    await here.until(lambda: [state for state in here.states if "ZeroDivisionError" in state.text], beat=True)
    await here.until(lambda: here.of(Quote, "SPY"), beat=True)
