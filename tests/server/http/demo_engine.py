"""A demo engine with real rows that listens in a thread of its own, for tests that speak HTTP to it and block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests

from core.learning import Evidence, Suggestion
from core.learning.learn import learn_from
from core.performance import Metric, Status
from server.config import load_settings
from server.deck import learning as deck_learning
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


SUGGESTION = Suggestion(
    id="0a1b2c",
    rule="market.max_spread_bps",
    old=12.0,
    new=13.2,
    text="Raise market.max_spread_bps from 12 to 13.2",
    evidence=(
        Evidence(
            cut="spread", bucket="12 to 13.8", measure="R", expected=0.2, inside=0.31, outside=0.02, n=40,
            n_outside=90, p=0.001, q=0.01, tests=12,
            effect=Metric(value=0.29, n=40, low=0.1, high=0.5, status=Status.OK, unit="R", sessions=12),
        ),
    ),
)  # fmt: skip
"""A suggestion as learning makes it from some weeks of trades: more than a short demo has."""


def _learn_with_a_suggestion(observed: Any, statuses: Any, rules: Any, judged: Any) -> Any:
    made = learn_from(observed, statuses, rules, judged=judged)
    return replace(made, search=replace(made.search, suggestions=(SUGGESTION,)))


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
    patch = pytest.MonkeyPatch()
    patch.setattr(deck_learning, "learn_from", _learn_with_a_suggestion)
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
        patch.undo()
        loop.close()
