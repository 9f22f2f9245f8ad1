"""The engine in a process of its own, and senders that post to it steadily and repeat what was not answered."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from core.intake import sample
from core.model import Direction, Source
from tests.e2e.conftest import ROOT, SESSION, WIDE

FIRST, SECOND = "ABCDEFGHJKM", "LMNOPQR"
CONNECTIONS = 12
HELD = 30
"""Rounds after which the position of one is closed by a webhook."""
WITHIN = 120.0


def symbols() -> Iterator[str]:
    for number in count():
        rest, last = divmod(number, len(SECOND))
        rest, middle = divmod(rest, len(FIRST))
        yield f"{FIRST[rest % len(FIRST)]}{FIRST[middle]}{SECOND[last]}X"


@dataclass
class Post:
    """One webhook: where it goes, its body, and what its sender was told last."""

    path: str
    body: str
    told: dict[str, Any] | None = None


@dataclass
class Senders:
    """Rounds of webhooks: context, a signal that opens a position, bars, a second signal, an exit of an older one."""

    began: float = field(default_factory=time.monotonic)
    posts: list[Post] = field(default_factory=list)
    unanswered: deque[Post] = field(default_factory=deque)
    behind: float = 0.0
    """Seconds that the engine's clock is behind this one."""

    def __post_init__(self) -> None:
        self._symbols = symbols()
        self._held: deque[str] = deque()

    def now(self) -> datetime:
        """The session's instant."""
        return datetime.fromisoformat(SESSION) + timedelta(seconds=time.monotonic() - self.began)

    def round(self) -> Iterator[Post]:
        symbol = next(self._symbols)
        for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC):
            yield self._post(self._sample(source, symbol))
        yield self._post(self._bar(symbol, 450.0), "/api/webhooks/price")
        yield self._post(self._sample(Source.TRADINGVIEW_SIGNAL, symbol))
        yield self._post(self._sample(Source.ULTIMATE_OPTIONS, symbol))
        self._held.append(symbol)
        yield self._post(self._bar(symbol, 450.4), "/api/webhooks/price")
        if len(self._held) > HELD:
            yield self._post({"ticker": self._held.popleft(), "action": "exit", "price": 450.4})

    def _post(self, body: dict[str, Any], path: str = "/api/webhooks") -> Post:
        post = Post(path, json.dumps(body | {"id": f"n{len(self.posts)}"}))
        self.posts.append(post)
        return post

    def _sample(self, source: Source, symbol: str) -> dict[str, Any]:
        return sample(source, self.now() - timedelta(seconds=self.behind), symbol, 450.0, Direction.LONG)

    def _bar(self, symbol: str, price: float) -> dict[str, Any]:
        opened = self.now() - timedelta(minutes=1, seconds=self.behind)
        return {
            "ticker": symbol, "interval": "1", "time": opened.isoformat(timespec="seconds"), "open": price,
            "high": price + 0.1, "low": price - 0.1, "close": price, "volume": 52000,
        }  # fmt: skip

    @property
    def answered(self) -> list[dict[str, Any]]:
        return [post.told for post in self.posts if post.told is not None]


class Life:
    """One life of the engine; ``status`` is what it ended with, once ``ended`` is set."""

    def __init__(self, senders: Senders, url: str, process: int) -> None:
        self.senders, self.url, self.process = senders, url, process
        self.listening, self.ended = asyncio.Event(), asyncio.Event()
        self.status: int | None = None
        self.by_itself = False
        """Whether it had ended before it was sent a signal."""

    async def post_and_end(self, seconds: float, rate: float, number: int) -> int | None:
        """Post, and amid it, so many seconds later, send a signal; return what the process ended with.

        An engine that ends by itself before is not waited for.
        """
        posting = asyncio.create_task(self._posting(rate))
        await asyncio.wait({posting}, timeout=seconds)
        status = await self.end(number)
        await posting
        return status

    async def _posting(self, rate: float) -> None:
        """Post at a rate per second, over several connections, until the engine has ended."""
        began, slots = time.monotonic(), count()

        async def turn() -> bool:
            await asyncio.sleep(max(0.0, began + next(slots) / rate - time.monotonic()))
            return not self.ended.is_set()

        async def send(client: aiohttp.ClientSession, post: Post) -> bool:
            try:
                async with client.post(self.url + post.path, data=post.body) as answer:
                    if answer.status == 200:
                        post.told = await answer.json()
                        return True
                    assert answer.status == 503, (answer.status, await answer.text(), post.body)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            self.senders.unanswered.append(post)
            return False

        async def sender(client: aiohttp.ClientSession) -> None:
            while True:
                posts = (
                    iter([self.senders.unanswered.popleft()])
                    if self.senders.unanswered
                    else self.senders.round()
                )
                for post in posts:
                    if not await turn():
                        self.senders.unanswered.append(post)
                        return
                    if not await send(client, post):
                        break

        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            with suppress(aiohttp.ClientError, ConnectionError):
                async with client.get(f"{self.url}/healthz") as answer:
                    clock = datetime.fromisoformat((await answer.json())["clock"])
                    self.senders.behind = max(0.0, (self.senders.now() - clock).total_seconds())
            await asyncio.gather(*(sender(client) for _ in range(CONNECTIONS)))

    async def end(self, number: int = signal.SIGTERM) -> int | None:
        """Send a signal and return what the process ended with."""
        self.by_itself = self.ended.is_set()
        if not self.by_itself:
            with suppress(ProcessLookupError):
                os.kill(self.process, number)
        await self.ended.wait()
        return self.status


class Engines:
    """Starts the engine on one ledger, again and again, by forked_engine.py."""

    def __init__(self, process: asyncio.subprocess.Process, ledger: Path, rules: Path) -> None:
        self._process, self.ledger, self._rules = process, ledger, rules
        self._reading: asyncio.Task[None] | None = None

    async def start(self, senders: Senders, kill: str = "") -> Life:
        """Start it, to be killed as recorder.c says; once ``listening`` is set, it has a ``url`` or has ended."""
        arguments = ["run", "--headless", "--clock", senders.now().isoformat(), "--port", "0"]
        arguments += ["--rules", str(self._rules), "--db", str(self.ledger)]
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"arguments": arguments, "kill": kill}).encode() + b"\n")
        life = Life(senders, "", int((await self._line()).removeprefix("process ")))
        self._reading = asyncio.create_task(self._read(life))
        return life

    async def _read(self, life: Life) -> None:
        try:
            while not (line := await self._line()).startswith("ended "):
                if line.startswith("gatedeck listens on "):
                    life.url = line.split()[-1]
                    life.listening.set()
            life.status = int(line.removeprefix("ended "))
        finally:  # nobody waits for a process that says nothing more
            life.ended.set()
            life.listening.set()

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), WITHIN)
        assert line, "forked_engine.py ended"
        return line.decode().strip()


@asynccontextmanager
async def engines(
    ledger: Path, state: Path, environment: dict[str, str], *, often: bool
) -> AsyncIterator[Engines]:
    """Offer an engine to start on a ledger; whatever happens, it is killed at the end."""
    rules = state / "rules.toml"
    rules.write_text(WIDE)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GATEDECK_")}
    home = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "GATEDECK_STATE_DIR"), str(state))
    command = [sys.executable, "-m", "tests.e2e.durability.forked_engine", *(["--often"] if often else [])]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**kept, **home, **environment}, start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Engines(process, ledger, rules)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
