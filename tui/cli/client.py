"""HTTP client of a running engine: its address, its tokens, and its answers as text."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from server.config import ConfigError, Settings, load_settings

TIMEOUT_SECONDS = 30.0
Answer = tuple[int, dict[str, Any]]
"""HTTP status and JSON body."""


@dataclass(frozen=True, slots=True)
class EngineClient:
    """Client of a running engine; ``read_token`` is None when reading needs no token."""

    base: str
    command_token: str
    read_token: str | None
    author: str
    tls: ssl.SSLContext | None = None
    """Check of an HTTPS listener's certificate; None takes the machine's certificate authorities."""

    def post(self, path: str, **fields: Any) -> Answer:
        """Send a command in the author's name; raises aiohttp.ClientError or TimeoutError."""
        return asyncio.run(self._request("POST", path, self.command_token, {"author": self.author, **fields}))

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the newest items of a list; raises ConfigError with the engine's reason if it refuses."""
        status, body = asyncio.run(self._request("GET", path, self.read_token, None))
        if status != 200:
            raise ConfigError(f"{self.base}{path}: {_answer_text(body)}")
        items: list[dict[str, Any]] = body["items"]
        return items

    def object(self, path: str) -> dict[str, Any]:
        """Return one object; raises ConfigError with the engine's reason if it refuses."""
        status, body = asyncio.run(self._request("GET", path, self.read_token, None))
        if status != 200:
            raise ConfigError(f"{self.base}{path}: {_answer_text(body)}")
        return body

    async def _request(
        self, method: str, path: str, token: str | None, body: dict[str, Any] | None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.request(method, self.base + path, json=body, ssl=self.tls or True) as response,
        ):
            return response.status, await response.json(content_type=None)


def own_engine(settings: Settings) -> tuple[str, ssl.SSLContext | None]:
    """Return the address of the engine of these settings, and for HTTPS the check by its own certificate."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if settings.tls_certificate is None:
        return f"http://{host}:{settings.port}", None
    try:
        tls = ssl.create_default_context(cafile=settings.tls_certificate)
    except OSError as error:
        raise ConfigError(f"tls_certificate: {settings.tls_certificate} cannot be used: {error}") from None
    # The certificate itself is known, so neither its name nor its authority matters.
    tls.check_hostname = False
    tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return f"https://{host}:{settings.port}", tls


def engine_client(
    *, url: str | None, author: str | None, config: Path | None, commands: bool = True
) -> EngineClient:
    """Return a client of the engine that the settings name.

    Raises ConfigError if there is no command token, unless the client is to read only (``commands`` false).
    """
    from server.http.tokens import FILE_NAME, read_token

    settings = load_settings({}, config)
    base, tls = own_engine(settings)
    token = settings.command_token[0].value if settings.command_token else None
    token = token or read_token(settings.state_dir / FILE_NAME)
    if token is None and commands:
        raise ConfigError(
            f"command_token: not set, and {settings.state_dir / FILE_NAME} does not exist;"
            " gatedeck run creates that file"
        )
    return EngineClient(
        base=(url or base).rstrip("/"),
        command_token=token or "",
        read_token=settings.api_token[0].value if settings.api_token else token,
        author=author or getpass.getuser(),
        tls=None if url else tls,
    )


def post_command(
    path: str, *, url: str | None, author: str | None, config: Path | None, as_json: bool, **fields: Any
) -> int:
    """Post one command to the running engine and print its answer; return 0 when it was accepted, else 1."""
    engine = engine_client(url=url, author=author, config=config)
    try:
        status, answer = engine.post(path, **fields)
    except (aiohttp.ClientError, TimeoutError) as error:
        return report_unreachable(engine, error)
    return print_answers([answer], status < 300, as_json=as_json)


def print_answers(answers: list[dict[str, Any]], accepted: bool, *, as_json: bool) -> int:
    """Print the engine's answers and return the exit code: 0 when all were accepted, else 1.

    As JSON, one answer is an object and several are an array, on one line. As text, refusals go to standard
    error.
    """
    if as_json:
        print(json.dumps(answers[0] if len(answers) == 1 else answers))
    else:
        for answer in answers:
            print(_answer_text(answer), file=sys.stdout if accepted or answer.get("ok") else sys.stderr)
    return 0 if accepted else 1


def report_unreachable(engine: EngineClient, error: Exception) -> int:
    """Print that no engine answers and how to start one; return the exit code 1."""
    told = f"nothing answers at {engine.base} ({why_unreachable(error)})"
    print(f"gatedeck: {told}; start it with: gatedeck run", file=sys.stderr)
    return 1


def why_unreachable(error: Exception) -> str:
    """Return in a few words why no engine answered."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).casefold()
    return str(error) or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)


def _answer_text(answer: dict[str, Any]) -> str:
    return str(answer.get("text") or answer.get("detail") or answer)
