"""A trader's machine: its time is moved by hand, senders post to it, and a deck runs on its terminal."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.intake import sample
from core.model import Direction, Source
from tests.e2e.trading_week.terminal import Terminal
from tests.ports import own_port

ROOT = Path(__file__).resolve().parents[3]
STEERED = ROOT / "tests" / "e2e" / "bad_week" / "steered.py"
EXCHANGE = ZoneInfo("America/New_York")
TOKEN = "a-token-of-the-week"
BAR = timedelta(minutes=1)
ENTRY = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)
"""The senders of which a signal needs all to be executed."""


class Desk:
    """One ledger and one terminal over several days."""

    def __init__(self, folder: Path, terminal: Terminal, *, rules: str) -> None:
        self.folder, self.terminal = folder, terminal
        self.rules = folder / "rules.toml"
        self.rules.write_text(rules)
        file = folder / "time"
        file.write_bytes(bytes(16))
        self._file = file
        self._time = mmap.mmap(os.open(file, os.O_RDWR), 16)
        self.now = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
        self.prices = {"SPY": 660.0, "QQQ": 600.0, "NVDA": 184.0}
        self._sent = 0
        self.port = own_port()
        self._set()

    # --- time --------------------------------------------------------------------------------------------

    def _set(self) -> None:
        self._time[:16] = struct.pack("dd", self.now.timestamp(), 0.0)

    def go_to(self, day: str, clock: str) -> None:
        """Let time pass to a time of the exchange, in steps that no engine takes for a machine that slept."""
        until = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=EXCHANGE).astimezone(UTC)
        while self.now < until:
            self.now += min(timedelta(minutes=40), until - self.now)
            self._set()
            time.sleep(0.06)

    # --- the program -------------------------------------------------------------------------------------

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(STEERED), str(self._file), *arguments]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tell(self, *arguments: str) -> str:
        """Run a command to its end and return what it printed. Raises AssertionError when it failed."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        home = {name: str(self.folder) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        own = {
            "GATEDECK_STATE_DIR": str(self.folder),
            "GATEDECK_COMMAND_TOKEN": TOKEN,
            "PYTHONPATH": str(ROOT),
        }
        kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
        return (
            kept | home | own | {"TERM": "screen-256color", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
        )

    def start(self, *more: str) -> None:
        """Start the deck in the terminal; return when it shows its first screen and takes webhooks."""
        self.terminal.start(self.command("run", "--port", str(self.port), *more), self.environment)
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if self.ask("/readyz"):
                    break
            assert time.monotonic() < end, self.terminal.screen()
            time.sleep(0.1)
        self.terminal.see("Positions", within=30)

    def leave(self) -> str:
        """Leave the deck with the key, and return what it left on the terminal."""
        self.terminal.press("q")
        self.terminal.until(lambda s: "ended with" in s or "y" in s, "the end or a question")
        time.sleep(0.3)
        if "ended with" not in self.terminal.screen():
            self.terminal.press("y")
        last = self.terminal.see("ended with 0", within=30)
        self.terminal.stop()
        return last

    # --- what is posted ------------------------------------------------------------------------------------

    def ask(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}", None if body is None else json.dumps(body).encode()
        )
        request.add_header("Authorization", f"Bearer {TOKEN}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def bar(self, **moves: float) -> None:
        """Let a minute pass and post a bar of each symbol; ``moves`` are in percent, by symbol."""
        self.now += BAR
        self._set()
        for symbol, before in self.prices.items():
            after = round(before * (1 + moves.get(symbol, 0.0) / 100), 2)
            self.prices[symbol] = after
            at = (self.now - BAR).isoformat().replace("+00:00", "Z")
            prices = {"open": before, "high": max(before, after), "low": min(before, after), "close": after}
            self.ask("/api/webhooks/price", {"symbol": symbol, "interval": "1", "time": at, **prices})

    def signal(self, symbol: str, side: Direction = Direction.LONG, timeframe: int = 15) -> dict[str, Any]:
        """Post what a signal needs and the signal; return the decision as it was answered."""
        told: dict[str, Any] = {}
        for source in ENTRY:
            self._sent += 1
            body = sample(source, self.now, symbol, self.prices[symbol], side, timeframe=timeframe)
            told = self.ask("/api/webhooks", body | {"id": f"{source}-{self._sent}"})
        decision: dict[str, Any] = told["decision"]
        return decision
