"""Talking to a running engine as its command line: where it is, the token it wants, its answer in words."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from server.config import ConfigError, load_settings

ANSWER_SECONDS = 30.0
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Running:
    """A running engine: its address, the token for commands, and the one for reading if it has one."""

    base: str
    token: str
    reading: str | None
    author: str

    def post(self, path: str, **fields: Any) -> Answer:
        """Send a command in a person's name; raises aiohttp.ClientError or TimeoutError."""
        return asyncio.run(self._ask("POST", path, self.token, {"author": self.author, **fields}))

    def items(self, path: str) -> list[dict[str, Any]]:
        """The newest items of a list; raises ConfigError with what the engine says against it."""
        status, told = asyncio.run(self._ask("GET", path, self.reading, None))
        if status != 200:
            raise ConfigError(f"{self.base}{path}: {_words(told)}")
        found: list[dict[str, Any]] = told["items"]
        return found

    async def _ask(self, method: str, path: str, token: str | None, body: dict[str, Any] | None) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=limit) as client,
            client.request(method, self.base + path, json=body) as answer,
        ):
            return answer.status, await answer.json(content_type=None)


def running(*, url: str | None, author: str | None, config: Path | None) -> Running:
    """The engine that the settings name; raises ConfigError when no command token is to be had."""
    from server.http.tokens import FILE_NAME, read_token

    settings = load_settings({}, config)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    token = settings.command_token.get_secret_value() if settings.command_token else None
    token = token or read_token(settings.state_dir / FILE_NAME)
    if token is None:
        raise ConfigError(f"command_token: none is set and {settings.state_dir / FILE_NAME} does not exist")
    return Running(
        base=(url or f"http://{host}:{settings.port}").rstrip("/"),
        token=token,
        reading=settings.api_token.get_secret_value() if settings.api_token else None,
        author=author or getpass.getuser(),
    )


def ask(
    path: str, *, url: str | None, author: str | None, config: Path | None, as_json: bool, **fields: Any
) -> int:
    """Post one command to the running engine in a person's name; returns 0 when it was done or taken."""
    engine = running(url=url, author=author, config=config)
    try:
        status, told = engine.post(path, **fields)
    except (aiohttp.ClientError, TimeoutError) as error:
        return nobody(engine, error)
    return tell([told], status < 300, as_json=as_json)


def tell(answers: list[dict[str, Any]], done: bool, *, as_json: bool) -> int:
    """Print what the engine answered; one JSON line for one answer is an object, for several an array."""
    if as_json:
        print(json.dumps(answers[0] if len(answers) == 1 else answers))
    else:
        for answer in answers:
            print(_words(answer), file=sys.stdout if done or answer.get("ok") else sys.stderr)
    return 0 if done else 1


def nobody(engine: Running, error: Exception) -> int:
    """Say that nothing answers, and how to start it."""
    print(
        f"gatedeck: nothing answers at {engine.base} ({error!r}); start it with: gatedeck run",
        file=sys.stderr,
    )
    return 1


def _words(told: dict[str, Any]) -> str:
    return str(told.get("text") or told.get("detail") or told)
