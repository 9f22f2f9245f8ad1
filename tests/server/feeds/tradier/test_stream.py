"""Tradier's stream before its local server, over HTTP and over a websocket."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.model import Contract
from server.demo.vendors.faults import Fault as Broken
from server.demo.vendors.faults import FaultKind
from server.feeds.values import OptionRow, Quote, StreamGap, StreamState, merged, occ_parts

EVENTS = "/v1/markets/events"
BOTH = pytest.mark.parametrize("over_http", [False, True], ids=["websocket", "http"])


def option(here: Any, symbol: str = "SPY") -> Contract:
    listed = here.source.chain(symbol, here.source.expiries(symbol)[1])
    near = min(listed, key=lambda each: abs(each.strike - here.source.stock(symbol).last))
    root, expiry, right, strike = occ_parts(near.symbol) or ("", None, "", 0.0)
    assert expiry is not None
    return Contract(underlying=symbol, root=root, expiry=expiry, strike=strike, right=right)


def sessions(here: Any) -> int:
    return sum(path.startswith(f"{EVENTS}/session") for path in here.server.requests)


@BOTH
async def test_quotes_trades_and_options_arrive_as_they_are_made(live: Any, over_http: bool) -> None:
    here = await live("tradier", over_http=over_http)
    held = option(here)
    here.stream("SPY", "AAPL", contracts=(held,))
    await here.until(lambda: here.connected and here.of(OptionRow))
    here.ticks.clear()
    here.minute()
    await here.until(lambda: len(here.of(Quote, "SPY")) >= 3 and here.of(OptionRow, held.occ))
    whole = None
    for quote in here.of(Quote, "SPY"):
        whole = merged(whole, quote)
    stock = here.source.stock("SPY")
    assert whole is not None and (whole.bid, whole.ask, whole.last) == (stock.bid, stock.ask, stock.last)
    assert whole.previous_close == pytest.approx(stock.previous_close)
    assert abs(whole.last_at - here.clock.now()) < timedelta(seconds=1)
    assert here.of(OptionRow)[-1].underlying == "SPY"


@BOTH
async def test_the_symbols_of_a_running_stream_change(live: Any, over_http: bool) -> None:
    here = await live("tradier", over_http=over_http)
    here.stream("SPY")
    await here.until(lambda: here.connected and here.of(Quote, "SPY"))
    here.stream("AAPL")
    await here.until(lambda: here.connected and here.of(Quote, "AAPL"))
    here.ticks.clear()
    here.minute()
    await here.until(lambda: here.of(Quote, "AAPL"))
    assert not here.of(Quote, "SPY")
    assert sessions(here) == (2 if over_http else 1)


async def test_nothing_wanted_is_no_connection(live: Any) -> None:
    here = await live("tradier")
    here.stream()
    await asyncio.sleep(0.05)
    assert sessions(here) == 0 and here.vendor.status().stream == "nothing to stream"
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.stream()
    await here.until(lambda: not here.connected)
    await here.until(lambda: not here.server.streams)


@BOTH
@pytest.mark.parametrize("kind", [FaultKind.STREAM_CLOSED, FaultKind.STREAM_SILENT])
async def test_a_stream_that_ends_or_is_silent_is_opened_again(
    live: Any, over_http: bool, kind: FaultKind
) -> None:
    here = await live("tradier", over_http=over_http, silence=0.4 if kind is FaultKind.STREAM_SILENT else 30)
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.server.faults.add(Broken(kind=kind, path=EVENTS, count=1))
    here.minute()
    lost = await here.until(
        lambda: [state for state in here.states[1:] if not state.connected and state.text]
    )
    assert ("closed" if kind is FaultKind.STREAM_CLOSED else "silent") in lost[0].text
    assert "connecting again" in lost[0].text
    await here.until(lambda: here.connected)
    here.ticks.clear()
    await here.until(lambda: here.of(Quote, "SPY"), beat=True)
    assert sessions(here) >= 2


async def test_after_the_session_silence_is_no_fault(live: Any) -> None:
    here = await live("tradier", silence=0.2)
    here.clock.wrong_by = timedelta(hours=12)
    here.stream("SPY")
    await here.until(lambda: here.connected)
    await asyncio.sleep(0.6)
    assert here.connected and sessions(here) == 1


@BOTH
async def test_a_server_that_was_away_is_found_again_without_hurry(live: Any, over_http: bool) -> None:
    here = await live("tradier", over_http=over_http)
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
    here = await live("tradier")
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.server.faults.add(
        Broken(kind=FaultKind.STREAM_OUT_OF_ORDER, path=EVENTS, count=1),
        Broken(kind=FaultKind.STREAM_DUPLICATE, path=EVENTS, first=3, count=1),
    )
    here.ticks.clear()
    here.minute(3)
    await here.until(lambda: len([q for q in here.of(Quote, "SPY") if q.last]) >= 4)
    whole = None
    for quote in here.of(Quote, "SPY"):
        whole = merged(whole, quote)
    assert whole is not None and whole.last == here.source.stock("SPY").last


async def test_a_refused_token_ends_the_stream(live: Any) -> None:
    here = await live("tradier", keys={"TRADIER_TOKEN": "wrong-token-of-mine"})
    here.stream("SPY")
    await asyncio.wait_for(here.streaming, 5)
    last = here.ticks[-1]
    assert isinstance(last, StreamState) and not last.connected and "Invalid Access Token" in last.text
    assert sessions(here) == 1 and here.vendor.status().state == "KEY_REFUSED"


async def test_a_session_that_has_expired_is_made_anew(live: Any) -> None:
    here = await live("tradier", over_http=True)
    here.server.events._sessions.clear()
    made = here.server.events.make_session

    async def expired(request: Any) -> Any:
        found = await made(request)
        if sessions(here) == 1:
            here.server.events._sessions.clear()
        return found

    here.server.events.make_session = expired
    here.stream("SPY")
    await here.until(lambda: here.connected)


@BOTH
async def test_a_name_that_cannot_be_resolved_is_told(live: Any, over_http: bool) -> None:
    scheme = "https" if over_http else "wss"
    here = await live(
        "tradier", settings={"tradier_stream_url": f"{scheme}://stream.nowhere.invalid/v1/markets/events"}
    )
    here.stream("SPY")
    told = await here.until(lambda: [state for state in here.states if state.text])
    assert "stream.nowhere.invalid cannot be resolved; connecting again in 1 s" in told[0].text


@BOTH
async def test_an_error_in_the_stream_opens_it_again(live: Any, over_http: bool) -> None:
    here = await live("tradier", over_http=over_http)
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.server.streams[0].put([b'{"error":"session was closed"}'])
    await here.until(lambda: [state for state in here.states if "session was closed" in state.text])
    await here.until(lambda: here.connected and sessions(here) == 2)


@BOTH
async def test_lines_that_cannot_be_read_are_a_gap_and_no_end(live: Any, over_http: bool) -> None:
    here = await live("tradier", over_http=over_http)
    here.stream("SPY")
    await here.until(lambda: here.connected)
    here.server.streams[0].put([b"<html>", b"", b"[5]", b'{"type":"new"}'])
    await here.until(lambda: here.of(StreamGap))
    seen = len(here.ticks)
    here.minute()
    await here.until(lambda: len(here.ticks) > seen)
    assert len(here.of(StreamGap)) == 1 and here.connected and sessions(here) == 1
