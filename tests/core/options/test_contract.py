"""Contract selection: expiries around holidays, strikes, OCC symbols, ticks and liquidity."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.calendar import Calendar
from core.model import Direction
from core.options.contract import (
    ContractError,
    candidate_strikes,
    choose_expiry,
    listed_expiries,
    make_contract,
    monthly_expiry,
    root_of,
)
from core.options.quotes import OptionQuote, Refusal, liquidity_fault
from core.options.ticks import tick, tick_down, tick_up
from core.rules.sections import ContractRules, FillRules

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = Calendar.load()
RULES = ContractRules()
FILLS = FillRules()
LONG, SHORT = Direction.LONG, Direction.SHORT


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


# --- expiry --------------------------------------------------------------------------------------------

EXPIRIES = [
    # symbol, timeframe, now (exchange time), expiry, why
    ("SPY", 5, "2026-11-23 10:00", "2026-11-23", "0DTE on a daily lister"),
    ("SPY", 5, "2026-11-23 08:00", "2026-11-23", "0DTE before the open"),
    ("SPY", 5, "2026-11-23 15:30", "2026-11-23", "exactly 30 minutes left"),
    ("SPY", 5, "2026-11-23 15:31", "2026-11-24", "29 minutes left"),
    ("SPY", 5, "2026-11-27 12:30", "2026-11-27", "30 minutes to an early close"),
    ("SPY", 5, "2026-11-27 12:31", "2026-11-30", "29 minutes to an early close"),
    ("SPY", 1, "2026-11-26 11:00", "2026-11-27", "Thanksgiving itself"),
    ("SPX", 3, "2026-11-23 10:00", "2026-11-23", "index, daily"),
    ("AAPL", 5, "2026-11-23 10:00", "2026-11-23", "Monday of a Mon/Wed/Fri name"),
    ("AAPL", 5, "2026-11-24 10:00", "2026-11-25", "Tuesday: its next listed expiry"),
    ("AAPL", 5, "2026-09-07 10:00", "2026-09-08", "Labor Day: Monday's expiry moves to Tuesday"),
    ("AAPL", 5, "2026-09-08 10:00", "2026-09-08", "and is 0DTE there"),
    ("KO", 5, "2026-11-23 10:00", "2026-11-27", "Friday lister: next listed expiry"),
    ("SPY", 15, "2026-11-23 10:00", "2026-11-27", "the last of this week closes early"),
    ("SPY", 15, "2026-11-27 10:00", "2026-12-04", "today is the last: next week's"),
    ("SPY", 15, "2026-11-28 10:00", "2026-12-04", "Saturday"),
    ("SPY", 15, "2026-11-22 10:00", "2026-11-27", "Sunday"),
    ("KO", 60, "2026-12-21 10:00", "2026-12-24", "Christmas Friday: Thursday"),
    ("SPY", 60, "2026-12-24 10:00", "2026-12-31", "Christmas Eve is the last; New Year's Friday: Thursday"),
    ("KO", 15, "2026-06-15 10:00", "2026-06-18", "Juneteenth on a monthly Friday"),
    ("SPY", 239, "2026-11-23 10:00", "2026-11-27", "last timeframe that trades weekly"),
    ("SPY", 6, "2026-11-23 10:00", "2026-11-27", "first timeframe that trades weekly"),
    ("SPY", None, "2026-11-23 10:00", "2026-11-27", "none stated is taken as 15"),
    ("SPY", 240, "2026-12-07 10:00", "2027-01-15", "a monthly in 39 days"),
    ("KO", 1440, "2026-12-07 10:00", "2027-01-15", "daily chart likewise"),
    (
        "KO",
        240,
        "2026-11-23 10:00",
        "2026-12-31",
        "no monthly in 30–45: nearest 37 (New Year moves to Thursday)",
    ),
    ("SPY", 240, "2026-11-23 10:00", "2026-12-30", "no monthly in 30–45: 37 days for a daily lister"),
    ("KO", 240, "2026-05-18 10:00", "2026-06-18", "monthly on the Thursday before Juneteenth, 31 days"),
]


@pytest.mark.parametrize(("symbol", "timeframe", "now", "expiry", "why"), EXPIRIES)
def test_expiry_without_a_chain(symbol: str, timeframe: int | None, now: str, expiry: str, why: str) -> None:
    found = choose_expiry(symbol, timeframe, at(now), CALENDAR, None, RULES)
    assert found == date.fromisoformat(expiry), why


CHAINS = [
    # timeframe, now, listed, expiry, why
    (5, "2026-11-23 10:00", ["2026-11-27", "2026-12-04"], "2026-11-27", "the chain lists no 0DTE"),
    (15, "2026-11-23 10:00", ["2026-11-24", "2026-11-25", "2026-12-04"], "2026-11-25", "no Friday listed"),
    (15, "2026-11-25 10:00", ["2026-11-25", "2026-12-04"], "2026-12-04", "the last of this week is today"),
    (15, "2026-11-23 10:00", ["2026-12-18", "2027-01-15"], "2026-12-18", "neither week lists one: the next"),
    (
        15,
        "2026-11-23 10:00",
        ["2026-11-26", "2026-11-27"],
        "2026-11-27",
        "a holiday in the chain is no expiry",
    ),
    (240, "2026-11-23 10:00", ["2026-12-18", "2027-01-15"], "2026-12-18", "25 or 53 days: nearest 37"),
    (240, "2026-11-23 10:00", ["2026-12-29", "2026-12-31"], "2026-12-29", "36 or 38 days: the earlier"),
    (240, "2026-12-07 10:00", ["2027-01-13", "2027-01-15"], "2027-01-15", "37 days, but a monthly in 39"),
    (15, "2026-11-23 10:00", ["2026-11-20", "2026-11-23"], None, "nothing ahead"),
    (5, "2026-11-23 15:45", ["2026-11-23"], None, "only today, and too late"),
    (15, "2026-11-23 10:00", [], None, "empty chain"),
]


@pytest.mark.parametrize(("timeframe", "now", "listed", "expiry", "why"), CHAINS)
def test_a_chain_is_the_truth(
    timeframe: int, now: str, listed: list[str], expiry: str | None, why: str
) -> None:
    found = choose_expiry("SPY", timeframe, at(now), CALENDAR, days(*listed), RULES)
    assert (found.isoformat() if found else None) == expiry, why


@given(
    st.sampled_from(["SPY", "AAPL", "KO"]),
    st.sampled_from([None, 1, 5, 15, 60, 240, 1440]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 6, 1), timezones=st.just(UTC)),
)
def test_an_expiry_is_always_a_session_not_in_the_past(
    symbol: str, timeframe: int | None, now: datetime
) -> None:
    expiry = choose_expiry(symbol, timeframe, now, CALENDAR, None, RULES)
    assert expiry is not None and CALENDAR.is_session(expiry)
    today = CALENDAR.market_date(now)
    assert expiry >= today
    session = CALENDAR.session(expiry)
    assert session is not None and session.close - now >= timedelta(minutes=30)
    if timeframe is not None and timeframe >= 240:
        assert 30 <= (expiry - today).days <= 45


def test_tables_list_by_weekday_and_move_with_holidays() -> None:
    week = date(2026, 11, 23), date(2026, 11, 29)
    assert [d.day for d in listed_expiries("SPY", *week, CALENDAR, RULES)] == [23, 24, 25, 27]
    assert [d.day for d in listed_expiries("TSLA", *week, CALENDAR, RULES)] == [23, 25, 27]
    assert [d.day for d in listed_expiries("KO", *week, CALENDAR, RULES)] == [27]
    christmas = date(2026, 12, 21), date(2026, 12, 27)
    assert [d.day for d in listed_expiries("TSLA", *christmas, CALENDAR, RULES)] == [21, 23, 24]
    assert listed_expiries("KO", date(2026, 12, 25), date(2026, 12, 25), CALENDAR, RULES) == ()


@pytest.mark.parametrize(
    ("year", "month", "expiry"),
    [(2026, 11, "2026-11-20"), (2025, 4, "2025-04-17"), (2026, 6, "2026-06-18"), (2027, 6, "2027-06-17")],
)
def test_monthly_is_the_third_friday_or_the_session_before(year: int, month: int, expiry: str) -> None:
    assert monthly_expiry(year, month, CALENDAR) == date.fromisoformat(expiry)


# --- strike --------------------------------------------------------------------------------------------

STRIKES = [
    # symbol, spot, moneyness, direction, strikes tried in order
    ("SPY", 450.40, "atm", LONG, (450, 451, 452)),
    ("SPY", 450.60, "atm", SHORT, (451, 450, 449)),
    ("SPY", 450.50, "atm", LONG, (450, 451, 452)),
    ("SPY", 450.40, "otm", LONG, (453, 454, 455)),
    ("SPY", 450.40, "otm", SHORT, (448, 447, 446)),
    ("SPX", 6007.0, "atm", LONG, (6005, 6010, 6015)),
    ("NDX", 21_004.0, "atm", SHORT, (21_000, 20_990, 20_980)),
    ("F", 12.30, "atm", LONG, (12.5, 13.0, 13.5)),
    ("KO", 61.40, "atm", LONG, (61, 62, 63)),
    ("DIS", 112.0, "atm", SHORT, (112.5, 110.0, 107.5)),
    ("TSLA", 412.0, "atm", LONG, (410, 415, 420)),
    ("SNDL", 0.40, "atm", SHORT, (0.5,)),
    ("AAPL", 200.0, "otm", LONG, (205, 210, 215)),
    ("SPY", 400.0, "otm", LONG, (402, 403, 404)),
    ("SPY", 400.0, "otm", SHORT, (398, 397, 396)),
]


@pytest.mark.parametrize(("symbol", "spot", "moneyness", "direction", "expected"), STRIKES)
def test_strikes_without_a_chain(
    symbol: str, spot: float, moneyness: str, direction: Direction, expected: tuple[float, ...]
) -> None:
    rules = ContractRules(moneyness=moneyness)
    assert candidate_strikes(spot, direction, symbol, None, rules) == expected


CHAIN_STRIKES = [
    # spot, moneyness, direction, listed, strikes tried in order
    (101.2, "atm", LONG, [95, 100, 105], (100, 105)),
    (101.2, "atm", SHORT, [105, 100, 95, 90, 85], (100, 95, 90)),
    (101.2, "otm", LONG, [95, 100, 101.5, 102, 103], (102, 103)),
    (101.2, "otm", SHORT, [95, 100, 101], (100, 95)),
    (101.2, "otm", LONG, [95, 100], ()),
    (101.2, "otm", SHORT, [101, 105], ()),
    (101.2, "atm", LONG, [], ()),
]


@pytest.mark.parametrize(("spot", "moneyness", "direction", "listed", "expected"), CHAIN_STRIKES)
def test_strikes_of_a_chain(
    spot: float, moneyness: str, direction: Direction, listed: list[float], expected: tuple[float, ...]
) -> None:
    assert candidate_strikes(spot, direction, "XYZ", listed, ContractRules(moneyness=moneyness)) == expected


@given(st.floats(1, 30_000), st.sampled_from([LONG, SHORT]), st.sampled_from(["SPY", "SPX", "XYZ"]))
def test_out_of_the_money_strikes_are_at_or_beyond_the_offset(
    spot: float, direction: Direction, symbol: str
) -> None:
    for strike in candidate_strikes(spot, direction, symbol, None, ContractRules(moneyness="otm")):
        assert (strike - spot * (1 + direction.sign * 0.005)) * direction.sign >= -1e-6


@pytest.mark.parametrize("spot", [0.0, -1.0, float("nan"), float("inf")])
def test_no_strike_without_a_price(spot: float) -> None:
    with pytest.raises(ContractError):
        candidate_strikes(spot, LONG, "SPY", None, RULES)


# --- identity ------------------------------------------------------------------------------------------

SYMBOLS = [
    ("SPY", "2026-11-27", 450, LONG, "SPY261127C00450000", "american"),
    ("SPX", "2026-11-27", 6005, SHORT, "SPXW261127P06005000", "european"),
    ("NDX", "2026-12-24", 21_010, LONG, "NDXP261224C21010000", "european"),
    ("RUT", "2026-12-24", 2300, LONG, "RUTW261224C02300000", "european"),
    ("XSP", "2026-12-24", 601, LONG, "XSP261224C00601000", "european"),
    ("F", "2027-01-15", 12.5, SHORT, "F270115P00012500", "american"),
]


@pytest.mark.parametrize(("symbol", "expiry", "strike", "direction", "occ", "style"), SYMBOLS)
def test_occ_symbols(
    symbol: str, expiry: str, strike: float, direction: Direction, occ: str, style: str
) -> None:
    contract = make_contract(symbol, date.fromisoformat(expiry), strike, direction, RULES)
    assert (contract.occ, contract.style, contract.multiplier) == (occ, style, 100)


@given(
    st.from_regex(r"[A-Z]{1,6}", fullmatch=True).filter(lambda s: s not in RULES.pm_roots),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(1, 99_999_999),
    st.sampled_from([LONG, SHORT]),
)
def test_an_occ_symbol_names_exactly_its_contract(
    symbol: str, expiry: date, thousandths: int, direction: Direction
) -> None:
    if symbol in RULES.pm_roots.values():
        return
    contract = make_contract(symbol, expiry, thousandths / 1000, direction, RULES)
    found = re.fullmatch(r"([A-Z]{1,6})(\d{6})([CP])(\d{8})", contract.occ)
    assert found is not None
    root, day, right, strike = found.groups()
    assert (root, datetime.strptime(day, "%y%m%d").date()) == (contract.root, contract.expiry)
    assert (right, int(strike)) == ("C" if direction is LONG else "P", thousandths)


@pytest.mark.parametrize(
    ("symbol", "strike"),
    [("SPY", 0), ("SPY", -5), ("SPY", 100_000), ("SPY", 450.0004), ("ES1!", 100), ("SPX500", 5)],
)
def test_contracts_without_an_occ_symbol_are_refused(symbol: str, strike: float) -> None:
    with pytest.raises(ContractError):
        make_contract(symbol, date(2026, 11, 27), strike, LONG, RULES)


def test_an_index_trades_its_pm_settled_root() -> None:
    assert root_of("SPX", RULES) == "SPXW"  # SPX itself is AM-settled
    assert (root_of("XSP", RULES), root_of("AAPL", RULES)) == ("XSP", "AAPL")
    assert root_of("BRK.B", RULES) == "BRKB"


# --- ticks and liquidity -------------------------------------------------------------------------------

TICKS = [
    ("SPY", 1.00, 0.01),
    ("SPY", 12.00, 0.01),
    ("AAPL", 2.99, 0.01),
    ("AAPL", 3.00, 0.05),
    ("SPX", 2.95, 0.05),
    ("SPX", 3.00, 0.10),
    ("UNKNOWN", 1.00, 0.05),
    ("UNKNOWN", 5.00, 0.10),
]


@pytest.mark.parametrize(("symbol", "price", "expected"), TICKS)
def test_ticks(symbol: str, price: float, expected: float) -> None:
    assert tick(symbol, price, FILLS) == expected


@given(st.sampled_from(["SPY", "AAPL", "SPX"]), st.floats(0, 500))
def test_rounding_goes_against_the_trader_by_less_than_a_tick(symbol: str, price: float) -> None:
    up, down = tick_up(symbol, price, FILLS), tick_down(symbol, price, FILLS)
    step = tick(symbol, price, FILLS)
    assert price - 1e-8 <= up < price + step
    assert price - step < down <= price + 1e-8 and down >= 0
    for rounded in (up, down):
        assert rounded * 100 == pytest.approx(round(rounded * 100), abs=1e-6), "whole cents"


@pytest.mark.parametrize("day", ["20210104", "20210106", "20210108"])
def test_real_index_quotes_lie_on_our_ticks(reference: Callable[..., Path], day: str) -> None:
    with reference("market", "options", f"SPXW_1m_{day}.csv").open(encoding="utf-8") as rows:
        prices = [float(row[side]) for row in csv.DictReader(rows) for side in ("bid", "ask") if row[side]]
    off = [p for p in prices if abs(tick_up("SPX", p, FILLS) - p) > 1e-9]
    assert len(prices) > 500 and not off, off[:5]


NOW = at("2026-11-23 10:00")
LIQUIDITY = [
    # symbol, bid, ask, age s, open interest, fault
    ("SPY", 2.00, 2.02, 5, 5000, None),
    ("SPY", 2.00, 2.02, 5, None, None),
    ("SPY", 2.00, 2.00, 5, 5000, None),
    ("SPY", 0.10, 0.12, 5, 5000, None),
    ("SPY", 0.10, 0.13, 5, 5000, Refusal.SPREAD_TOO_WIDE),
    ("SPY", 2.00, 2.21, 5, 5000, None),
    ("SPY", 2.00, 2.22, 5, 5000, Refusal.SPREAD_TOO_WIDE),
    ("SPX", 0.10, 0.20, 5, 5000, None),
    ("SPY", None, 0.05, 5, 5000, Refusal.NO_BID),
    ("SPY", 0.0, 0.05, 5, 5000, Refusal.NO_BID),
    ("SPY", 2.00, None, 5, 5000, Refusal.NO_ASK),
    ("SPY", float("nan"), 2.0, 5, 5000, Refusal.NO_BID),
    ("SPY", 2.02, 2.00, 5, 5000, Refusal.CROSSED),
    ("SPY", 2.00, 2.02, 60, 5000, None),
    ("SPY", 2.00, 2.02, 61, 5000, Refusal.STALE_QUOTE),
    ("SPY", 2.00, 2.02, 5, 99, Refusal.LOW_OPEN_INTEREST),
    ("SPY", 2.00, 2.02, 5, 100, None),
]


@pytest.mark.parametrize(("symbol", "bid", "ask", "age", "interest", "fault"), LIQUIDITY)
def test_liquidity_of_a_listed_contract(
    symbol: str, bid: float | None, ask: float | None, age: int, interest: int | None, fault: Refusal | None
) -> None:
    quote = OptionQuote(bid=bid, ask=ask, at=NOW - timedelta(seconds=age), source="tradier")
    assert liquidity_fault(quote, symbol, NOW, RULES, FILLS, interest) is fault
    if fault in (Refusal.NO_BID, Refusal.NO_ASK, Refusal.CROSSED):
        assert quote.mid is None
