"""Volatility estimated where no quote implies one: level, term and smile, without a step anywhere."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.options.trading_clock import TradingClock
from core.options.volatility import (
    ImpliedVolatility,
    LevelSource,
    MarketVolatility,
    VolatilityLevel,
    VolatilitySurface,
)
from core.rules import Rules, RulesError, parse_rules
from core.rules.parsing import retired_rules
from core.rules.sections import VolatilityRules

RULES = VolatilityRules()
CLOCK = TradingClock.from_rules(Rules().clock)
MINUTES = CLOCK.units_per_year
SURFACE = VolatilitySurface(RULES, MINUTES)
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
ASSUMED = VolatilityLevel(value=0.16, source=LevelSource.ASSUMED_VIX)


def vix(value: float, percentile: float | None = None) -> VolatilityLevel:
    return VolatilityLevel(
        value=value / 100, source=LevelSource.VIX, at=NOW, feed="webhook", percentile=percentile
    )


@pytest.mark.parametrize(
    ("symbol", "level", "source"),
    [
        ("SPY", 0.16, LevelSource.ASSUMED_VIX),
        ("SPX", 0.16, LevelSource.ASSUMED_VIX),
        ("AAPL", 0.32, LevelSource.ASSUMED_CLASS),
        ("XYZ", 0.45, LevelSource.ASSUMED_CLASS),
        ("KO", 0.18, LevelSource.RULES),
    ],
)
def test_the_level_is_of_the_symbol_or_its_class(symbol: str, level: float, source: LevelSource) -> None:
    surface = VolatilitySurface(replace(RULES, by_symbol={"KO": 0.18}), MINUTES)
    found = surface.level(symbol, MarketVolatility())
    assert (found.value, found.source) == (level, source)


def test_the_vix_is_the_level_of_the_index_class_alone_with_its_time_and_feed() -> None:
    market = MarketVolatility()
    assert market.take_vix(23.1, NOW, "webhook")
    assert not market.take_vix(19.0, NOW - timedelta(seconds=1), "tradier")  # older
    assert not market.take_vix(600.0, NOW + timedelta(minutes=1), "webhook")  # another chart's price
    assert SURFACE.level("SPX", market) == vix(23.1)
    assert SURFACE.level("AAPL", market).value == 0.32


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (vix(23.1), "VIX 23.10 (webhook, 12 min old)"),
        (ASSUMED, "VIX 16.00, assumed"),
        (VolatilityLevel(value=0.32, source=LevelSource.ASSUMED_CLASS), "32.0 %, assumed for its class"),
        (
            VolatilityLevel(value=0.18, source=LevelSource.RULES, percentile=40),
            "18.0 % by the rules, IV percentile 40",
        ),
    ],
)
def test_a_level_says_its_source_and_age(level: VolatilityLevel, words: str) -> None:
    assert level.words(NOW + timedelta(minutes=12, seconds=30)) == words


@pytest.mark.parametrize(("percentile", "factor"), [(None, 1.0), (50, 1.0), (0, 0.5), (100, 1.5), (110, 1.5)])
def test_an_iv_percentile_moves_the_level(percentile: float | None, factor: float) -> None:
    assert replace(ASSUMED, percentile=percentile).with_percentile == pytest.approx(0.16 * factor)


@pytest.mark.parametrize(
    ("minutes_left", "of_vix"),
    [(360, 1.23), (300, 1.23 * 0.94), (240, 1.12), (60, 1.18), (30, 1.30)],
)
def test_on_the_last_day_the_term_is_what_was_measured_in_calendar_time(
    minutes_left: float, of_vix: float
) -> None:
    """SPX 0DTE at the money over VIX, medians of 566 sessions; here on the trading clock, with the same variance."""
    calendar = minutes_left / (365 * 24 * 60)
    on_our_clock = of_vix * math.sqrt(calendar / (minutes_left / MINUTES))
    assert SURFACE.term(minutes_left / MINUTES) == pytest.approx(on_our_clock, rel=5e-3)


@pytest.mark.parametrize(
    ("deviations", "smile"),
    [
        (0, 1.0),
        (-0.875, 1.10),
        (-1.625, 1.24),
        (-4, 1.46),
        (0.875, 0.96),
        (1.625, 1.0),
        (5, 1.0),
        (-0.4375, 1.05),
    ],
)
def test_the_smile_by_standard_deviations_from_the_forward(deviations: float, smile: float) -> None:
    years = 31_500 / MINUTES
    strike = 100 * math.exp(deviations * 0.16 * math.sqrt(years))
    found = SURFACE.estimate(strike, 100, years, ASSUMED)
    assert (found.term, found.smile) == (pytest.approx(1.0), pytest.approx(smile))
    assert found.value == pytest.approx(0.16 * smile)


def test_beyond_a_week_the_term_is_of_a_volatility_over_all_strikes() -> None:
    """A volatility index is that at the money times the root of the mean square of the smile."""
    z = [n / 100 for n in range(-600, 601)]
    points = dict(RULES.smile)
    square = [float(np.interp(x, list(points), list(points.values()))) ** 2 * math.exp(-x * x / 2) for x in z]
    over_all = math.sqrt(sum(square) / sum(math.exp(-x * x / 2) for x in z))
    for minutes, factor in ((2_500, 0.95), (10_500, 1.0), (31_500, 1.05)):
        assert SURFACE.term(minutes / MINUTES) == pytest.approx(factor / over_all, rel=2e-3)


EXPIRY = date(2026, 12, 18)
CLOSE = CLOCK.expiry_instant(EXPIRY)


@given(
    st.integers(0, 45 * 24 * 60 - 1),
    st.floats(0.9, 1.1),
    st.sampled_from((ASSUMED, vix(12), vix(40), VolatilityLevel(value=0.45, source=LevelSource.ASSUMED_VIX))),
)
def test_a_minute_never_moves_an_estimate_by_more_than_one_percent(
    minutes_before: int, moneyness: float, level: VolatilityLevel
) -> None:
    """At no midnight, open, close, weekend or day count does the volatility of a strike step."""
    strike = 100 * moneyness
    now = CLOSE - timedelta(minutes=minutes_before + 1)
    before, after = (
        SURFACE.estimate(strike, 100, CLOCK.years_between(at, CLOSE), level).value
        for at in (now, now + timedelta(minutes=1))
    )
    assert abs(after / before - 1) < 0.01


@given(st.floats(0.7, 1.4), st.floats(1, 100_000))
def test_a_small_step_in_strike_is_a_small_step_in_volatility(moneyness: float, minutes: float) -> None:
    # A move, and with it what is a small step, grows with the root of the time: on the last day it is less.
    step = 1e-4 * min(1.0, math.sqrt(minutes / 390))
    at, beside = (
        SURFACE.estimate(k, 100, minutes / MINUTES, ASSUMED)
        for k in (100 * moneyness, 100 * (1 + step) * moneyness)
    )
    assert at.value > 0 and abs(beside.value / at.value - 1) < 0.01


@given(st.floats(0.05, 3), st.floats(0, 60_000), st.floats(0, 60_000), st.floats(0, 60_000))
def test_a_carried_volatility_depends_on_the_quote_and_not_on_the_marks_since(
    iv: float, then: float, between: float, now: float
) -> None:
    quoted = ImpliedVolatility(iv=iv, years=then / MINUTES, level=vix(20))
    straight = SURFACE.carried(quoted, now / MINUTES, vix(22))
    first = SURFACE.carried(quoted, between / MINUTES, vix(30))
    by_way = SURFACE.carried(
        ImpliedVolatility(iv=first, years=between / MINUTES, level=vix(30)), now / MINUTES, vix(22)
    )
    assert by_way == pytest.approx(straight, rel=1e-12)


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (vix(20), vix(25), 1.25),
        (ASSUMED, vix(25), 1.0),  # an assumption says nothing of the change
        (None, vix(25), 1.0),
        (ASSUMED, ASSUMED, 1.0),
        (vix(20, percentile=50), vix(20, percentile=100), 1.5),
        (vix(20), vix(20, percentile=100), 1.0),
    ],
)
def test_a_carried_volatility_moves_with_the_level_only_as_far_as_it_was_measured(
    before: VolatilityLevel | None, after: VolatilityLevel, moved: float
) -> None:
    quoted = ImpliedVolatility(iv=0.3, years=0.01, level=before)
    assert SURFACE.carried(quoted, 0.01, after) == pytest.approx(0.3 * moved)


@pytest.mark.parametrize(("strike", "forward"), [(0, 100), (100, 0), (float("nan"), 100)])
def test_bad_input_raises(strike: float, forward: float) -> None:
    with pytest.raises(ValueError, match="no volatility"):
        SURFACE.estimate(strike, forward, 0.04, ASSUMED)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("term_structure = [[60, 0.6], [30, 0.7]]", "from the lowest"),
        ("term_structure = [[0, 0.6], [30, 0.7]]", "above 0"),
        ("smile = [[-1, 0.0], [1, 1.0]]", "above 0"),
        ("smile = []", "at least one row"),
        ('classes = {KO = "bond"}', "none of index, mega, other"),
    ],
)
def test_tables_that_would_fail_later_are_refused(text: str, fault: str) -> None:
    with pytest.raises(RulesError, match=fault):
        parse_rules(f"[volatility]\n{text}")


def test_rules_of_before_are_read_without_effect_and_named() -> None:
    text = "[volatility]\nskew = 0.2\nskew_cap = 0.5\nterm = [[0, 0.6], [7, 0.95]]\nbase = {index = 0.2, mega = 0.3}"
    rules = parse_rules(text)
    assert rules.volatility == replace(RULES, base={"mega": 0.3, "other": 0.45})
    assert [each.split(" ")[0] for each in retired_rules(text)] == [
        "volatility.term", "volatility.skew", "volatility.skew_cap", "volatility.base.index",
    ]  # fmt: skip
