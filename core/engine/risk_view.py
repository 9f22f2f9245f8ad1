"""The book's risk: each limit on entries with what is used of it, as the entry limits themselves count it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.engine.day import loss_limited_pnl
from core.engine.kernel import Kernel
from core.engine.mode import until_text
from core.exposure import exposure_held, greek_dollar_limits
from core.model import Mode
from core.positions.position import Position
from core.risk import as_one_text, premium_at_stake


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """A value beside its limit, both in ``unit``; ``limit`` is ``None`` where nothing limits the value.

    ``used`` is the size of the value as a share of the limit, 1 at the limit; ``None`` without a limit above 0.
    """

    name: str
    value: float
    limit: float | None
    unit: str
    used: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolRisk:
    """Premium at stake in one symbol or in symbols that move as one, and its positions, each beside its limit.

    ``basis`` says why several symbols count as one, such as "measured .91 over 84 sessions"; empty for one symbol.
    """

    symbols: tuple[str, ...]
    premium: LimitUse
    positions: LimitUse
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskView:
    """The book's risk at one instant under the rules in force; times in UTC, ``cool_down_left`` in seconds.

    ``delta``, ``gamma``, ``vega`` and ``theta`` are those of all contracts held, each at its last mark (see
    ``core.exposure.Exposure``), and ``unknown`` says which of them a position does not know and counts as 0.
    ``daily_loss`` is the loss that its limit counts, 0 on a day with a profit; ``pnl_today`` is the signed figure.
    ``groups`` are symbols that count as one for a symbol held; empty while each moves by itself. ``cool_down_until``
    and ``cool_down_left`` are ``None`` while no cool-down is on. ``mode_end`` is in exchange time, empty without an
    end.
    """

    account: float
    delta: LimitUse
    gamma: LimitUse
    vega: LimitUse
    theta: LimitUse
    premium: LimitUse
    positions: LimitUse
    daily_loss: LimitUse
    losses_in_a_row: LimitUse
    pnl_today: float
    mode: Mode
    mode_reason: str = ""
    mode_since: datetime | None = None
    mode_until: datetime | None = None
    mode_end: str = ""
    cool_down_until: datetime | None = None
    cool_down_left: float | None = None
    symbols: tuple[SymbolRisk, ...] = ()
    groups: tuple[SymbolRisk, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def greeks(self) -> tuple[LimitUse, ...]:
        return (self.delta, self.gamma, self.vega, self.theta)


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


def limit_use(name: str, value: float, limit: float | None, unit: str) -> LimitUse:
    """Return a value beside its limit."""
    used = abs(value) / limit if limit else None
    return LimitUse(name=name, value=value, limit=limit, unit=unit, used=used)


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
