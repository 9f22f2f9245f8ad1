"""How a position in full is made from what core says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.positions import Mark, Position, TradingContext
from core.positions.detail import Money, leg_net, position_detail
from core.positions.live_values import nearest_of
from server.deck.position_detail import AttributionView, Cause, ExitView, LegView, PositionDetail
from server.deck.rows import PositionRow


def detail_of(
    position: Position, row: PositionRow, marks: Sequence[Mark], now: datetime, trading: TradingContext
) -> PositionDetail:
    """A position as the deck shows it in full; ``row`` is its row at the same instant."""
    made = position_detail(position, marks, now, trading)
    nearest = nearest_of(made.exits) if made.exits and position.pending is None else None
    return PositionDetail(
        at=now,
        row=row,
        closed=not position.remaining,
        attribution=_attribution(made.money),
        exits=tuple(
            ExitView(
                reason=str(each.reason),
                words=each.words,
                gone=min(1.0, max(0.0, 1 - each.left)),
                nearest=each is nearest,
                level=each.level,
                due=each.due,
            )
            for each in made.exits
        ),
        legs=tuple(
            LegView(
                at=leg.at,
                reason=str(leg.reason),
                contracts=leg.contracts,
                price=leg.price,
                underlying=leg.underlying,
                net=leg_net(position, n),
                stale_fill=leg.stale_fill,
            )
            for n, leg in enumerate(position.legs)
        ),
        path=made.path,
        decay=made.decay,
        sessions=made.sessions,
        now_share=made.now_share,
        time_exit_share=made.time_exit_share,
        stop=position.stop,
        stop_at_entry=position.levels.stop,
        target_1=position.levels.target_1,
        target_2=position.levels.target_2,
        scaled_out=position.scaled_out,
        mfe=position.mfe,
        mae=position.mae,
    )


def _attribution(money: Money) -> AttributionView:
    names = ("delta", "gamma", "iv", "theta", "unexplained")
    pairs = [(name, getattr(money.held, name), getattr(money.sold, name)) for name in names]
    return AttributionView(
        causes=tuple(Cause(name=name, held=held, sold=sold, total=held + sold) for name, held, sold in pairs),
        gross=money.gross,
        spread_cost=money.spread_cost,
        slippage=money.slippage,
        commission=money.commission,
        net=money.net,
    )
