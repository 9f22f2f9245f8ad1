"""A bad week driven from outside: real HTTP, a real terminal, signals of the system, a clock that is set."""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import pty
import random
import resource
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.intake import sample
from core.model import Direction, Source
from tests.ports import own_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
EXCHANGE = ZoneInfo("America/New_York")
TOKEN = "a-token-of-the-week"
RULES = "[risk]\napproval_above_contracts = 1000\napproval_above_premium = 1e9\ndaily_loss = 4000\n"
SESSIONS = [
    ("2026-11-23", "16:00"),
    ("2026-11-24", "16:00"),
    ("2026-11-25", "16:00"),
    ("2026-11-27", "13:00"),  # after Thanksgiving: a half day
    ("2026-11-30", "16:00"),
]
QUIET = [(f"2026-12-0{day}", "16:00") for day in (1, 2, 3, 4, 7)]
"""The days after, with prices and without signals, until the last expiry has passed."""
SPLIT = "2026-11-25"
STEP = timedelta(minutes=2)
HAPPENINGS = ("kill", "suspend", "silence", "crash", "clock_back", "disk_full", "shrink", "drop", "restart")


class Week:
    """One run with a seed; ``log`` holds what happened, for a person who looks at a failure."""

    def __init__(self, seed: int, folder: Path, step: timedelta = STEP) -> None:
        self.random, self.folder, self.step_length = random.Random(seed), folder, step
        self.now = _at(SESSIONS[0][0], "09:25")
        self.off = 0.0
        self.file = folder / "time"
        self.file.write_bytes(bytes(16))
        self._time = mmap.mmap(os.open(self.file, os.O_RDWR), 16)
        self.prices = {"SPY": 660.0, "NVDA": 184.0, "QQQ": 600.0, "AMD": 214.0}
        self.silent_until = self.now
        self.log: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.master = -1
        self.port = own_port()
        self.sent = 0
        self._set_time()

    # --- the machine ---------------------------------------------------------------------------------------

    def _set_time(self) -> None:
        passed = self.now.timestamp()
        self._time[:16] = struct.pack("dd", passed, self.off)

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        self._set_time()

    def go_to(self, instant: datetime) -> None:
        """Let the time until an instant pass in pieces that no process takes for sleep."""
        while self.now < instant:
            self.pass_time(min(timedelta(minutes=40), instant - self.now))
            time.sleep(0.06)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(HERE / "steered.py"), str(self.file), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GATEDECK_")}
        home = {name: str(self.folder) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        own = {
            "GATEDECK_STATE_DIR": str(self.folder),
            "GATEDECK_COMMAND_TOKEN": TOKEN,
            "PYTHONPATH": str(ROOT),
        }
        return kept | home | own | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def start(self) -> None:
        """Start the deck on a terminal of its own, as a person would; wait until it takes webhooks."""
        rules = self.folder / "rules.toml"
        rules.write_text(RULES)
        ahead = ("--ledger-ahead",) if self.off else ()
        self.master, slave = pty.openpty()
        self.shrink()
        self.process = subprocess.Popen(
            self.command("run", "--port", str(self.port), "--rules", str(rules), "--keep-running", *ahead),
            stdin=slave, stdout=slave, stderr=slave, env=self.environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        threading.Thread(target=_drain, args=(self.master, self.folder / "painted"), daemon=True).start()
        for _ in range(1200):
            if self.process.poll() is not None:
                time.sleep(0.3)
                said = (self.folder / "painted").read_bytes()[-400:]
                raise AssertionError(f"the engine ended at its start: {self.log[-5:]} {said!r}")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2)
                # The process that was started waits in front of the one that is engine and deck.
                pid = self.process.pid
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                self.engine = int(children[0]) if children else pid
                return
            time.sleep(0.05)
        raise AssertionError("the engine does not take webhooks")

    def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.engine, number)
        until = time.monotonic() + 30
        while Path(f"/proc/{self.engine}").exists() and time.monotonic() < until:
            time.sleep(0.02)
        self.process.wait(30)
        with contextlib.suppress(OSError):
            os.close(self.master)
        self.master = -1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: dict[str, Any]) -> int:
        """Post and return the status; 0 when nobody listens. Nothing is sent twice."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {TOKEN}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    # --- the market and its senders ------------------------------------------------------------------------

    def session(self, day: str, close: str, *, signals: bool) -> None:
        """One session from before its open to its last bar, with what happens in it."""
        opened, closed = _at(day, "09:30"), _at(day, close)
        if day == SPLIT:
            self.prices["AMD"] /= 2
        self.go_to(opened - timedelta(minutes=1))
        self._close_what_a_split_suspends()
        step = self.step_length if signals else timedelta(minutes=20)
        steps = int((closed - opened) / step)
        plan = self._plan(steps) if signals else {}
        for n in range(steps):
            self.pass_time(step)
            for name in plan.get(n, ()):
                self.log.append(f"{self.now:%m-%d %H:%M} {name}")
                getattr(self, name)()
            self._bars(step)
            if signals and n < steps - 5 and self.random.random() < 0.06:
                self._signal()
            if n % 40 == 10:
                self._close_what_a_split_suspends()
            time.sleep(0.03)
        self.go_to(closed + timedelta(minutes=20))

    def _plan(self, steps: int) -> dict[int, list[str]]:
        plan: dict[int, list[str]] = {}
        for name in self.random.sample(HAPPENINGS, 4):
            plan.setdefault(self.random.randrange(5, steps - 5), []).append(name)
        return plan

    def _bars(self, length: timedelta) -> None:
        minutes = length / timedelta(minutes=1)
        for symbol, before in self.prices.items():
            moves = [self.random.gauss(0, 0.0004 * minutes**0.5) for _ in range(3)]
            path = [before, *(before * (1 + move) for move in moves)]
            self.prices[symbol] = path[-1]
            if self.now < self.silent_until:
                continue
            body = {
                "symbol": symbol, "interval": f"{minutes:g}", "time": _iso(self.now - length),
                "open": round(path[0], 2),
                "high": round(max(path), 2), "low": round(min(path), 2), "close": round(path[-1], 2),
            }  # fmt: skip
            self.post("/api/webhooks/price", body)

    def _signal(self) -> None:
        symbol = self.random.choice(list(self.prices))
        side = self.random.choice(list(Direction))
        timeframe = self.random.choice((5, 15))
        price = round(self.prices[symbol], 2)
        for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.TRADINGVIEW_SIGNAL):
            self.sent += 1
            changes = {"id": f"{source}-{self.sent}"}
            self.post(
                "/api/webhooks", sample(source, self.now, symbol, price, side, timeframe=timeframe) | changes
            )

    def _close_what_a_split_suspends(self) -> None:
        with contextlib.suppress(OSError):
            for row in self.get("/api/positions")["items"]:
                if row["symbol"] == "AMD":
                    self.post(f"/api/positions/{row['id']}/exit", {"price": round(row["mark"], 2)})

    # --- what happens --------------------------------------------------------------------------------------

    def kill(self) -> None:
        self.end(signal.SIGKILL)
        self.pass_time(timedelta(minutes=self.random.randrange(1, 40)))
        self.start()

    def restart(self) -> None:
        self.end(signal.SIGTERM)
        self.pass_time(timedelta(minutes=self.random.randrange(1, 10)))
        self.start()

    def suspend(self) -> None:
        assert self.process is not None
        os.kill(self.engine, signal.SIGSTOP)
        self.pass_time(timedelta(minutes=self.random.randrange(50, 90)))
        os.kill(self.engine, signal.SIGCONT)

    def silence(self) -> None:
        self.silent_until = self.now + timedelta(minutes=self.random.randrange(20, 80))

    def crash(self) -> None:
        self.prices[self.random.choice(("NVDA", "SPY"))] *= 0.94

    def clock_back(self) -> None:
        """Set the machine's clock back an hour, until the next happening of this kind sets it right."""
        self.off = 0.0 if self.off else -3600.0
        self._set_time()

    def disk_full(self) -> None:
        """Allow no file to grow for some bars: what is written beyond its size fails as on a full disk."""
        assert self.process is not None
        resource.prlimit(self.engine, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        for _ in range(3):
            self.pass_time(self.step_length)
            self._bars(self.step_length)
            time.sleep(0.05)
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.engine, resource.RLIMIT_FSIZE, infinite)
        time.sleep(1.2)

    def shrink(self) -> None:
        """Give the terminal another size, often an absurd one."""
        size = self.random.choice([(24, 80), (10, 40), (3, 9), (1, 1), (50, 200), (13, 80)])
        if self.master >= 0:
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
            if self.process is not None and self.process.poll() is None:
                os.write(self.master, self.random.choice([b"1", b"2", b"3", b"x\x1b", b"?\x1b", b"m\x1b"]))

    def drop(self) -> None:
        """Close the terminal, as when a connection is lost: the engine goes on without one."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


def _at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=EXCHANGE).astimezone(UTC)


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _drain(master: int, file: Path) -> None:
    """Read what the deck paints, so that it never waits for its terminal; keep what the last one said."""
    with contextlib.suppress(OSError, ValueError), file.open("wb") as kept:
        while True:
            if select.select([master], [], [], 0.5)[0]:
                kept.write(os.read(master, 65536))
                kept.flush()
