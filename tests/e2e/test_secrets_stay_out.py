"""No configured secret is kept anywhere after senders posted it in every way they do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize("way", ["in the body", "in the address"])
def test_nothing_that_is_written_or_answered_holds_the_secret(
    gatedeck: Any, tmp_path: Path, way: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'webhook_secret = "{SECRET}"\n')
    engine = gatedeck.serve("--config", str(config))
    path = "/api/webhooks" if way == "in the body" else f"/api/webhooks?key={SECRET}"
    answers = [engine.http(path, body).text for body in [*BODIES, *corpus()]]
    assert sum('"status":"accepted"' in answer for answer in answers) >= 3
    for page in ("/api/receipts", "/api/decisions", "/api/ledger", "/api/positions"):
        answers.append(engine.http(f"{page}?limit=500").text)
    assert [answer for answer in answers if SECRET in answer] == []
    engine.end()
    log = engine.process.stderr.read() + engine.process.stdout.read()
    assert SECRET not in log
    kept = [
        file for file in gatedeck.state.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()
    ]
    assert kept == [], "the ledger, the log and the settings"
