"""The real command on a real terminal through hundreds of resizes with keys: no crash, and an end within seconds."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal, gatedeck, url_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX"),
]

SIZES = (
    (1, 1),
    (3, 2),
    (5, 10),
    (80, 24),
    (10, 5),
    (1, 24),
    (80, 1),
    (40, 10),
    (80, 13),
    (200, 50),
    (500, 200),
)
KEYS = (
    "",
    "",
    "",
    "1",
    "2",
    "3",
    "4",
    "5",
    "d",
    "\x1b",
    "?",
    "x",
    "A",
    "m",
    "X",
    "\x10",
    "\x1b[B",
    "\x1b[6~",
    "\x03",
)


def post(deck: Terminal, url: str, body: Mapping[str, Any]) -> None:
    """Send a webhook while the terminal is read: it is answered by the loop that paints."""

    def send() -> None:
        request = urllib.request.Request(f"{url}/api/webhooks", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=20).close()

    sending = threading.Thread(target=send)
    sending.start()
    while sending.is_alive():
        deck.read(0.05)


def test_four_hundred_resizes_with_keys_crash_nothing(tmp_path: Path) -> None:
    deck = gatedeck(tmp_path, "run", "--port", "0", "--clock", "2026-11-24T10:00-05:00")
    try:
        url = url_of(deck.wait_for("127.0.0.1:"))
        at = "2026-11-24T15:00:00Z"
        post(deck, url, {"meta": {"engine": "SATY_PO", "event_id": "r-1", "generated_at": at},
                         "instrument": {"symbol": "SPY"}, "timeframe": {"chart_tf": "60"},
                         "event": {"name": "ENTER_MARKUP"}, "regime_context": {"local_bias": "BULLISH"},
                         "confidence": {"confidence_score": 90},
                         "execution_guidance": {"trade_allowed": True, "allowed_directions": ["LONG"]}})  # fmt: skip
        post(deck, url, {"id": "r-2", "timenow": at, "instrument": {"ticker": "SPY", "current_price": 660.0},
                         "signal": {"type": "LONG", "timeframe": "15", "quality": "EXTREME", "ai_score": 9.4},
                         "entry": {"price": 660.0, "stop_loss": 656.0, "target_1": 672.0, "target_2": 680.0},
                         })  # fmt: skip
        deck.wait_for("1 open")
        dice = random.Random(4)
        for _ in range(400):
            deck.resize(*dice.choice((*SIZES, (dice.randrange(1, 300), dice.randrange(1, 120)))))
            deck.press(dice.choice(KEYS))
            deck.read(dice.choice((0.01, 0.02, 0.06, 0.12)))
        assert "crashed" not in (tmp_path / "state/gatedeck/gatedeck.log").read_text()
        deck.resize(80, 24)
        for _ in range(6):
            deck.press("\x1b")
            deck.read(0.4)
        deck.press("1")
        deck.wait_for("Positions")
        began = time.monotonic()
        deck.signal("SIGTERM")
        assert deck.wait() == 0
        assert time.monotonic() - began < 5
    finally:
        deck.close()
