"""Results that many positions share while one price or clock tick is processed, so each is computed once.

The only mutable state of ``core.positions``. Every entry follows from its key and from the rules and the
calendar of the trading context that holds the cache: without it the results are the same, only slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from core.model import Contract
from core.options.volatility import VixSeen, VolatilityLevel
from core.positions.attribution import PricingTerms

MOST_CLOCK_EXITS = 4096
"""Positions whose exits by the clock are kept; above that the table is emptied."""
MOST_CONTRACTS = 4096
"""Contracts whose terms are kept; above that the table is emptied."""


class ClockExits(NamedTuple):
    """When exits by the clock act on a position: TIME at an instant, THETA_DECAY at dollars of time value lost."""

    time: datetime
    theta: float


class KnownContract:
    """Facts of an option's contract under the rules and the calendar, whatever its price and the time.

    ``strike`` names call and put of one strike, ``twin`` is the OCC symbol of the other one. ``terms`` price it by
    the rules' dividend yield, ``terms_in_dollars`` where its dividends are known in $. Equal ones have one object.
    """

    __slots__ = ("contract", "last_close", "occ", "strike", "terms", "terms_in_dollars", "twin")

    def __init__(self, contract: Contract, last_close: datetime, rate: float, dividend: float) -> None:
        self.contract, self.last_close = contract, last_close
        self.occ, self.twin = contract.occ, contract.twin
        self.strike = contract.root, contract.expiry, contract.strike, contract.style
        self.terms, self.terms_in_dollars = (
            PricingTerms(
                contract.strike,
                contract.is_call,
                rate,
                each,
                contract.style == "american",
                contract.multiplier,
            )
            for each in (dividend, 0.0)
        )


@dataclass(slots=True)
class TradingCache:
    """Results of one instant, the exits by the clock by position id, and levels of volatility by symbol.

    Of the instant: marks and usable quotes, the years left by expiry, and the last price with what it means to every
    position. ``contracts`` are by the identity of a contract, because its hash takes longer than a whole look-up;
    they hold the contract, so that no other one gets its identity.
    """

    at: datetime | None = None
    marks: dict[Any, Any] = field(default_factory=dict)
    years: dict[date, tuple[float, float]] = field(default_factory=dict)
    price: Any = None
    clock_exits: dict[str, ClockExits] = field(default_factory=dict)
    contracts: dict[int, tuple[Contract, KnownContract]] = field(default_factory=dict)
    equal_contracts: dict[Contract, KnownContract] = field(default_factory=dict)
    levels: dict[str, tuple[VixSeen | None, float | None, VolatilityLevel]] = field(default_factory=dict)

    def go_to(self, now: datetime) -> None:
        """Forget what was worked out for another instant."""
        if self.at != now:
            self.marks.clear()
            self.years.clear()
            self.price = None
            self.at = now

    def marks_at(self, now: datetime) -> dict[Any, Any]:
        """Return the marks and quotes computed for ``now``; another instant empties the table first."""
        if self.at != now:
            self.go_to(now)
        return self.marks

    def years_at(self, now: datetime) -> dict[date, tuple[float, float]]:
        """Return the years left at ``now`` by expiry, on the trading clock and on the calendar."""
        if self.at != now:
            self.go_to(now)
        return self.years

    def remember_clock_exits(self, position_id: str, found: ClockExits) -> None:
        """Keep when TIME and THETA_DECAY act on a position."""
        if len(self.clock_exits) >= MOST_CLOCK_EXITS:
            self.clock_exits.clear()
        self.clock_exits[position_id] = found
