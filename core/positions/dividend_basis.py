"""The dividends that an option is priced with, in words: who says so, and what is assumed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from core.exchange.calendar import Calendar
from core.options.dividend_table import AS_OF, TABLE, AssumedDividend, third_fridays
from core.options.dividends import CashDividend
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
    known = trading.dividends.get(symbol, ())
    stated = trading.rules.volatility.dividend.get(symbol)
    text = _source(symbol, today, contract.expiry, known, stated, trading.calendar)
    if ahead:
        text += f"; ${ahead:.2f} a share until the expiry"
    if mark.dividends is not None and abs(mark.dividends - (ahead or 0.0)) >= _CENT:
        text += f"; call and put imply ${mark.dividends:.2f} until the expiry"
    return text


@lru_cache(maxsize=1024)
def _source(
    symbol: str,
    today: date,
    expiry: date,
    known: tuple[CashDividend, ...],
    stated: float | None,
    calendar: Calendar,
) -> str:
    """Return the source in words. Kept, because it changes once a day and every snapshot shows it."""
    announced = [each for each in known if today < each.ex_date <= expiry]
    if announced:
        return f"dividends announced: ${announced[0].amount:.2f} ex {_day(announced[0].ex_date)}"
    if stated is not None:
        return f"dividends {stated * 100:.4g} % a year by the rule volatility.dividend"
    row = TABLE.get(symbol)
    if row is None:
        return "dividends: none known, none assumed"
    assumed = f"dividends assumed: {row.rate * 100:.4g} % a year, table of {AS_OF}"
    if not row.third_friday:
        return f"{assumed}, {_usual_months(row)}"
    ex = next(iter(third_fridays(row.months, today, today + _AHEAD)))
    day = ex if calendar.session(ex) else calendar.previous_session(ex).date
    return f"{assumed}, next ex-date {_day(day)}"


def _usual_months(row: AssumedDividend) -> str:
    if len(row.months) == len(_MONTHS):
        return "spread over the year"
    return "usually ex in " + ", ".join(_MONTHS[month - 1] for month in row.months)


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
