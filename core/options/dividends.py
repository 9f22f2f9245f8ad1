"""Announced cash dividends of an underlying, and what of them an option's life still holds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from core.options.trading_clock import calendar_years


@dataclass(frozen=True, slots=True)
class CashDividend:
    """Dollars a share; who buys on ``ex_date`` no longer gets it, so the price falls by it over that night."""

    ex_date: date
    amount: float


def present_value(
    dividends: Iterable[CashDividend], after: date, until: date, now: datetime, close: datetime, rate: float
) -> float:
    """Return what a share pays with ex-dates after one day and until another, in dollars of now.

    Each is discounted from its ex-date, placed between ``now`` and ``close`` (the option's last instant) by its
    share of the days; ``rate`` a year, continuous.
    """
    whole = calendar_years(now, close)
    days = max(1, (until - after).days)
    return math.fsum(
        each.amount * math.exp(-rate * whole * (each.ex_date - after).days / days)
        for each in dividends
        if after < each.ex_date <= until
    )


def updated(dividends: Iterable[CashDividend], new: CashDividend) -> tuple[CashDividend, ...]:
    """Return the dividends by ex-date with one added or replaced; an amount of 0 takes it out."""
    kept = {each.ex_date: each for each in dividends} | {new.ex_date: new}
    return tuple(kept[day] for day in sorted(kept) if kept[day].amount > 0)
