"""A deck without a screen, for a network of its own: ``deck_elsewhere.py URL TOKEN``.

It writes a JSON line for each snapshot that it shows and for the result of each command, and reads commands as JSON
lines from standard input: ``{"position": ID, "remaining": N, "id": COMMAND}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from server.deck import Command
from server.deck.remote import RemoteDeck
from server.deck.wire.connect import EngineAddress

LOOK_SECONDS = 0.05


def tell(**fields: Any) -> None:
    print(json.dumps({"t": time.monotonic(), **fields}), flush=True)


async def command(deck: RemoteDeck, asked: dict[str, Any]) -> None:
    result = await deck.command(
        Command(id=asked["id"], name="exit", position_id=asked["position"], expected=asked["remaining"])
    )
    tell(command=asked["id"], ok=result.ok, code=result.code)


async def main(url: str, token: str) -> None:
    deck = RemoteDeck(EngineAddress(url=url, token=token))
    await deck.start(60.0)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    asked: set[asyncio.Task[None]] = set()

    async def read() -> None:
        while line := await reader.readline():
            asked.add(asyncio.create_task(command(deck, json.loads(line))))

    reading = asyncio.create_task(read())
    shown: object = None
    while not reading.done():
        now = deck.snapshot()
        state = (now.seq, bool(now.connection_note))
        if state != shown:
            rows = [[row.id, row.remaining, row.state, row.mark, row.stale] for row in now.positions]
            tell(seq=now.seq, note=now.connection_note, rows=rows)
            shown = state
        await asyncio.sleep(LOOK_SECONDS)
    await deck.close()


asyncio.run(main(*sys.argv[1:]))
