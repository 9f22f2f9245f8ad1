"""The API: read the ledger and command the engine over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.engine.commands import FLATTEN
from core.engine.settlement import SURE
from core.model import Mode
from server.deck.protocol import Deck
from server.http.auth import Access
from server.http.bodies import expand, read_body
from server.http.engine_status import engine_status
from server.http.lists import (
    APPROVAL_FILTERS,
    DAY_QUERY,
    ENTRY_FILTERS,
    NOTE_QUERY,
    PAGING,
    PERFORMANCE,
    RECEIPT_FILTERS,
    TIME_FILTERS,
    TRADE_QUERY,
    invalid,
    listing,
    page_query,
    parameters,
    position_page,
)
from server.http.notes import Author, CommandId, NoteRequest, note_command
from server.http.problems import PROBLEMS, Refused, problem
from server.http.protocol import engage
from server.http.routes import COMMAND, READ, Call, Params, Route
from server.http.views import answer, decision_detail, json_response, why_no_trade_view
from server.ledger.codec import encode_any
from server.ledger.paging import PageQuery
from server.runtime.ports import Command, CommandResult, Health, HealthSource, NotStored, Overloaded

B = TypeVar("B", bound=BaseModel)

COMMAND_STATUS: Mapping[str, int] = {
    "EXITING": 202,
    "APPROVING": 202,
    "NO_APPROVAL": 404,
    "UNKNOWN_POSITION": 404,
    "NOT_OPEN": 409,
    "CHANGED": 409,
    "AWAITING_SETTLEMENT": 409,
    "NOT_ALL_CLOSED": 409,
    "NOT_EXPIRED": 409,
    "NO_SUGGESTION": 404,
    "NO_VERSION": 404,
    "UNKNOWN": 422,
    "BAD_QUANTITY": 422,
    "BAD_PRICE": 422,
    "BAD_RATIO": 422,
    "PRICE_FAR": 422,
    "BAD_MODE": 422,
    "BAD_NOTE": 422,
    "NO_NOTE": 404,
}
"""HTTP status by the engine's code; for any other code 200 when done, else 409."""


_RETRY = {"Retry-After": "5"}


class ExitRequest(BaseModel):
    """``contracts`` to close (all when absent); ``expected`` is the quantity the sender believes is open.

    ``price`` per share is for a position that a split has suspended, in terms of the contract as it was bought.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    contracts: Annotated[int, Field(ge=1)] | None = None
    expected: Annotated[int, Field(ge=1)] | None = None
    price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    author: Author | None = None
    command_id: CommandId | None = None


class SettleRequest(BaseModel):
    """``price`` is the close of the underlying on the expiry day, in dollars; ``expected`` as for an exit.

    A price far from the last known one is refused unless ``sure``.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    price: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    sure: bool = False
    expected: Annotated[int, Field(ge=1)] | None = None
    author: Author | None = None
    command_id: CommandId | None = None


class AdjustRequest(BaseModel):
    """``new`` shares stand for ``old`` ones after a split."""

    model_config = ConfigDict(extra="forbid", strict=True)

    new: Annotated[int, Field(ge=1, le=10_000)]
    old: Annotated[int, Field(ge=1, le=10_000)]
    expected: Annotated[int, Field(ge=1)] | None = None
    author: Author | None = None
    command_id: CommandId | None = None


