"""Ledgers generated with known contents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from advice_ledgers import made

from core.learning.columns import Observations

Made = Callable[..., Observations]


@pytest.fixture(scope="session")
def ledger() -> Made:
    """Makes a ledger of observations; see ``made``."""
    return made


@pytest.fixture(scope="session")
def entry() -> Callable[..., dict[str, Any]]:
    """Makes one ledger entry as the ledger gives it back, parsed from JSON."""
    return ledger_entry


def ledger_entry(
    number: int,
    *,
    at: str = "2026-11-24T15:00:00+00:00",
    signal: str | None = None,
    decision: str = "EXECUTE",
    codes: tuple[str, ...] = (),
    code: str | None = None,
    failed: tuple[str, ...] = (),
    net: float | None = None,
    shadow: str | None = None,
    risk: float = 250.0,
    filled: int = 2,
    price: float = 5.0,
    multiplier: float = 1.0,
    confidence: float = 80.0,
    exit_time: str = "2026-11-24T18:00:00+00:00",
    stale: bool = False,
    context: dict[str, Any] | None = None,
    market: dict[str, Any] | None = None,
) -> dict[str, Any]:
    execution = {
        "filled_contracts": filled, "entry_price": price, "risk_amount": risk, "multiplier": 100, "dte": 3,
    }  # fmt: skip
    left = None if net is None else {
        "exit_time": exit_time, "pnl_net": net, "pnl_gross": net + 5, "hold_time_seconds": 10_800.0,
        "exit_reason": "TARGET_1" if net > 0 else "STOP_LOSS",
        "partials": [{"contracts": filled, "stale_fill": stale}],
    }  # fmt: skip
    blocks = [] if code is None else [{"code": code, "text": code, "tone": "negative"}]
    reasons = [{"code": c, "text": c, "tone": "negative"} for c in codes]
    return {
        "id": f"d{number}", "seq": number, "created_at": at, "symbol": "SPY", "timeframe": 15,
        "quality": "HIGH", "decision": decision, "proposed_direction": "LONG",
        "direction": "LONG" if decision == "EXECUTE" else None, "confidence": confidence, "code": code,
        "signal_id": signal or f"s{number}",
        "signal": {"facts": {"event": "BREAKOUT"}},
        "decision_breakdown": {
            "gates": {
                name: {"passed": name not in failed, "score": 0.0 if name in failed else 80.0}
                for name in ("regime", "structural", "market")
            },
            "reasons": blocks + reasons, "blocks": blocks, "size": {"final": multiplier, "raw": multiplier},
        },
        "execution": execution if shadow is None and net is not None else None,
        "exit": left if shadow is None else None,
        "hypothetical": None if shadow is None else {"status": shadow, "execution": execution, "exit": left},
        "inputs": {
            "context": {
                "symbol": "SPY", "as_of": at, "session": "OPEN", "price": 600.0, "timeframe": 15,
                "regime": {"phase": 2, "confidence": 80.0, "volatility": "NORMAL"},
                "alignment": {"states": {}, "bullish_pct": 80.0, "bearish_pct": 20.0},
                "expert": {"direction": "LONG", "ai_score": 8.0, "rr1": 2.5},
                **(context or {}),
            },
            "market": {"symbol": "SPY", "price": 600.0, "spread_bps": 4.0, "depth_score": 80.0, "atr14": 6.0,
                       **(market or {})},
        },
    }  # fmt: skip
