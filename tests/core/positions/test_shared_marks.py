"""Marks shared by positions in one contract: computed once, equal to each position's own."""

from __future__ import annotations

from typing import Any

import pytest

from core.positions import TradingContext, on_price


def _fresh(trading: TradingContext) -> TradingContext:
    """The same world without anything worked out yet."""
    return TradingContext(trading.rules, trading.calendar)


@pytest.mark.parametrize("quote", [None, (7.4, 7.6)], ids=["by the model", "by a quote"])
def test_a_step_taken_together_is_the_step_taken_alone(desk: Any, quote: tuple[float, float] | None) -> None:
    """Two entries a minute apart, in other quantities and at other volatilities, through the same prices."""
    expiry = "2026-12-04"
    one = desk.open(expiry=expiry, contracts=4, quote=(7.0, 7.2))
    two = desk.open(expiry=expiry, contracts=1, quote=(7.1, 7.3), entered="2026-11-24T10:01", spot=600.4)
    together = desk.trading
    alone = [one, two]
    pair = [one, two]
    for minute in range(2, 12):
        when = desk.at(f"2026-11-24T10:{minute:02d}")
        seen = desk.seen(one, when, 600 + minute / 10, quote=quote)
        pair = [on_price(position, seen, when, together).position for position in pair]
        alone = [on_price(position, seen, when, _fresh(together)).position for position in alone]
        assert pair == alone
    assert pair[0].running != pair[1].running
    if quote is not None:
        assert pair[0].last is pair[1].last  # once both stand at the same quote, the next step is one


def test_another_price_or_quote_at_the_same_instant_is_another_step(desk: Any) -> None:
    position, trading = desk.open(expiry="2026-12-04", quote=(7.0, 7.2)), desk.trading
    when = desk.at("2026-11-24T10:02")
    prices = (600.5, 600.6)
    quotes = ((7.2, 7.4), (7.3, 7.5), None)
    mids = {
        on_price(position, desk.seen(position, when, price, quote=quote), when, trading).position.last.mid
        for price in prices
        for quote in quotes
    }
    assert len(mids) == 4  # two quoted mids whatever the price, two by the model


def test_what_was_worked_out_is_forgotten_with_the_instant(desk: Any) -> None:
    position, trading = desk.open(expiry="2026-12-04"), desk.trading
    for minute in range(2, 40):
        when = desk.at(f"2026-11-24T10:{minute:02d}")
        position = on_price(position, desk.seen(position, when, 600.1), when, trading).position
        assert len(trading.cache.marks_at(when)) <= 1  # no quotes here: one mark
