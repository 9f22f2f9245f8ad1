"""The API: read the ledger and command the engine over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel

from core.challenge import ADOPT, RETIRE, START
from core.engine.commands import FLATTEN
from core.engine.settlement import SURE
from core.statements.row import BookError
from server.deck.challenge_view import START_SUGGESTION
from server.deck.protocol import Deck
from server.http.auth import Access
from server.http.books import ImportRequest, import_of
from server.http.commands import (
    AdjustRequest,
    ChallengeRequest,
    ExitRequest,
    JudgeRequest,
    LevelsRequest,
    ModeRequest,
    SettleRequest,
    TakeRequest,
    UndoModeRequest,
    command_answer,
    read_command,
)
from server.http.docs import docs_page
from server.http.engine_status import engine_status, mode_status
from server.http.lists import invalid, listing, page_query, parameters, position_page, unknown_cursor
from server.http.negotiation import require_acceptable, with_etag
from server.http.notes import NoteRequest, note_command
from server.http.problems import Refused, problem
from server.http.query_parameters import (
    APPROVAL_FILTERS,
    BOOK_QUERY,
    DAY_QUERY,
    ENTRY_FILTERS,
    NOTE_QUERY,
    PAGING,
    PERFORMANCE,
    RECEIPT_FILTERS,
    TIME_FILTERS,
    TRADE_QUERY,
)
from server.http.routes import COMMAND, READ, Call, Params, Route
from server.http.views import answer, decision_detail, json_response, why_no_trade_view
from server.ledger.codec import encode_any
from server.ledger.paging import PageQuery
from server.runtime.ports import Command, Health, HealthSource, NotStored, Overloaded
from server.settings_view import SettingView

B = TypeVar("B", bound=BaseModel)

_RETRY = {"Retry-After": "5"}


class Api:
    """The handlers of the API; each belongs to one row of ``api_routes``."""

    def __init__(
        self,
        deck: Deck,
        health: HealthSource,
        access: Access,
        *,
        max_body_bytes: int,
        settings: Sequence[SettingView] = (),
        routes: Sequence[Route] = (),
    ) -> None:
        self._routes = routes
        self._deck = deck
        self._health = health
        self._access = access
        self._limit = max_body_bytes
        self._settings = settings
        self._document: bytes | None = None

    async def call(self, route: Route, request: web.BaseRequest, params: Params) -> web.StreamResponse:
        """Answer one request to a route after checking access. Raises Refused."""
        if route.access == READ:
            self._access.may_read(request)
        elif route.access == COMMAND:
            self._access.may_command(request)
        require_acceptable(request, route.media)
        response: web.StreamResponse = await route.handler(self, Call(request, params))
        return with_etag(request, response) if route.etag else response

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

    async def books(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "books", PAGING + BOOK_QUERY))

    async def notes(self, call: Call) -> web.Response:
        return await self._page(page_query(call.request, "notes", PAGING + NOTE_QUERY))

    async def positions(self, call: Call) -> web.Response:
        query = page_query(call.request, "positions", PAGING)
        return answer(position_page(self._deck.snapshot().positions, query))

    async def _page(self, query: PageQuery) -> web.Response:
        try:
            page = await self._deck.page(query)
        except ValueError as error:
            raise (unknown_cursor if str(error).startswith("cursor:") else invalid)(str(error)) from None
        return answer(listing(page.items, page.next_cursor, page.totals))

    async def decision(self, call: Call) -> web.Response:
        parameters(call.request, ())
        record = await self._deck.decision(call.params["id"])
        if record is None:
            raise Refused("UNKNOWN_DECISION", "no decision has this id")
        why = await self._deck.why_no_trade(record.id)
        return answer(decision_detail(record) | {"why_no_trade": why_no_trade_view(why)})

    async def position(self, call: Call) -> web.Response:
        parameters(call.request, ())
        found = await self._deck.position(call.params["id"])
        if found is None:
            raise Refused("UNKNOWN_POSITION", "no position has this id")
        return answer(found)

    async def day(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(await self._deck.day())

    async def risk(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(self._deck.snapshot().risk)

    async def config(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(listing(self._settings, None))

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

    async def learning(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(await self._deck.learning())

    async def rules(self, call: Call) -> web.Response:
        parameters(call.request, ())
        view = await self._deck.system()
        snapshot = self._deck.snapshot()
        in_force = {"name": snapshot.rules_name, "fingerprint": snapshot.rules_fingerprint}
        return answer({"in_force": in_force, "versions": view.rules_versions})

    async def feeds(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(listing([{"id": each.name, **asdict(each)} for each in self._deck.feeds()], None))

    async def offers(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(listing([asdict(each) for each in await self._deck.offers()], None))

    # --- commands ----------------------------------------------------------------------------------------

    async def exit(self, call: Call) -> web.Response:
        body = await self._body(call, ExitRequest)
        command = body.command(
            "exit" if body.price is None else "close_at",
            position_id=call.params["id"],
            contracts=body.contracts,
            expected=body.expected,
            argument=None if body.price is None else repr(body.price),
            note=body.note,
        )
        return await self._command(command)

    async def settle(self, call: Call) -> web.Response:
        body = await self._body(call, SettleRequest)
        price = f"{body.price!r} {SURE}" if body.sure else repr(body.price)
        command = body.command(
            "settle", position_id=call.params["id"], expected=body.expected, argument=price
        )
        return await self._command(command)

    async def levels(self, call: Call) -> web.Response:
        body = await self._body(call, LevelsRequest)
        given = {name: getattr(body, name) for name in ("stop", "target_1", "target_2")}
        levels = " ".join(f"{name}={text}" for name, text in given.items() if text is not None)
        command = body.command(
            "levels", position_id=call.params["id"], expected=body.expected, argument=levels, note=body.note
        )
        return await self._command(command)

    async def adjust(self, call: Call) -> web.Response:
        body = await self._body(call, AdjustRequest)
        ratio = f"{body.new}:{body.old}"
        command = body.command(
            "adjust", position_id=call.params["id"], expected=body.expected, argument=ratio
        )
        return await self._command(command)

    async def resume(self, call: Call) -> web.Response:
        body = await self._body(call, JudgeRequest)
        return await self._command(body.command("resume", position_id=call.params["id"]))

    async def take(self, call: Call) -> web.Response:
        body = await self._body(call, TakeRequest)
        return await self._command(body.command("take", argument=call.params["id"], note=body.note))

    async def add_note(self, call: Call) -> web.Response:
        body = await self._body(call, NoteRequest)
        try:
            command = await note_command(self._deck, body)
        except ValueError as error:
            raise Refused("INVALID_BODY", str(error)) from None
        return await self._command(command)

    async def remove_note(self, call: Call) -> web.Response:
        return await self._judge("remove_note", call, call.params["id"])

    async def import_book(self, call: Call) -> web.Response:
        body = await self._body(call, ImportRequest)
        try:
            command = await import_of(body)
        except BookError as error:
            raise Refused("COMMAND_REFUSED", str(error)) from None
        return await self._command(command)

    async def remove_book(self, call: Call) -> web.Response:
        body = await self._body(call, JudgeRequest)
        return await self._command(body.command("remove_book", argument=call.params["id"]))

    async def approve(self, call: Call) -> web.Response:
        return await self._judge("approve", call, call.params["id"])

    async def reject(self, call: Call) -> web.Response:
        return await self._judge("reject", call, call.params["id"])

    async def approve_trade(self, call: Call) -> web.Response:
        return await self._judge("approve_trade", call, call.params["id"])

    async def reject_trade(self, call: Call) -> web.Response:
        return await self._judge("reject_trade", call, call.params["id"])

    async def challenge(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return answer(await self._deck.challenge())

    async def start_challenge(self, call: Call) -> web.Response:
        body = await self._body(call, ChallengeRequest)
        if body.suggestion is not None:
            return await self._command(body.command(START_SUGGESTION, argument=body.suggestion))
        return await self._command(body.command(START, argument=body.rules))

    async def adopt_challenge(self, call: Call) -> web.Response:
        return await self._judge(ADOPT, call, call.params["id"])

    async def retire_challenge(self, call: Call) -> web.Response:
        return await self._judge(RETIRE, call, call.params["id"])

    async def roll_back(self, call: Call) -> web.Response:
        return await self._judge("rollback", call, call.params["fingerprint"])

    async def _judge(self, name: str, call: Call, argument: str) -> web.Response:
        body = await self._body(call, JudgeRequest)
        return await self._command(body.command(name, argument=argument))

    async def mode(self, call: Call) -> web.Response:
        parameters(call.request, ())
        return json_response(mode_status(self._deck.snapshot()).model_dump_json().encode())

    async def set_mode(self, call: Call) -> web.Response:
        body = await self._body(call, ModeRequest)
        wanted = f"{body.mode.value} {FLATTEN}" if body.flatten else body.mode.value
        return await self._command(body.command("mode", argument=wanted))

    async def undo_mode(self, call: Call) -> web.Response:
        body = await self._body(call, UndoModeRequest)
        seen = None if body.mode is None else body.mode.value
        return await self._command(body.command("undo_mode", argument=seen))

    async def _body(self, call: Call, kind: type[B]) -> B:
        return await read_command(call.request, kind, self._limit)

    async def _command(self, command: Command) -> web.Response:
        try:
            result = await self._deck.command(command)
        except Overloaded:
            raise Refused("OVERLOADED", "the engine is busy; send the command again", _RETRY) from None
        except NotStored:
            raise Refused("NOT_STORED", "the command could not be stored; send it again", _RETRY) from None
        return command_answer(command, result)

    # --- health ------------------------------------------------------------------------------------------

    async def status(self, call: Call) -> web.Response:
        parameters(call.request, ())
        status = engine_status(self._deck, self._health.health())
        return json_response(status.model_dump_json().encode())

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

    async def docs(self, _call: Call) -> web.Response:
        return await docs_page()

    async def openapi(self, _call: Call) -> web.Response:
        if self._document is None:
            from server.http.openapi import document  # written only when someone asks

            made = document(
                self._routes,
                reading_open=self._access.reading_is_open,
                webhooks_open=self._access.webhooks_are_open,
            )
            self._document = encode_any(made)
        return json_response(self._document)
