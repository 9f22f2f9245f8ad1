"""Alpaca's rows: quotes, trades, bars and option snapshots with its short keys and nanosecond times."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from server.demo.vendors.source import (
    CorporateAction,
    ListedOption,
    PriceBar,
    Stock,
    from_local_time,
    local_time,
    stated_size,
)


def nanoseconds(at: datetime) -> str:
    """Return an instant as RFC 3339 text with nine digits after the second."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}173Z"


def seconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def stock_quote(stock: Stock, at: datetime) -> dict[str, Any]:
    return {
        "t": nanoseconds(at), "ax": "V", "ap": stock.ask or 0, "as": stated_size(stock.ask_size, at),
        "bx": "V", "bp": stock.bid or 0, "bs": stated_size(stock.bid_size, at), "c": ["R"], "z": "C",
    }  # fmt: skip


def stock_trade(stock: Stock, at: datetime) -> dict[str, Any]:
    """Return the last trade; its id counts the microseconds of its day."""
    number = round((at - at.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() * 1_000_000)
    return {"t": nanoseconds(at), "x": "V", "p": stock.last, "s": 100, "c": ["@"], "i": number, "z": "C"}


def bar_row(bar: PriceBar, began: datetime, *, daily: bool = False) -> dict[str, Any]:
    """Return a bar; a daily one begins at midnight in New York."""
    if daily:
        began = from_local_time(datetime.combine(local_time(began).date(), time()))
    return {
        "t": seconds(began), "o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close, "v": bar.volume,
        "n": max(1, bar.volume // 100), "vw": round((bar.high + bar.low + bar.close) / 3, 6),
    }  # fmt: skip


def option_quote(option: ListedOption, at: datetime) -> dict[str, Any]:
    """Return an option's quote; a side without a price is 0 with size 0."""
    return {
        "t": nanoseconds(at), "ax": "C", "ap": option.ask or 0, "as": option.ask_size if option.ask else 0,
        "bx": "C", "bp": option.bid or 0, "bs": option.bid_size if option.bid else 0, "c": "A",
    }  # fmt: skip


def option_trade(option: ListedOption, at: datetime) -> dict[str, Any] | None:
    """Return an option's last trade, ``None`` where there was none."""
    return (
        None if option.last is None else {"t": nanoseconds(at), "x": "C", "p": option.last, "s": 1, "c": "I"}
    )


def snapshot(option: ListedOption, at: datetime, model: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an option's snapshot; trade, Greeks and volatility are absent where there are none."""
    row: dict[str, Any] = {"latestQuote": option_quote(option, at)}
    if (trade := option_trade(option, at)) is not None:
        row["latestTrade"] = trade
    return {**row, **(model or {})}


def contract_row(option: ListedOption, today: str) -> dict[str, Any]:
    """Return a listed contract: its numbers are texts, and it has no bid and ask."""
    return {
        "id": f"00000000-0000-4000-8000-{zlib.crc32(option.symbol.encode()):012d}",
        "symbol": option.symbol,
        "name": f"{option.underlying} {option.expiry:%b %d %Y} {option.strike:g} "
        + ("Call" if option.is_call else "Put"),
        "status": "active",
        "tradable": True,
        "expiration_date": option.expiry.isoformat(),
        "root_symbol": option.root,
        "underlying_symbol": option.underlying,
        "underlying_asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "type": "call" if option.is_call else "put",
        "style": "american",
        "strike_price": f"{option.strike:g}",
        "multiplier": "100",
        "size": "100",
        "open_interest": None if option.open_interest is None else str(option.open_interest),
        "open_interest_date": today,
        "close_price": None if option.last is None else str(option.last),
        "close_price_date": None if option.last is None else today,
    }


_ACTIONS = {"dividend": "cash_dividends", "split": "forward_splits", "name_change": "name_changes"}


def action_rows(actions: Sequence[CorporateAction]) -> dict[str, list[dict[str, Any]]]:
    """Return corporate actions by Alpaca's names of their kinds; a split into fewer shares is a reverse one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for action in actions:
        kind, day = _ACTIONS[action.kind], action.ex_date.isoformat()
        if action.kind == "split" and (action.new or 0) < (action.old or 0):
            kind = "reverse_splits"
        row: dict[str, Any] = {"symbol": action.symbol, "ex_date": day, "process_date": day}
        if action.kind == "dividend":
            row |= {"rate": action.rate, "special": False, "foreign": False, "record_date": day}
        elif action.kind == "split":
            row |= {"new_rate": action.new, "old_rate": action.old, "record_date": day}
        else:
            row = {"old_symbol": action.symbol, "new_symbol": action.to_symbol, "process_date": day}
        found.setdefault(kind, []).append(row)
    return found


def page(items: Sequence[Any], token: str | None, limit: int) -> tuple[Sequence[Any], str | None]:
    """Return one page of items and the token of the next; raises ValueError for a token that was never given."""
    start = 0 if token is None else int(base64.b64decode(token, validate=True))
    rest = start + limit
    return items[start:rest], base64.b64encode(str(rest).encode()).decode() if rest < len(items) else None
