"""Forward by put-call parity: call and put of one strike agree, and nothing is read from quotes that do not fit."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.events import PriceSeen
from core.model import Direction
from core.options import price_one
from core.options.quotes import OptionQuote
from core.positions import entry_mark, on_price
from core.positions.marking import time_left
from core.positions.parity import implied_dividends

LONG = Direction.LONG
EXPIRY = date(2026, 12, 18)


def both(
    desk: Any, spot: float, dividends: float, iv: float, strike: float = 600.0, style: str = "european"
) -> Any:
    """The call and the put of a strike, quoted a cent around their value on the price less dividends."""
    now = desk.at("2026-11-24T10:00")
    call = desk.contract(LONG, EXPIRY, strike=strike, style=style)
    years, carry = time_left(call, now, desk.trading)
    quotes = {}
    for contract in (call, replace(call, right="P")):
        value = price_one(
            spot - dividends,
            strike,
            years,
            iv,
            contract.is_call,
            rate=0.04,
            carry_years=carry,
            american=style == "american",
        )
        quotes[contract.occ] = OptionQuote(bid=value - 0.01, ask=value + 0.01, at=now, source="feed")
    return call, quotes, now, years, carry


@settings(max_examples=60, deadline=None)
@given(
    spot=st.floats(590, 610),
    dividends=st.floats(-1.5, 4),
    iv=st.floats(0.08, 0.6),
    strike=st.floats(580, 620),
    style=st.sampled_from(["american", "european"]),
)
def test_call_and_put_of_one_strike_imply_one_forward_and_one_volatility(
    desk_by: type[Any], spot: float, dividends: float, iv: float, strike: float, style: str
) -> None:
    desk, strike = desk_by(), round(strike)
    call, quotes, now, years, carry = both(desk, spot, dividends, iv, strike, style)
    assume(all(quote.bid > 0 for quote in quotes.values()))
    put = replace(call, right="P")
    # What is exercised at once tells no volatility.
    assume(style == "european" or quotes[put.occ].mid > strike - (spot - dividends) + 0.01)
    found = [implied_dividends(each, quotes, spot, now, years, carry, desk.trading) for each in (call, put)]
    assert found[0] == found[1] == pytest.approx(dividends, abs=1e-9 if style == "european" else 1e-4)
    marks = [
        entry_mark(each, spot, now, quotes[each.occ], now, desk.trading, twin=quotes[each.twin])
        for each in (call, put)
    ]
    assert [mark.iv for mark in marks] == pytest.approx([iv, iv], rel=1e-6 if style == "european" else 1e-4)
    apart = marks[0].delta - marks[1].delta
    assert apart == pytest.approx(1.0, abs=1e-6) if style == "european" else apart > 1.0 - 1e-6


@pytest.mark.parametrize(
    ("name", "change", "spot", "late"),
    [
        ("the put is not quoted", {"P": None}, 600.0, 0),
        ("the put has no bid", {"P": {"bid": None}}, 600.0, 0),
        ("the put is crossed", {"P": {"bid": 30.0}}, 600.0, 0),
        ("the put is a minute old", {"P": {"at": -61}}, 600.0, 0),
        ("the put is 16 s older", {"P": {"at": -16}}, 600.0, 0),
        ("the price is 16 s older than the quotes", {}, 600.0, 16),
        ("the price is 1.1 % from what they say", {}, 606.6, 0),
    ],
)
def test_without_two_fitting_quotes_there_is_no_parity(
    desk: Any, name: str, change: dict[str, Any], spot: float, late: int
) -> None:
    call, quotes, now, _, _ = both(desk, 600.0, 0.0, 0.2)
    twin = quotes[call.twin]
    how = change.get("P", {})
    if how is None:
        twin = None
    elif "at" in how:
        twin = replace(twin, at=now + timedelta(seconds=how["at"]))
    elif how:
        twin = replace(twin, **how)
    priced_at = now - timedelta(seconds=late)
    mark = entry_mark(call, spot, priced_at, quotes[call.occ], now, desk.trading, twin=twin)
    assert mark.dividends is None and mark.mid == quotes[call.occ].mid


def seen(at: Any, price: float, quotes: dict[str, OptionQuote]) -> PriceSeen:
    return PriceSeen(
        seq=1, at=at, symbol="SPY", price=price, priced_at=at, source="feed", quotes=tuple(quotes.items())
    )


def test_what_parity_said_stays_until_the_next_pair_and_ends_with_the_option(desk: Any) -> None:
    _, quotes, now, *_ = both(desk, 600.0, 1.2, 0.2, style="american")
    position = desk.open(expiry=EXPIRY.isoformat(), quote=(13.0, 13.2))
    later = now + timedelta(minutes=1)
    pair = {occ: replace(quote, at=later) for occ, quote in quotes.items()}
    position = on_price(position, seen(later, 600.0, pair), later, desk.trading).position
    assert position.last.dividends == pytest.approx(1.2, abs=0.02)
    assert position.running.delta == 0  # that both sides are quoted now is no move

    # The same pair again, at another price: old quotes say nothing of a new price.
    again = later + timedelta(seconds=5)
    position = on_price(position, seen(again, 601.0, pair), again, desk.trading).position
    assert position.last.dividends == pytest.approx(1.2, abs=0.02)
    assert position.running.delta > 20  # the dollar counts as a move

    close = desk.trading.last_close(EXPIRY)
    end = replace(seen(close, 603.0, {}), official_close=True)
    (leg,) = on_price(position, end, close, desk.trading).legs
    assert leg.price == 3.0 and leg.reason.value == "EXPIRY"


def test_the_parts_add_up_whatever_parity_says(desk: Any) -> None:
    _, quotes, now, *_ = both(desk, 600.0, 1.2, 0.2, style="american")
    position = desk.open(expiry=EXPIRY.isoformat(), quote=(13.0, 13.2))
    first = position.last.mid
    for minute, (spot, apart) in enumerate([(600.0, 0.0), (601.0, 0.4), (599.0, -0.3)], 1):
        at = now + timedelta(minutes=minute)
        moved = {
            occ: replace(quote, at=at, bid=quote.bid + apart, ask=quote.ask + apart)
            if "C0" in occ
            else replace(quote, at=at)
            for occ, quote in quotes.items()
        }
        position = on_price(position, seen(at, spot, moved), at, desk.trading).position
        assert position.running.total == pytest.approx((position.last.mid - first) * 100, abs=1e-6)
        assert math.isfinite(position.last.iv or math.nan)
