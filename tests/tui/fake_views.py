"""What the screens of reports show: invented trades and signals, measured by core, the same each time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

from core.execution_band import ExecutionBand
from core.learning import (
    TABLES,
    Learning,
    Observation,
    Observations,
    Shadows,
    budget_advice,
    calibration,
    drift,
    gate_combinations,
    gate_effects,
    suggest,
    table,
)
from core.learning.effectiveness import group_of
from core.learning.hypothetical import ShadowGroup
from core.performance import CUTS, Trade, Trades, report
from server.deck import FeedStatus, Funnel, Judged, Latency, LearningView, Page, PerformanceView, SystemView

NOW = datetime(2026, 11, 24, 17, 41, 7, tzinfo=UTC)
_SETUPS = ("212 continuation", "322 reversal", "breakout + volume", "order block", "31 inside")
_SYMBOLS = ("SPY", "QQQ", "NVDA", "TSLA", "AAPL")


def trades(count: int) -> tuple[Trade, ...]:
    """The latest ``count`` of a run of closed trades, two to five a day."""
    chance = random.Random(11)
    made: list[Trade] = []
    at = NOW - timedelta(hours=2)
    for n in range(count):
        won = chance.random() < 0.56
        net = round(chance.uniform(40, 260) if won else -chance.uniform(60, 210), 2)
        delta = round(net * chance.uniform(0.7, 1.2), 2)
        gamma, theta = round(abs(net) * chance.uniform(0.05, 0.3), 2), -round(chance.uniform(8, 42), 2)
        iv, costs = round(chance.gauss(0, 22), 2), round(chance.uniform(4, 14), 2)
        gross = net + costs
        made.append(
            Trade(
                id=f"t{n}", symbol=_SYMBOLS[n % 5], direction="LONG" if n % 3 else "SHORT", exit_time=at,
                pnl_net=net, pnl_best=net + 18, pnl_expected=net + 9, pnl_worst=net, pnl_gross=gross,
                risk_amount=150.0,
                hold_time_seconds=chance.uniform(300, 14_000), exit_reason="TARGET_1" if won else "STOP_LOSS",
                pnl_from_delta=delta, pnl_from_gamma=gamma, pnl_from_theta=theta, pnl_from_iv=iv,
                pnl_unexplained=round(gross - delta - gamma - theta - iv, 2),
                mfe=round(max(0.0, net) + chance.uniform(5, 120), 2),
                mae=-round(max(0.0, -net) + chance.uniform(5, 90), 2),
                setup=_SETUPS[n * n % 5], multiplier=chance.uniform(0.5, 3), timeframe=(15, 5, 60)[n // 3 % 3],
                quality=("EXTREME", "HIGH", "MEDIUM")[n % 3], confidence=chance.uniform(60, 95), dte=n % 9,
                session="MIDDAY", weekday="Tuesday", phase=2,
            )
        )  # fmt: skip
        at -= timedelta(hours=chance.choice((2, 3, 20)))
    return tuple(made)


@cache
def performance(window: str = "90", cut: str = "setup", count: int = 240) -> PerformanceView:
    days = None if window == "all" else int(window)
    return PerformanceView(
        window=window,
        cut=cut,
        cuts=tuple((known.name, known.title) for known in CUTS.values()),
        report=report(Trades.from_trades(trades(count)), as_of=NOW, window_days=days, cuts=(cut,)),
        assumed=True,
    )


def observations(count: int) -> tuple[Observation, ...]:
    """Signals of which those of HIGH quality win more often, and confidence says too much."""
    chance = random.Random(5)
    made = []
    for n in range(count):
        day = (NOW - timedelta(days=80 * (count - n) / count)).date()
        confidence = chance.uniform(50, 95)
        quality = ("EXTREME", "HIGH", "MEDIUM")[n % 3]
        passed = tuple(chance.random() < share for share in (0.85, 0.8, 0.75))
        wins = 0.42 + (0.3 if quality == "HIGH" else 0.0) + (confidence - 70) / 200
        won = chance.random() < wins - (0 if all(passed) else 0.14)
        r = (1.0 if won else -1.0) + chance.gauss(0, 0.25)
        made.append(
            Observation(
                id=f"o{n}", signal_id=f"s{n}", kind="executed" if all(passed) else "shadow",
                at=datetime.combine(day, time(15, n % 60), UTC), day=day, symbol=_SYMBOLS[n % 5],
                net=(net := round(150 * r, 2)), r=r,
                band=ExecutionBand(best=net + 18, expected=net + 9, worst=net), passed=passed,
                failed=tuple(
                    code for code, ok in zip(("REGIME_WEAK", "LOW_SCORE", "SPREAD_WIDE"), passed, strict=True)
                    if not ok
                ),
                confidence=confidence, direction="LONG", setup=_SETUPS[n % 5], timeframe=(15, 5, 60)[n // 3 % 3],
                quality=quality, session="MIDDAY", weekday="TUESDAY", phase=1 + n % 4, multiplier=1 + n % 3 / 2,
            )
        )  # fmt: skip
    return tuple(made)


@cache
def learning(count: int = 900) -> LearningView:
    """Everything learning has to say about the invented signals."""
    observed = observations(count)
    seen = Observations.from_rows(observed)
    shadows = [o for o in observed if o.kind == "shadow"]
    kept = Observations.from_rows(shadows)
    every = ~kept.executed
    search = suggest(seen)
    reasons = [
        ShadowGroup(by=label, group=group_of(kept, kept.blocker.codes == code))
        for code, label in enumerate(kept.blocker.labels)
    ]
    return LearningView(
        as_of=NOW,
        learning=Learning(
            signals=len(seen),
            gates=gate_effects(seen),
            combinations=gate_combinations(seen),
            shadows=Shadows(
                open=4 if count else 0, closed=len(shadows), superseded=2, without=9,
                all=group_of(kept, every),
                by_reason=tuple(sorted(reasons, key=lambda each: -each.group.n)),
            ),
            calibration=calibration(seen),
            tables={name: table(seen, name) for name in TABLES},
            drift=drift(seen),
            budget=budget_advice(seen),
            search=search,
        ),
        suggestions=search.suggestions,
        judged=(
            Judged(
                id="0f3a", at=NOW - timedelta(days=3), status="REJECTED", author="deck",
                text="Lower market.min_depth from 40 to 36: depth 36 to 40 made 0.21 R against 0.02 R",
            ),
        ) if count else (),
    )  # fmt: skip


def system() -> SystemView:
    """An engine that has run for a day."""
    return SystemView(
        uptime=93_784.0,
        queue=0,
        webhooks=Latency(n=2048, p50=2.31, p99=8.94),
        commits=Latency(n=2048, p50=0.84, p99=21.4),
        ledger_name="gatedeck.db",
        ledger_bytes=48_330_752,
        ledger_rows={"journal": 20_411, "receipts": 412, "ledger_entries": 107, "positions": 12, "marks": 9_120,
                     "rules_versions": 2, "suggestions": 1, "checkpoints": 3},
        journal_seq=20_411,
        feeds=(
            FeedStatus(
                name="tradier", state="OK", stream="connected", budget_left=104, budget_limit=120,
                latency_p50_ms=61.0, latency_p99_ms=184.0, last_answer_at=NOW - timedelta(seconds=2),
            ),
            FeedStatus(
                name="alpaca", state="DOWN", detail="alpaca: no answer within 4 s", stream="reconnecting in 8 s",
                budget_left=0, budget_limit=200, last_error="alpaca: no answer within 4 s",
            ),
        ),
        rules_versions=(
            {"id": "412", "seq": 412, "at": (NOW - timedelta(days=1)).isoformat(), "fingerprint": "4f1d0c9a77be",
             "name": "default", "author": "deck", "changes": "market.max_spread_bps 12 → 13.2"},
            {"id": "1", "seq": 1, "at": (NOW - timedelta(days=9)).isoformat(), "fingerprint": "99ab0c9a77be",
             "name": "default", "author": "start", "changes": ""},
        ),
        resident_bytes=142_606_336,
        funnel=Funnel(
            day=NOW.date(), webhooks=412, duplicates=3, quarantined=1, signals=107,
            refused=(("SPREAD_WIDE", 34), ("UNSURE", 31), ("LOW_SCORE", 14), ("LATE", 9), ("OPPOSITE_OPEN", 7)),
            waiting=31, executed=12, open=5, won=4, lost=3, net=184.2,
        ),
    )  # fmt: skip


def empty_system() -> SystemView:
    """An engine that has just started."""
    return SystemView(
        uptime=2.0, queue=0, webhooks=Latency(n=0, p50=None, p99=None), commits=Latency(n=0, p50=None, p99=None),
        ledger_name="gatedeck.db", ledger_bytes=4096, ledger_rows={"journal": 1}, journal_seq=1, feeds=(),
        rules_versions=(), funnel=Funnel(day=NOW.date()),
    )  # fmt: skip


BODIES = (
    '{"ticker": "SPY", "close": 451.22, "action": "buyy",\n "note": "\x1b]52;c;cHduZWQ=\x07 [red]not markup[/x]"}',
    "alert fired, no JSON here",
    '{"symbol": "QQQ", "phase": {"name": "SIDEWAYS"}, "price": "n/a"}',
)
_WHY = ("no field says what this is", "the body is not JSON", "phase: 'SIDEWAYS' is not a phase")


def quarantined(count: int = 3) -> Page:
    items: list[Mapping[str, Any]] = [
        {
            "id": f"r{n}", "seq": 400 - n, "received_at": (NOW - timedelta(minutes=7 * n + 1)).isoformat(),
            "source": "SATY_PHASE" if n % 3 == 2 else None, "symbol": ("SPY", None, "QQQ")[n % 3],
            "status": "quarantined", "http_status": 202, "endpoint": "/api/webhooks", "code": "NOT_UNDERSTOOD",
            "reason": _WHY[n % 3], "duplicate_of": None, "notes": [],
        }
        for n in range(count)
    ]  # fmt: skip
    return Page(items=tuple(items), next_cursor=None)


def receipt(key: str) -> Mapping[str, Any] | None:
    n = int(key.removeprefix("r"))
    return {**quarantined(n + 1).items[n], "body": BODIES[n % 3]}
