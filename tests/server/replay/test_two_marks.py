"""Two trades in one contract, opened on two days by receipts without a feed: one mark at each instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from core.exchange.calendar import Calendar
from server.ledger.bulk import BulkLedger
from server.ledger.codec import loads
from server.ledger.mark_store import marks_by_time
from server.ledger.snapshot import LedgerSnapshot
from server.replay.rebuilt import replay_receipts
from server.replay.sources import read_prices, read_receipts


@pytest.mark.parametrize(("prices", "shared"), [("SPY_flat.csv", 200), ("SPY_jump.csv", 1)])
def test_both_positions_have_one_mark_at_each_instant(
    reference: Callable[..., Path], tmp_path: Path, prices: str, shared: int
) -> None:
    receipts = read_receipts(reference("field", "truth", "two_marks.jsonl"))
    market = read_prices([f"SPY={reference('field', 'truth', prices)}"], Calendar.load())
    with BulkLedger(tmp_path / "replay.db", "replay") as output:
        replay_receipts(receipts, market, output=output)
    found: dict[tuple[int, float], dict[str, tuple[float, float]]] = defaultdict(dict)
    path: list[float] = []
    with LedgerSnapshot(tmp_path / "replay.db") as ledger:
        for at, position, text in marks_by_time(ledger.query):
            mark = loads(text)
            assert mark["iv_source"] == "estimated" and mark["level"]["source"] == "assumed VIX"
            found[at, mark["spot"]][position] = mark["mid"], mark["iv"]
            path.append(mark["iv"])
    both = [marks for marks in found.values() if len(marks) == 2]
    assert len(both) >= shared
    assert all(len(set(marks.values())) == 1 for marks in both)
    # Nothing steps at midnight: over the whole night between two sessions it moves by less than a tenth.
    assert max(abs(after / before - 1) for before, after in pairwise(path)) < 0.1
