"""Alpaca's streams: a websocket of JSON lists for stocks, of MessagePack lists for options.

The client authenticates, subscribes by channel, and gets lists of messages; a halt comes as a trading status.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgpack
import orjson
from aiohttp import WSMsgType, web

from server.demo.vendors.alpaca_rows import (
    bar_row,
    nanoseconds,
    option_quote,
    option_trade,
    stock_quote,
    stock_trade,
)
from server.demo.vendors.base import VendorServer
from server.demo.vendors.source import PriceBar, path_of
from server.demo.vendors.streams import Stream

STOCKS = ("/v2/iex", "/v2/sip", "/v2/delayed_sip")
OPTIONS = ("/v1beta1/indicative", "/v1beta1/opra")
STOCK_CHANNELS = (
    "trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections", "cancelErrors",
)  # fmt: skip
OPTION_CHANNELS = ("trades", "quotes")
SYMBOLS_OF_FREE_PLAN = 30
ERRORS = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
}
AUTH_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 30.0
Pack = Callable[[Any], bytes]


class AlpacaStreams:
    """Serves the websockets; one connection an endpoint."""

    def __init__(self, server: VendorServer, *, key: str, secret: str, paid: bool) -> None:
        self._server, self._key, self._secret, self._paid = server, key, secret, paid

    @staticmethod
    def is_stream(path: str) -> bool:
        return path in STOCKS or path in OPTIONS

    async def serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        packed = request.path in OPTIONS
        stream = AlpacaStream(self._server, request.path, msgpack.packb if packed else orjson.dumps)
        stream.tell({"T": "success", "msg": "connected"})
        sending = asyncio.create_task(_send(stream, socket, binary=packed))
        try:
            if await self._authenticate(socket, stream):
                self._server.streams.append(stream)
                await self._follow(socket, stream)
        finally:
            with contextlib.suppress(ValueError):
                self._server.streams.remove(stream)
            stream.close()
            with contextlib.suppress(TimeoutError, ConnectionError):
                await asyncio.wait_for(sending, 1.0)
        return socket

    async def _authenticate(self, socket: web.WebSocketResponse, stream: AlpacaStream) -> bool:
        try:
            asked = await asyncio.wait_for(_receive(socket, stream.packed), AUTH_SECONDS)
        except TimeoutError:
            return stream.refuse(404)
        if asked is None:
            return False
        if asked.get("action") != "auth":
            return stream.refuse(401)
        if (asked.get("key"), asked.get("secret")) != (self._key, self._secret):
            return stream.refuse(402)
        if stream.path.endswith(("/sip", "/opra")) and not self._paid:
            return stream.refuse(409)
        if any(other.path == stream.path for other in self._server.streams):
            return stream.refuse(406)
        stream.tell({"T": "success", "msg": "authenticated"})
        return True

    async def _follow(self, socket: web.WebSocketResponse, stream: AlpacaStream) -> None:
        while (asked := await _receive(socket, stream.packed)) is not None:
            match asked.get("action"):
                case "auth":
                    stream.refuse(403)
                case "subscribe" | "unsubscribe" as action:
                    most = None if self._paid else SYMBOLS_OF_FREE_PLAN
                    stream.change(asked, most, add=action == "subscribe")
                case _:
                    stream.refuse(400)


class AlpacaStream(Stream):
    """One client's stream."""

    def __init__(self, server: VendorServer, path: str, pack: Pack) -> None:
        super().__init__(path, server.faults)
        self._server, self._pack = server, pack
        self.packed = path in OPTIONS
        self.channels: dict[str, dict[str, None]] = {
            name: {} for name in (OPTION_CHANNELS if self.packed else STOCK_CHANNELS)
        }
        self._halted: set[str] = set()
        self._closing = False

    def tell(self, *messages: Mapping[str, Any]) -> None:
        self.put([self._pack(list(messages))])

    def refuse(self, code: int) -> bool:
        """Send an error of the protocol; returns ``False``, for a caller that ends with it."""
        self.tell({"T": "error", "code": code, "msg": ERRORS[code]})
        return False

    def change(self, asked: Mapping[str, Any], most: int | None, *, add: bool) -> None:
        """Subscribe or unsubscribe, and answer with all subscriptions."""
        wanted = {name: asked[name] for name in self.channels if name in asked}
        if self.packed and any("*" in symbols for symbols in wanted.values()):
            self.refuse(410)
            return
        if add and most is not None:
            for name in {"trades", "quotes"} & set(wanted):
                if len({*self.channels[name], *wanted[name]}) > most:
                    self.refuse(405)
                    return
        for name, symbols in wanted.items():
            for symbol in symbols:
                if add:
                    self.channels[name][symbol.upper()] = None
                else:
                    self.channels[name].pop(symbol.upper(), None)
        self.tell({"T": "subscription", **{name: list(symbols) for name, symbols in self.channels.items()}})

    def messages(self, bars: Mapping[str, PriceBar], symbols: Iterable[str] | None) -> Sequence[bytes]:
        about = None if symbols is None else set(symbols)
        found = self._options(about) if self.packed else self._stocks(bars, about)
        return [self._pack(found)] if found else []

    def _stocks(self, bars: Mapping[str, PriceBar], about: set[str] | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for symbol in dict.fromkeys(s for name in self.channels for s in self.channels[name]):
            stock = self._server.stock(symbol)
            if stock is None or (about is not None and symbol not in about):
                continue
            at, named = self._server.stamp(stock.at), {"S": symbol}
            found += self._status(symbol)
            if symbol in self._halted:
                continue
            if symbol in self.channels["trades"]:
                for then, price in path_of(bars[symbol]) if symbol in bars else ():
                    traded = stock_trade(replace(stock, last=price), self._server.stamp(then))
                    found.append({"T": "t", **named, **traded})
                found.append({"T": "t", **named, **stock_trade(stock, at)})
            if symbol in self.channels["quotes"] and stock.bid is not None:
                found.append({"T": "q", **named, **stock_quote(stock, at)})
            if symbol in self.channels["bars"] and symbol in bars:
                began = self._server.stamp(bars[symbol].began)
                found.append({"T": "b", **named, **bar_row(bars[symbol], began)})
        return found

    def _status(self, symbol: str) -> list[dict[str, Any]]:
        """Return the trading status of a symbol if it has changed since it was last sent."""
        halted = self._server.source.is_halted(symbol)
        if symbol not in self.channels["statuses"] or halted == (symbol in self._halted):
            return []
        code = {"sc": "H", "sm": "Trading Halt", "rc": "T12", "rm": "News pending"}
        if halted:
            self._halted.add(symbol)
        else:
            self._halted.discard(symbol)
            code = {"sc": "T", "sm": "Trading Resumption", "rc": "", "rm": ""}
        return [{"T": "s", "S": symbol, **code, "t": nanoseconds(self._server.now()), "z": "C"}]

    def _options(self, about: set[str] | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for symbol in dict.fromkeys((*self.channels["quotes"], *self.channels["trades"])):
            option = self._server.source.option(symbol)
            if option is None or (about is not None and option.underlying not in about):
                continue
            at = self._server.stamp(option.at)
            if symbol in self.channels["quotes"]:
                found.append({"T": "q", "S": symbol, **option_quote(option, at), "t": _timestamp(at)})
            trade = option_trade(option, at)
            if symbol in self.channels["trades"] and trade is not None:
                found.append({"T": "t", "S": symbol, **trade, "t": _timestamp(at)})
        return found


def _timestamp(at: datetime) -> msgpack.Timestamp:
    return msgpack.Timestamp.from_unix_nano(round(at.timestamp() * 1_000_000) * 1000 + 173)


async def _receive(socket: web.WebSocketResponse, packed: bool) -> Mapping[str, Any] | None:
    """Return the client's next message, ``None`` when it has gone; what cannot be read is an empty one."""
    message = await socket.receive()
    if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
        return None
    try:
        if message.type is WSMsgType.BINARY and packed:
            found = msgpack.unpackb(message.data)
        else:
            found = orjson.loads(message.data)
    except (ValueError, msgpack.UnpackException):
        return {}
    return found if isinstance(found, dict) else {}


async def _send(stream: AlpacaStream, socket: web.WebSocketResponse, *, binary: bool) -> None:
    while (messages := await stream.next(KEEP_ALIVE_SECONDS)) is not None:
        for message in messages:
            if socket.closed:
                return
            await (socket.send_bytes(message) if binary else socket.send_str(message.decode()))
    await socket.close()
