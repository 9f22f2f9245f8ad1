"""Webhooks that arrived whole: read at once, stored, and answered by one write when the commit is on disk.

The same steps as ``Webhooks.receive`` in the same order, without a task, a future or a response object.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from aiohttp import web

from server.http.problems import Refused
from server.http.protocol import Exchange, Head
from server.http.views import json_bytes, response_bytes
from server.http.webhooks import Webhooks, answer_body, hint_of, refusal
from server.runtime.ports import Answered, DirectIntake, Intake, WebhookAnswer

log = logging.getLogger("gatedeck.http")

Record = Callable[[web.BaseRequest, Refused], None]
Take = Callable[[str, str | None, Answered, Callable[[], bool]], None]


class DirectWebhooks:
    """Takes webhooks from the protocol; ``record`` is told of every refusal."""

    def __init__(self, webhooks: Webhooks, intake: Intake, record: Record) -> None:
        self._webhooks = webhooks
        self._intake = intake
        self._record = record
        self._take: Take = intake.take if isinstance(intake, DirectIntake) else self._take_in_task
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, head: Head, body: bytes, exchange: Exchange) -> None:
        """Take one webhook; never raises."""
        request, endpoint, admitted = head.request, head.endpoint, head.admitted
        try:
            if admitted is None:
                admitted = head.admitted = self._webhooks.admit(request, endpoint, None)
            else:
                admitted = self._webhooks.admit_again(request, admitted)
            text = self._webhooks.read(request, admitted, body)
            if isinstance(text, str):
                self._take(text, hint_of(endpoint), partial(self._done, request, exchange), exchange.gone)
            else:
                self._in_task(self._each(request, exchange, text, endpoint))
        except Exception as error:
            self._refuse(request, exchange, error)

    def _done(self, request: web.BaseRequest, exchange: Exchange, given: WebhookAnswer | Exception) -> None:
        if isinstance(given, Exception):
            self._refuse(request, exchange, refusal(given))
        else:
            exchange.answer(json_bytes(answer_body(given), given.http_status))

    def _refuse(self, request: web.BaseRequest, exchange: Exchange, error: Exception) -> None:
        if not isinstance(error, Refused):
            log.exception("a request failed", exc_info=error)
            error = Refused("INTERNAL", "the request failed because of an error in gatedeck; see its log")
        self._record(request, error)
        exchange.answer(response_bytes(error.response(), close=error.close), close=error.close)

    # --- what needs a task -------------------------------------------------------------------------------

    def _in_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _each(
        self, request: web.BaseRequest, exchange: Exchange, items: tuple[str, ...], endpoint: str | None
    ) -> None:
        try:
            exchange.answer(response_bytes(await self._webhooks.each(items, hint_of(endpoint))))
        except Exception as error:
            self._refuse(request, exchange, error)

    def _take_in_task(self, body: str, hint: str | None, done: Answered, gone: Callable[[], bool]) -> None:
        """Take a body by an intake that can only be awaited."""

        async def submitted() -> None:
            try:
                given = await self._intake.submit(body, hint)
            except Exception as error:
                done(error)
            else:
                done(given)

        self._in_task(submitted())
