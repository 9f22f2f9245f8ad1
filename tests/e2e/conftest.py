"""The real command in a process of its own, with its state in a folder of the test's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.intake import sample
from core.model import Direction, Source
from tui.cli import main

ROOT = Path(__file__).resolve().parents[2]
SESSION = "2026-11-24T10:00-05:00"
UNASKED = "approval_above_contracts = 1000\napproval_above_premium = 1e9\n"
UNLIMITED = "delta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n"
"""In the table of risk: no trade waits for a person, and no Greek is limited."""
WIDE = (
    "[risk]\nopen_positions = 900\nper_symbol = 900\nsymbol_premium = 1e7\ndaily_loss = 1e7\n"
    + UNASKED
    + UNLIMITED
)
STARTS_WITHIN = 30.0


@dataclass
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Served:
    """A running `gatedeck run --headless`."""

    process: subprocess.Popen[str]
    url: str
    state: Path

    def http(self, path: str, body: bytes | str | None = None, token: str | None = None) -> Answer:
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.url + path, data=data)
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode())

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.http(f"{path}?limit=500{cursor}").json
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def now(self) -> datetime:
        """The engine's instant."""
        told = self.http("/healthz").json
        return datetime.fromisoformat(told["clock"]).astimezone(UTC)

    def body(self, source: Source, symbol: str = "SPY", price: float = 450.0, **wanted: Any) -> str:
        direction = wanted.pop("direction", Direction.LONG)
        changes = wanted.pop("changes", {})
        return json.dumps(sample(source, self.now(), symbol, price, direction, **wanted) | changes)

    def send(
        self, source: Source, symbol: str = "SPY", price: float = 450.0, **wanted: Any
    ) -> dict[str, Any]:
        answer = self.http("/api/webhooks", self.body(source, symbol, price, **wanted))
        assert answer.status == 200, answer.text
        told: dict[str, Any] = answer.json
        return told

    def token(self) -> str:
        """The command token that the local command line reads."""
        found = [p for p in self.state.rglob("*token*") if p.is_file()]
        assert len(found) == 1, found
        assert found[0].stat().st_mode & 0o077 == 0
        return found[0].read_text().strip()

    def end(self, number: int = signal.SIGTERM, within: float = 10.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(within)


@dataclass
class Command:
    """Runs `gatedeck` as a person would; what was started and not ended is killed after the test."""

    state: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    """Variables of the environment that the test sets, such as a vendor's key."""

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GATEDECK_")}
        home = {
            "HOME": str(self.state),
            "XDG_STATE_HOME": str(self.state),
            "XDG_CONFIG_HOME": str(self.state),
        }
        return {**kept, **home, "GATEDECK_STATE_DIR": str(self.state), **self.extra}

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def __call__(self, *arguments: str, within: float = 60.0) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=within)
        return process.returncode, out, err

    def serve(self, *arguments: str, rules: str = WIDE) -> Served:
        file = self.state / "rules.toml"
        file.write_text(rules)
        port = () if "--port" in arguments else ("--port", "0")
        clock = () if "--clock" in arguments else ("--clock", SESSION)
        process = self.begin("run", "--headless", *clock, "--rules", str(file), *port, *arguments)
        assert process.stdout is not None
        begun = time.monotonic()
        line = process.stdout.readline()
        assert line.startswith("gatedeck listens on http"), (line, process.stderr and process.stderr.read())
        assert time.monotonic() - begun < STARTS_WITHIN
        return Served(process, line.split()[-1], self.state)


@pytest.fixture
def gatedeck(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path / "state")
    command.state.mkdir()
    yield command
    for process in command.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def beside(
    gatedeck: Command, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command on the state of ``gatedeck`` in the test's own process: a start costs half a second."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("GATEDECK_")]:
                patch.delenv(name)
            for name, value in gatedeck.environment.items():
                patch.setenv(name, value)
            patch.setattr("sys.argv", ["gatedeck", *arguments])
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


__all__ = ["Answer", "Callable", "Command", "Served"]
