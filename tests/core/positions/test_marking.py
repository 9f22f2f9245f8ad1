"""Marks: the source of mid and volatility, and the fields of entries and fills."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.model import Direction
from core.options import GreeksOne, price_one
from core.options.fills import Fill, FillQuality, Side
from core.options.quotes import OptionQuote
from core.options.volatility import VolatilitySource
from core.positions import entry_mark, next_mark, on_price, on_time, open_position
from core.positions.position import Basis
from core.rules import parse_rules

LONG, SHORT = Direction.LONG, Direction.SHORT


def _carried(desk: Any, last: Any, years: float) -> float:
    """The last volatility, as the term structure goes on."""
    surface = desk.trading.surface
    return float(last.iv * surface.term(years) / surface.term(last.years))


def _quote(at: Any, bid: float | None, ask: float | None, source: str = "feed") -> OptionQuote:
    return OptionQuote(bid=bid, ask=ask, at=at, source=source)


def test_a_real_quote_gives_mid_and_volatility(desk: Any) -> None:
    now = desk.at("2026-11-24T10:00")
    contract = desk.contract(LONG, date(2026, 11, 24))
    mark = entry_mark(contract, 600.0, now, _quote(now, 2.40, 2.50), now, desk.trading)
    assert (mark.mid, mark.basis, mark.estimated) == (pytest.approx(2.45), Basis.QUOTE, False)
    assert mark.iv is not None
    value = price_one(600, 600, mark.years, mark.iv, True, carry_years=mark.carry_years, american=True)
    assert value == pytest.approx(2.45, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "bid", "ask", "age"),
    [("too old", 2.4, 2.5, 61), ("no bid", 0.0, 0.05, 1), ("crossed", 2.5, 2.4, 1), ("no ask", 2.4, None, 1)],
)
def test_a_quote_that_cannot_be_used_leaves_it_to_the_model(
    desk: Any, name: str, bid: float, ask: float | None, age: int
) -> None:
    now = desk.at("2026-11-24T10:00")
    quote = _quote(now - timedelta(seconds=age), bid, ask)
    contract = desk.contract(LONG, date(2026, 11, 24))
    mark = entry_mark(contract, 600.0, now, quote, now, desk.trading)
    assert mark.basis is Basis.MODEL and mark.quoted_at is None
    # The assumed VIX, six hours before the close; the forward lies a hair above the strike.
    assert mark.iv == pytest.approx(0.16 * 0.601, rel=2e-3) and mark.iv_source is VolatilitySource.ESTIMATED


def test_a_quote_below_intrinsic_is_the_mid_with_an_estimated_volatility(desk: Any) -> None:
    now = desk.at("2026-11-24T10:00")
    contract = desk.contract(LONG, date(2026, 11, 24), strike=590.0)
    mark = entry_mark(contract, 600.0, now, _quote(now, 9.4, 9.6), now, desk.trading)
    assert mark.mid == pytest.approx(9.5) and mark.basis is Basis.QUOTE
    assert mark.iv is not None and 0.05 < mark.iv < 0.2


def test_what_the_model_cannot_explain_of_a_quote_is_unexplained_with_the_last_volatility(desk: Any) -> None:
    position = desk.open(quote=(2.40, 2.50))
    now = position.opened_at + timedelta(minutes=1)
    seen = desk.seen(position, now, 602.5, quote=(2.20, 2.30))  # intrinsic is 2.50
    mark = on_price(position, seen, now, desk.trading).position.last
    assert mark.mid == pytest.approx(2.25)
    assert mark.iv == pytest.approx(_carried(desk, position.last, mark.years), rel=1e-12)
    by_model = price_one(602.5, 600, mark.years, mark.iv, True, carry_years=mark.carry_years, american=True)
    assert mark.step.unexplained == pytest.approx((2.25 - by_model) * 100, abs=1e-7)
    assert abs(mark.step.iv) < 0.3 and mark.step.unexplained < -25

    back = on_price(replace(position, last=mark), desk.seen(position, now, 602.5), now, desk.trading).position
    assert back.last.basis is Basis.MODEL  # by the model again: the gap closes where it opened
    assert back.last.step.unexplained == pytest.approx(-mark.step.unexplained, abs=1e-7)


def test_theta_is_for_one_session_and_one_night(desk: Any) -> None:
    """What a mark loses from one close to the next is its theta, by the desk's own clock."""
    position = desk.open(expiry="2026-12-31", entered="2026-12-01T16:00")
    last, next_close = position.last, desk.at("2026-12-02T16:00")
    mark = next_mark(
        position.contract, last, spot=600.0, spot_at=next_close, now=next_close, trading=desk.trading
    )
    assert mark.step.theta / 100 == pytest.approx((last.theta + mark.theta) / 2, rel=1e-3)
    # Less time left, less volatility: what that changes is no theta.
    assert mark.step.iv < 0 and mark.mid - last.mid == pytest.approx((mark.step.theta + mark.step.iv) / 100)


def test_an_american_mid_below_intrinsic_implies_nothing(desk: Any) -> None:
    """A put's European value may lie below its intrinsic value: the volatility of that is not the option's."""
    now = desk.at("2026-11-24T10:00")
    quote = _quote(now, 99.4, 99.6)
    by_style = {}
    for style in ("american", "european"):
        contract = desk.contract(SHORT, date(2026, 12, 31), strike=700.0, style=style)
        by_style[style] = entry_mark(contract, 600.0, now, quote, now, desk.trading)
    assert by_style["american"].iv_source is VolatilitySource.ESTIMATED
    assert by_style["american"].iv < 0.17
    implied = by_style["european"]
    value = price_one(600, 700, implied.years, implied.iv, False, carry_years=implied.carry_years)
    assert value == pytest.approx(99.5, abs=1e-9) and implied.iv > 0.2


