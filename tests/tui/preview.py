"""The deck with invented prices that move: ``python tests/tui/preview.py [empty|skip|wait]``."""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

# ruff: noqa: E402
from fake_deck import NOW, FakeDeck, empty_snapshot, record, snapshot

from core.model import Action
from server.deck import Command, CommandResult, DeckSnapshot
from tui.app import DeckApp
from tui.supervisor import run_screen


class MovingDeck(FakeDeck):
    """Marks move at random each time the deck looks; an exit takes three seconds."""

    def __init__(self, now: DeckSnapshot) -> None:
        super().__init__(now)
        self._random = random.Random(7)
        self._start = monotonic()

    def snapshot(self) -> DeckSnapshot:
        rows = []
        for row in self.now.positions:
            if row.mark is None or row.stale or self._random.random() < 0.5:
                rows.append(row)
                continue
            mark = max(0.05, round(row.mark * (1 + self._random.gauss(0, 0.01)), 2))
            pnl = round((mark - row.entry_price) * 100 * row.remaining, 2)
            rows.append(
                replace(row, mark=mark, pnl=pnl, pnl_pct=100 * pnl / (row.entry_price * 100 * row.contracts))
            )
        total = sum(row.pnl or 0.0 for row in rows)
        at = NOW + timedelta(seconds=monotonic() - self._start)
        self.now = replace(self.now, at=at, positions=tuple(rows), pnl=replace(self.now.pnl, open=total))
        return self.now

    async def command(self, command: Command) -> CommandResult:
        await asyncio.sleep(3)
        kept = tuple(row for row in self.now.positions if command.position_id not in (row.id, None))
        self.change(positions=kept)
        return CommandResult(ok=True, code="FILLED", text="Sold at 2.40, +$210.00")


async def main() -> None:
    choice = sys.argv[1] if len(sys.argv) > 1 else ""
    actions = {"skip": Action.SKIP, "wait": Action.WAIT}
    now = empty_snapshot() if choice == "empty" else snapshot()
    if choice in actions:
        now = replace(
            now, decision=record(actions[choice], code="LEVEL_PASSED" if choice == "wait" else None)
        )
    ended = await run_screen(DeckApp(MovingDeck(now)))
    print(ended)


if __name__ == "__main__":
    asyncio.run(main())
