"""The engine's side of the process that sends messages: started when first needed, and again when it died."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec

from server.config import ConfigError
from server.telemetry.outbox import Message

SEND_SECONDS = 30.0
"""Time after which a message counts as not sent."""
START_SECONDS = 20.0


def require_apprise() -> None:
    """Raise ConfigError when apprise is not installed."""
    if find_spec("apprise") is None:
        raise ConfigError(
            "notify_urls: messages need apprise, an extra: install it with `uv sync --extra notify`, "
            "or unset notify_urls"
        )


class NotifyProcess:
    """Sends messages to addresses by their index; ``known`` says which of them apprise can read."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = list(urls)
        self.known: list[bool] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[bool]] = {}
        self._last_id = 0

    async def start(self) -> bool:
        """Start the process unless it runs; return whether it runs."""
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return True
            self._process = None
            environ = {name: value for name, value in os.environ.items() if not name.startswith("GATEDECK_")}
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "server.telemetry.notify_worker",
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                    env=environ, start_new_session=True,
                )  # fmt: skip
            except OSError:
                return False
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(json.dumps({"targets": self._urls}).encode() + b"\n")
                line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
                self.known = json.loads(line)["known"]
            except (OSError, ValueError, TimeoutError):
                with suppress(ProcessLookupError):
                    process.kill()
                return False
            self._process = process
            self._reader = asyncio.create_task(
                self._read(process.stdout), name="answers of the notify process"
            )
            return True

    async def send(self, target: int, message: Message) -> bool:
        """Return whether a message was taken by its service. Never raises an error."""
        if not await self.start():
            return False
        assert self._process is not None and self._process.stdin is not None
        self._last_id += 1
        number = self._last_id
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        asked = {"id": number, "target": target, "title": message.title, "body": message.body}
        try:
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            return await asyncio.wait_for(answer, SEND_SECONDS)
        except (OSError, TimeoutError):
            return False
        finally:
            self._asked.pop(number, None)

    async def close(self) -> None:
        """End the process and what it is sending."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            with suppress(ValueError, KeyError):
                told = json.loads(line)
                answer = self._asked.get(told["id"])
                if answer is not None and not answer.done():
                    answer.set_result(bool(told["ok"]))
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(False)
