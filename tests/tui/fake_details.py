"""Positions in full and what followed a decision, made of plain values for the fake deck."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.model import ExitReason
from core.positions.attribution import NO_ATTRIBUTION, Attribution
from core.positions.detail import PathPoint, PnlByCause, ValuePoint
from server.deck import ExitCondition, ExitFill, PositionDetail, PositionRow

PARTS = {"delta": 171.2, "gamma": 52.9, "iv": -12.4, "theta": -18.4, "unexplained": 22.7}


def detail(row: PositionRow, **changes: Any) -> PositionDetail:
    """A position in full with a path of 90 marks over the first part of its life."""
    now_at = row.opened_at + timedelta(seconds=row.time_in_trade)
    mark, spot = row.mark or row.entry_price, row.underlying or row.underlying_at_entry
    now = 0.22
    path = []
    for n in range(91):
        share = n / 90
        swing = math.sin(n / 7) * 0.35 * (1 - share) + math.sin(n / 2.3) * 0.05
        path.append(
            PathPoint(
                at=row.opened_at + timedelta(seconds=n * 31),
                share=now * share,
                mid=row.entry_price + (mark - row.entry_price) * share + swing,
                underlying=row.underlying_at_entry
                + (spot - row.underlying_at_entry) * share
                + swing * 2.2 * row.direction.sign,
            )
        )
    intrinsic = max(0.0, (spot - float(row.execution.strike)) * row.direction.sign)
    decay = tuple(
        ValuePoint(
            share=now + (1 - now) * n / 60, value=intrinsic + (mark - intrinsic) * math.sqrt(1 - n / 60)
        )
        for n in range(61)
    )
    sold = (row.contracts - row.remaining) / row.contracts
    gross = sum(PARTS.values())
    stop, one, two = (
        each.level if each else spot for each in (row.to_stop, row.to_target_1, row.to_target_2)
    )
    ways = (
        ("STOP_LOSS", f"${abs(stop - spot):.2f} away", 0.88, stop),
        ("TARGET_2", f"${abs(two - spot):.2f} away", 0.78, two),
        ("TARGET_1", f"${abs(one - spot):.2f} away", 0.59, one),
        ("THETA_DECAY", "at 3 % of premium, limit 50 %", 0.94, None),
        ("TIME", "in 2d 3h", 0.76, None),
    )
    fill = ExitFill(
        id="fill", at=now_at - timedelta(minutes=9), reason=ExitReason.TARGET_1,
        contracts=row.contracts - row.remaining, underlying=one, mid=3.04, price=3.02, iv=0.15, delta=0.55,
        spread_cost=2.0, slippage=1.0, commission=0.65, attribution=NO_ATTRIBUTION,
    )  # fmt: skip
    made = PositionDetail(
        at=now_at,
        row=row,
        closed=row.state == "CLOSED",
        money=PnlByCause(
            held=Attribution(**{name: value * (1 - sold) for name, value in PARTS.items()}),
            sold=Attribution(**{name: value * sold for name, value in PARTS.items()}),
            gross=gross,
            spread_cost=13.2,
            slippage=6.6,
            commission=3.9,
            net=gross - 23.7,
        ),
        exits=tuple(
            ExitCondition(reason=ExitReason(reason), words=words, left=left, level=level)
            for reason, words, left, level in ways
        ),
        nearest=ExitReason.TARGET_1,
        exit_fills=((fill, 154.2),) if sold else (),
        path=tuple(path),
        decay=decay,
        sessions=((0.31, now_at + timedelta(hours=21)), (0.66, now_at + timedelta(hours=69))),
        now_share=now,
        time_exit_share=0.95,
        stop=stop,
        stop_at_entry=stop,
        target_1=one,
        target_2=two,
        scaled_out=row.to_target_1 is None,
        mfe=231.0,
        mae=-64.0,
    )
    return replace(made, **changes)


def entry(decision_id: str, action: str) -> Mapping[str, Any]:
    """The ledger entry behind a decision: traded and left, or followed as a shadow."""
    fill = {
        "option_type": "CALL",
        "strike": 452.0,
        "expiry": "2026-11-27",
        "filled_contracts": 6,
        "entry_price": 2.05,
    }
    parts = [
        {"exit_reason": "TARGET_1", "contracts": 3, "exit_price": 2.31, "pnl_net": 61.1},
        {"exit_reason": "TARGET_2", "contracts": 3, "exit_price": 2.66, "pnl_net": 131.2},
    ]
    left = {"exit_reason": "TARGET_2", "pnl_gross": 216.0, "pnl_net": 192.3, "hold_time_seconds": 5820.0,
            "exit_time": "2026-11-24T19:18:00Z", "partials": parts}  # fmt: skip
    base: dict[str, Any] = {"id": decision_id, "decision": action, "execution": None, "exit": None,
                            "hypothetical": None}  # fmt: skip
    if action == "EXECUTE":
        return base | {"execution": fill, "exit": left}
    shadow = {
        "status": "CLOSED",
        "execution": fill,
        "exit": left | {"pnl_net": -41.7, "exit_reason": "STOP_LOSS"},
    }
    return base | {"hypothetical": shadow}


def receipt(receipt_id: str) -> Mapping[str, Any]:
    """The receipt behind a decision, with its body."""
    body = '{"ticker": "SPY", "direction": "LONG", "timeframe": "15", "signal": {"ai_score": 9.2}}'
    return {"id": receipt_id, "received_at": "2026-11-24T17:40:55Z", "endpoint": "/api/webhooks/signals",
            "status": "accepted", "http_status": 200, "notes": ["timeframe read from text"],
            "body": body}  # fmt: skip
