"""``gatedeck send``: samples or files, posted to a running gatedeck as a sender would."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from core.intake import ENDPOINTS, sample
from core.model import Direction, Source
from server.config import Settings, load_settings

Post = tuple[str, str, bytes]
"""What is called what, where it goes, and its body."""

ANSWER_SECONDS = 10.0
STOP_PCT = 1.0
"""A stop so far away that the first trade is small enough to wait for nobody's approval."""
ORDER = ("saty-phase", "trend", "strat", "ultimate-options", "signals")
"""What a decision needs comes before the signal that asks for one."""


def send(
    what: list[str],
    *,
    url: str | None,
    symbol: str,
    price: float,
    short: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Post each of ``what`` (all samples by default); returns 0 when every body was accepted, else 1."""
    settings = load_settings({}, config)
    base = (url or f"http://{_host(settings.host)}:{settings.port}").rstrip("/")
    direction = Direction.SHORT if short else Direction.LONG

    def make(now: datetime) -> list[Post]:
        return [
            files[name] if name in files else _post(name, symbol.upper(), price, direction, now)
            for name in what or ORDER
        ]

    try:
        files = {n: (n, "/api/webhooks", Path(n).read_bytes()) for n in what if n not in ENDPOINTS}
        answers = asyncio.run(_send(base, make, settings))
    except aiohttp.ClientError as error:
        print(f"gatedeck: nothing answers at {base} ({error}); start it with: gatedeck run", file=sys.stderr)
        return 1
    except TimeoutError:
        print(f"gatedeck: {base} did not answer within {ANSWER_SECONDS:g} s", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"gatedeck: {error} (samples are: {', '.join(ORDER)})", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps([answer for _, _, answer in answers]))
    else:
        for name, status, answer in answers:
            _tell(name, status, answer)
    return 0 if all(status == 200 for _, status, _ in answers) else 1


def _post(name: str, symbol: str, price: float, direction: Direction, now: datetime) -> Post:
    source: Source = ENDPOINTS[name]
    body = sample(source, now, symbol, price, direction, timeframe=15, risk_pct=STOP_PCT)
    return name, f"/api/webhooks/{name}", json.dumps(body).encode()


async def _send(
    base: str, make: Callable[[datetime], list[Post]], settings: Settings
) -> list[tuple[str, int, Any]]:
    answers: list[tuple[str, int, Any]] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as client:
        for name, path, body in make(await _clock(client, base)):
            async with client.post(base + path, data=body, headers=_headers(settings, name)) as answer:
                text = await answer.text()
                try:
                    told: Any = json.loads(text)
                except ValueError:
                    told = text
                answers.append((name, answer.status, told))
    return answers


async def _clock(client: aiohttp.ClientSession, base: str) -> datetime:
    """The engine's instant where it tells it (its clock may be a simulated one), else this machine's."""
    async with client.get(f"{base}/healthz") as answer:
        told = await answer.text()
    try:
        clock = json.loads(told).get("clock")
    except (ValueError, AttributeError):  # something else listens there, and its answers will say so
        clock = None
    return datetime.fromisoformat(clock) if isinstance(clock, str) else datetime.now(UTC)


def _headers(settings: Settings, name: str) -> dict[str, str]:
    """An endpoint's own secret replaces the one for all."""
    secrets = settings.webhook_secrets.get(name) or settings.webhook_secret
    return {"Authorization": f"Bearer {secrets[0].get_secret_value()}"} if secrets else {}


def _tell(name: str, status: int, answer: Any) -> None:
    for item in answer if isinstance(answer, list) else [answer]:
        if not isinstance(item, dict):
            print(f"{name}: HTTP {status} {item}")
            continue
        words = f"{name}: {item.get('status', item.get('title', status))}"
        words += f" {item['source']} {item['symbol']}" if item.get("source") else ""
        decision = item.get("decision")
        if decision:
            words += f" → {decision['action']} {decision['proposed_direction']} confidence {decision['confidence']}"
            words += f" ({decision['code']})" if decision.get("code") else ""
        reason = item.get("reason") or item.get("detail")
        print(words + (f": {reason}" if reason else ""))
        for note in item.get("notes") or ():
            print(f"  note: {note}")


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
