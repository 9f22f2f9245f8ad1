"""A demo engine with real rows that listens in a thread of its own, for tests that speak HTTP to it and block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import requests

from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session

COMMAND_TOKEN, READ_TOKEN = "command-token-of-the-tests", "read-token-of-the-tests"
MINUTES = 15
FAST = float("inf")
CHANGES = {
    "approval_above_premium = 1000000": "approval_above_premium = 900",
    "alert_trades = 1000": "alert_trades = 3",
}
"""Changes of the demo's rules, so that a short one holds every kind of row: waiting trades and risk alerts too."""


@dataclass(frozen=True, slots=True)
class DemoEngine:
    """Where the engine listens, and the headers of somebody who may command it."""

    url: str
    session: requests.Session

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.url + path, headers=headers, timeout=30)

    def post(self, path: str, body: object = None, **headers: str) -> requests.Response:
        return self.session.post(self.url + path, json=body, headers=headers, timeout=30)


@contextmanager
def demo_engine(folder: Path, *, minutes: float = MINUTES) -> Iterator[DemoEngine]:
    """Run the demo for some simulated minutes at full speed, then stop its clock and serve what it has."""
    ready, failed = threading.Event(), list[BaseException]()
    found: dict[str, str] = {}
    ended = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        rules = folder / "rules.toml"
        text = files("server.demo").joinpath("rules.toml").read_text("utf-8")
        for old, new in CHANGES.items():
            assert old in text
            text = text.replace(old, new)
        rules.write_text(text, "utf-8")
        settings = load_settings(
            {
                "state_dir": folder,
                "db": str(folder / "demo.db"),
                "rules": rules,
                "port": 0,
                "command_token": COMMAND_TOKEN,
                "api_token": READ_TOKEN,
            },
            Path("/dev/null"),
        )
        async with demo_session(settings, seed=7, speed=FAST) as demo:
            await demo.drive.run(virtual_end(demo.drive.clock.now(), minutes, FAST))
            found["url"] = demo.host.http.url
            ready.set()
            await ended.wait()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="demo engine")
    thread.start()
    try:
        ready.wait(120)
        if failed:
            raise failed[0]
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {COMMAND_TOKEN}"
            yield DemoEngine(found["url"], session)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)
        loop.close()
