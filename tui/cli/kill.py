"""`gatedeck demo --kill`: kill an engine amid webhooks, start it again, and count what it answered and kept."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from core.intake import sample
from core.model import Direction, Source
from server.config import ConfigError
from tui.cli.console import print_result
from tui.cli.send import STOP_PCT

POSTS = 200
KILLED_AFTER = 120
"""Webhooks answered with 200 at which the engine is killed."""
CONNECTIONS = 8
RULES = "[risk]\napproval_above_contracts = 1000\napproval_above_premium = 1e9\n"
"""No trade waits for a person."""
_SOURCES = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)
_LISTENS = re.compile(r"listens on (\S+)")


def kill(*, as_json: bool) -> int:
    """Print what was answered before the kill and what the next start has; return 0 if nothing is missing.

    The ledger is a temporary one. Raises ConfigError when an engine does not start.
    """
    with tempfile.TemporaryDirectory(prefix="gatedeck-kill-") as folder:
        found = asyncio.run(_kill_and_count(Path(folder)))
    print_result(found, as_json)
    return 1 if found["missing"] or found["opened_twice"] else 0


async def _kill_and_count(folder: Path) -> dict[str, Any]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:
        with _engine(folder) as (process, url):
            answered = await _post_until_killed(client, process, url)
        with _engine(folder) as (_, url):
            receipts = {each["id"] for each in await _items(client, f"{url}/api/receipts")}
            executed = {e["id"] for e in await _items(client, f"{url}/api/ledger") if e["execution"]}
            positions = await _items(client, f"{url}/api/positions")
    owners = [each["decision_id"] for each in positions]
    return {
        "posted": POSTS,
        "answered_200": len(answered),
        "killed_by": "SIGKILL",
        "on_disk_after_it": len(receipts),
        "missing": len(answered - receipts),
        "positions_resumed": len(owners),
        "opened_twice": len(owners) - len(set(owners)) + len(executed - set(owners)),
    }


@contextmanager
def _engine(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run an engine in a process of its own on the folder's ledger; gives the process and its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEDECK_")}
    home = {name: str(folder) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    rules = folder / "rules.toml"
    rules.write_text(RULES)
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "run", "--headless", "--practice", "--port", "0", "--rules", rules],
        env=kept | home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process, _address(process)
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if (found := _LISTENS.search(line)) is not None:
            return found[1]
    raise ConfigError(f"kill: the engine did not start: {''.join(told).strip()}")


async def _post_until_killed(
    client: aiohttp.ClientSession, process: subprocess.Popen[str], url: str
) -> set[str]:
    """Post over several connections, kill the process on the way; return the ids of the receipts answered."""
    answered: set[str] = set()
    async with client.get(f"{url}/healthz") as health:
        now = datetime.fromisoformat((await health.json())["clock"])
    waiting = iter(_bodies(now))

    async def sender() -> None:
        for body in waiting:
            try:
                async with client.post(f"{url}/api/webhooks", data=body) as answer:
                    told = await answer.json()
            except (aiohttp.ClientError, ConnectionError):
                return
            if answer.status == 200:
                answered.add(told["receipt_id"])
            if len(answered) == KILLED_AFTER:
                process.kill()

    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
    return answered


def _bodies(now: datetime) -> Iterator[bytes]:
    for n in range(POSTS):
        symbol = f"{chr(65 + n // 4 % 26)}{chr(65 + n // 104)}X"
        source = _SOURCES[n % len(_SOURCES)]
        yield json.dumps(
            sample(source, now, symbol, 450.0, Direction.LONG, timeframe=15, risk_pct=STOP_PCT)
        ).encode()


async def _items(client: aiohttp.ClientSession, url: str) -> list[Mapping[str, Any]]:
    """Return every item of a list, page by page."""
    found: list[Mapping[str, Any]] = []
    cursor = ""
    while True:
        async with client.get(f"{url}?limit=500{cursor}") as answer:
            page = await answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
