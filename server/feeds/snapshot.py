"""The market of a signal out of what the vendors gave: snapshot of the underlying, and chain near the money."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from core.decision.indicators import realised_volatility, trend_slope, wilder_rsi
from core.decision.wilder import wilder_atr
from core.events import OptionChain
from core.exchange.calendar import Calendar
from core.model import MarketSnapshot
from core.options.fills import OptionQuote
from server.feeds.observe import Observation
from server.feeds.values import Bar, OptionRow, Quote

DAILY_BARS = 120
"""Daily bars asked for: Wilder's averages forget their start within about a hundred."""
FROM_BOOK = ("spread_bps", "depth_score")
FROM_BARS = ("atr14", "rsi14", "rv20", "trend_slope")


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyFigures:
    """Figures of completed daily bars: ATR in dollars, RSI 0–100, volatility and slope as in ``indicators``.

    ``closes`` are theirs by exchange date, oldest first.
    """

    source: str
    as_of: datetime
    atr14: float | None
    rsi14: float | None
    rv20: float | None
    trend_slope: float | None
    closes: tuple[tuple[date, float], ...] = ()


def daily_figures(bars: Sequence[Bar], now: datetime, calendar: Calendar) -> DailyFigures | None:
    """Return the figures of the completed sessions among ``bars``, oldest first; ``None`` without any.

    The running day is left out: its range so far would make the ATR look small in the morning.
    """
    done = []
    for bar in bars:
        day = calendar.market_date(bar.start)
        session = calendar.session(day)
        if session is not None and session.close <= now:
            done.append(bar)
    if not done:
        return None
    closes = [bar.close for bar in done]
    return DailyFigures(
        source=done[-1].source,
        as_of=done[-1].end,
        atr14=wilder_atr([bar.high for bar in done], [bar.low for bar in done], closes),
        rsi14=wilder_rsi(closes),
        rv20=realised_volatility(closes),
        trend_slope=trend_slope(closes),
        closes=tuple((calendar.market_date(bar.start), bar.close) for bar in done),
    )


def snapshot(
    symbol: str,
    now: datetime,
    *,
    price: Observation | None,
    quote: Quote | None,
    figures: DailyFigures | None,
    figures_age: float = 0.0,
    assumed: Iterable[str] = (),
) -> MarketSnapshot:
    """Return the snapshot with the source and the age of each field that is known.

    ``figures_age`` is since the bars arrived. ``assumed`` are the fields that no configured feed could give.
    """
    values: dict[str, Any] = {}
    ages: dict[str, float] = {}
    feeds: dict[str, str] = {}

    def put(name: str, value: float | None, source: str, age: float) -> None:
        if value is not None and math.isfinite(value):
            values[name], feeds[name], ages[name] = value, source, age

    if price is not None:
        put("price", price.price, price.source, _age(price.at, now))
    if quote is not None:
        put("bid", quote.bid, quote.source, _age(quote.bid_at, now))
        put("bid_size", quote.bid_size, quote.source, _age(quote.bid_at, now))
        put("ask", quote.ask, quote.source, _age(quote.ask_at, now))
        put("ask_size", quote.ask_size, quote.source, _age(quote.ask_at, now))
        book_age = _age(quote.book_at, now)
        put("spread_bps", _spread_bps(quote), quote.source, book_age)
        put("depth_score", _depth(quote), quote.source, book_age)
    if figures is not None:
        for name in FROM_BARS:
            put(name, getattr(figures, name), figures.source, figures_age)
    fields: dict[str, Any] = {"symbol": symbol, "as_of": now, "feeds": feeds, "ages": ages}
    missing = tuple(name for name in assumed if name not in values)
    return replace(MarketSnapshot(assumed=missing), **fields, **values)


def _age(at: datetime | None, now: datetime) -> float:
    """Return the age in seconds; a value without a time is as old as can be, so that no gate takes it for fresh."""
    return 1e9 if at is None else max(0.0, (now - at).total_seconds())


def _spread_bps(quote: Quote) -> float | None:
    """Return the spread in basis points of the middle, negative when the quote is crossed."""
    if quote.bid is None or quote.ask is None or quote.bid <= 0 or quote.ask <= 0:
        return None
    return (quote.ask - quote.bid) / ((quote.ask + quote.bid) / 2) * 10_000


def _depth(quote: Quote) -> float | None:
    if quote.bid_size is None or quote.ask_size is None or quote.bid is None or quote.ask is None:
        return None
    return min(100.0, 10 * math.sqrt(max(0.0, quote.bid_size + quote.ask_size) / 100))


def option_chain(
    expiries: Sequence[date],
    expiry: date,
    rows: Iterable[OptionRow],
    root: str,
    *,
    as_of: datetime,
    missing: str = "",
) -> OptionChain:
    """Return the chain as the engine takes it: the unadjusted contracts of the traded root, with their quotes.

    ``as_of`` is when the older of its lists was read; ``missing`` says which part the vendor did not give.
    """
    kept = [row for row in rows if row.root == root and not row.adjusted and row.multiplier == 100]
    strikes = tuple(sorted({row.strike for row in kept}))
    return OptionChain(
        expiries=tuple(expiries),
        strikes=((expiry, strikes),) if strikes else (),
        quotes=row_quotes(kept),
        open_interest=tuple((r.occ, r.open_interest) for r in kept if r.open_interest is not None),
        as_of=as_of,
        missing=missing,
    )


def row_quotes(rows: Iterable[OptionRow]) -> tuple[tuple[str, OptionQuote], ...]:
    """Return the quotes of options by OCC symbol; rows without any time are left out."""
    return tuple((row.occ, quote) for row in rows if (quote := row.quote) is not None)
