"""The book's risk: each limit on entries with what is used of it, as the entry limits themselves count it."""

from __future__ import annotations

from datetime import datetime

from core.engine.day import loss_limited_pnl
from core.engine.kernel import Kernel
from core.engine.mode import until_text
from core.exposure import exposure_held, greek_dollar_limits
from core.positions.position import Position
from core.risk import as_one_text, premium_at_stake
from core.risk_view import RiskView, SymbolRisk, limit_use


def risk_view(kernel: Kernel, now: datetime) -> RiskView:
    """Return the book's risk at an instant. It changes nothing."""
    state, rules = kernel.state, kernel.rules
    held = tuple(state.positions.values())
    day, limits = state.day, rules.risk
    exposure = exposure_held(held)
    greeks = {
        limit.name: limit_use(limit.name, getattr(exposure, limit.name), limit.dollars, f"${limit.unit}")
        for limit in greek_dollar_limits(rules)
    }
    pnl = loss_limited_pnl(kernel)
    cooling = day.cool_down_until is not None and now < day.cool_down_until
    until = day.cool_down_until if cooling else None
    return RiskView(
        account=rules.account.size,
        **greeks,
        premium=limit_use("premium", sum(map(premium_at_stake, held)), None, "$"),
        positions=limit_use("positions", len(held), limits.open_positions, "positions"),
        daily_loss=limit_use("daily loss", max(0.0, -pnl), limits.daily_loss, "$"),
        losses_in_a_row=limit_use("losses in a row", day.losses_in_a_row, limits.losses_in_a_row, "losses"),
        pnl_today=pnl,
        mode=state.mode,
        mode_reason=state.mode_reason,
        mode_since=state.mode_since,
        mode_until=state.mode_until,
        mode_end=until_text(state.mode_until, kernel.trading.calendar),
        cool_down_until=until,
        cool_down_left=None if until is None else (until - now).total_seconds(),
        symbols=tuple(
            _together(kernel, (symbol,), held) for symbol in sorted({position.symbol for position in held})
        ),
        groups=_groups(kernel, held),
        unknown=tuple(_unknown(held)),
    )


def _together(
    kernel: Kernel, symbols: tuple[str, ...], held: tuple[Position, ...], basis: str = ""
) -> SymbolRisk:
    """Return what is at stake in some symbols; only a single symbol has a limit on its number of positions."""
    limits = kernel.rules.risk
    theirs = [position for position in held if position.symbol in symbols]
    return SymbolRisk(
        symbols=symbols,
        premium=limit_use("premium", sum(map(premium_at_stake, theirs)), limits.symbol_premium, "$"),
        positions=limit_use(
            "positions", len(theirs), limits.per_symbol if len(symbols) == 1 else None, "positions"
        ),
        basis=basis,
    )


def _groups(kernel: Kernel, held: tuple[Position, ...]) -> tuple[SymbolRisk, ...]:
    """Return each set of held symbols whose premium an entry in one of them counts together, the largest first."""
    symbols = sorted({position.symbol for position in held})
    pairs = {
        (one, other): found
        for one in symbols
        for other in symbols
        if one < other
        and (found := kernel.correlations.get(one, other, kernel.state.closes, kernel.rules.risk)).as_one
    }
    basis: dict[tuple[str, ...], str] = {}
    for symbol in symbols:
        with_it = {
            other: pair
            for other in symbols
            if (pair := pairs.get((min(symbol, other), max(symbol, other)))) is not None
        }
        if with_it:
            basis.setdefault(tuple(sorted({symbol, *with_it})), as_one_text(with_it))
    groups = [_together(kernel, names, held, text) for names, text in basis.items()]
    return tuple(sorted(groups, key=lambda group: -group.premium.value))


def _unknown(held: tuple[Position, ...]) -> list[str]:
    """Return which Greeks of which positions are not known, in words."""
    found = []
    for position in held:
        names = [name for name in ("gamma", "vega") if getattr(position.last, name) is None]
        if names:
            verb = "is" if len(names) == 1 else "are"
            found.append(
                f"{' and '.join(names)} of {position.contract.label} {verb} unknown and counted as 0"
            )
    return found