def test_the_same_quote_is_not_news(desk: Any) -> None:
    """A price that brings the quote of before moves the option by the model, not the volatility against it."""
    position = desk.open(quote=(2.40, 2.50))
    then = position.opened_at
    seen = desk.seen(position, then + timedelta(seconds=5), 601.0)
    seen = replace(seen, quotes=((position.contract.occ, _quote(then, 2.40, 2.50)),))
    mark = on_price(position, seen, seen.at, desk.trading).position.last
    assert mark.basis is Basis.MODEL and mark.iv_source is VolatilitySource.CARRIED and mark.mid > 2.9
    assert mark.iv == pytest.approx(_carried(desk, position.last, mark.years), rel=1e-12)


def test_a_mark_a_minute_in_the_session_and_none_at_night(desk: Any) -> None:
    position = desk.open(expiry="2026-12-04")
    at = desk.at("2026-11-24T10:00:59")
    assert on_time(position, at, None, desk.trading).marks == ()
    marks = on_time(position, at + timedelta(seconds=1), None, desk.trading).marks
    assert len(marks) == 1 and marks[0].step.theta < 0 and marks[0].step.delta == 0
    assert on_time(position, desk.at("2026-11-24T20:00"), None, desk.trading).marks == ()


@pytest.mark.parametrize(
    ("strike", "expiry", "delta", "theta"),
    [
        (600.0, "2026-11-24", 0.5, -0.05),
        (610.0, "2026-11-24", 0.3, -0.05),
        (600.0, "2026-12-04", 0.5, -0.02),
    ],
)
def test_greeks_that_cannot_be_computed_are_the_fallback_and_say_so(
    desk: Any, strike: float, expiry: str, delta: float, theta: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = desk.open(strike=strike, expiry=expiry)
    unknown = replace(position.last, iv=None)
    monkeypatch.setattr("core.positions.marking.greeks_one", lambda *_, **__: GreeksOne(*[math.nan] * 6))
    now = position.opened_at + timedelta(minutes=1)
    nothing = next_mark(position.contract, unknown, spot=600.0, spot_at=now, now=now, trading=desk.trading)
    assert nothing.estimated and (nothing.delta, nothing.theta) == (delta, -min(-theta, nothing.mid))
    assert (nothing.gamma, nothing.vega, nothing.iv) == (None, None, None)
    assert nothing.mid == unknown.mid and nothing.step.total == 0


def test_spot_must_be_a_price(desk: Any) -> None:
    now = desk.at("2026-11-24T10:00")
    for spot in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="price"):
            entry_mark(desk.contract(LONG, date(2026, 11, 24)), spot, now, None, now, desk.trading)


def test_an_entry_keeps_how_it_was_filled(desk: Any) -> None:
    position = desk.open(contracts=4)
    entry = position.entry
    given_away = (entry.entry_price - entry.entry_mid) * 400
    assert entry.spread_cost + entry.slippage == pytest.approx(given_away)
    assert entry.commission == pytest.approx(4 * 0.65)
    assert (entry.option_type, entry.strike, entry.expiry, entry.dte) == ("CALL", 600.0, "2026-11-24", 0)
    assert (entry.contracts, entry.filled_contracts, entry.fill_quality) == (4, 4, "FULL")
    assert entry.entry_delta == position.last.delta and entry.entry_iv == position.last.iv
    assert position.stop == position.levels.stop == 597 and position.remaining == 4
    assert desk.open(direction=SHORT).entry.option_type == "PUT"


def test_a_large_entry_fills_in_part(desk: Any) -> None:
    entry = desk.open(contracts=100).entry
    assert (entry.contracts, entry.filled_contracts, entry.fill_quality) == (100, 85, "PARTIAL")
    assert desk.open(contracts=100).remaining == 85


def test_what_is_no_entry_raises(desk: Any) -> None:
    position = desk.open()
    now, trading = position.opened_at, desk.trading
    good: dict[str, Any] = {
        "id": "p", "signal_id": "s", "decision_id": "d", "contract": position.contract, "direction": LONG,
        "timeframe": 5, "levels": position.levels, "mark": position.last, "risk_amount": 1.0, "atr": None,
        "now": now, "trading": trading,
    }  # fmt: skip
    bought = Fill(
        side=Side.BUY, contracts=1, requested=1, mid=position.last.mid, price=2.0, spread_cost=0, slippage=0,
        commission=0.65, quality=FillQuality.FULL, source="model", estimated=True, stale=False, at=now,
        expected=2.0, worst=2.0,
    )  # fmt: skip
    assert open_position(**good, fill=bought).remaining == 1
    with pytest.raises(ValueError, match="purchase"):
        open_position(**good, fill=replace(bought, side=Side.SELL))
    with pytest.raises(ValueError, match="mid"):
        open_position(**good, fill=replace(bought, mid=9.0))
    with pytest.raises(ValueError, match="SHORT is not traded"):
        open_position(**(good | {"direction": SHORT}), fill=bought)


def test_an_unscheduled_closure_of_the_expiry_ends_the_option_the_session_before(desk_by: Any) -> None:
    desk = desk_by(rules=parse_rules('[clock]\nclosures = ["2026-12-04"]'))
    assert desk.trading.last_close(date(2026, 12, 4)) == desk.at("2026-12-03T16:00")
    assert desk.open(expiry="2026-12-04").last.years > 0
