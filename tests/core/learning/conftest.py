"""Ledgers generated with known contents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.learning.columns import Observations
from core.performance.columns import Codes

FIRST_DAY = 20_000
QUALITIES = ("EXTREME", "HIGH", "MEDIUM")
SESSIONS = ("OPEN", "MIDDAY", "POWER_HOUR")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")
PHASES = ("1", "2", "3", "4")
VOLATILITIES = ("LOW", "NORMAL", "HIGH", "EXTREME")
HTF = ("PERFECT", "GOOD", "WEAK", "COUNTER")
TIMEFRAMES = ("3", "5", "15", "30", "60", "240")

Made = Callable[..., Observations]


def made(
    seed: int,
    *,
    signals: int = 1_000,
    sessions: int = 200,
    clustered: bool = False,
    in_bucket: int = 0,
    cut: str = "quality",
    bucket: str = "EXTREME",
    wins_in_bucket: float = 0.65,
) -> Observations:
    """A ledger in which nothing decides about the outcome, except that of ``in_bucket`` signals of a bucket.

    Half of the signals win 1 R and half lose it, each with .5 R of noise. ``clustered`` makes days share
    their outcome (the chance to win and the mean move with the day), with phase and volatility that hold for
    a whole day: the hardest case for a test that takes signals for independent.
    """
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, sessions, signals))
    chance, shift = np.full(signals, 0.5), np.zeros(signals)
    if clustered:
        chance = rng.beta(1.5, 1.5, sessions)[day]
        shift = rng.normal(0, 0.4, sessions)[day]

    def drawn(names: tuple[str, ...], by_day: bool = False) -> Codes:
        numbers = rng.integers(0, len(names), sessions if by_day else signals)
        return Codes(names, (numbers[day] if by_day else numbers).astype(np.int32))

    labels = {
        "quality": drawn(QUALITIES),
        "session": drawn(SESSIONS),
        "weekday": Codes(WEEKDAYS, (day % 5).astype(np.int32)),
        "phase": drawn(PHASES, by_day=True),
        "volatility": drawn(VOLATILITIES, by_day=clustered),
        "htf": drawn(HTF),
        "timeframe": drawn(TIMEFRAMES),
    }
    if in_bucket:
        column = labels[cut]
        wanted = column.labels.index(bucket)
        others = [n for n in range(len(column.labels)) if n != wanted]
        numbers = rng.choice(others, signals)
        chosen = rng.choice(signals, in_bucket, replace=False)
        numbers[chosen] = wanted
        labels[cut] = Codes(column.labels, numbers.astype(np.int32))
        chance = np.where(numbers == wanted, wins_in_bucket, chance)
    won = rng.random(signals) < chance
    r = np.where(won, 1.0, -1.0) + rng.normal(0, 0.5, signals) + shift
    # A quarter was kept out by one limit or another, as a ledger with shadows has it.
    blockers = ("", "SPREAD_WIDE", "LOW_SCORE", "UNSURE")
    blocker = rng.choice(4, signals, p=(0.76, 0.08, 0.08, 0.08)) if not in_bucket else np.zeros(signals)
    blocker = blocker.astype(np.int32)
    passed = np.ones((signals, 3), dtype=np.bool_)
    passed[blocker == 1, 2] = False
    passed[blocker == 2, 1] = False
    return Observations(
        day=day + FIRST_DAY,
        net=250.0 * r,
        r=r,
        executed=blocker == 0,
        passed=passed,
        blocker=Codes(blockers, blocker),
        numbers={
            "confidence": np.where(blocker == 3, rng.uniform(50, 70, signals), rng.uniform(70, 100, signals)),
            "multiplier": rng.uniform(0.5, 3, signals),
            "ai_score": np.where(blocker == 2, rng.uniform(4, 6, signals), rng.uniform(6, 10.5, signals)),
            "regime_confidence": rng.uniform(50, 100, signals),
            "spread_bps": np.where(blocker == 1, rng.uniform(12, 16, signals), rng.uniform(1, 12, signals)),
            "atr_pct": rng.uniform(0.5, 2.5, signals),
            "depth_score": rng.uniform(30, 100, signals),
            "confluence": rng.uniform(30, 100, signals),
            "rr1": rng.uniform(1, 6, signals),
            "volume_ratio": rng.uniform(0.5, 2, signals),
            "trend_strength": rng.uniform(40, 100, signals),
        },
        labels=labels,
    )


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
