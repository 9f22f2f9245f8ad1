"""The words for the dividends that an option is priced with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.options.dividends import CashDividend
from core.positions.dividend_basis import dividend_basis
from core.rules import Rules
from core.rules.sections import VolatilityRules

SPY = "dividends assumed: 1.2 % a year, table of 2025-01, next ex-date 18 Dec 2026"


@pytest.mark.parametrize(
    ("symbol", "expiry", "words"),
    [
        ("SPY", "2026-11-27", SPY),
        ("SPY", "2026-12-31", f"{SPY}; $1.80 a share until the expiry"),
        ("AAPL", "2026-12-31", "dividends assumed: 0.4 % a year, table of 2025-01, usually ex in Feb, May, Aug, Nov"),
        ("SPX", "2026-12-31", "dividends assumed: 1.3 % a year, table of 2025-01, spread over the year"),
        ("XYZ", "2026-12-31", "dividends: none known, none assumed"),
    ],
)  # fmt: skip
def test_what_is_assumed_is_said_with_its_number(desk_by: Any, symbol: str, expiry: str, words: str) -> None:
    desk = desk_by(rules=Rules())
    position = desk.open(expiry=expiry, underlying=symbol)
    assert dividend_basis(position, desk.at("2026-11-24T10:00"), desk.trading) == words


def test_a_rule_a_feed_and_parity_count_before_the_table(desk_by: Any) -> None:
    now = desk_by.at("2026-11-24T10:00")
    desk = desk_by(rules=Rules(volatility=VolatilityRules(dividend={"SPY": 0.02})))
    position = desk.open(expiry="2026-12-31")
    assert (
        dividend_basis(position, now, desk.trading) == "dividends 2 % a year by the rule volatility.dividend"
    )
    trading = replace(desk_by().trading, dividends={"SPY": (CashDividend(date(2026, 12, 18), 1.97),)})
    said = dividend_basis(position, now, trading)
    assert said == "dividends announced: $1.97 ex 18 Dec 2026; $1.96 a share until the expiry"
    implied = replace(position, last=replace(position.last, dividends=2.2))
    assert dividend_basis(implied, now, trading) == f"{said}; call and put imply $2.20 until the expiry"
