"""Choose the listed option that a signal trades: expiry, strike, root and symbol.

A broker's option chain is used where there is one; otherwise the rules' tables stand in for it. Liquidity is
tested in ``quotes``.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from core.exchange.calendar import FIRST_DAY, LAST_DAY, Calendar
from core.model import Contract, Direction
from core.rules.sections import ContractRules
from core.thresholds import at_least

_MONDAY, _WEDNESDAY, _FRIDAY = 0, 2, 4
_WEEK = timedelta(days=7)
_MARKS = str.maketrans("", "", ".^/-")
_MAX_STRIKE = 100_000.0


class ContractError(ValueError):
    """A symbol or strike that names no standard contract; the message says why."""


# --- expiry --------------------------------------------------------------------------------------------


def choose_expiry(
    symbol: str,
    timeframe: int | None,
    now: datetime,
    calendar: Calendar,
    listed: Iterable[date] | None,
    rules: ContractRules,
) -> date | None:
    """Return the expiry that a signal of a timeframe in minutes trades; ``None`` when none is listed.

    An unknown timeframe (``None``) counts as shorter than a day's. ``listed`` are the expiries of the
    tradable root; without them the rules' tables are used. Only sessions count. An expiry on the same day
    needs its close at least ``zero_dte_minutes_left`` away.
    """
    today = calendar.market_date(now)
    if listed is None:
        horizon = today + timedelta(days=2 * rules.monthly_target_days)
        dates: Sequence[date] = listed_expiries(symbol, today, horizon, calendar, rules)
    else:
        dates = _sessions_of(tuple(listed), calendar)
    ahead = dates[bisect_right(dates, today) :]

    if timeframe is not None and timeframe <= rules.zero_dte_timeframe:
        session = calendar.session(today)
        enough = timedelta(minutes=rules.zero_dte_minutes_left)
        if session is not None and today in dates and session.close - now >= enough:
            return today
        return ahead[0] if ahead else None
    if timeframe is not None and timeframe >= rules.monthly_timeframe:
        return _monthly(today, ahead, calendar, rules)
    return _end_of_week(today, ahead)


def listed_expiries(
    symbol: str, first: date, last: date, calendar: Calendar, rules: ContractRules
) -> tuple[date, ...]:
    """Return the expiries from ``first`` to ``last`` by the rules' tables: daily, Mon/Wed/Fri, or Fridays."""
    last = min(last, LAST_DAY)
    if symbol in rules.daily_expiries:
        return _daily(first, last, calendar)
    weekdays = (_MONDAY, _WEDNESDAY, _FRIDAY) if symbol in rules.mwf_expiries else (_FRIDAY,)
    return _weekly(weekdays, first, last, calendar)


# Cached, because every entry of a day asks for the same.


@lru_cache(maxsize=256)
def _sessions_of(listed: tuple[date, ...], calendar: Calendar) -> tuple[date, ...]:
    """Return the sessions among the listed expiries, each once and in order."""
    known = {day for day in listed if FIRST_DAY <= day <= LAST_DAY}
    return tuple(sorted(day for day in known if calendar.is_session(day)))


@lru_cache(maxsize=64)
def _daily(first: date, last: date, calendar: Calendar) -> tuple[date, ...]:
    return calendar.session_dates(first, last)


@lru_cache(maxsize=64)
def _weekly(weekdays: tuple[int, ...], first: date, last: date, calendar: Calendar) -> tuple[date, ...]:
    """Return the sessions that some weekdays' expiries fall on."""
    monday = first - timedelta(days=first.weekday() + 7)
    weeks = range((last - monday).days // 7 + 2)
    nominal = (monday + timedelta(days=7 * week + weekday) for week in weeks for weekday in weekdays)
    moved = {expiry_session(day, calendar) for day in nominal if FIRST_DAY <= day <= LAST_DAY}
    return tuple(sorted(day for day in moved if first <= day <= last))


def expiry_session(nominal: date, calendar: Calendar) -> date:
    """Return the session of a nominal expiry: a holiday Monday moves forward, any other holiday back."""
    if calendar.is_session(nominal):
        return nominal
    moves_on = nominal.weekday() == _MONDAY
    return (calendar.next_session(nominal) if moves_on else calendar.previous_session(nominal)).date


def monthly_expiry(year: int, month: int, calendar: Calendar) -> date:
    """Return the standard monthly expiry: the third Friday, or the session before when that is a holiday."""
    first = date(year, month, 1)
    return expiry_session(first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14), calendar)


def _end_of_week(today: date, ahead: Sequence[date]) -> date | None:
    monday = today - timedelta(days=today.weekday())
    for start in (monday, monday + _WEEK):
        after = bisect_left(ahead, start + _WEEK)
        if after and ahead[after - 1] >= start:
            return ahead[after - 1]
    return ahead[0] if ahead else None