class ModeRequest(BaseModel):
    """Change to ``mode``; ``flatten`` exits everything first. A repeated ``command_id`` has no effect."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    flatten: bool = False
    author: Author | None = None
    command_id: CommandId | None = None


class JudgeRequest(BaseModel):
    """``author`` is stored with the rules version or the approval."""

    model_config = ConfigDict(extra="forbid")

    author: Author | None = None
    command_id: CommandId | None = None


class Api:
    """The handlers of the API; each belongs to one row of ``api_routes``."""

    def __init__(
        self,
        deck: Deck,
        health: HealthSource,
        access: Access,
        *,
        max_body_bytes: int,
        routes: Sequence[Route] = (),
    ) -> None:
        self._routes = routes
        self._deck = deck
        self._health = health
        self._access = access
        self._limit = max_body_bytes

    async def call(self, route: Route, request: web.BaseRequest, params: Params) -> web.StreamResponse:
        """Answer one request to a route after checking access. Raises Refused."""
        if route.access == READ:
            self._access.may_read(request)
        elif route.access == COMMAND:
            self._access.may_command(request)
        response: web.StreamResponse = await route.handler(self, Call(request, params))
        return response

    def may_command(self, request: web.BaseRequest) -> bool:
        """Return whether a request has a command token."""
        try:
            self._access.may_command(request)
        except Refused:
            return False
        return True

    # --- lists -------------------------------------------------------------------------------------------

    async def decisions(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "decisions", PAGING + ENTRY_FILTERS))

    async def ledger(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "ledger", PAGING + ENTRY_FILTERS))

    async def receipts(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "receipts", PAGING + RECEIPT_FILTERS))

    async def approvals(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "approvals", PAGING + APPROVAL_FILTERS))

    async def risk_events(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "risk_events", PAGING + TIME_FILTERS))

    async def trades(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "trades", PAGING + TRADE_QUERY))

    async def days(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "days", PAGING + DAY_QUERY))

    async def notes(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "notes", PAGING + NOTE_QUERY))

    async def positions(self, call: Call) -> web.Response:
        query = page_query(call.request, "positions", PAGING)
        return answer(position_page(self._deck.snapshot().positions, query))

    async def _page(self, query: PageQuery) -> web.Response:
        try:
            page = await self._deck.page(query)
        except ValueError as error:
            raise invalid(str(error)) from None
        return answer(listing(page.items, page.next_cursor, page.totals))

    async def decision(self, call: Call) -> web.Response:
        record = await self._deck.decision(call.params["id"])
        if record is None:
            raise Refused("UNKNOWN_DECISION", "no decision has this id")
        why = await self._deck.why_no_trade(record.id)
        return answer(decision_detail(record) | {"why_no_trade": why_no_trade_view(why)})

    async def metrics(self, call: Call) -> web.Response:
        given = parameters(call.request, PERFORMANCE)
        window, cut = given.get("window", "all"), given.get("cut", "setup")
        try:
            view = await self._deck.performance(window, cut)
        except ValueError as error:
            raise invalid(str(error)) from None
        report = view.report
        return answer(
            {
                "as_of": report.as_of,
                "window": view.window,
                "assumed": view.assumed,
                "metrics": report.metrics,
                "cut": view.cut,
                "buckets": report.cuts[view.cut],
            }
        )

    async def learning(self, _call: Call) -> web.Response:
        return answer(await self._deck.learning())

    async def rules(self, _call: Call) -> web.Response:
        view = await self._deck.system()
        snapshot = self._deck.snapshot()
        in_force = {"name": snapshot.rules_name, "fingerprint": snapshot.rules_fingerprint}
        return answer({"in_force": in_force, "versions": view.rules_versions})

    async def feeds(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(listing([{"id": each.name, **asdict(each)} for each in self._deck.feeds()], None))

    # --- commands ----------------------------------------------------------------------------------------

    async def exit(self, call: Call) -> web.Response:
        body = await self._body(call.request, ExitRequest)
        command = Command(
            id=body.command_id or str(uuid.uuid4()),
            name="exit" if body.price is None else "close_at",
            position_id=call.params["id"],
            contracts=body.contracts,
            expected=body.expected,
            argument=None if body.price is None else repr(body.price),
            author=body.author or "api",
        )
        return await self._command(command)

    async def settle(self, call: Call) -> web.Response:
        body = await self._body(call.request, SettleRequest)
        command = Command(
            id=body.command_id or str(uuid.uuid4()),
            name="settle",
            position_id=call.params["id"],
            expected=body.expected,
            argument=f"{body.price!r} {SURE}" if body.sure else repr(body.price),
            author=body.author or "api",
        )
        return await self._command(command)

    async def adjust(self, call: Call) -> web.Response:
        body = await self._body(call.request, AdjustRequest)
        command = Command(
            id=body.command_id or str(uuid.uuid4()),
            name="adjust",
            position_id=call.params["id"],
            expected=body.expected,
            argument=f"{body.new}:{body.old}",
            author=body.author or "api",
        )
        return await self._command(command)

    async def resume(self, call: Call) -> web.Response:
        body = await self._body(call.request, JudgeRequest)
        command_id = body.command_id or str(uuid.uuid4())
        command = Command(
            id=command_id, name="resume", position_id=call.params["id"], author=body.author or "api"
        )
        return await self._command(command)

    async def add_note(self, call: Call) -> web.Response:
        body = await self._body(call.request, NoteRequest)
        try:
            command = await note_command(self._deck, body)
        except ValueError as error:
            raise Refused("INVALID_BODY", str(error)) from None
        return await self._command(command)

    async def remove_note(self, call: Call) -> web.Response:
        return await self._judge("remove_note", call)

    async def approve(self, call: Call) -> web.Response:
        return await self._judge("approve", call)

    async def reject(self, call: Call) -> web.Response:
        return await self._judge("reject", call)

    async def approve_trade(self, call: Call) -> web.Response:
        return await self._judge("approve_trade", call)

    async def reject_trade(self, call: Call) -> web.Response:
        return await self._judge("reject_trade", call)

    async def _judge(self, name: str, call: Call) -> web.Response:
        body = await self._body(call.request, JudgeRequest)
        command_id = body.command_id or str(uuid.uuid4())
        author = body.author or "api"
        return await self._command(
            Command(id=command_id, name=name, argument=call.params["id"], author=author)
        )

    async def roll_back(self, call: Call) -> web.Response:
        body = await self._body(call.request, JudgeRequest)
        command_id = body.command_id or str(uuid.uuid4())
        argument, author = call.params["fingerprint"], body.author or "api"
        return await self._command(Command(id=command_id, name="rollback", argument=argument, author=author))

    async def mode(self, _call: Call) -> web.Response:
        now = self._deck.snapshot()
        return answer(
            {"mode": now.mode, "reason": now.mode_reason, "since": now.mode_since, "until": now.mode_until}
        )

    async def set_mode(self, call: Call) -> web.Response:
        body = await self._body(call.request, ModeRequest)
        command_id = body.command_id or str(uuid.uuid4())
        wanted = f"{body.mode.value} {FLATTEN}" if body.flatten else body.mode.value
        command = Command(id=command_id, name="mode", argument=wanted, author=body.author or "api")
        return await self._command(command)

    async def _command(self, command: Command) -> web.Response:
        try:
            result = await self._deck.command(command)
        except Overloaded:
            raise Refused("OVERLOADED", "the engine is busy; send the command again", _RETRY) from None
        except NotStored:
            raise Refused("NOT_STORED", "the command could not be stored; send it again", _RETRY) from None
        return _result(command, result)

    async def _body(self, request: web.BaseRequest, kind: type[B]) -> B:
        """Return the request's body as ``kind``; no body counts as an empty object. Raises Refused."""
        sent = await read_body(request, self._limit)
        engage(request)
        raw = expand(request, sent, self._limit)
        try:
            value = orjson.loads(raw) if raw.strip() else {}
        except orjson.JSONDecodeError as error:
            raise Refused("NOT_JSON", f"the body is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise Refused("INVALID_BODY", "a JSON object is expected")
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            wrong = [
                {"field": ".".join(str(part) for part in e["loc"]), "message": e["msg"]}
                for e in error.errors()
            ]
            detail = "; ".join(f"{w['field']}: {w['message']}" for w in wrong)
            raise Refused("INVALID_BODY", detail, extra={"errors": wrong}) from None

    async def status(self, call: Call) -> web.Response:
        parameters(call.request, ())
        status = engine_status(self._deck, self._health.health())
        return json_response(status.model_dump_json().encode())

    # --- health ------------------------------------------------------------------------------------------

    async def healthz(self, call: Call) -> web.Response:
        return answer({"status": "ok", **self._detail(call.request, self._health.health())})

    async def readyz(self, call: Call) -> web.Response:
        health = self._health.health()
        detail = self._detail(call.request, health)
        if not health.ready:
            return problem("NOT_READY", "the engine does not take webhooks now", **detail)
        return answer({"status": "ready", **detail})

    def _detail(self, request: web.BaseRequest, health: Health) -> dict[str, Any]:
        """Return the numbers if the request may read; a load balancer gets the status only."""
        try:
            self._access.may_read(request)
        except Refused:
            return {}
        return {
            "uptime_seconds": round(health.uptime, 3),
            "queue": health.queue,
            "last_commit_ms": health.last_commit_ms,
            "alarms": health.alarms,
            "clock": health.clock,
        }

    async def openapi(self, _call: Call) -> web.Response:
        from server.http.openapi import document  # written only when someone asks

        return answer(document(self._routes))


def _result(command: Command, result: CommandResult) -> web.Response:
    if result.ok:
        content = {"ok": True, "code": result.code, "text": result.text, "command_id": command.id}
        return json_response(encode_any(content), COMMAND_STATUS.get(result.code, 200))
    status = COMMAND_STATUS.get(result.code, PROBLEMS["COMMAND_REFUSED"][0])
    return problem(result.code, result.text, status=status, command_id=command.id)
