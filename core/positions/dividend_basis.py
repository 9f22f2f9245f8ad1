"""The dividends that an option is priced with, in words: who says so, and what is assumed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from core.options.dividend_table import AS_OF, TABLE, AssumedDividend, third_fridays
from core.positions.position import Position
from core.positions.trading_context import TradingContext

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AHEAD = timedelta(days=200)
_CENT = 0.005


def dividend_basis(position: Position, now: datetime, trading: TradingContext) -> str:
    """Return where the dividends of a position's last mark come from: feed, rule, or assumed by the shipped table."""
    contract, mark = position.contract, position.last
    symbol, today = contract.underlying, trading.calendar.market_date(now)
    ahead = trading.announced(contract, now, now, mark.spot)
    text = _source(symbol, today, contract.expiry, trading)
    if ahead:
        text += f"; ${ahead:.2f} a share until the expiry"
    if mark.dividends is not None and abs(mark.dividends - (ahead or 0.0)) >= _CENT:
        text += f"; call and put imply ${mark.dividends:.2f} until the expiry"
    return text


def _source(symbol: str, today: date, expiry: date, trading: TradingContext) -> str:
    announced = [each for each in trading.dividends.get(symbol, ()) if today < each.ex_date <= expiry]
    if announced:
        return f"dividends announced: ${announced[0].amount:.2f} ex {_day(announced[0].ex_date)}"
    stated = trading.rules.volatility.dividend.get(symbol)
    if stated is not None:
        return f"dividends {stated * 100:.4g} % a year by the rule volatility.dividend"
    row = TABLE.get(symbol)
    if row is None:
        return "dividends: none known, none assumed"
    assumed = f"dividends assumed: {row.rate * 100:.4g} % a year, table of {AS_OF}"
    if not row.third_friday:
        return f"{assumed}, {_usual_months(row)}"
    ex = next(iter(third_fridays(row.months, today, today + _AHEAD)))
    day = ex if trading.calendar.session(ex) else trading.calendar.previous_session(ex).date
    return f"{assumed}, next ex-date {_day(day)}"


def _usual_months(row: AssumedDividend) -> str:
    if len(row.months) == len(_MONTHS):
        return "spread over the year"
    return "usually ex in " + ", ".join(_MONTHS[month - 1] for month in row.months)


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