def _monthly(today: date, ahead: Sequence[date], calendar: Calendar, rules: ContractRules) -> date | None:
    def distance(day: date) -> tuple[int, date]:
        return abs((day - today).days - rules.monthly_target_days), day

    window = [day for day in ahead if rules.monthly_from_days <= (day - today).days <= rules.monthly_to_days]
    monthlies = [day for day in window if day == monthly_expiry(day.year, day.month, calendar)]
    return min(monthlies or ahead, key=distance, default=None)


# --- strike --------------------------------------------------------------------------------------------


def candidate_strikes(
    spot: float, direction: Direction, symbol: str, strikes: Iterable[float] | None, rules: ContractRules
) -> tuple[float, ...]:
    """Return the strike to trade, then the next ones away from the money to try if it is not liquid.

    ``strikes`` are the listed ones of the expiry; without them the rules' steps form the grid. Empty when
    none qualifies. Midway between two strikes the lower counts as nearest. Raises ContractError for spot <=
    0.
    """
    if not (math.isfinite(spot) and spot > 0):
        raise ContractError(f"no strike can be chosen at a spot of {spot}")
    out_of_the_money = rules.moneyness == "otm"
    target = _target(spot, direction, rules)
    grid: Sequence[float] = _grid(target, symbol, spot, rules) if strikes is None else sorted(set(strikes))
    if not grid:
        return ()
    if not out_of_the_money:
        above = bisect_left(grid, target)
        start = max(0, above - 1)
        if 0 < above < len(grid) and _distance(grid[above], target) < _distance(grid[start], target):
            start = above
    elif direction is Direction.LONG:
        start = bisect_left(grid, target - 1e-9)
    else:
        start = bisect_left(grid, target + 1e-9) - 1
    indices = (start + direction.sign * n for n in range(rules.strikes_tried + 1))
    return tuple(grid[i] for i in indices if 0 <= i < len(grid))


def _distance(strike: float, target: float) -> float:
    return round(abs(strike - target), 9)


def away_from_target_pct(strike: float, spot: float, direction: Direction, rules: ContractRules) -> float:
    """Return the distance of a strike from the price that it should be nearest to, in percent of that price."""
    target = _target(spot, direction, rules)
    return abs(strike - target) / target * 100


def _target(spot: float, direction: Direction, rules: ContractRules) -> float:
    return spot * (1 + direction.sign * rules.otm_offset) if rules.moneyness == "otm" else spot


def strike_step(symbol: str, spot: float, rules: ContractRules) -> float:
    """Return the distance between strikes without a chain, in dollars: by symbol, else by price."""
    by_symbol = rules.strike_steps.get(symbol)
    if by_symbol is not None:
        return float(by_symbol)
    return next(step for least, step in rules.strike_steps_by_price if at_least(spot, least))


def _grid(target: float, symbol: str, spot: float, rules: ContractRules) -> Sequence[float]:
    step = strike_step(symbol, spot, rules)
    return _multiples(step, math.floor(target / step), rules.strikes_tried + 2)


@lru_cache(maxsize=1024, typed=True)
def _multiples(step: float, middle: int, around: int) -> tuple[float, ...]:
    """Return the multiples of a step around one of them, from the first above 0 on."""
    return tuple(round(k * step, 3) for k in range(max(1, middle - around), max(1, middle) + around + 1))


# --- identity ------------------------------------------------------------------------------------------


def root_of(symbol: str, rules: ContractRules) -> str:
    """Return the root traded for an underlying: its PM-settled index root, else its letters (BRKB)."""
    return rules.pm_roots.get(symbol) or symbol.translate(_MARKS)


def make_contract(
    symbol: str, expiry: date, strike: float, direction: Direction, rules: ContractRules
) -> Contract:
    """Return the standard contract for a direction: LONG buys the call, SHORT the put.

    Raises ContractError when it has no OCC symbol: a root that is not 1–6 letters, a strike that is not
    positive, not below 100,000 or not in thousandths.
    """
    root = root_of(symbol, rules)
    if not (root.isalpha() and root.isascii() and len(root) <= 6):
        raise ContractError(f'"{symbol}" has no listed options: "{root}" cannot be a root')
    if not 0 < strike < _MAX_STRIKE or abs(strike * 1000 - round(strike * 1000)) > 1e-6:
        raise ContractError(f"strike {strike} cannot be written in an OCC symbol")
    return Contract(
        underlying=symbol,
        root=root,
        expiry=expiry,
        strike=float(strike),
        right="C" if direction is Direction.LONG else "P",
        style="european" if symbol in rules.european else "american",
    )
