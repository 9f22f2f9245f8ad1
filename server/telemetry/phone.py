"""Word to the phone: notices as messages by apprise, to each address on its own, never in the engine's way."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from core.effects import Notice
from server.config import DECK_FILE, Settings
from server.deck.notice_kinds import KIND_OF, KINDS, PHONE_KINDS, phone_kinds
from server.deck.rows import PhoneAddress
from server.named_secrets import NamedSecret
from server.quiet_hours import quiet_hours
from server.telemetry.log_format import Redactor
from server.telemetry.notify_process import NotifyProcess
from server.telemetry.outbox import Message, Outbox
from server.telemetry.secrets import secrets_of

log = logging.getLogger("gatedeck.notify")

RETRY_SECONDS = (2.0, 10.0, 30.0)
"""Pauses before a message is tried again; after the last one it counts as lost."""
LOOK_SECONDS = 1.0
"""Time between two looks for what quiet hours or the limit held back."""
QUEUED = 50
"""Most messages that wait for one address; further ones are lost, and counted."""
INCOMING = 1_000
LAST_WORD_SECONDS = 1.0
"""Time that a stop leaves for what is still to be sent."""


class Sender(Protocol):
    """Whoever sends a message to an address by its index."""

    async def send(self, target: int, message: Message) -> bool: ...
    async def close(self) -> None: ...


def target_names(targets: Sequence[NamedSecret]) -> list[str]:
    """Return how addresses are called where a person reads it: by name or scheme, for the rest is secret."""
    return [one.name or f"{one.value.partition(':')[0]} {n}" for n, one in enumerate(targets, start=1)]


def saved_choices(path: Path) -> frozenset[str]:
    """Return the kinds that the deck's settings file sends to the phone; the default where there is none."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8")).get("notices")
    except (OSError, ValueError, AttributeError):
        return PHONE_KINDS
    return phone_kinds(saved) if isinstance(saved, dict) else PHONE_KINDS


def phone_of(settings: Settings, alarms: dict[str, str]) -> PhoneNotifier | None:
    """Return what sends notices to the settings' addresses, ``None`` without one."""
    if not settings.notify_urls:
        return None
    return PhoneNotifier(
        target_names(settings.notify_urls),
        NotifyProcess([one.value for one in settings.notify_urls]),
        Outbox(
            settings.notify_per_minute,
            None if settings.notify_quiet is None else quiet_hours(settings.notify_quiet),
        ),
        choices=lambda: saved_choices(settings.state_dir / DECK_FILE),
        redact=Redactor(secrets_of(settings)),
        alarms=alarms,
        retries=RETRY_SECONDS,
    )


class PhoneNotifier:
    """Takes notices at any rate and sends the chosen ones; what is lost is an alarm and a line of the log."""

    def __init__(
        self,
        names: Sequence[str],
        sender: Sender,
        outbox: Outbox,
        *,
        choices: Callable[[], frozenset[str]],
        redact: Callable[[str], str],
        alarms: dict[str, str],
        retries: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self._sender, self._outbox, self._choices, self._redact = sender, outbox, choices, redact
        self._targets = [_Target(n, name, sender, alarms, retries) for n, name in enumerate(names)]
        self._incoming: deque[Notice] = deque(maxlen=INCOMING)
        self._dropped = 0
        """Notices that came faster than the loop could hand them out."""
        self._wake = asyncio.Event()

    def rows(self) -> tuple[PhoneAddress, ...]:
        """Return the state of each address."""
        held = len(self._incoming) + self._outbox.waiting
        return tuple(target.row(held) for target in self._targets)

    def put(self, notice: Notice) -> None:
        """Take a notice; returns at once."""
        if len(self._incoming) == INCOMING:
            self._dropped += 1
        self._incoming.append(notice)
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; then what waits has a last moment to leave."""
        tasks = [asyncio.create_task(target.run(), name=f"notify {target.name}") for target in self._targets]
        try:
            while True:
                self._hand_out()
                self._wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
        finally:
            self._hand_out()
            idle = asyncio.gather(*(target.idle() for target in self._targets))
            with suppress(TimeoutError):
                await asyncio.wait_for(idle, LAST_WORD_SECONDS)
            for target in self._targets:
                if target.left:
                    log.warning("the stop left %d messages to %s unsent", target.left, target.name)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._sender.close()

    def _hand_out(self) -> None:
        if self._incoming:
            chosen = self._choices()
            while self._incoming:
                notice = self._incoming.popleft()
                kind = KIND_OF.get(notice.kind, notice.kind)
                if kind in KINDS and kind in chosen:
                    self._outbox.put(notice.kind, self._redact(notice.text))
        if self._dropped:
            log.warning("%s notices were lost before they could be sent", f"{self._dropped:,}")
            self._dropped = 0
        while (message := self._outbox.take(time.monotonic(), datetime.now(UTC))) is not None:
            for target in self._targets:
                target.put(message)


class _Target:
    """One address with the messages that wait for it."""

    def __init__(
        self, number: int, name: str, sender: Sender, alarms: dict[str, str], retries: Sequence[float]
    ) -> None:
        self.name = name
        self._number, self._sender, self._alarms, self._retries = number, sender, alarms, retries
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(QUEUED)
        self.left = 0
        """Messages that are neither sent nor lost yet."""
        self._lost = 0
        """Messages lost since the last one that was sent."""
        self._lost_since: datetime | None = None
        self._counts: Counter[str] = Counter()

    def row(self, held: int) -> PhoneAddress:
        """Return the state of the address; ``held`` notices are not a message yet."""
        return PhoneAddress(
            name=self.name,
            sent=self._counts["sent"],
            retried=self._counts["retried"],
            lost=self._counts["lost"],
            waiting=self.left + held,
            failing=self._lost > 0,
        )

    def put(self, message: Message) -> None:
        try:
            self._waiting.put_nowait(message)
            self.left += 1
        except asyncio.QueueFull:
            self._lose("they come faster than they can be sent")

    async def idle(self) -> None:
        """Wait until every message is sent or lost."""
        await self._waiting.join()

    async def run(self) -> None:
        while True:
            message = await self._waiting.get()
            try:
                if await self._send(message):
                    self._counts["sent"] += 1
                    self._works()
                else:
                    self._lose("its service does not take them; see gatedeck notify --test")
            finally:
                self._waiting.task_done()
                self.left -= 1

    async def _send(self, message: Message) -> bool:
        if await self._sender.send(self._number, message):
            return True
        # While the address is known to be dead, one try for each message is enough.
        for pause in () if self._lost else self._retries:
            await asyncio.sleep(pause)
            self._counts["retried"] += 1
            if await self._sender.send(self._number, message):
                return True
        return False

    def _lose(self, why: str) -> None:
        if self._lost_since is None:
            self._lost_since = datetime.now(UTC)
        self._lost += 1
        self._counts["lost"] += 1
        words = "1 message was" if self._lost == 1 else f"{self._lost:,} messages were"
        text = f"{words} not sent to {self.name} since {self._lost_since:%H:%M} UTC: {why}"
        self._alarms[f"notify {self.name}"] = text
        log.warning("%s", text)

    def _works(self) -> None:
        if self._lost:
            log.warning("messages to %s are sent again; %d were lost", self.name, self._lost)
            self._lost, self._lost_since = 0, None
            self._alarms.pop(f"notify {self.name}", None)
