"""Assumed dividends of index ETFs, indices and large names: yields from memory of public figures, not from a feed.

Data as of ``AS_OF``, rounded; none of it is an announcement. A yield is of the price a year. An ex-date is stated
only where the fund's prospectus fixes it by rule: SPY goes ex on the third Friday of March, June, September and
December, DIA on the third Friday of every month, each on the session before when the exchange is closed. All
other names have months only, those in which they usually go ex. An announcement of a feed, and a yield in the rule
``volatility.dividend``, count in place of a row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

AS_OF = "2025-01"
"""Year and month of the figures."""

_EVERY_MONTH = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class AssumedDividend:
    """Yield of one symbol a year, the months in which it usually goes ex, and its ex-date rule if it has one."""

    rate: float
    months: tuple[int, ...]
    third_friday: bool = False


_YIELDS_PCT = """\
SPY 1.2 3 6 9 12 third-friday
DIA 1.6 * third-friday
QQQ 0.6 3 6 9 12
IWM 1.1 3 6 9 12
SPX 1.3 *
XSP 1.3 *
NDX 0.7 *
RUT 1.3 *
XLF 1.4 3 6 9 12
XLE 3.3 3 6 9 12
XLK 0.7 3 6 9 12
XLV 1.6 3 6 9 12
XLI 1.4 3 6 9 12
XLP 2.6 3 6 9 12
XLU 2.9 3 6 9 12
XLY 0.8 3 6 9 12
EEM 2.4 6 12
TLT 4.2 *
HYG 5.9 *
AAPL 0.4 2 5 8 11
MSFT 0.7 2 5 8 11
NVDA 0.03 3 6 9 12
META 0.3 3 6 9 12
GOOGL 0.4 3 6 9 12
GOOG 0.4 3 6 9 12
AVGO 1.0 3 6 9 12
JPM 2.1 1 4 7 10
BAC 2.3 3 6 9 12
XOM 3.6 2 5 8 11
CVX 4.4 2 5 8 11
KO 3.0 3 6 9 11
JNJ 3.3 2 5 8 11
PG 2.4 1 4 7 10
WMT 0.9 3 5 8 12
"""


def _read(text: str) -> Mapping[str, AssumedDividend]:
    found = {}
    for line in text.splitlines():
        symbol, percent, *rest = line.split()
        by_rule = rest[-1] == "third-friday"
        months = rest[:-1] if by_rule else rest
        found[symbol] = AssumedDividend(
            round(float(percent) / 100, 6),
            _EVERY_MONTH if months == ["*"] else tuple(int(month) for month in months),
            by_rule,
        )
    return MappingProxyType(found)


TABLE: Mapping[str, AssumedDividend] = _read(_YIELDS_PCT)


@lru_cache(maxsize=1024)
def third_fridays(months: tuple[int, ...], after: date, until: date) -> tuple[date, ...]:
    """Return the third Fridays of some months later than one day and not later than another."""
    found = []
    year, month = after.year, after.month
    while (year, month) <= (until.year, until.month):
        first = date(year, month, 1)
        friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
        if month in months and after < friday <= until:
            found.append(friday)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(found)
