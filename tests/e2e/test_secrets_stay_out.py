"""No configured secret is kept anywhere after senders posted it in every way they do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from server.export import FORMATS, export_to
from server.ledger.lists import LISTS
from server.ledger.snapshot import LedgerSnapshot
from tests.tui.terminal import Terminal

SECRET = "hunter2-hunter2"
OWN = {"ticker": "SPY", "action": "buy", "ai_score": 8.4, "price": 660.0}
BODIES = [
    json.dumps({**OWN, "passphrase": SECRET}),
    json.dumps({"text": json.dumps({**OWN, "token": SECRET})}),
    json.dumps({**OWN, "comment": f"my secret is {SECRET}"}),
    json.dumps([{**OWN, "secret": SECRET}, {"ticker": "QQQ", "key": SECRET}]),
    f'{{"passphrase": "{SECRET}" "ticker": "SPY"}}',
    f"{{”passphrase”: ”{SECRET}”, ”ticker”: ”SPY”}}",
    f"passphrase={SECRET}&ticker=SPY&action=buy",
    f"buy SPY now {SECRET}",
    json.dumps({"passphrase": SECRET, "unknown": True}),
    json.dumps({"ticker": SECRET, "action": "buy", "passphrase": SECRET}),
]


def corpus() -> list[str]:
    """Return the cases of the reference folder with the secret in place of theirs, where the folder is there."""
    folder = Path(os.environ.get("GATEDECK_REFERENCE", "")) / "field" / "webhooks"
    bodies = [
        json.loads(path.read_text(encoding="utf-8")).get("body") or ""
        for path in sorted(folder.glob("*.json"))
    ]
    return [f'{body[:-1]}, "passphrase": "{SECRET}"}}' for body in bodies if body.endswith("}")]


WAYS = {
    "in the body": ("/api/webhooks", {}),
    "in the address": (f"/api/webhooks?key={SECRET}", {}),
    "in the path": (f"/w/{SECRET}/api/webhooks/signals", {}),
    "in a header": ("/api/webhooks", {"token": SECRET}),
}
PAGES = (
    "/api/receipts",
    "/api/decisions",
    "/api/ledger",
    "/api/positions",
    "/api/quarantine",
    "/healthz",
    "/metrics",
)


def exports(state: Path, folder: Path) -> Iterator[Path]:
    """Export every list of the ledger in every format that is installed."""
    (path,) = state.rglob("*.db")
    with LedgerSnapshot(path) as ledger:
        for what in LISTS:
            for kind in FORMATS if find_spec("pyarrow") else ("csv", "jsonl"):
                export_to(folder / f"{what}.{kind}", ledger, what, kind)
                yield folder / f"{what}.{kind}"


def seen_on_the_deck(gatedeck: Any, config: Path) -> bytes:
    """Show every screen of the deck on a terminal, with a screenshot of each; all that it wrote to the terminal."""
    command = [sys.executable, "-m", "tui.cli", "run", "--port", "0", "--clock", "2026-11-24T10:40-05:00",
               "--config", str(config)]  # fmt: skip
    terminal = Terminal(command, size=(120, 40), env=gatedeck.environment)
    try:
        terminal.ready()
        for n, screen in enumerate("12345", start=1):
            terminal.press(screen)
            terminal.read(0.5)
            for _ in range(40):
                terminal.press("\x13")  # the deck's own screenshot, one file for each second
                terminal.read(0.3)
                if len(list(gatedeck.state.rglob("*.svg"))) >= n:
                    break
        terminal.press("1")
        terminal.read(0.4)
        terminal.press("\r")  # the detail of what is highlighted
        terminal.read(0.6)
        return terminal.seen + "\n".join(terminal.shown()).encode()
    finally:
        terminal.close()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")
@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_is_written_shown_or_answered_holds_the_secret(
    gatedeck: Any, tmp_path: Path, way: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'webhook_secret = "{SECRET}"\n')
    engine = gatedeck.serve("--config", str(config))
    path, header = WAYS[way]
    answers = [engine.http(path, body, **header).text for body in [*BODIES, *corpus()]]
    assert sum('"status":"accepted"' in answer for answer in answers) >= 3
    for page in PAGES:
        answers.append(engine.http(f"{page}?limit=500").text)
    assert [answer for answer in answers if SECRET in answer] == []
    assert engine.end() == 0
    assert SECRET not in engine.process.stderr.read() + engine.process.stdout.read()
    files: list[Path] = []
    if way == "in the body":
        files += exports(gatedeck.state, tmp_path)
        assert sum(file.stat().st_size for file in files) > 1000
        assert SECRET.encode() not in seen_on_the_deck(gatedeck, config)
        assert len(list(gatedeck.state.rglob("*.svg"))) >= 5, "a screenshot of each screen"
    files += [file for file in gatedeck.state.rglob("*") if file.is_file()]
    kept = [file for file in files if SECRET.encode() in file.read_bytes()]
    assert kept == [], "the ledger, the log, the exports and the screenshots"
