"""Build the detail of a position from core's view of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from core.positions import Mark, Position, TradingContext
from core.positions.detail import Detail, exit_fill_net, position_detail
from core.positions.live_values import nearest_of
from server.deck.position_detail import PositionDetail
from server.deck.rows import PositionRow

_DETAIL = tuple(field.name for field in fields(Detail))


def detail_of(
    position: Position, row: PositionRow, marks: Sequence[Mark], now: datetime, trading: TradingContext
) -> PositionDetail:
    """Return the detail of a position; ``row`` is its row at the same instant, ``marks`` those stored of it."""
    detail = position_detail(position, marks, now, trading)
    return PositionDetail(
        **{name: getattr(detail, name) for name in _DETAIL},
        at=now,
        row=row,
        closed=not position.remaining,
        nearest=nearest_of(detail.exits).reason if detail.exits and position.pending is None else None,
        exit_fills=tuple((fill, exit_fill_net(position, n)) for n, fill in enumerate(position.legs)),
        stop=position.stop,
        stop_at_entry=position.levels.stop,
        target_1=position.levels.target_1,
        target_2=position.levels.target_2,
        scaled_out=position.scaled_out,
        mfe=position.mfe,
        mae=position.mae,
    )
