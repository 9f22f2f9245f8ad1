"""Receipts with exits and bars: replayed without a price file, stored, verified and made again from the journal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.intake import sample
from core.model import Direction, Source
from server.ledger.lists import items
from server.ledger.snapshot import LedgerSnapshot
from server.replay.rebuild import rebuild_ledger
from server.replay.session import Wanted, replay
from server.replay.verify import verify_ledger

OPEN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
RULES = (
    "[account]\nsize = 200000\n[sizing]\npremium_cap = 1e5\ncontract_cap = 4\n[risk]\npremium_per_trade = 1e6\n"
    "symbol_premium = 1e7\napproval_above_contracts = 1000\napproval_above_premium = 1e9\n"
    "delta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n"
)


def _bodies() -> Iterator[tuple[float, dict[str, Any]]]:
    """Minutes after the open of the session's story, and what is sent: an entry, then its trade."""
    for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL):
        yield 0, sample(source, OPEN, "SPY", 450.0, Direction.LONG)
    yield 2, _bar(1, 450.3, 450.4, 450.0)
    yield 2.1, {"ticker": "SPY", "action": "reduce", "percent": 25}
    yield 3, _bar(2, 451.0, 451.2, 450.2)
    yield 3.1, {"ticker": "SPY", "action": "breakeven"}
    yield 4, _bar(3, 450.5, 451.0, 449.5)  # its low lies before the stop was moved
    yield 4.1, {"ticker": "SPY", "action": "sell", "market_position": "short", "prev_market_position": "long"}
    yield 5, _bar(4, 450.4, 450.6, 450.2)
    yield 5.1, {"ticker": "SPY", "action": "exit"}


def _bar(minute: int, close: float, high: float, low: float) -> dict[str, Any]:
    opened = (OPEN + timedelta(minutes=minute)).isoformat()
    prices = {"open": close, "high": high, "low": low, "close": close, "volume": 1000}
    return {"ticker": "SPY", "interval": "1", "time": opened, **prices}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    lines = [
        json.dumps({"received_at": (OPEN + timedelta(minutes=m)).isoformat(), "body": json.dumps(body)})
        for m, body in _bodies()
    ]
    receipts, out = tmp_path / "receipts.jsonl", tmp_path / "made.db"
    receipts.write_text("\n".join(lines) + "\n")
    told = replay(Wanted(source=receipts, out=out, rules_text=RULES))
    assert told["quarantined"] == 0, told
    return out


def test_a_trade_by_webhook_replays_verifies_and_is_made_again(made: Path) -> None:
    with LedgerSnapshot(made) as ledger:
        (trade,) = [entry for entry in items(ledger, "trades") if entry["exit"]]
        notes = [note for receipt in items(ledger, "receipts") for note in receipt["notes"]]
        paths = next(ledger.query("SELECT count(*), count(began) FROM paths LEFT JOIN path_bars USING (seq)"))
    legs = [(leg["exit_reason"], leg["contracts"]) for leg in trade["exit"]["partials"]]
    assert legs == [("SIGNAL", 1), ("SIGNAL", 3)] and trade["exit"]["exit_reason"] == "SIGNAL"
    assert any("moved the stop of SPY 450C 11/27 from 448.20 to 450.00" in note for note in notes)
    assert paths[0] > 0 and paths[1] >= 3
    assert verify_ledger(made)["ok"]
    assert replay(Wanted(source=made))["identical"] is True


def test_a_rebuild_lays_the_bars_again(made: Path) -> None:
    connection = sqlite3.connect(made)
    connection.execute("DELETE FROM path_bars")
    connection.commit()
    connection.close()
    assert not verify_ledger(made)["ok"]
    rebuild_ledger(made, engine_id="")
    assert verify_ledger(made)["ok"]
