"""Cost of the webhook endpoint above a bare aiohttp handler, with an engine that stores nothing.

Run ``python tests/benchmarks http``. Everything but the ledger is real: dispatch, authorization, reading,
splitting, the answer. ``bench_durable`` includes the ledger; this benchmark shows the part of HTTP in it.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from core.model import Source, Update
from server.config import load_settings
from server.deck import Command, CommandResult, DeckSnapshot, Notice, Page, PageQuery
from server.http.app import HttpServer
from server.runtime.ports import Answered, Health, WebhookAnswer
from tests.benchmarks.load import LoadResult, load
from tests.benchmarks.table import Row, per_second

PATH = "/api/webhooks/saty-phase"
SECRET = "a-secret-of-the-usual-length-0123456789"


ANSWER = WebhookAnswer(
    http_status=200,
    status="accepted",
    receipt_id="5b0a7c1e-2f66-5a5e-a1b2-3c4d5e6f7a8b",
    source=Source.SATY_PHASE,
    symbol="SPY",
)


class NullIntake:
    """Engine that answers at once and stores nothing."""

    def read(self, body: str, endpoint: str | None) -> Update | None:
        return None

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        return ANSWER

    def take(self, body: str, endpoint: str | None, done: Answered, gone: Callable[[], bool]) -> None:
        done(ANSWER)


class NoDeck:
    """Deck that is never called."""

    def snapshot(self) -> DeckSnapshot:
        raise LookupError("the benchmark has no engine")

    async def changes(self) -> AsyncIterator[Notice]:
        return
        yield

    async def page(self, query: PageQuery) -> Page:
        return Page(items=(), next_cursor=None)

    async def decision(self, decision_id: str) -> None:
        return None

    async def command(self, command: Command) -> CommandResult:
        return CommandResult(ok=False, code="UNKNOWN_COMMAND", text="")

    def health(self) -> Health:
        return Health(ready=True, uptime=0.0)


async def bare_handler(request: web.Request) -> web.Response:
    """Read the body, parse it, answer a constant: the peer."""
    orjson.loads(await request.read())
    return web.Response(body=b'{"status":"accepted"}', content_type="application/json")


@asynccontextmanager
async def bare() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post(PATH, bare_handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def ours(**flags: Any) -> AsyncIterator[str]:
    deck = NoDeck()
    settings = load_settings({"port": 0, **flags})
    server = HttpServer(intake=NullIntake(), deck=deck, health=deck, settings=settings, command_token="bench")
    await server.start()
    try:
        yield f"{server.url}{PATH}"
    finally:
        await server.stop()


async def measure(rounds: int, seconds: float) -> dict[str, list[LoadResult]]:
    """Run every server once per round, so that other work of the machine affects all of them alike."""
    seen: dict[str, list[LoadResult]] = {}
    for number in range(rounds):
        start = number * 10_000_000
        async with bare() as url:
            seen.setdefault("bare aiohttp", []).append(await load(url, seconds=seconds, start=start))
        async with ours() as url:
            seen.setdefault("open on loopback", []).append(await load(url, seconds=seconds, start=start))
        async with ours(webhook_secret=SECRET) as url:
            keyed = f"{url}?key={SECRET}"
            seen.setdefault("with ?key=", []).append(await load(keyed, seconds=seconds, start=start))
    return seen


def rows(rounds: int = 3, seconds: float = 1.5) -> Iterator[Row]:
    """Yield one row per endpoint, against the bare handler of the same rounds."""
    seen = asyncio.run(measure(rounds, seconds))
    peer = _medians(seen.pop("bare aiohttp"))
    for name, results in seen.items():
        rate, p99 = _medians(results)
        failed = sum(r.errors + r.requests - r.statuses.get("200", 0) for r in results)
        note = f"p99 {p99:.1f} ms, bare {peer[1]:.1f} ms" + (f"; {failed} not answered 200" if failed else "")
        bare_rate = f"bare aiohttp {per_second(1, 1 / peer[0])}"
        work = f"webhook over HTTP without a ledger, {name}"
        yield Row(work, per_second(1, 1 / rate), bare_rate, rate / peer[0], "–", note)


def _medians(results: list[LoadResult]) -> tuple[float, float]:
    return statistics.median(r.rate for r in results), statistics.median(r.p99_ms for r in results)
