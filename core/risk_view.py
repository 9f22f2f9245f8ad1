"""The book's risk as values: each limit on entries beside what is used of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.model import Mode


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


def limit_use(name: str, value: float, limit: float | None, unit: str) -> LimitUse:
    """Return a value beside its limit."""
    used = abs(value) / limit if limit else None
    return LimitUse(name=name, value=value, limit=limit, unit=unit, used=used)
