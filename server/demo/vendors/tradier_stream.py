"""Tradier's event stream: a session is made by a request, then lines of JSON come over HTTP or a websocket."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from server.demo.vendors.base import VendorServer, answer
from server.demo.vendors.source import ListedOption, PriceBar, Stock, parse_occ, path_of, stated_size
from server.demo.vendors.streams import Stream
from server.demo.vendors.tradier_rows import epoch_ms

PATH = "/v1/markets/events"
SESSION_VALID = timedelta(minutes=5)
FILTERS = ("trade", "quote", "summary", "timesale", "tradex")
KEEP_ALIVE_SECONDS = 5.0


class TradierStreams:
    """Makes sessions and serves their streams; a user has one at a time."""

    def __init__(self, server: VendorServer, *, offered: bool) -> None:
        self._server, self._offered = server, offered
        self._sessions: dict[str, datetime] = {}

    async def make_session(self, request: web.Request) -> web.Response:
        if not self._offered:
            return self._server.error(403)
        session = secrets.token_hex(16)
        self._sessions[session] = self._server.source.now() + SESSION_VALID
        return answer({"stream": {"url": self._server.url + PATH, "sessionid": session}})

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._over_websocket(request)
        asked = request.query if request.method == "GET" else await request.post()
        wanted = {name: str(asked.get(name, "")) for name in ("symbols", "filter")}
        if not self._is_valid(str(asked.get("sessionid", ""))):
            return self._server.error(401)
        stream = self._open(_split(wanted["symbols"]), _split(wanted["filter"]))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            await response.write(b"\n")
            while (messages := await stream.next(KEEP_ALIVE_SECONDS)) is not None:
                if messages or not stream.silent:
                    await response.write(b"\n".join([*messages, b""]) or b"\n")
        finally:
            self._close(stream)
        if request.transport is not None:
            request.transport.close()
        return response

    async def _over_websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        stream: TradierStream | None = None
        sending: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                asked = orjson.loads(message.data)
                if not self._is_valid(asked.get("sessionid", "")) and stream is None:
                    await socket.send_str('{"error":"Session not found"}')
                    break
                symbols, filters = asked.get("symbols", []), asked.get("filter", [])
                if stream is None:
                    stream = self._open(symbols, filters)
                    sending = asyncio.create_task(_send(stream, socket))
                else:
                    stream.subscribe(symbols, filters)
        finally:
            if sending is not None:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sending
            if stream is not None:
                self._close(stream)
        return socket

    def _is_valid(self, session: str) -> bool:
        ends = self._sessions.get(session)
        return ends is not None and self._server.source.now() <= ends

    def _open(self, symbols: Sequence[str], filters: Sequence[str]) -> TradierStream:
        for earlier in tuple(self._server.streams):
            earlier.close()
        stream = TradierStream(self._server, symbols, filters)
        self._server.streams.append(stream)
        return stream

    def _close(self, stream: Stream) -> None:
        with contextlib.suppress(ValueError):
            self._server.streams.remove(stream)


class TradierStream(Stream):
    """One client's stream: it begins with what is known of each symbol."""

    def __init__(self, server: VendorServer, symbols: Sequence[str], filters: Sequence[str]) -> None:
        super().__init__(PATH, server.faults)
        self._server = server
        self._sequence = 0
        self.symbols: dict[str, None] = {}
        self._filters = frozenset(FILTERS)
        self.subscribe(symbols, filters)

    def subscribe(self, symbols: Sequence[str], filters: Sequence[str]) -> None:
        """Replace the subscription, and send what is known of it."""
        self.symbols = dict.fromkeys(symbol.strip().upper() for symbol in symbols)
        self._filters = frozenset(filters) or frozenset(FILTERS)
        if found := self.messages({}, None):
            self.put(found)

    def messages(self, bars: Mapping[str, PriceBar], symbols: Iterable[str] | None) -> Sequence[bytes]:
        about = None if symbols is None else set(symbols)
        found: list[bytes] = []
        for symbol in self.symbols:
            if about is not None and symbol not in about:
                continue
            stock = self._server.stock(symbol)
            option = self._server.source.option(symbol) if stock is None and parse_occ(symbol) else None
            if stock is not None:
                path = path_of(bars[symbol]) if symbol in bars else ()
                events = [e for at, price in path for e in self._trades(replace(stock, last=price, at=at))]
                events += [*self._trades(stock), *self._book(stock)]
            else:
                events = [] if option is None else self._option(option)
            found += [orjson.dumps(event) for event in events if event["type"] in self._filters]
        return found

    def _book(self, stock: Stock) -> list[dict[str, Any]]:
        at, sizes = str(epoch_ms(self._server.stamp(stock.at))), (stock.bid_size, stock.ask_size)
        bid_size, ask_size = (stated_size(size, stock.at) for size in sizes)
        return [
            _quote(stock.symbol, stock.bid, stock.ask, bid_size, ask_size, at),
            {
                "type": "summary", "symbol": stock.symbol, "open": str(stock.open), "high": str(stock.high),
                "low": str(stock.low), "prevClose": str(stock.previous_close),
            },
        ]  # fmt: skip

    def _trades(self, stock: Stock) -> list[dict[str, Any]]:
        at, last = str(epoch_ms(self._server.stamp(stock.at))), f"{stock.last:.4f}".rstrip("0").rstrip(".")
        self._sequence += 1
        return [
            {
                "type": "trade", "symbol": stock.symbol, "exch": "Q", "price": last, "size": "100",
                "cvol": str(stock.volume), "date": at, "last": last,
            },
            {
                "type": "timesale", "symbol": stock.symbol, "exch": "Q", "bid": str(stock.bid or 0.0),
                "ask": str(stock.ask or 0.0), "last": last, "size": "100", "date": at, "seq": self._sequence,
                "flag": "", "cancel": False, "correction": False, "session": "normal",
            },
        ]  # fmt: skip

    def _option(self, option: ListedOption) -> list[dict[str, Any]]:
        at = str(epoch_ms(self._server.stamp(option.at)))
        return [_quote(option.symbol, option.bid, option.ask, option.bid_size, option.ask_size, at)]


def _quote(
    symbol: str, bid: float | None, ask: float | None, bid_size: int, ask_size: int, at: str
) -> dict[str, Any]:
    return {
        "type": "quote", "symbol": symbol, "bid": bid or 0.0, "bidsz": bid_size if bid else 0, "bidexch": "Q",
        "biddate": at, "ask": ask or 0.0, "asksz": ask_size if ask else 0, "askexch": "Q", "askdate": at,
    }  # fmt: skip


async def _send(stream: TradierStream, socket: web.WebSocketResponse) -> None:
    while (messages := await stream.next(KEEP_ALIVE_SECONDS)) is not None:
        for message in messages:
            await socket.send_str(message.decode())
    await socket.close()


def _split(text: str) -> list[str]:
    return [part for part in text.split(",") if part]
