"""The risk of the fake deck's book, and that of an empty one."""

from __future__ import annotations

from dataclasses import replace

from core.model import Mode
from core.risk_view import limit_use
from server.deck import LimitUse, RiskView, SymbolRisk


def dollars(name: str, value: float, limit: float | None, unit: str = "") -> LimitUse:
    return limit_use(name, value, limit, f"${unit}")


def at_stake(premium: float, count: int, *symbols: str, basis: str = "") -> SymbolRisk:
    return SymbolRisk(
        symbols=symbols,
        premium=dollars("premium", premium, 2_500.0),
        positions=limit_use("positions", count, 2 if len(symbols) == 1 else None, "positions"),
        basis=basis,
    )


def risk() -> RiskView:
    """Five positions, vega over its limit, and SPX with SPY and QQQ in one group."""
    return RiskView(
        account=25_000.0,
        delta=dollars("delta", 184_210.0, 250_000.0),
        gamma=dollars("gamma", 96_400.0, 250_000.0, " per 1 % move"),
        vega=dollars("vega", 262.4, 250.0, " per point"),
        theta=dollars("theta", -311.2, 500.0, " a day"),
        premium=dollars("premium", 5_774.0, None),
        positions=limit_use("positions", 5, 5, "positions"),
        daily_loss=dollars("daily loss", 0.0, 1_000.0),
        losses_in_a_row=limit_use("losses in a row", 2, 3, "losses"),
        pnl_today=221.8,
        mode=Mode.ACTIVE,
        symbols=(
            at_stake(924.0, 1, "QQQ"),
            at_stake(744.0, 1, "NVDA"),
            at_stake(1_510.0, 1, "SPX"),
            at_stake(1_230.0, 1, "SPY"),
            at_stake(840.0, 1, "TSLA"),
        ),
        groups=(
            at_stake(2_664.0, 3, "QQQ", "SPX", "SPY", basis="measured .91 over 84 sessions"),
        ),
        unknown=("gamma and vega of NVDA 182.5C 11/27 are unknown and counted as 0",),
    )  # fmt: skip


def no_risk() -> RiskView:
    """A book without positions, under the same limits."""
    busy = risk()
    return replace(
        busy,
        delta=replace(busy.delta, value=0.0, used=0.0),
        gamma=replace(busy.gamma, value=0.0, used=0.0),
        vega=replace(busy.vega, value=0.0, used=0.0),
        theta=replace(busy.theta, value=0.0, used=0.0),
        premium=replace(busy.premium, value=0.0),
        positions=replace(busy.positions, value=0, used=0.0),
        losses_in_a_row=replace(busy.losses_in_a_row, value=0, used=0.0),
        pnl_today=0.0,
        symbols=(),
        groups=(),
        unknown=(),
    )
