"""`gatedeck feeds --test` with good, wrong and missing keys, against local servers of the vendors."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.demo.vendors.door import KEYS, SERVERS

ROOT = Path(__file__).resolve().parents[3]
WITHIN = 60.0


class Person:
    """Runs commands with a configuration that names the local servers."""

    def __init__(self, folder: Path, config: Path, environment: dict[str, str]) -> None:
        self.folder, self.config, self.environment = folder, config, environment
        self.started: list[asyncio.subprocess.Process] = []

    async def begin(self, *arguments: str, **keys: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tui.cli", *arguments, "--config", str(self.config),
            cwd=ROOT, env={**self.environment, **keys}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self.started.append(process)
        return process

    async def __call__(self, *arguments: str, **keys: str) -> tuple[int | None, str, str]:
        process = await self.begin(*arguments, **keys)
        out, err = await asyncio.wait_for(process.communicate(), WITHIN)
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def person(tmp_path: Path, simulated: Callable[[], Any]) -> AsyncIterator[Person]:
    source = simulated()
    source._clock = lambda: datetime.now(UTC)
    servers = [SERVERS[name](source, per_minute=10_000) for name in ("tradier", "alpaca", "twelvedata")]
    for server in servers:
        await server.start()
    tradier, alpaca, twelvedata = (f"127.0.0.1:{server.port}" for server in servers)
    config = tmp_path / "config.toml"
    config.write_text(
        f'feeds = ["tradier", "alpaca", "twelvedata"]\n'
        f'tradier_url = "http://{tradier}/v1"\n'
        f'tradier_stream_url = "ws://{tradier}/v1/markets/events"\n'
        f'alpaca_data_url = "http://{alpaca}"\nalpaca_trading_url = "http://{alpaca}"\n'
        f'alpaca_stream_url = "ws://{alpaca}"\ntwelvedata_url = "http://{twelvedata}"\n'
        f"twelvedata_credits_per_minute = 1000\n"
    )
    home = {
        name: str(tmp_path) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "GATEDECK_STATE_DIR")
    }
    person = Person(tmp_path, config, {"PATH": "/usr/bin:/bin", **home})
    yield person
    for process in person.started:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    for server in servers:
        await server.stop()


async def test_a_trial_of_good_keys_prints_a_table_of_what_came(person: Person) -> None:
    code, out, err = await person("feeds", "--test", **KEYS)
    assert (code, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()[1:]} == {"tradier", "alpaca", "twelvedata"}


async def test_a_trial_names_the_key_that_is_wrong_and_the_one_that_is_missing(person: Person) -> None:
    wrong = {"TRADIER_TOKEN": "nonsense-7261", "TWELVEDATA_API_KEY": KEYS["TWELVEDATA_API_KEY"]}
    code, out, err = await person("feeds", "--test", **wrong)
    assert code == 1 and "nonsense-7261" not in out + err
    rows = [line.split() for line in out.splitlines()]
    (stream,) = [row for row in rows if row[:2] == ["tradier", "stream"]]
    assert stream[2] == "KEY_REFUSED" and "APCA_API_KEY_ID" in out
