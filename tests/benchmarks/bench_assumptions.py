"""What is assumed without an option feed, scored on every real quote of the reference data: price and spread.

"ours" is the surface and spread model of the default rules, "peer" the steps by days to expiry of before. Errors are
medians in percent of the real mid or spread, the ratio is before over after. No constant was fitted to these quotes;
they are few sessions (the note says how many), and five of them are one wild week.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice

import numpy as np

from core.options import price_one
from core.options.quotes import OptionQuote
from core.options.spreads import model_spread
from core.positions import TradingContext, entry_mark, next_mark
from core.positions.marking import terms_of, time_left
from tests.benchmarks.real_quotes import (
    RealQuote,
    bucket,
    by_minute,
    context,
    quotes,
    step_model,
    with_vix,
)
from tests.benchmarks.table import Row

AT_THE_MONEY, WING = 0.25, 2.0
"""Standard deviations from the forward: at the money within the first, out of the money up to the second."""
LATER = timedelta(minutes=60)
EVERY = 5
"""Each which quote is carried for an hour."""


@dataclass
class Scores:
    """Relative errors of one kind of options, by model, and the sessions and contracts they come from."""

    errors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sessions: set[date] = field(default_factory=set)
    contracts: set[str] = field(default_factory=set)

    def add(self, quote: RealQuote, **errors: float) -> None:
        for name, error in errors.items():
            self.errors[name].append(100 * error)
        self.sessions.add(quote.at.date())
        self.contracts.add(quote.contract.occ)

    def median(self, name: str) -> float:
        return float(np.median(np.abs(self.errors[name])))

    def note(self) -> str:
        of = len(next(iter(self.errors.values())))
        sessions = f"{len(self.sessions)} session{'s' if len(self.sessions) > 1 else ''}"
        return f"{of:,} quotes of {len(self.contracts)} contracts in {sessions}"


Table = dict[tuple[str, ...], Scores]


def rows() -> Iterator[Row]:
    """Yield one row for each class, distance from the money and bucket of days: prices, spreads, an hour carried."""
    trading = context()
    prices, spreads = _scores(trading)
    for key in sorted(prices, key=_order):
        yield _price_row(key, prices[key])
    for key in sorted(spreads, key=_order):
        yield _row(
            "spread", key, spreads[key], f"too wide by {np.median(spreads[key].errors['after']):+.0f} %"
        )
    carried = _carried(trading)
    for key in sorted(carried, key=_order):
        yield _row("volatility of a quote, an hour later", key, carried[key], "before: frozen")


def _scores(trading: TradingContext) -> tuple[Table, Table]:
    prices: Table = defaultdict(Scores)
    spreads: Table = defaultdict(Scores)
    on_day: dict[date, TradingContext] = {}
    for quote in quotes(trading):
        known = on_day.setdefault(quote.at.date(), with_vix(trading, quote.at.date()))
        before, distance = _before(quote, trading)
        where = _where(quote, distance)
        if where is None and quote.contract.intrinsic(quote.spot) > 0:
            inside = (
                quote.contract.underlying,
                "in the money",
                bucket(trading.dte(quote.contract, quote.at)),
            )
            _add_spread(spreads[inside], quote, trading)
        if where is None or not before > 0:
            continue
        key = (quote.contract.underlying, where, bucket(trading.dte(quote.contract, quote.at)))
        after, assumed = (
            entry_mark(quote.contract, quote.spot, quote.at, None, quote.at, each).mid
            for each in (known, trading)
        )
        prices[key].add(
            quote,
            before=before / quote.mid - 1,
            after=after / quote.mid - 1,
            assumed=assumed / quote.mid - 1,
        )
        _add_spread(spreads[key], quote, trading)
    return prices, spreads


def _add_spread(scores: Scores, quote: RealQuote, trading: TradingContext) -> None:
    real = quote.ask - quote.bid
    scores.add(
        quote,
        before=_spread(quote, trading, "dte") / real - 1,
        after=_spread(quote, trading, "premium") / real - 1,
    )


def _before(quote: RealQuote, trading: TradingContext) -> tuple[float, float]:
    """Return the price by the step model, and the strike's distance in deviations of the quote's volatility."""
    contract, (years, carry) = quote.contract, time_left(quote.contract, quote.at, trading)
    terms = terms_of(contract, trading)
    forward = quote.spot * math.exp((terms.rate - terms.dividend) * carry)
    iv = step_model(contract, forward, years, trading.dte(contract, quote.at))
    found = price_one(
        quote.spot, contract.strike, years, iv, contract.is_call, rate=terms.rate, dividend=terms.dividend,
        carry_years=carry, american=terms.american,
    )  # fmt: skip
    real = OptionQuote(bid=quote.bid, ask=quote.ask, at=quote.at, source="tape")
    implied = entry_mark(contract, quote.spot, quote.at, real, quote.at, trading).iv
    if implied is None or years <= 0:
        return math.nan, math.nan
    return found, math.log(contract.strike / forward) / (implied * math.sqrt(years))


def _where(quote: RealQuote, distance: float) -> str | None:
    if abs(distance) <= AT_THE_MONEY:
        return "at the money"
    out = distance if quote.contract.is_call else -distance
    if not AT_THE_MONEY < out <= WING:
        return None
    return "calls out of the money" if quote.contract.is_call else "puts out of the money"


def _spread(quote: RealQuote, trading: TradingContext, model: str) -> float:
    rules = replace(trading.rules.fills, spread_model=model)
    return model_spread(
        quote.mid,
        symbol=quote.contract.underlying,
        dte=trading.dte(quote.contract, quote.at),
        entry_id="score",
        now=quote.at,
        day=trading.calendar.session_at(quote.at),
        rules=rules,
        spot=quote.spot,
        intrinsic=quote.contract.intrinsic(quote.spot),
    )


def _carried(trading: TradingContext) -> Table:
    """Return the error an hour after a quote, with its volatility carried on and with it frozen."""
    found: Table = defaultdict(Scores)
    for series in by_minute(quotes(trading)).values():
        for quote in islice(series.values(), 0, None, EVERY):
            later, contract = series.get(quote.at + LATER), quote.contract
            if later is None:
                continue
            real = OptionQuote(bid=quote.bid, ask=quote.ask, at=quote.at, source="tape")
            first = entry_mark(contract, quote.spot, quote.at, real, quote.at, trading)
            if first.iv is None or _where(quote, _distance(quote, first.iv, first.years)) != "at the money":
                continue
            at = {"spot": later.spot, "spot_at": later.at, "now": later.at, "trading": trading}
            carried, frozen = next_mark(contract, first, **at), next_mark(contract, first, iv=first.iv, **at)
            key = (contract.underlying, "at the money", bucket(trading.dte(contract, quote.at)))
            found[key].add(quote, before=frozen.mid / later.mid - 1, after=carried.mid / later.mid - 1)
    return found


def _distance(quote: RealQuote, iv: float, years: float) -> float:
    return math.log(quote.contract.strike / quote.spot) / (iv * math.sqrt(years))


def _price_row(key: tuple[str, ...], scores: Scores) -> Row:
    bias = float(np.median(scores.errors["after"]))
    more = f"bias {bias:+.0f} %"
    if key[0] in ("SPX", "SPY"):
        more += f", with the VIX assumed {scores.median('assumed'):.0f} %"
    return _row("price", key, scores, more)


def _row(what: str, key: tuple[str, ...], scores: Scores, more: str) -> Row:
    before, after = scores.median("before"), scores.median("after")
    work = f"{what}, {key[0]} {key[1]}, {key[2]}"
    return Row(work, f"{after:.1f} %", f"{before:.1f} %", before / after, "–", f"{more}; {scores.note()}")


def _order(key: tuple[str, ...]) -> tuple[int, ...]:
    where = ("at the money", "puts out of the money", "calls out of the money", "in the money")
    names = (("SPX", "SPY", "AAPL"), where, ("0DTE", "1-7 days", "8-45 days", "longer"))
    return tuple(known.index(part) for known, part in zip(names, key, strict=True))
