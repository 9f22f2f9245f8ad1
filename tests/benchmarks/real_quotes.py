"""Real option quotes of the reference data, and what a volatility or a spread assumed without them would have said.

The step model is what gatedeck assumed before its surface was smooth. It is kept here alone, as the baseline.
"""

from __future__ import annotations

import csv
import math
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from core.exchange.calendar import Calendar
from core.model import Contract
from core.options.volatility import MarketVolatility
from core.positions import TradingContext
from core.rules import Rules

FOLDER = Path(os.environ.get("GATEDECK_REFERENCE") or Path(__file__).resolve().parents[3] / "shared" / "data")
LEAST_MID = 0.20
"""In dollars: below it a tick is half of the price."""
VIX_CLOSES = {
    date(2020, 12, 31): 22.75,
    date(2021, 1, 4): 26.97,
    date(2021, 1, 5): 25.34,
    date(2021, 1, 6): 25.07,
    date(2021, 1, 7): 22.37,
    date(2023, 8, 2): 16.09,
}
"""Closes of the VIX on the sessions before the quotes (Cboe, by the open data set finance-vix)."""
BUCKETS = ((0, "0DTE"), (7, "1-7 days"), (45, "8-45 days"), (10_000, "longer"))


@dataclass(frozen=True, slots=True)
class RealQuote:
    """One two-sided quote with the price of its underlying at that instant."""

    at: datetime
    contract: Contract
    spot: float
    bid: float
    ask: float

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2


def quotes(trading: TradingContext) -> Iterator[RealQuote]:
    """Yield every usable quote, file by file, each in order of time."""
    folder = FOLDER / "market" / "options"
    if not folder.is_dir():
        raise FileNotFoundError(f"no reference data at {folder}: set GATEDECK_REFERENCE")
    contracts: dict[tuple[str, ...], Contract] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open() as file:
            for row in csv.DictReader(file):
                bid, ask = float(row["bid"] or 0), float(row["ask"] or 0)
                if not (0 < bid < ask and (bid + ask) / 2 >= LEAST_MID):
                    continue
                key = (row["underlying"], row["right"], row["strike"], row["expiry"])
                contract = contracts.get(key)
                if contract is None:
                    contract = contracts[key] = _contract(row, trading.calendar)
                at = datetime.fromtimestamp(int(row["epoch_ms"]) / 1000, UTC)
                if at < trading.last_close(contract.expiry):
                    yield RealQuote(at, contract, float(row["underlying_price"]), bid, ask)


def _contract(row: dict[str, str], calendar: Calendar) -> Contract:
    expiry = datetime.strptime(row["expiry"], "%Y%m%d").date()
    if calendar.session(expiry) is None:  # until 2015 monthlies expired on a Saturday
        expiry = calendar.previous_session(expiry).date
    root = row["underlying"]
    return Contract(
        underlying={"SPXW": "SPX"}.get(root, root),
        root=root,
        expiry=expiry,
        strike=float(row["strike"]),
        right=row["right"],
        style="european" if row["style"] == "E" else "american",
    )


def with_vix(trading: TradingContext, day: date) -> TradingContext:
    """Return the context as it is on a day when the VIX's close of the session before is known."""
    before = trading.calendar.previous_session(day)
    market = MarketVolatility()
    if before.date in VIX_CLOSES:
        market.take_vix(VIX_CLOSES[before.date], before.close, "close")
    return TradingContext(trading.rules, trading.calendar, volatility=market)


def step_model(contract: Contract, forward: float, years: float, dte: int) -> float:
    """Return the volatility of before: base by class × a step by days to expiry × skew below the forward."""
    index = contract.underlying in ("SPX", "SPY")
    level = (0.16 if index else 0.32) * next(f for most, f in STEPS if dte <= most)
    deviation = level * math.sqrt(years)
    return level * (1 + min(0.4, 0.1 * max(0.0, math.log(forward / contract.strike)) / deviation))


STEPS = ((0, 0.60), (7, 0.95), (45, 1.0), (10_000, 1.05))


def bucket(dte: int) -> str:
    return next(name for most, name in BUCKETS if dte <= most)


def by_minute(found: Iterator[RealQuote]) -> dict[tuple[date, str], dict[datetime, RealQuote]]:
    """Return the quotes of each contract and day by their instants."""
    series: dict[tuple[date, str], dict[datetime, RealQuote]] = defaultdict(dict)
    for quote in found:
        series[quote.at.date(), quote.contract.occ][quote.at] = quote
    return series


def context() -> TradingContext:
    rules = Rules()
    return TradingContext(rules, Calendar.from_rules(rules.clock))
