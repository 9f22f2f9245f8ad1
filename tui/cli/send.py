"""`gatedeck send`: post sample webhooks, or files, to a running engine."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from core.intake import ENDPOINTS, sample
from core.intake.templates import TEMPLATES, find_template
from core.model import Direction, Source
from server.config import ConfigError, Settings, load_settings
from tui.cli.client import own_engine, why_unreachable

Post = tuple[str, str, bytes]
"""Name of the sample or file, path of the endpoint, body."""

TIMEOUT_SECONDS = 10.0
STOP_PCT = 1.0
"""Distance of the samples' stop in percent: wide, so that the first trade is small and needs no approval."""
ORDER = ("saty-phase", "trend", "strat", "ultimate-options", "signals")
"""Order of the samples: the signal that asks for a decision comes after the context that the decision needs."""


def send(
    names: list[str],
    *,
    url: str | None,
    symbol: str,
    price: float,
    short: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Post each sample or file and print the answers; without names post every sample.

    Returns 0 when every body was accepted, 1 when one was not or nothing answers, 2 when a file cannot be read.
    """
    settings = load_settings({}, config)
    base, tls = (url.rstrip("/"), None) if url else own_engine(settings)
    direction = Direction.SHORT if short else Direction.LONG

    def make_posts(now: datetime) -> list[Post]:
        return [
            files[name] if name in files else _sample_post(name, symbol.upper(), price, direction, now)
            for name in names or ORDER
        ]

    try:
        files = {n: (n, "/api/webhooks", Path(n).read_bytes()) for n in names if n not in ENDPOINTS}
        answers = asyncio.run(_send(base, make_posts, settings, tls))
    except aiohttp.ClientError as error:
        print(
            f"gatedeck: nothing answers at {base} ({why_unreachable(error)}); start it with: gatedeck run",
            file=sys.stderr,
        )
        return 1
    except TimeoutError:
        print(f"gatedeck: {base} did not answer within {TIMEOUT_SECONDS:g} s", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"gatedeck: {error} (samples are: {', '.join(ORDER)})", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps([answer for _, _, answer in answers]))
    else:
        for name, status, answer in answers:
            _print_answer(name, status, answer)
    return 0 if all(status == 200 for _, status, _ in answers) else 1


def print_bodies(names: list[str], platform: str | None, *, symbol: str, price: float, short: bool) -> int:
    """Print samples, or a platform's ready alert bodies; without names print all of them.

    Raises ConfigError for an unknown name or platform.
    """
    if platform is not None:
        try:
            known = [template.name for template in TEMPLATES[platform]] if platform in TEMPLATES else names
            bodies = [find_template(platform, name).body for name in names or known or [""]]
        except KeyError as error:
            raise ConfigError(f"send: {error.args[0]}") from None
    else:
        if unknown := [name for name in names if name not in ENDPOINTS]:
            raise ConfigError(f"send: no sample {unknown[0]!r}; there are: {', '.join(ORDER)}")
        direction = Direction.SHORT if short else Direction.LONG
        bodies = [
            json.dumps(sample(ENDPOINTS[name], datetime.now(UTC), symbol.upper(), price, direction), indent=2)
            for name in names or ORDER
        ]
    print("\n\n".join(bodies))
    return 0


def _sample_post(name: str, symbol: str, price: float, direction: Direction, now: datetime) -> Post:
    source: Source = ENDPOINTS[name]
    body = sample(source, now, symbol, price, direction, timeframe=15, risk_pct=STOP_PCT)
    return name, f"/api/webhooks/{name}", json.dumps(body).encode()


async def _send(
    base: str, make_posts: Callable[[datetime], list[Post]], settings: Settings, tls: ssl.SSLContext | None
) -> list[tuple[str, int, Any]]:
    """Post in order and return the name, HTTP status and decoded answer of each."""
    answers: list[tuple[str, int, Any]] = []
    connector = aiohttp.TCPConnector(ssl=tls or True)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        for name, path, body in make_posts(await _engine_time(session, base)):
            async with session.post(base + path, data=body, headers=_headers(settings, name)) as response:
                text = await response.text()
                try:
                    answer: Any = json.loads(text)
                except ValueError:
                    answer = text
                answers.append((name, response.status, answer))
    return answers


async def _engine_time(session: aiohttp.ClientSession, base: str) -> datetime:
    """Return the engine's time, which may be simulated, or this machine's time if the engine does not say."""
    async with session.get(f"{base}/healthz") as response:
        text = await response.text()
    try:
        clock = json.loads(text).get("clock")
    except (ValueError, AttributeError):  # another program listens there; its answers will show that
        clock = None
    return datetime.fromisoformat(clock) if isinstance(clock, str) else datetime.now(UTC)


def _headers(settings: Settings, name: str) -> dict[str, str]:
    """Return the authorization header: the endpoint's own secret if it has one, else the common secret."""
    secrets = settings.webhook_secrets.get(name) or settings.webhook_secret
    return {"Authorization": f"Bearer {secrets[0].value}"} if secrets else {}


def _print_answer(name: str, status: int, answer: Any) -> None:
    for item in answer if isinstance(answer, list) else [answer]:
        if not isinstance(item, dict):
            print(f"{name}: HTTP {status} {item}")
            continue
        line = f"{name}: {item.get('status', item.get('title', status))}"
        line += f" {item['source']} {item['symbol']}" if item.get("source") else ""
        decision = item.get("decision")
        if decision:
            line += f" → {decision['action']} {decision['proposed_direction']} confidence {decision['confidence']}"
            line += f" ({decision['code']})" if decision.get("code") else ""
        reason = item.get("reason") or item.get("detail")
        print(line + (f": {reason}" if reason else ""))
        for note in item.get("notes") or ():
            print(f"  note: {note}")
