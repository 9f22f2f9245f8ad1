"""A what-if on a ledger without a feed: entries are made at the prices that bodies state, by replay as the judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.intake import sample
from core.learning import WhatIf, with_rule
from core.model import Direction, Source
from core.rules import Rules, parse_rules
from server.ledger.history import rules_text
from server.ledger.lists import items
from server.ledger.snapshot import LedgerSnapshot
from server.replay.session import Wanted, replay
from server.whatif import whatif_of_ledger
from tests.server.replay.test_requests import RULES

OPEN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
IN_FORCE = RULES + '[structural]\nno_score = "pass"\n[confidence]\nexecute_at = 60\n'
SENTENCE = "order buy @ 10 filled on SPY. New strategy position is 10"
"""An entry that states no price."""


def _session(entry: str) -> Iterator[tuple[float, Any]]:
    """Minutes after the open, and what is sent: an entry at a bar or at its own price, then bars up to the last."""
    for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC):
        yield 0, sample(source, OPEN, "SPY", 450.0, Direction.LONG)
    yield 1, _bar(0, 450.0)
    yield 1.1, SENTENCE if entry == "at a bar" else _signal(450.2)
    for minute in range(2, 390, 6):
        yield minute, _bar(minute - 1, 450.0 + 0.02 * minute)


def _signal(price: float) -> dict[str, Any]:
    return sample(Source.TRADINGVIEW_SIGNAL, OPEN, "SPY", price, Direction.LONG)


def _bar(minute: int, close: float) -> dict[str, Any]:
    prices = {"open": close, "high": close + 0.1, "low": close - 0.1, "close": close, "volume": 1000}
    return {
        "ticker": "SPY",
        "interval": "1",
        "time": (OPEN + timedelta(minutes=minute)).isoformat(),
        **prices,
    }


def _made(folder: Path, name: str, entry: str, rules: str) -> Path:
    receipts, out = folder / f"{name}.jsonl", folder / f"{name}.db"
    receipts.write_text(
        "".join(
            json.dumps(
                {
                    "received_at": (OPEN + timedelta(minutes=minutes)).isoformat(),
                    "body": body if isinstance(body, str) else json.dumps(body),
                }
            )
            + "\n"
            for minutes, body in _session(entry)
        )
    )
    assert replay(Wanted(source=receipts, out=out, rules_text=rules))["quarantined"] == 0
    return out


def _net(path: Path) -> float:
    with LedgerSnapshot(path) as ledger:
        return sum(entry["exit"]["pnl_net"] for entry in items(ledger, "trades") if entry["exit"])


def _found(path: Path, change: tuple[str, float]) -> tuple[WhatIf, Rules]:
    with LedgerSnapshot(path) as ledger:
        text = rules_text(ledger)
        assert text is not None
        rules = parse_rules(text)
        candidate = with_rule(rules, *change)
        return whatif_of_ledger(ledger, rules, candidate), candidate


@pytest.mark.parametrize("entry", ["at its own price", "at a bar"])
@pytest.mark.parametrize(
    "change",
    [
        ("exits.atr_multiples.239.target_2", 1.2),
        ("sizing.contract_cap", 2),
        ("confidence.execute_at", 99.0),
        ("confidence.execute_at", 50.0),  # looser: every market answer is decided again
    ],
    ids=str,
)
def test_entries_are_made_at_the_prices_of_bodies(
    tmp_path: Path, entry: str, change: tuple[str, float]
) -> None:
    before = _made(tmp_path, "before", entry, IN_FORCE)
    found, candidate = _found(before, change)
    after = _made(tmp_path, "after", entry, candidate.to_toml())
    assert _net(before) != 0
    assert found.baseline is not None and found.baseline.text == "of 1 real trades, the baseline makes 1"
    assert found.whole.why == {}
    assert (found.whole.difference.value or 0.0) == pytest.approx(_net(after) - _net(before), abs=0.01)


def test_a_signal_that_only_the_candidate_trades_is_entered_at_the_price_of_a_body(tmp_path: Path) -> None:
    strict = IN_FORCE.replace("execute_at = 60", "execute_at = 95")
    before = _made(tmp_path, "before", "at its own price", strict)
    found, candidate = _found(before, ("confidence.execute_at", 60.0))
    after = _made(tmp_path, "after", "at its own price", candidate.to_toml())
    assert _net(before) == 0 != _net(after)
    assert found.whole.why == {}
    assert found.whole.difference.value == pytest.approx(_net(after), abs=0.01)
