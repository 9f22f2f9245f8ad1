"""Alpaca's streams: a websocket for stocks and one for options, each with its own login and subscriptions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import aiohttp
import orjson

from core.exchange.calendar import Calendar
from server.feeds.alpaca_json import NAME, to_vendor
from server.feeds.alpaca_messages import FrameError, Market, messages_in
from server.feeds.alpaca_subscriptions import Subscriptions
from server.feeds.http import VendorHttp
from server.feeds.streaming import (
    Connection,
    JointState,
    Steadiness,
    StreamBroken,
    StreamLimits,
    StreamRefused,
    Turns,
    in_session,
    keep_open,
    network_fault,
    same_address,
    stop,
)
from server.feeds.values import StreamGap, Tick
from server.feeds.vendor import OnTick, VendorTools, Wanted

REFUSED = {
    402: "the key is refused",
    409: "the plan does not include this stream",
}
"""Errors after which the same login would fail again."""
LATER = {
    403: "already logged in",
    404: "the login took too long",
    406: "another connection with this key is open, and the plan allows one",
}
"""Errors that pass, but not at once: the vendor ends a lost connection after some time."""
SLOW_CLIENT = 407
MOST_BYTES = 8 << 20
_DATA = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
Read = Callable[[Mapping[str, Any]], Tick | None]
"""Turns a message into a tick."""
GAP_SECONDS = 5.0
"""Frames that cannot be read are told once in this time."""


class AlpacaStreams:
    """Both streams as one; ``text`` is their state in words."""

    def __init__(
        self, tools: VendorTools, key: str, secret: str, http: VendorHttp, limits: StreamLimits
    ) -> None:
        settings = tools.settings
        base = settings.alpaca_stream_url
        self._state = JointState(NAME)
        self._market = Market(delayed=settings.alpaca_feed == "delayed_sip")
        login = {"action": "auth", "key": key, "secret": secret}
        self._stocks = Socket(
            tools, f"{base}/v2/{settings.alpaca_feed}", login, self._state.connection(), http, limits,
            Subscriptions(("trades", "quotes", "bars"), ("statuses",)), packed=False,
        )  # fmt: skip
        self._options = Socket(
            tools, f"{base}/v1beta1/{settings.alpaca_option_feed}", login,
            self._state.connection("options: "), http, limits, Subscriptions(("quotes",)), packed=True,
        )  # fmt: skip

    @property
    def text(self) -> str:
        return self._state.text

    async def run(self, wanted: Wanted, on_tick: OnTick) -> None:
        """Stream until cancelled, or until what is needed is refused."""
        self._state.on_tick = on_tick
        self._want(wanted)
        following = asyncio.create_task(self._follow(wanted))
        running = {
            asyncio.create_task(self._stocks.run(self._market.tick, on_tick)),
            asyncio.create_task(self._options.run(self._market.option, on_tick)),
        }
        open_ones = set(running)
        try:
            while open_ones:
                ended, open_ones = await asyncio.wait(open_ones, return_when=asyncio.FIRST_COMPLETED)
                # With nothing left that is needed, another vendor's stream may be better.
                if any(task.result().key for task in ended) or not self._state.is_needed:
                    return
        finally:
            await stop(following, *running)

    async def _follow(self, wanted: Wanted) -> None:
        while True:
            await wanted.changed()
            self._want(wanted)

    def _want(self, wanted: Wanted) -> None:
        held = [contract.underlying for contract in wanted.contracts]
        self._market.underlyings = {contract.occ: contract.underlying for contract in wanted.contracts}
        # Underlyings of open positions first, in case the plan does not allow all.
        self._stocks.want(to_vendor(symbol) for symbol in (*held, *sorted(wanted.symbols)))
        self._options.want(contract.occ for contract in wanted.contracts)


class Socket:
    """One websocket: connects while something is wanted of it, logs in, subscribes, hands over, connects again."""

    def __init__(
        self,
        tools: VendorTools,
        url: str,
        login: Mapping[str, str],
        connection: Connection,
        http: VendorHttp,
        limits: StreamLimits,
        subscriptions: Subscriptions,
        *,
        packed: bool,
    ) -> None:
        self._tools, self._url, self._login, self._http = tools, url, login, http
        self._connection, self._limits, self._subscriptions = connection, limits, subscriptions
        self._packed = packed
        self._sessions = Calendar.load()
        self._steadiness = Steadiness(tools.random, limits)
        self._anything = False
        self._changed = asyncio.Event()
        self._gap_told = -GAP_SECONDS

    def want(self, names: Iterable[str]) -> None:
        """Set what is wanted, the most important first."""
        listed = tuple(names)
        self._anything = bool(listed)
        self._subscriptions.want(listed)
        self._changed.set()

    async def run(self, read: Read, on_tick: OnTick) -> StreamRefused:
        """Hand over what is wanted until refused for good, and return that refusal."""
        return await keep_open(lambda: self._attempt(read, on_tick), self._connection, self._steadiness)

    async def _attempt(self, read: Read, on_tick: OnTick) -> None:
        while not self._anything:
            self._connection.tell(False, idle=True)
            self._changed.clear()
            await self._changed.wait()
        self._connection.tell(False)
        socket = await self._connect()
        try:
            await same_address(socket)
            await self._greet(socket)
            self._subscriptions.reset()
            self._steadiness.begin()
            following = asyncio.create_task(self._follow(socket))
            try:
                await self._receive(socket, read, on_tick)
            finally:
                await stop(following)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise network_fault(error, self._url) from None
        finally:
            with contextlib.suppress(Exception):
                await asyncio.shield(socket.close())  # waits a second at most, see ``_connect``

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        headers = {"Content-Type": "application/msgpack"} if self._packed else {}
        try:
            async with asyncio.timeout(self._limits.connect):
                return await self._tools.session.ws_connect(
                    self._url,
                    headers=headers,
                    heartbeat=self._limits.heartbeat,
                    max_msg_size=MOST_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except TimeoutError:
            raise StreamBroken(f"no connection within {self._limits.connect:g} s") from None
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (401, 403):
                raise self._refused(f"the key is refused ({error.status})") from None
            raise StreamBroken(f"the connection is refused ({error.status})") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise network_fault(error, self._url) from None

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await self._expect(socket, "connected")
        await self._send(socket, self._login)
        await self._expect(socket, "authenticated")

    async def _expect(self, socket: aiohttp.ClientWebSocketResponse, word: str) -> None:
        """Wait until Alpaca says a word; raises StreamRefused or StreamBroken for anything else."""
        try:
            async with asyncio.timeout(self._limits.answer):
                while True:
                    for message in self._frame(await socket.receive()):
                        if message.get("T") == "error":
                            self._judge(message)
                        if message.get("T") == "success" and message.get("msg") == word:
                            return
        except TimeoutError:
            raise StreamBroken(f'no "{word}" within {self._limits.answer:g} s') from None
        except FrameError as error:
            raise StreamBroken(str(error)) from None

    async def _receive(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        read: Read,
        on_tick: OnTick,
    ) -> None:
        turns = Turns()
        while True:
            await turns.take()
            try:
                frame = await socket.receive(self._limits.silence)
            except TimeoutError:
                if self._subscriptions.waiting or in_session(self._tools.clock, self._sessions):
                    raise StreamBroken(f"silent for {self._limits.silence:g} s") from None
                continue
            if not self._anything and frame.type not in _DATA:
                return
            self._steadiness.received()
            try:
                messages = self._frame(frame)
            except FrameError as error:
                self._tell_gap(str(error), on_tick)
                continue
            for message in messages:
                if message.get("T") in ("error", "subscription", "success"):
                    await self._control(socket, message, on_tick)
                elif (tick := read(message)) is not None:
                    on_tick(tick)

    async def _control(
        self, socket: aiohttp.ClientWebSocketResponse, message: Mapping[str, Any], on_tick: OnTick
    ) -> None:
        if message["T"] == "subscription":
            self._subscriptions.acknowledged(message)
        elif message["T"] == "error":
            code = message.get("code")
            if code == SLOW_CLIENT:
                self._tell_gap("messages were dropped, because they were not read fast enough", on_tick)
                return
            if not (isinstance(code, int) and self._subscriptions.refused(code)):
                self._judge(message)
        await self._ask(socket)

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            self._changed.clear()
            try:
                await self._ask(socket)
            except (aiohttp.ClientError, ConnectionError):
                return  # the reader meets the same
            await self._changed.wait()

    async def _ask(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if not self._anything:
            await socket.close()
            return
        if (message := self._subscriptions.next_message()) is not None:
            await self._send(socket, message)
        elif not self._subscriptions.waiting:
            missing = self._subscriptions.missing
            shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            self._connection.tell(not missing, f"not streamed: {shown}" if missing else "")

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, message: Mapping[str, Any]) -> None:
        if self._packed:
            import msgpack

            await socket.send_bytes(msgpack.packb(dict(message)))
        else:
            await socket.send_str(orjson.dumps(dict(message)).decode())

    def _frame(self, frame: aiohttp.WSMessage) -> tuple[Mapping[str, Any], ...]:
        if frame.type in _DATA:
            return messages_in(frame.data)
        if frame.type is aiohttp.WSMsgType.ERROR:
            raise StreamBroken(f"the connection failed ({type(frame.data).__name__})")
        raise StreamBroken("the vendor closed the connection")

    def _judge(self, message: Mapping[str, Any]) -> None:
        """Raise what an error of the protocol means."""
        code = message.get("code")
        number = code if isinstance(code, int) else 0
        if number in REFUSED:
            raise self._refused(f"{REFUSED[number]} ({number})", key=number == 402)
        if number in LATER:
            raise StreamBroken(f"{LATER[number]} ({number})", self._limits.slow)
        words = str(message.get("msg", ""))[:80]
        raise StreamBroken(f"the vendor sent an error ({number}: {words})")

    def _refused(self, text: str, *, key: bool = True) -> StreamRefused:
        if key:
            self._http.refuse_key(f"{NAME}: {text}")
        return StreamRefused(text, key=key)

    def _tell_gap(self, text: str, on_tick: OnTick) -> None:
        now = time.monotonic()
        if now - self._gap_told >= GAP_SECONDS:
            self._gap_told = now
            on_tick(StreamGap(source=NAME, text=text))
