"""A deck on a real terminal, run as a process by the terminal tests: ``pty_app.py RESULT [hostile] [busy]``.

Writes to RESULT, when the deck has ended, one JSON line: why it ended, and the longest wait of a task that
wanted to run every 10 ms in the same loop.
"""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from fake_deck import FakeDeck, hostile_snapshot, position, snapshot

from server.deck import DeckSnapshot
from tui.app import DeckApp
from tui.supervisor import run_screen


class Busy(FakeDeck):
    """Thirty positions of which each mark moves at every look, and a word that says how often it looked."""

    looks = 0

    def snapshot(self) -> DeckSnapshot:
        self.looks += 1
        rows = tuple(position(f"p{n}", mark=2.0 + (self.looks + n) % 97 / 100) for n in range(30))
        note = f"LOOK {self.looks}"
        return replace(self.now, positions=rows, clock_note=note, seq=self.looks)


async def main(flags: set[str]) -> str:
    now = hostile_snapshot() if "hostile" in flags else snapshot()
    deck = Busy(now) if "busy" in flags else FakeDeck(now)
    app = DeckApp(deck, refresh_hz=30 if "busy" in flags else 2)
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = monotonic()
            await asyncio.sleep(0.01)
            if app.latest is not None and app._running:
                longest = max(longest, monotonic() - before - 0.01)

    ticking = asyncio.create_task(tick())
    ended = await run_screen(app)
    ticking.cancel()
    return json.dumps(
        {"reason": ended.reason, "code": ended.return_code, "longest": longest, "crashed": ended.crashed}
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(asyncio.run(main(set(sys.argv[2:]))))
