"""Facts for an assistant: from a ledger file, or from a running engine over HTTP. Nothing here can write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import aiohttp
import orjson

from server.config import ConfigError
from server.deck.why import WhyNoTradeService
from server.ledger.address import LedgerAddress
from server.ledger.codec import encode_any
from server.ledger.opened_by_address import open_to_read
from server.ledger.paging import PageQuery
from server.ledger.reader import SqlReader
from tui.cli.client import EngineClient

Item = Mapping[str, Any]
_OF_A_MARK = ("at", "spot", "mid", "iv", "delta", "gamma", "theta", "vega", "basis", "estimated")


class Facts(Protocol):
    """A source of facts. Each method raises LedgerError, ValueError or ConfigError that a person understands."""

    async def page(
        self, what: str, filters: Mapping[str, str], *, limit: int, cursor: str | None, order: str
    ) -> Item: ...

    async def decision(self, decision_id: str) -> Item | None: ...

    async def positions(self) -> Item: ...

    async def status(self) -> Item: ...

    async def report(self, window: str, cut: str) -> Item: ...

    async def whatif(self, changes: Sequence[str]) -> Item: ...


class EngineFacts:
    """Facts of a running engine, by its API."""

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine

    async def page(
        self, what: str, filters: Mapping[str, str], *, limit: int, cursor: str | None, order: str
    ) -> Item:
        given: dict[str, str | int] = {**filters, "limit": limit}
        if cursor is not None:
            given["cursor"] = cursor
        if what != "days":
            given["order"] = order
        return await self._get(f"/api/{what}?{urlencode(given)}")

    async def decision(self, decision_id: str) -> Item | None:
        return await self._get(f"/api/decisions/{quote(decision_id, safe='')}")

    async def positions(self) -> Item:
        return await self._get("/api/positions?limit=500")

    async def status(self) -> Item:
        return await self._get("/api/status")

    async def report(self, window: str, cut: str) -> Item:
        return await self._get(f"/api/metrics?{urlencode({'window': window, 'cut': cut})}")

    async def whatif(self, changes: Sequence[str]) -> Item:
        raise ConfigError(
            "what_if needs the ledger's file: start gatedeck mcp without --url, where the ledger lies"
        )

    async def _get(self, path: str) -> Item:
        try:
            # The client runs a loop of its own.
            return await asyncio.to_thread(self._engine.object, path)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConfigError(
                f"no engine answers at {self._engine.base} ({type(error).__name__}); start it with: gatedeck run"
            ) from None


class LedgerFacts:
    """Facts of a stored ledger; a running engine adds the live prices and its state where one answers.

    It is opened for each question, so that an engine may start, stop and update in between.
    """

    def __init__(self, address: LedgerAddress, engine: EngineFacts) -> None:
        self._address = address
        self._engine = engine

    async def page(
        self, what: str, filters: Mapping[str, str], *, limit: int, cursor: str | None, order: str
    ) -> Item:
        query = PageQuery(what=what, limit=limit, cursor=cursor, filters=filters, order=order)
        async with self._reader() as reader:
            page = await reader.page(query)
        return {"items": page.items, "next_cursor": page.next_cursor}

    async def decision(self, decision_id: str) -> Item | None:
        from core.rules import Rules
        from server.http.views import why_no_trade_view

        async with self._reader() as reader:
            found = await reader.decision(decision_id)
            record = await reader.record(decision_id)
            if found is None or record is None:
                return None
            why = await WhyNoTradeService(reader).of(record, Rules())
        return {**found, "why_no_trade": why_no_trade_view(why)}

    async def positions(self) -> Item:
        try:
            return await self._engine.positions()
        except ConfigError as error:
            page = await self.page("trades", {"state": "open"}, limit=100, cursor=None, order="time")
            async with self._reader() as reader:
                items = [{**item, "last_mark": await _last_mark(reader, item)} for item in page["items"]]
            return {"items": items, "note": f"as stored in the ledger: {error}"}

    async def status(self) -> Item:
        try:
            return {"engine": await self._engine.status()}
        except ConfigError as error:
            newest = {
                what: (await self.page(what, {}, limit=1, cursor=None, order="time"))["items"]
                for what in ("receipts", "decisions", "days")
            }
            return {"engine": None, "note": str(error), "ledger": str(self._address), "newest": newest}

    async def report(self, window: str, cut: str) -> Item:
        from tui.cli.report import measure

        result = await measure(self._address, window, (cut,), None, include_stale=False)
        found = orjson.loads(orjson.dumps(result, option=orjson.OPT_UTC_Z))
        return {
            "as_of": found["as_of"],
            "window": window,
            "metrics": found["metrics"],
            "cut": cut,
            "buckets": found["cuts"][cut],
        }

    async def whatif(self, changes: Sequence[str]) -> Item:
        result = await asyncio.to_thread(self._whatif, changes)
        found: Item = orjson.loads(encode_any(result))
        return found

    def _whatif(self, changes: Sequence[str]) -> object:
        from tui.cli.whatif import compare

        return compare(self._address, changes, None)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[SqlReader]:
        reader = await open_to_read(self._address)
        try:
            yield reader
        finally:
            await reader.close()


async def _last_mark(reader: SqlReader, item: Item) -> Item | None:
    marks = await reader.marks_of(item["position_id"], at_most=1)
    return {name: getattr(marks[-1], name) for name in _OF_A_MARK} if marks else None
