"""Simulated fills: prices, refusals and costs that add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.exchange.calendar import Calendar
from core.options.commissions import commission
from core.options.fills import (
    Fill,
    FillQuality,
    NotFilled,
    OptionQuote,
    Order,
    OrderType,
    Refusal,
    Side,
    fill,
    settle,
)
from core.options.spreads import model_spread, quote_from_model, uniform_of
from core.rules.sections import ContractRules, FillRules

OPEN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
NOW = OPEN + timedelta(hours=2)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
RULES = FillRules()
CONTRACT = ContractRules()
DAY = Calendar.load().session_at(NOW)
BUY, SELL = Side.BUY, Side.SELL


def quoted(bid: float | None, ask: float | None, age: float = 1) -> OptionQuote:
    return OptionQuote(bid=bid, ask=ask, at=NOW - timedelta(seconds=age), source="tradier")


def modelled(
    mid: float,
    dte: int = 4,
    symbol: str = "SPY",
    age: float = 1,
    rules: FillRules = RULES,
    intrinsic: float = 0.0,
) -> OptionQuote:
    return quote_from_model(
        mid,
        symbol=symbol,
        dte=dte,
        entry_id="entry-1",
        priced_at=NOW - timedelta(seconds=age),
        now=NOW,
        day=DAY,
        rules=rules,
        spot=100.0,
        intrinsic=intrinsic,
    )


def done(result: Fill | NotFilled) -> Fill:
    assert isinstance(result, Fill), result
    return result


def sign_of(got: Fill) -> int:
    return 1 if got.side is SELL else -1


def mid_value(got: Fill) -> float:
    """Return the dollars of a fill at the mid, positive for either side."""
    return got.mid * got.contracts * 100


def cash_of(got: Fill) -> float:
    """Return the dollars that moved, commission included, in whole cents: negative for a purchase."""
    return round(sign_of(got) * got.price * got.contracts * 100 - got.commission, 2)


def run(
    order: Order, quote: OptionQuote, market_open: bool = True, rules: FillRules = RULES
) -> Fill | NotFilled:
    return fill(order, quote, NOW, market_open, rules, CONTRACT)


MARKET = [
    # symbol, side, contracts, bid, ask, price, spread $, slippage $ (tick rounding included)
    ("SPY", BUY, 1, 2.00, 2.02, 2.04, 1.00, 2.00),  # 2.02 + .5 % of 2.01 = 2.03005, up to 2.04
    ("SPY", SELL, 1, 2.00, 2.02, 1.98, 1.00, 2.00),  # 2.00 - .01005 = 1.98995, down to 1.98
    ("SPY", BUY, 50, 2.00, 2.02, 2.05, 50.00, 150.00),  # 1 % of mid at 50 contracts: 2.0401, up to 2.05
    ("SPY", BUY, 10, 10.00, 10.00, 10.06, 0.00, 60.00),  # locked: no spread, .59 % slippage, up to 10.06
    ("AAPL", BUY, 2, 4.00, 4.10, 4.15, 10.00, 10.00),  # nickels from 3.00 on
    ("AAPL", SELL, 2, 4.00, 4.10, 3.95, 10.00, 10.00),
    ("SPX", BUY, 1, 20.00, 20.40, 20.60, 20.00, 20.00),  # dimes
    ("SPX", SELL, 1, 0.05, 0.10, 0.00, 2.50, 5.00),  # slippage takes the last nickel
    ("SPY", SELL, 3, 0.01, 0.02, 0.00, 1.50, 3.00),
]


@pytest.mark.parametrize(("symbol", "side", "contracts", "bid", "ask", "price", "spread", "slippage"), MARKET)
def test_market_orders_on_a_real_quote(
    symbol: str,
    side: Side,
    contracts: int,
    bid: float,
    ask: float,
    price: float,
    spread: float,
    slippage: float,
) -> None:
    got = done(run(Order(symbol=symbol, side=side, contracts=contracts), quoted(bid, ask)))
    assert got.price == pytest.approx(price)
    assert got.spread_cost == pytest.approx(spread)
    assert got.slippage == pytest.approx(slippage)
    assert got.commission == pytest.approx(0.65 * contracts if price else 0.0)
    assert (got.quality, got.estimated, got.stale, got.remaining) == (FillQuality.FULL, False, False, 0)


def test_cash_is_what_moved_commission_included() -> None:
    bought = done(run(Order(symbol="SPY", side=BUY, contracts=2), quoted(2.00, 2.02)))
    sold = done(run(Order(symbol="SPY", side=SELL, contracts=2), quoted(2.00, 2.02)))
    assert cash_of(bought) == -(2 * 204 + 1.30)
    assert cash_of(sold) == 2 * 198 - 1.30


SIZES = [(50, 50, FillQuality.FULL), (51, 43, FillQuality.PARTIAL), (100, 85, FillQuality.PARTIAL)]


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("ordered", "filled", "quality"), SIZES)
def test_more_than_fifty_contracts_fill_in_part(
    side: Side, ordered: int, filled: int, quality: FillQuality
) -> None:
    got = done(run(Order(symbol="SPY", side=side, contracts=ordered), quoted(2.00, 2.02)))
    assert (got.contracts, got.remaining, got.quality) == (filled, ordered - filled, quality)
    assert got.commission == pytest.approx(0.65 * filled)


def test_the_rest_of_a_large_exit_leaves_on_the_next_prices() -> None:
    left, sold = 1000, []
    while left:
        got = done(run(Order(symbol="SPY", side=SELL, contracts=left), quoted(2.00, 2.02)))
        sold.append(got.contracts)
        left = got.remaining
    assert sold == [850, 127, 23]


REFUSALS = [
    # side, bid, ask, age s, open, refusal, why
    (BUY, 2.00, 2.02, 1, False, Refusal.MARKET_CLOSED, "the exchange is closed"),
    (SELL, 2.00, 2.02, 1, False, Refusal.MARKET_CLOSED, "for exits too"),
    (BUY, 2.00, 2.02, 61, True, Refusal.STALE_QUOTE, "an option quote older than 60 s"),
    (SELL, 2.00, 2.02, 61, True, Refusal.STALE_QUOTE, "a stop needs a fresh price"),
    (BUY, None, 0.05, 1, True, Refusal.NO_BID, "nobody bids"),
    (SELL, 0.0, 0.05, 1, True, Refusal.NO_BID, "a bid of 0 is none"),
    (BUY, 2.00, None, 1, True, Refusal.NO_ASK, "nobody offers"),
    (BUY, 2.05, 2.00, 1, True, Refusal.CROSSED, "crossed"),
    (BUY, 2.00, 2.40, 1, True, Refusal.SPREAD_TOO_WIDE, "18 % of mid"),
]


@pytest.mark.parametrize(("side", "bid", "ask", "age", "market_open", "code", "why"), REFUSALS)
def test_refusals_are_enumerated(
    side: Side, bid: float | None, ask: float | None, age: float, market_open: bool, code: Refusal, why: str
) -> None:
    got = run(Order(symbol="SPY", side=side, contracts=1), quoted(bid, ask, age), market_open)
    assert isinstance(got, NotFilled) and got.code is code, why
    assert got.text


def test_an_exit_leaves_through_a_wide_spread() -> None:
    assert done(run(Order(symbol="SPY", side=SELL, contracts=1), quoted(2.00, 2.40))).price == pytest.approx(
        1.98
    )


def test_exits_that_must_act_fill_on_stale_prices_and_say_so() -> None:
    order = Order(symbol="SPY", side=SELL, contracts=1, accept_stale=True)
    got = done(run(order, modelled(2.0, age=3600)))
    assert got.stale and got.estimated
    assert not done(run(order, modelled(2.0, age=90))).stale


def test_an_entry_never_fills_on_stale_prices() -> None:
    with pytest.raises(ValueError, match="never fills on stale"):
        Order(symbol="SPY", side=BUY, contracts=1, accept_stale=True)
    got = run(Order(symbol="SPY", side=BUY, contracts=1), modelled(2.0, age=91))
    assert isinstance(got, NotFilled) and got.code is Refusal.STALE_QUOTE
    assert isinstance(run(Order(symbol="SPY", side=BUY, contracts=1), modelled(2.0, age=90)), Fill)


LIMITS = [
    # side, limit, bid, ask, price (None: not marketable), slippage $
    (BUY, 2.02, 2.00, 2.02, 2.02, 0.0),
    (BUY, 2.01, 2.00, 2.02, None, None),
    (BUY, 2.05, 2.00, 2.02, 2.05, 3.0),
    (SELL, 2.00, 2.00, 2.02, 2.00, 0.0),
    (SELL, 2.01, 2.00, 2.02, None, None),
]


@pytest.mark.parametrize(("side", "limit", "bid", "ask", "price", "slippage"), LIMITS)
def test_limit_orders_fill_at_their_limit_without_size_slippage(
    side: Side, limit: float, bid: float, ask: float, price: float | None, slippage: float | None
) -> None:
    order = Order(symbol="SPY", side=side, contracts=1, type=OrderType.LIMIT, limit=limit)
    got = run(order, quoted(bid, ask))
    if price is None:
        assert isinstance(got, NotFilled) and got.code is Refusal.LIMIT_NOT_MARKETABLE
    else:
        assert (done(got).price, done(got).slippage) == (price, pytest.approx(slippage, abs=1e-9))


@pytest.mark.parametrize(
    "fields",
    [
        {"contracts": 0},
        {"contracts": 1, "limit": 2.0},
        {"contracts": 1, "type": OrderType.LIMIT},
        {"contracts": 1, "type": OrderType.LIMIT, "limit": float("nan")},
        {"contracts": 1, "type": OrderType.LIMIT, "limit": 2.005},
    ],
)
def test_bad_orders_raise(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"order|limit|contract"):
        Order(symbol="SPY", side=BUY, **fields)


# --- properties ----------------------------------------------------------------------------------------

prices = st.floats(0.01, 200)
sides = st.sampled_from([BUY, SELL])
symbols = st.sampled_from(["SPY", "AAPL", "SPX", "KO"])
sizes = st.integers(1, 120)


@st.composite
def real_quotes(draw: st.DrawFn) -> OptionQuote:
    bid = draw(st.integers(1, 20_000))
    return quoted(bid / 100, (bid + draw(st.integers(0, max(1, bid // 20)))) / 100)


quotes = st.one_of(
    real_quotes(),
    st.builds(modelled, st.one_of(st.floats(0, 0.2), prices), st.sampled_from([0, 3, 20, 90]), symbols),
    st.builds(modelled, prices, st.just(0), symbols, intrinsic=st.floats(0, 30)),
    st.builds(modelled, prices, st.just(0), symbols, rules=st.just(FillRules(spread_model="dte"))),
)


@given(symbols, sides, sizes, quotes)
def test_market_orders_never_fill_better_than_the_quote(
    symbol: str, side: Side, contracts: int, quote: OptionQuote
) -> None:
    got = run(Order(symbol=symbol, side=side, contracts=contracts), quote)
    if isinstance(got, NotFilled):
        assert got.code is Refusal.SPREAD_TOO_WIDE and side is BUY
        return
    assert quote.bid is not None and quote.ask is not None
    if side is BUY:
        assert got.price >= quote.ask - 1e-8
    else:
        assert 0 <= got.price <= quote.bid + 1e-8
    assert got.spread_cost >= 0 and got.slippage >= -1e-6


BANDS = [
    # side, bid, ask, the part of the half-spread that is expected, expected and worst price
    (BUY, 2.00, 2.10, 0.58, 2.05 + 0.58 * 0.05, 2.12),  # worst: 2.10 + .5 % of 2.05 = 2.11025, up to the cent
    (SELL, 2.00, 2.10, 0.58, 2.05 - 0.58 * 0.05, 1.98),
    (BUY, 2.00, 2.10, 0.0, 2.05, 2.12),
    (SELL, 2.00, 2.10, 1.0, 2.00, 1.98),
    (BUY, 2.00, 2.00, 0.58, 2.00, 2.01),
]


@pytest.mark.parametrize(("side", "bid", "ask", "share", "expected", "worst"), BANDS)
def test_a_fill_keeps_what_it_would_cost_elsewhere_in_the_spread(
    side: Side, bid: float, ask: float, share: float, expected: float, worst: float
) -> None:
    rules = FillRules(expected_share=share)
    got = done(run(Order(symbol="SPY", side=side, contracts=1), quoted(bid, ask), rules=rules))
    assert (got.mid, got.expected, got.worst) == pytest.approx(((bid + ask) / 2, expected, worst))
    assert got.price == got.worst  # at market
    limit = Order(
        symbol="SPY", side=side, contracts=1, type=OrderType.LIMIT, limit=ask if side is BUY else bid
    )
    assert done(run(limit, quoted(bid, ask), rules=rules)).worst == got.worst


@given(symbols, sides, sizes, quotes)
def test_the_band_goes_from_the_mid_to_the_worst(
    symbol: str, side: Side, contracts: int, quote: OptionQuote
) -> None:
    got = run(Order(symbol=symbol, side=side, contracts=contracts), quote)
    if isinstance(got, Fill):
        sign = sign_of(got)
        assert sign * got.mid >= sign * got.expected - 1e-9 >= sign * got.worst - 2e-8


@given(symbols, sides, sizes, quotes)
def test_costs_add_up_each_once(symbol: str, side: Side, contracts: int, quote: OptionQuote) -> None:
    got = run(Order(symbol=symbol, side=side, contracts=contracts), quote)
    if isinstance(got, NotFilled):
        return
    cash = sign_of(got) * mid_value(got) - got.spread_cost - got.slippage - got.commission
    assert cash == pytest.approx(cash_of(got), abs=1e-6)
    assert got.price * 100 == pytest.approx(round(got.price * 100), abs=1e-6), "a price is in whole cents"


@given(symbols, st.integers(1, 50), quotes, quotes)
def test_gross_minus_costs_is_net_to_the_cent(
    symbol: str, contracts: int, entry_quote: OptionQuote, exit_quote: OptionQuote
) -> None:
    bought = run(Order(symbol=symbol, side=BUY, contracts=contracts), entry_quote)
    sold = run(Order(symbol=symbol, side=SELL, contracts=contracts), exit_quote)
    if isinstance(bought, NotFilled) or isinstance(sold, NotFilled):
        return
    gross, net = mid_value(sold) - mid_value(bought), cash_of(sold) + cash_of(bought)
    spread, fees = bought.spread_cost + sold.spread_cost, bought.commission + sold.commission
    slippage = bought.slippage + sold.slippage
    assert gross - spread - slippage - fees == pytest.approx(net, abs=1e-6)
    assert slippage >= 0


@given(symbols, sides, st.integers(1, 49), quotes)
def test_larger_orders_never_get_a_better_price(
    symbol: str, side: Side, contracts: int, quote: OptionQuote
) -> None:
    small, large = (
        run(Order(symbol=symbol, side=side, contracts=n), quote) for n in (contracts, contracts + 1)
    )
    if isinstance(small, Fill) and isinstance(large, Fill):
        assert (large.price - small.price) * sign_of(large) <= 1e-9


# --- the model's quote ---------------------------------------------------------------------------------


def spread_of(mid: float, symbol: str = "SPY", dte: int = 4, **changes: Any) -> float:
    facts = {"entry_id": "e", "now": NOW, "day": DAY, "rules": RULES, "spot": 100.0, "intrinsic": 0.0}
    return model_spread(mid, symbol=symbol, dte=dte, **(facts | changes))


RANGES = [(0, 3, 5), (1, 2, 3), (7, 2, 3), (8, 1, 2), (45, 1, 2), (46, 0.5, 1), (400, 0.5, 1)]


@pytest.mark.parametrize(("dte", "low", "high"), RANGES)
def test_spread_by_days_to_expiry(dte: int, low: float, high: float) -> None:
    rules = FillRules(spread_model="dte")

    def width(entry: str) -> float:
        return spread_of(10.0, dte=dte, entry_id=entry, rules=rules)

    widths = [width(f"entry-{n}") for n in range(200)]
    assert low / 10 <= min(widths) < max(widths) <= high / 10
    assert max(widths) - min(widths) > 0.9 * (high - low) / 10
    assert width("entry-1") == width("entry-1")


def test_the_draw_depends_on_the_entry_alone_and_never_changes() -> None:
    assert uniform_of("entry-1") == 0.7848431936539653
    assert uniform_of("entry-1") != uniform_of("entry-2")
    assert sum(uniform_of(str(n)) for n in range(2000)) / 2000 == pytest.approx(0.5, abs=0.03)


PREMIUM = [
    # symbol, mid, dte, now, spread
    ("SPY", 4.0, 4, NOW, 0.015 * 4.0**0.4),
    ("SPY", 0.10, 4, NOW, 0.01),
    ("SPX", 10.0, 0, NOW, 0.15 * 10**0.31),
    ("AAPL", 3.5, 4, NOW, 0.07 * 3.5**0.65),
    ("KO", 1.0, 4, NOW, 0.25),
    ("SPY", 4.0, 4, OPEN, 1.5 * 0.015 * 4.0**0.4),
    ("SPY", 4.0, 4, OPEN + timedelta(minutes=15), 0.015 * 4.0**0.4),
    ("SPY", 4.0, 0, CLOSE - timedelta(minutes=15), 2.5 * 0.015 * 4.0**0.4),
    ("SPY", 4.0, 0, CLOSE - timedelta(minutes=16), 0.015 * 4.0**0.4),
    ("SPY", 4.0, 1, CLOSE - timedelta(minutes=5), 0.015 * 4.0**0.4),
]


@pytest.mark.parametrize(("symbol", "mid", "dte", "now", "expected"), PREMIUM)
def test_spread_by_premium_and_clock(
    symbol: str, mid: float, dte: int, now: datetime, expected: float
) -> None:
    assert spread_of(mid, symbol, dte, now=now) == pytest.approx(expected)


IN_THE_MONEY = [
    # mid, intrinsic at a price of 100, spread: that of the time value, and a part of the intrinsic value
    (2.0, 0.0, 0.015 * 2.0**0.4),
    (2.5, 0.5, 0.015 * 2.0**0.4 + 0.005 * 0.5),  # half way to the row of 1 %
    (3.0, 1.0, 0.015 * 2.0**0.4 + 0.010 * 1.0),
    (11.0, 9.0, 0.015 * 2.0**0.4 + 0.032 * 9.0),
    (42.0, 40.0, 0.015 * 2.0**0.4 + 0.020 * 40.0),  # beyond the last row
    (0.004, 0.004, 0.01),  # no time value is left: one tick
]


@pytest.mark.parametrize(("mid", "intrinsic", "expected"), IN_THE_MONEY)
def test_intrinsic_value_widens_the_spread(mid: float, intrinsic: float, expected: float) -> None:
    assert spread_of(mid, intrinsic=intrinsic) == pytest.approx(expected, abs=1e-4)


@given(st.floats(0, 50), st.floats(0, 99), st.floats(0, 1))
@example(0.0, 19.0, 1.0)
def test_the_spread_never_narrows_deeper_in_the_money(time: float, intrinsic: float, more: float) -> None:
    """But for the last part before 20 % of the price: the rows by depth give it a peak at 19.2 %, of .07 cents."""
    deep = intrinsic + more
    slack = 1e-6 if deep <= 19 or intrinsic >= 20 else 1e-3
    assert spread_of(time + deep, intrinsic=deep) >= spread_of(time + intrinsic, intrinsic=intrinsic) - slack


def test_a_nearly_worthless_option_sells_at_nothing_and_the_costs_still_add_up() -> None:
    quote = modelled(0.004)
    assert (quote.bid, quote.mid) == (0.0, 0.004)
    got = done(run(Order(symbol="SPY", side=SELL, contracts=2), quote))
    assert (got.price, cash_of(got)) == (0.0, 0.0)  # nothing is sold for 0.00, and no commission is due
    assert got.spread_cost == pytest.approx(0.8) and got.slippage == pytest.approx(0, abs=1e-9)


def test_unknown_models_and_values_raise() -> None:
    with pytest.raises(ValueError, match="neither"):
        modelled(2.0, rules=FillRules(spread_model="tight"))
    with pytest.raises(ValueError, match="cannot be quoted"):
        modelled(float("nan"))


# --- settlement and commissions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intrinsic", "price", "cash"), [(0.0, 0.0, 0.0), (3.27, 3.27, 654.0), (3.279, 3.27, 654.0)]
)
def test_settlement_pays_intrinsic_and_costs_nothing(intrinsic: float, price: float, cash: float) -> None:
    got = settle(2, intrinsic, "official close", NOW)
    assert (got.price, cash_of(got), got.spread_cost, got.commission) == (price, cash, 0, 0)
    assert mid_value(got) - got.slippage == pytest.approx(cash_of(got))


COMMISSIONS = [
    # preset, contracts, premium, opening, dollars
    ("", 10, 2.00, True, 6.50),
    ("", 1, 0.01, False, 0.65),
    ("ib", 10, 2.00, True, 6.50),
    ("ib", 1, 2.00, True, 1.00),
    ("ib", 10, 0.07, False, 5.00),
    ("ib", 10, 0.02, False, 2.50),
    ("", 10, 0.00, False, 0.00),  # let go for nothing, not sold
    ("ib", 10, 0.00, False, 0.00),
    ("tastytrade", 10, 2.00, True, 10.00),
    ("tastytrade", 10, 2.00, False, 0.00),
    ("alpaca", 10, 2.00, True, 0.00),
]


@pytest.mark.parametrize(("preset", "contracts", "premium", "opening", "dollars"), COMMISSIONS)
def test_commissions(preset: str, contracts: int, premium: float, opening: bool, dollars: float) -> None:
    rules = FillRules(commission_preset=preset)
    assert commission(contracts, premium, opening, rules) == dollars


def test_an_unknown_commission_preset_is_named() -> None:
    with pytest.raises(ValueError, match='"robin" is not one of ib, tastytrade, alpaca'):
        commission(1, 2.0, True, FillRules(commission_preset="robin"))
