"""Tradier's rows: quotes of underlyings and options, bars and calendar days, in its names and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from core.exchange.calendar import Calendar
from server.demo.vendors.source import ListedOption, PriceBar, Stock, local_time, stated_size

CONTRACT_SIZE = 100


def epoch_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def one_or_many(items: Sequence[Any]) -> Any:
    """Return a single item by itself, several as a list: Tradier's JSON is made from XML."""
    return items[0] if len(items) == 1 else list(items)


def stock_row(stock: Stock, at: datetime) -> dict[str, Any]:
    """Return the quote of an underlying; ``close`` is null while the session runs."""
    change = stock.last - stock.previous_close
    return {
        "symbol": stock.symbol,
        "description": f"{stock.symbol} simulated",
        "exch": "Q" if stock.kind == "stock" else "P",
        "type": stock.kind,
        "last": stock.last,
        "change": round(change, 2),
        "volume": stock.volume,
        "open": stock.open,
        "high": stock.high,
        "low": stock.low,
        "close": None,
        "bid": stock.bid or 0.0,
        "ask": stock.ask or 0.0,
        "change_percentage": round(100 * change / stock.previous_close, 2),
        "average_volume": stock.volume,
        "last_volume": 100,
        "trade_date": epoch_ms(at),
        "prevclose": stock.previous_close,
        "week_52_high": max(stock.high, stock.previous_close),
        "week_52_low": min(stock.low, stock.previous_close),
        "bidsize": stated_size(stock.bid_size, at),
        "bidexch": "Q",
        "bid_date": epoch_ms(at) // 1000 * 1000,
        "asksize": stated_size(stock.ask_size, at),
        "askexch": "Q",
        "ask_date": epoch_ms(at) // 1000 * 1000,
        "root_symbols": stock.symbol,
    }


def option_row(option: ListedOption, at: datetime, greeks: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the quote of an option; a side without a price is 0 with size 0; one never traded has no last."""
    traded = option.last is not None
    right = "Call" if option.is_call else "Put"
    quoted = epoch_ms(at) // 1000 * 1000
    return {
        "symbol": option.symbol,
        "description": f"{option.underlying} {option.expiry:%b %d %Y} ${option.strike:.2f} {right}",
        "exch": "Z",
        "type": "option",
        "last": option.last,
        "change": 0.0 if traded else None,
        "volume": 100 if traded else 0,
        "open": None,
        "high": None,
        "low": None,
        "close": None,
        "bid": option.bid or 0.0,
        "ask": option.ask or 0.0,
        "underlying": option.underlying,
        "strike": option.strike,
        "greeks": greeks,
        "change_percentage": 0.0 if traded else None,
        "average_volume": 0,
        "last_volume": 1 if traded else 0,
        "trade_date": epoch_ms(at) if traded else 0,
        "prevclose": option.last,
        "week_52_high": 0.0,
        "week_52_low": 0.0,
        "bidsize": option.bid_size if option.bid else 0,
        "bidexch": "N" if option.bid else None,
        "bid_date": quoted if option.bid else 0,
        "asksize": option.ask_size if option.ask else 0,
        "askexch": "N" if option.ask else None,
        "ask_date": quoted if option.ask else 0,
        "open_interest": option.open_interest,
        "contract_size": CONTRACT_SIZE,
        "expiration_date": option.expiry.isoformat(),
        "expiration_type": expiration_type(option.expiry),
        "option_type": "call" if option.is_call else "put",
        "root_symbol": option.root,
    }


def expiration_type(expiry: date) -> str:
    """Return Tradier's word for an expiry: the third Friday is standard, the rest are weeklys."""
    return "standard" if expiry.weekday() == 4 and 15 <= expiry.day <= 21 else "weeklys"


def day_row(bar: PriceBar) -> dict[str, Any]:
    return {
        "date": local_time(bar.began).date().isoformat(),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
    }


def minute_row(bar: PriceBar, began: datetime) -> dict[str, Any]:
    """Return one minute; ``time`` is New York's without a zone."""
    middle = (bar.high + bar.low) / 2
    return {
        "time": local_time(began).strftime("%Y-%m-%dT%H:%M:%S"),
        "timestamp": int(began.timestamp()),
        "price": middle,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
        "vwap": round(middle, 5),
    }


def calendar_days(year: int, month: int, calendar: Calendar) -> list[dict[str, Any]]:
    """Return the days of a month as Tradier's calendar lists them."""
    day = date(year, month, 1)
    rows: list[dict[str, Any]] = []
    while day.month == month:
        session = calendar.session(day)
        if session is None:
            rows.append({"date": day.isoformat(), "status": "closed", "description": "Market is closed"})
        else:
            opens, closes = (f"{local_time(at):%H:%M}" for at in (session.open, session.close))
            rows.append(
                {
                    "date": day.isoformat(), "status": "open", "description": "Market is open",
                    "premarket": {"start": "07:00", "end": "09:24"}, "open": {"start": opens, "end": closes},
                    "postmarket": {"start": closes, "end": "19:55"},
                }
            )  # fmt: skip
        day += timedelta(days=1)
    return rows


def to_xml(value: Any, name: str = "") -> str:
    """Return an answer as XML, which Tradier sends unless JSON is asked for."""
    if isinstance(value, Mapping):
        inside = "".join(to_xml(part, key) for key, part in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(to_xml(part, name) for part in value)
    else:
        inside = "" if value is None else escape(str(value))
    return f"<{name}>{inside}</{name}>" if name else inside
