"""The trades that wait for a person, as a screen shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.approvals import Approval, ApprovalStatus, mark_now
from core.events import PriceSeen
from core.positions import TradingContext
from server.deck import ApprovalRow


def approval_rows(
    approvals: Iterable[Approval], prices: Mapping[str, PriceSeen], now: datetime, trading: TradingContext
) -> tuple[ApprovalRow, ...]:
    """Those that are open, the one whose time ends first before the others."""
    asked = [a for a in approvals if a.is_open and a.until > now]
    asked.sort(key=lambda a: (a.until, a.seq))
    return tuple(_row(each, prices.get(each.symbol), now, trading) for each in asked)


def _row(asked: Approval, seen: PriceSeen | None, now: datetime, trading: TradingContext) -> ApprovalRow:
    mark = mark_now(asked, seen, now, trading)
    return ApprovalRow(
        id=asked.id,
        decision_id=asked.decision_id,
        symbol=asked.symbol,
        direction=asked.direction,
        contract=asked.contract.label,
        occ=asked.contract.occ,
        timeframe=asked.timeframe,
        confidence=asked.confidence,
        contracts=asked.contracts,
        price=asked.price,
        premium=asked.premium,
        planned_loss=asked.planned_loss,
        why=asked.why,
        asked_at=asked.at,
        left=(asked.until - now).total_seconds(),
        approved=asked.status is ApprovalStatus.APPROVED,
        mark=None if mark is None else mark.mid,
        mark_age=None if mark is None else (now - mark.spot_at).total_seconds(),
        stale=mark is None or trading.is_stale(mark.spot_at, now),
        underlying=None if mark is None else mark.spot,
    )
