"""Killed at any instant: every batch that was acknowledged is there, whole, and the chain is sound."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from server.ledger.sqlite import SqliteLedger

WRITER = """
import asyncio, sys
from datetime import datetime, timezone
from core.effects import StoreReceipt
from core.events import Received
from core.model import ReceiptStatus
from server.ledger.sqlite import SqliteLedger

def webhook(seq):
    at = datetime.now(timezone.utc)
    body = '{"symbol":"SPY","n":%d}' % seq
    event = Received(seq=seq, at=at, receipt_id="r%d" % seq, body=body)
    return event, (StoreReceipt(id="r%d" % seq, seq=seq, at=at, endpoint=None, body=body,
                                status=ReceiptStatus.ACCEPTED, http_status=200),)

async def main():
    ledger = await SqliteLedger.open(sys.argv[1], "engine-1")
    while True:
        first = ledger.last_seq + 1
        await ledger.commit([webhook(seq) for seq in range(first, first + 17)])
        print(ledger.last_seq, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("seconds", [0.0, 0.15])
def test_every_acknowledged_batch_survives_a_kill(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "ledger.db"
    acknowledged = 0
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        rest = writer.stdout.read().split("\n")[:-1]
        writer.wait()
        writer.stdout.close()
        assert int(first) > acknowledged
        acknowledged = int((rest or [first])[-1])
        rows, last_seq, verified, last = asyncio.run(_found(path, f"r{acknowledged}"))
        assert last_seq >= acknowledged and last_seq % 17 == 0
        assert rows["journal"] == rows["receipts"] == last_seq
        assert verified.ok and verified.rows == last_seq
        assert last is not None and last["body"] == f'{{"symbol":"SPY","n":{acknowledged}}}'


async def _found(path: Path, receipt_id: str) -> tuple[Any, int, Any, Any]:
    ledger = await SqliteLedger.open(path, "engine-1")
    try:
        stats, verified = await ledger.stats(), await ledger.verify()
        return stats.rows, ledger.last_seq, verified, await ledger.receipt(receipt_id)
    finally:
        await ledger.close()
