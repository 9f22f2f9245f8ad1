"""The engine as a service: readiness, signs of life, the last word, and the commands that look at it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model import Source
from server.config import load_settings
from tests.server.ledger.older_ledgers import older_ledger
from tui.cli.run import tell_upgrade


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket that systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        yield listening


def told(systemd: socket.socket) -> dict[str, str]:
    return dict(line.split("=", 1) for line in systemd.recv(4096).decode().splitlines())


def test_a_service_is_ready_alive_and_says_what_it_leaves(
    gatedeck: Any, systemd: socket.socket, tmp_path: Path
) -> None:
    gatedeck.extra = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "500000"}
    engine = gatedeck.serve()
    assert told(systemd) == {"READY": "1", "STATUS": f"listens on {engine.url}"}
    assert told(systemd) == {"WATCHDOG": "1"} == told(systemd)
    engine.process.send_signal(signal.SIGSTOP)  # a process that hangs gives no sign
    systemd.settimeout(0.6)
    with pytest.raises(TimeoutError):
        while True:
            told(systemd)
    engine.process.send_signal(signal.SIGCONT)
    systemd.settimeout(10)
    assert told(systemd) == {"WATCHDOG": "1"}

    for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.TRADINGVIEW_SIGNAL):
        engine.send(source)
    code, out, _ = gatedeck("status", "--url", engine.url)
    assert code == 0 and "up " in out and "SIMULATED TIME" in out, out
    (row,) = [line for line in out.splitlines() if line.startswith("position")]
    assert "SPY 450C 11/27 × " in row and "sender     TRADINGVIEW_SIGNAL SPY" in out
    assert "backup     off: backup_every is not set" in out and "archive    by hand" in out
    code, out, _ = gatedeck("status", "--url", engine.url, "--json")
    state = json.loads(out)
    assert (state["mode"]["mode"], len(state["positions"]), state["alarms"]) == ("ACTIVE", 1, [])

    code, out, _ = gatedeck("doctor", "--url", engine.url)
    assert code == 0 and "✓ engine" in out and "is the running engine's" in out, out

    engine.process.send_signal(signal.SIGTERM)
    last = told(systemd)
    while "WATCHDOG" in last:
        last = told(systemd)
    assert last["STOPPING"] == "1" and last["STATUS"].startswith("1 position left open (SPY 450C 11/27 × ")
    assert engine.process.wait(5) == 0
    said = engine.process.stdout.read()
    assert said.splitlines()[-1] == f"gatedeck stopped: {last['STATUS']}"
    code, _, err = gatedeck("status", "--url", engine.url)
    assert code == 1 and "start it with: gatedeck run" in err


def test_systemd_waits_for_a_start_that_upgrades_the_ledger(
    systemd: socket.socket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    tell_upgrade(load_settings({"db": str(older_ledger(4, tmp_path / "old.db"))}, Path("/dev/null")))
    asked = told(systemd)
    assert int(asked["EXTEND_TIMEOUT_USEC"]) > 90e6  # the longest start without it
    assert asked["STATUS"] in capsys.readouterr().err
    for new in ("none-yet.db", "notes.txt"):
        tell_upgrade(load_settings({"db": str(tmp_path / new)}, Path("/dev/null")))
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        told(systemd)


def test_doctor_names_what_is_wrong_and_its_cure(gatedeck: Any, beside: Any) -> None:
    code, out, _ = beside("doctor")
    assert code == 0 and "! engine    does not run" in out and "cure: gatedeck run" in out, out
    gatedeck.extra = {
        "GATEDECK_HOST": "0.0.0.0",
        "GATEDECK_FEEDS": "tradier",
        "GATEDECK_TRADIER_URL": "http://127.0.0.1:9",
    }
    code, out, _ = beside("doctor", "--json")
    states = {each["name"]: each for each in json.loads(out)}
    assert code == 1
    assert states["secret"]["state"] == "bad" and "GATEDECK_WEBHOOK_SECRET" in states["secret"]["cure"]
    assert states["clock"]["state"] == "warn" and "does not answer" in states["clock"]["text"]
    assert states["feeds"]["state"] == "bad" and states["ledger"]["state"] == "ok"
    assert "host from GATEDECK_HOST" in states["config"]["text"]
    gatedeck.extra = {"GATEDECK_PORT": "many"}
    code, out, _ = beside("doctor")
    assert code == 1 and "✗ config    port" in out.splitlines()[0], out


@pytest.mark.parametrize("system", [False, True])
def test_the_unit_is_one_that_systemd_takes(gatedeck: Any, tmp_path: Path, system: bool) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / "bin").mkdir()
    code, out, _ = gatedeck("service", "print", *(("--system",) if system else ()))
    assert code == 0 and "Type=notify" in out and "run --headless" in out
    start = next(line for line in out.splitlines() if line.startswith("ExecStart="))
    # Installed, the first word is the command; run as a module it is a file that nobody may execute.
    unit = tmp_path / "gatedeck.service"
    unit.write_text(out.replace(start, f"ExecStart={shutil.which('true')} run --headless"))
    done = subprocess.run(
        [verify, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "gatedeck.service" not in done.stderr, done.stderr


def test_a_service_is_written_and_removed_without_systemd(gatedeck: Any, beside: Any) -> None:
    gatedeck.extra = {"PATH": "/nowhere"}
    path = gatedeck.state / ".config/systemd/user/gatedeck.service"
    code, out, err = beside("service", "install")
    assert code == 1 and path.is_file() and "systemctl --user daemon-reload" in err, (out, err)
    code, _, err = beside("service", "status")
    assert code == 1 and "there is no systemd" in err
    code, out, _ = beside("service", "uninstall")
    assert code == 0 and not path.exists() and "the ledger and the settings stay" in out


def test_credentials_of_the_service_are_settings(gatedeck: Any, tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "webhook_secret").write_text("from-a-file\n")
    gatedeck.extra = {"CREDENTIALS_DIRECTORY": str(folder)}
    engine = gatedeck.serve()
    body = engine.body(Source.SATY_PHASE)
    assert engine.http("/api/webhooks", body).status == 401
    assert engine.http("/api/webhooks?key=from-a-file", body).status == 200
