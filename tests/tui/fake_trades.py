"""Trades, days and notes for a deck without an engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from server.deck import Page, PageQuery

NOW = datetime(2026, 11, 24, 17, 41, tzinfo=UTC)
_SYMBOLS = ("SPY", "QQQ", "NVDA", "IWM")
_SETUPS = ("2-1-2 CONTINUATION", "INSIDE BAR BREAK", "breakout + volume")
_REASONS = ("TARGET_2", "STOP_LOSS", "TIME", "TARGET_1", "SIGNAL")
_NETS = (312.4, -84.1, 41.75, 0.0, -126.5, 508.2, -18.6)


def trade(n: int) -> dict[str, Any]:
    """The n-th newest trade: the first two are open, each seventh has notes."""
    opened = NOW - timedelta(hours=2, minutes=7 * n, days=n // 5)
    while opened.weekday() >= 5:
        opened -= timedelta(days=2)
    is_open = n < 2
    symbol, net = _SYMBOLS[n % 4], _NETS[n % 7]
    closed = None if is_open else opened + timedelta(minutes=11 + 13 * (n % 9))
    notes = [note(n, "entered late, after the break #fomo")] if n % 7 == 3 else []
    return {
        "id": f"dec-{n}",
        "seq": 1000 - n,
        "position_id": f"p{n + 1}" if is_open else f"old-{n}",
        "symbol": symbol,
        "direction": "LONG" if n % 3 else "SHORT",
        "contract": f"{symbol} {450 + n % 20}{'C' if n % 3 else 'P'} 11/27",
        "occ": f"{symbol}261127C00450000",
        "setup": _SETUPS[n % 3],
        "state": "OPEN" if is_open else "CLOSED",
        "timeframe": 15,
        "quality": "HIGH",
        "confidence": 78.4,
        "opened_day": opened.date().isoformat(),
        "closed_day": None if closed is None else closed.date().isoformat(),
        "contracts": 1 + n % 4,
        "entry_price": 1.9 + n / 100,
        "exit_price": None if is_open else 2.4,
        "hold_seconds": None if closed is None else (closed - opened).total_seconds(),
        "r": None if is_open else round(net / 122.6, 4),
        "net": None if is_open else net,
        "reason": None if is_open else _REASONS[n % 5],
        "opened_at": opened.isoformat(),
        "closed_at": None if closed is None else closed.isoformat(),
        "mae": -42.5,
        "mfe": 88.25,
        "stale": False,
        "tags": ["fomo"] if notes else [],
        "notes": notes,
    }


def book_trade(n: int) -> dict[str, Any]:
    """The n-th newest trade of a book, of a broker that states days only: the first is open, the last is stock."""
    stock = n == 2
    return trade(n) | {
        "id": f"row-{n}", "position_id": f"row-{n}", "book": "roth", "side": "sell" if n == 1 else "buy",
        "contract": "MSFT stock" if stock else f"{'-' if n == 1 else ''}GS 705P 08/29", "symbol": "MSFT",
        "setup": "long stock" if stock else "short put", "opened_day": f"2025-08-0{8 - n}", "opened_at": None,
        "closed_day": None if n == 0 else "2025-08-12", "closed_at": None, "state": "OPEN" if n == 0 else "CLOSED",
        "hold_seconds": None, "contracts": 0.5 if stock else 2.0, "net": None if n == 0 else 84.5, "r": None,
        "reason": None if n == 0 else "bought back", "mae": None, "mfe": None, "tags": [], "notes": [],
        "quality": None, "confidence": None, "timeframe": None, "in_open": -25.0 if n == 0 else 0.0, "fees": 1.3,
        "entry_price": 12.78, "exit_price": None if n == 0 else 14.0,
    }  # fmt: skip


def note(n: int, text: str, day: str | None = None) -> dict[str, Any]:
    return {
        "id": f"note-{n}", "seq": n, "position_id": None if day else f"old-{n}", "day": day, "text": text,
        "author": "deck", "at": NOW.isoformat(), "tags": ["fomo"],
    }  # fmt: skip


def page(query: PageQuery, count: int) -> Page:
    """One page of the lists about trades, of ``count`` trades."""
    if query.what == "books":
        books = [{"id": "roth", "book": "roth", "closed": 2, "open": 1}]
        return Page(items=tuple(books if count else ()), next_cursor=None)
    if query.what == "trades" and "book" in query.filters:
        return _trades(query, [book_trade(n) for n in range(3)])
    if query.what == "trades":
        return _trades(query, [trade(n) for n in range(count)])
    if query.what == "notes":
        found = (
            [note(3, "entered late, after the break #fomo")] if count and "position" in query.filters else []
        )
        return Page(items=tuple(found), next_cursor=None)
    if query.what in ("setups", "symbols", "tags"):
        values = {"setups": _SETUPS, "symbols": _SYMBOLS, "tags": ("fomo", "plan", "news")}[query.what]
        items = [{"id": v, "value": v, "trades": 40 - 9 * n} for n, v in enumerate(values)]
        return Page(items=tuple(items if count else ()), next_cursor=None)
    return Page(items=tuple(_periods(query, count)), next_cursor=None)


def _trades(query: PageQuery, items: list[dict[str, Any]]) -> Page:
    for name, text in query.filters.items():
        if name == "outcome":
            items = [i for i in items if (i["net"] or 0) > 0] if text == "win" else items
        elif name in ("symbol", "setup"):
            items = [i for i in items if i[name] == text]
        elif name == "day":
            items = [i for i in items if i["closed_day"] == text]
        elif name == "text":
            items = [i for i in items if text.lower() in str(i).lower()]
    closed = [i for i in items if i["closed_day"]]
    wins = sum(i["net"] > 0 for i in closed)
    totals = {
        "closed": len(closed), "open": len(items) - len(closed), "net": round(sum(i["net"] for i in closed), 2),
        "wins": wins, "losses": len(closed) - wins, "win_rate": wins / len(closed) if closed else None,
        "average_r": sum(i["r"] or 0 for i in closed) / len(closed) if closed else None, "with_r": len(closed),
    }  # fmt: skip
    start = int(query.cursor or 0)
    end = start + query.limit
    return Page(
        items=tuple(items[start:end]), next_cursor=str(end) if end < len(items) else None, totals=totals
    )


def _periods(query: PageQuery, count: int) -> list[dict[str, Any]]:
    day = {
        "days": lambda d: d,
        "weeks": lambda d: d - timedelta(days=d.weekday()),
        "months": lambda d: d.replace(day=1),
    }
    found: dict[date, dict[str, Any]] = {}
    for item in map(trade, range(2, count)):
        start = day[query.what](date.fromisoformat(item["closed_day"]))
        into = found.setdefault(start, {"trades": 0, "wins": 0, "losses": 0, "net": 0.0, "opened": 0})
        into["trades"] += 1
        into["opened"] += 1
        into["wins"] += item["net"] > 0
        into["net"] = round(into["net"] + item["net"], 2)
    low, high = (date.fromisoformat(query.filters[name]) for name in ("from", "to"))
    return [
        {"id": str(at), "day": str(at), "average_r": 0.31, "with_r": of["trades"],
         "notes": [note(1, "CPI at 8:30, small size #news", str(at))] if at.day % 7 == 3 else [], **of}
        for at, of in sorted(found.items(), reverse=True)
        if low <= at <= high
    ]  # fmt: skip
