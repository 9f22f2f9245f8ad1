"""Callers of the engine loop: each is told once, when its input is on disk or was refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from core.effects import AnswerReceipt, Effect, StoreReceipt
from core.events import Event
from core.model import DecisionRecord
from server.runtime.ports import Answered, NotStored, WebhookAnswer

MakeEvent = Callable[[int, datetime], Event]
"""Makes an input from the seq and the instant that the loop gives it."""
WhenDecided = Callable[[str, Callable[[DecisionRecord], None] | None], None]
"""Sets or, with ``None``, removes the function that is called with the decision of a receipt."""


class Caller(Protocol):
    """Giver of an input. Its methods run in the event loop and must not wait."""

    def stored(self, effects: tuple[Effect, ...]) -> None:
        """Take the effects of the input, which are on disk now."""
        ...

    def refused(self, error: Exception) -> None:
        """Take the reason why the input has no effect."""
        ...


class FutureCaller:
    """A caller that awaits the effects."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[tuple[Effect, ...]] = asyncio.get_running_loop().create_future()

    def stored(self, effects: tuple[Effect, ...]) -> None:
        if not self.future.done():
            self.future.set_result(effects)

    def refused(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class WebhookCaller:
    """The sender of a webhook: answered when the receipt is on disk, or its decision, or after ``seconds``.

    ``done`` is called once, without a task or a future: all answers of a commit leave in one call of the loop.
    ``gone`` tells whether the sender waits no longer, so that no decision is waited for.
    """

    __slots__ = ("_begun", "_done", "_gone", "_receipt", "_seconds", "_timer", "_took", "_when_decided")

    def __init__(
        self,
        done: Answered,
        gone: Callable[[], bool],
        *,
        seconds: float,
        when_decided: WhenDecided,
        took: Callable[[float], None],
    ) -> None:
        self._done, self._gone = done, gone
        self._seconds = seconds
        self._when_decided = when_decided
        self._took = took
        self._begun = time.perf_counter()
        self._receipt: StoreReceipt | None = None
        self._timer: asyncio.TimerHandle | None = None

    def stored(self, effects: tuple[Effect, ...]) -> None:
        receipt, awaits = None, False
        for effect in effects:
            if isinstance(effect, StoreReceipt):
                receipt = effect
            elif isinstance(effect, AnswerReceipt):
                awaits = effect.awaits_decision
        if receipt is None:
            self.refused(NotStored("the engine stored no receipt"))
            return
        self._receipt = receipt
        if not awaits:
            self._answer(None)
        elif not self._gone():
            # If the sender is gone, wait for nothing: nothing would ever use the decision.
            self._when_decided(receipt.id, self._decided)
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._too_late)

    def refused(self, error: Exception) -> None:
        self._done(error)

    def _decided(self, record: DecisionRecord) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._answer(record)

    def _too_late(self) -> None:
        if self._receipt is not None:
            self._when_decided(self._receipt.id, None)
        self._answer(None)

    def _answer(self, record: DecisionRecord | None) -> None:
        receipt = self._receipt
        if receipt is None:
            return
        self._took((time.perf_counter() - self._begun) * 1000)
        self._done(
            WebhookAnswer(
                http_status=receipt.http_status,
                status=receipt.status.value,
                receipt_id=receipt.duplicate_of or receipt.id,
                source=receipt.source,
                symbol=receipt.symbol,
                notes=receipt.notes,
                decision=record,
                reason=receipt.reason,
                code=receipt.code,
            )
        )
