"""Marking positions: value, Greeks and one attribution step, for a thousand at once and for one at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np

from core.events import PriceSeen
from core.exchange.calendar import Calendar
from core.model import Contract, Direction, Levels
from core.options import greeks
from core.options.fills import Fill, Order, Side, fill
from core.options.quotes import OptionQuote
from core.positions import Position, TradingContext, entry_mark, on_price, open_position
from core.positions.attribution import States, shapley_steps
from core.rules import Rules
from tests.benchmarks.table import Row, alternate, duration

N = 1_000
LIMIT = 2e-3
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


def rows() -> Iterator[Row]:
    """Yield rows for a thousand marks in columns, and for one position and one price in the engine."""
    rng = np.random.default_rng(9)
    spot = rng.uniform(50, 600, N)
    strike = spot * rng.uniform(0.97, 1.03, N)
    is_call, american = rng.random(N) < 0.5, rng.random(N) < 0.8
    iv, years = rng.uniform(0.1, 0.8, N), rng.uniform(1e-3, 0.15, N)
    start = States(spot, iv, years, years)
    end = States(spot * rng.normal(1, 5e-4, N), iv * rng.normal(1, 5e-3, N), years - 8e-6, years - 2e-6)
    before = greeks(spot, strike, years, iv, is_call)
    mids = rng.normal(0, 0.02, N)

    def all_at_once() -> object:
        return shapley_steps(strike, is_call, start, end, before.delta, mid_change=mids, american=american)

    def greeks_alone() -> object:
        return greeks(end.spot, strike, end.years, end.iv, is_call, carry_years=end.carry_years)

    def one_model() -> object:
        position, seen = next(modelled)
        return on_price(position, seen, seen.at, trading)

    def one_quoted() -> object:
        position, seen = next(quoted)
        return on_price(position, seen, seen.at, trading)

    trading = TradingContext(Rules(), Calendar.load())
    position = _opened(trading)
    modelled = itertools.cycle([(position, _seen(position, n, None)) for n in range(64)])
    quoted = itertools.cycle([(position, _seen(position, n, 7.0 + n / 100)) for n in range(64)])
    many, alone, model, quote = alternate(all_at_once, greeks_alone, one_model, one_quoted)
    yield Row(
        f"mark {N:,} positions (value, Greeks, attribution step)",
        duration(many),
        f"limit {duration(LIMIT)}",
        LIMIT / many,
        "≤ 2 ms",
        f"in columns; value and Greeks alone {duration(alone)}",
    )
    yield Row(
        "one position through one price (mark, exits, attribution)",
        duration(model),
        "–",
        None,
        "–",
        f"by the model; with its volatility implied from a quote {duration(quote)}",
    )


def _opened(trading: TradingContext) -> Position:
    contract = Contract(underlying="SPY", root="SPY", expiry=date(2026, 12, 4), strike=600.0, right="C")
    quote = OptionQuote(bid=7.0, ask=7.1, at=NOW, source="feed")
    mark = entry_mark(contract, 600.0, NOW, quote, NOW, trading)
    rules = trading.rules
    order = Order(symbol="SPY", side=Side.BUY, contracts=4)
    bought = fill(order, quote, NOW, True, rules.fills, rules.contract)
    assert isinstance(bought, Fill)
    return open_position(
        id="p",
        signal_id="s",
        decision_id="d",
        contract=contract,
        direction=Direction.LONG,
        timeframe=15,
        levels=Levels(stop=590.0, target_1=610.0, target_2=620.0, origin="signal"),
        fill=bought,
        mark=mark,
        risk_amount=250.0,
        atr=6.0,
        now=NOW,
        trading=trading,
    )


def _seen(position: Position, n: int, bid: float | None) -> PriceSeen:
    at = NOW + timedelta(seconds=60 + n)
    quotes = ()
    if bid is not None:
        quotes = ((position.contract.occ, OptionQuote(bid=bid, ask=bid + 0.1, at=at, source="feed")),)
    price = 600.0 + n / 50
    return PriceSeen(seq=n, at=at, symbol="SPY", price=price, priced_at=at, source="bench", quotes=quotes)
