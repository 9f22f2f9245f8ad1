"""Two compared numbers never look equal in a refusal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compared import compared, over
from core.thresholds import above, below

DOLLARS = [
    (512.0, 500.0, "", "$512 > $500"),
    (500.40, 500.0, "", "$500.40 > $500.00"),
    (500.0004, 500.0, "", "$500.0004 > $500.0000"),
    (250_210.4, 250_000.0, " per 1 % move", "$250,210 per 1 % move > $250,000"),
    (250_000.25, 250_000.0, " a day", "$250,000.25 a day > $250,000.00"),
]


@pytest.mark.parametrize(("value", "limit", "unit", "text"), DOLLARS)
def test_dollars_show_the_digits_that_decided(value: float, limit: float, unit: str, text: str) -> None:
    assert over(value, limit, unit) == text


NUMBERS = [
    (58.2, "<", 60.0, ".1f", "58.2 < 60"),
    (59.96, "<", 60.0, ".1f", "59.96 < 60.00"),
    (14.8, ">", 12.0, ".4g", "14.8 > 12"),
    (12.0003, ">", 12.0, ".4g", "12.0003 > 12.0000"),
    (60.0, "≥", 60.0, ".1f", "60.0 ≥ 60"),
]


@pytest.mark.parametrize(("value", "sign", "limit", "spec", "text"), NUMBERS)
def test_numbers_show_the_digits_that_decided(
    value: float, sign: str, limit: float, spec: str, text: str
) -> None:
    assert compared(value, sign, limit, spec) == text


def numbers_of(text: str) -> list[float]:
    return [float(each.replace(",", "")) for each in re.findall(r"[\d,]+(?:\.\d+)?", text)]


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_dollars_above_a_limit_are_written_larger(value: float, limit: float) -> None:
    if above(value, limit):
        written, allowed = numbers_of(over(value, limit))
        assert written > allowed


@given(st.floats(0, 100), st.integers(0, 100))
def test_a_number_below_a_limit_is_written_smaller(value: float, limit: int) -> None:
    if below(value, limit):
        written, allowed = numbers_of(compared(value, "<", limit, ".1f"))
        assert written < allowed
