"""The form of Alpaca's answers: faults, pages, symbols, times; and which trades and quotes count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from server.feeds.values import Fault, Unavailable, number

NAME = "alpaca"
_SIZES_IN_SHARES_SINCE = datetime(2025, 11, 3, 5, tzinfo=UTC)
"""Since then the sizes of stock quotes are in shares, before in lots of 100."""
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_LONGEST_TEXT = 120
_NOT_IN_PLAN = ("subscription", "agreement", "does not permit", "not permitted", "insufficient")
_INVALID_SYMBOL = re.compile(r"invalid symbol(?:\(s\)|s)?:? *([\w.,/^$ -]+)", re.IGNORECASE)

COUNTED_TRADES = frozenset(" @AEFKOSXY156D")
"""Conditions of trades that set the day's last price, high and low on every tape.

Left out are odd lots (I), trades outside the session (T, U), late and out of sequence ones (G, L, P, Z, 4), average
and derived prices (B on two of the three tapes, W, 7, V, H), cash and next-day settlement (C, N, R), the official
open and close (Q, M), and every condition that is not known.
"""
_VOID_TRADES = frozenset({"canceled", "cancelled", "incorrect"})
_NOT_FIRM_STOCK = frozenset("LNUZ")
"""Conditions of stock quotes that nobody must trade at: closed, non-firm, no open and no resume."""
_NOT_FIRM_OPTION = frozenset(("F", "I", "R", "T"))
"""Conditions of option quotes that nobody must trade at: non-firm, indicative, in rotation, halted."""


# --- faults and pages ------------------------------------------------------------------------------------


def stated_fault(status: int, body: Any) -> Unavailable | None:
    """Return the fault that a body states by its ``message``, ``None`` when it states none.

    Status 200 does not rule one out.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("message"), str):
        return None
    text = " ".join(_UNPRINTABLE.sub(" ", body["message"]).split())[:_LONGEST_TEXT]
    plain = text.lower()
    code = number(body.get("code"))
    kind = Fault.VENDOR_ERROR if status >= 500 or status == 200 else Fault.REFUSED
    if any(sign in plain for sign in _NOT_IN_PLAN):
        kind = Fault.NOT_IN_PLAN
    elif (
        status in (401, 403) or "unauthorized" in plain or (code is not None and 40110000 <= code < 40120000)
    ):
        kind = Fault.KEY_REFUSED
    elif status == 429 or "too many requests" in plain or "rate limit" in plain:
        kind = Fault.BUDGET_SPENT
    elif "invalid symbol" in plain or "symbol not found" in plain or "asset not found" in plain:
        kind = Fault.UNKNOWN_SYMBOL
    return Unavailable(kind, f'{NAME}: "{text}"')


def symbols_in_fault(fault: Unavailable, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the symbols asked for that a fault names as not valid."""
    found = _INVALID_SYMBOL.search(fault.text)
    if found is None:
        return ()
    named = set(re.split(r"[ ,]+", found[1].upper()))
    return tuple(symbol for symbol in asked if to_vendor(symbol) in named)


def malformed(what: str, symbol: str | None = None) -> Unavailable:
    """Return the fault of an answer that cannot be read."""
    return Unavailable(Fault.MALFORMED, f"{NAME}: the answer cannot be read, {what}", symbol)


def next_page(body: Any) -> str | None:
    """Return the token of the next page, ``None`` after the last."""
    token = body.get("next_page_token") if isinstance(body, Mapping) else None
    return token if isinstance(token, str) and token else None


# --- symbols, times, sizes -------------------------------------------------------------------------------


def to_vendor(symbol: str) -> str:
    """Return Alpaca's form of a symbol: BRK.B."""
    return symbol.replace("/", ".").replace("-", ".").removeprefix("^")


def instant(value: object) -> datetime | None:
    """Return the time of an RFC 3339 text, nanoseconds cut to microseconds.

    ``None`` without an offset, and outside the years 1970 to 2199. Times of option streams are instants already.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None or not 1970 <= value.year < 2200:
        return None
    return value.astimezone(UTC)


def shares(size: object, at: datetime | None) -> float | None:
    """Return the size of a stock's side in shares: before 2025-11-03 it came in lots of 100."""
    found = number(size)
    if found is None or found < 0:
        return None
    return found * 100 if at is not None and at < _SIZES_IN_SHARES_SINCE else found


# --- conditions ------------------------------------------------------------------------------------------


def conditions(value: object) -> frozenset[str]:
    """Return the conditions of a trade or quote: an array for stocks, one text for options, or absent."""
    if isinstance(value, str):
        return frozenset({value}) if value else frozenset()
    if isinstance(value, list | tuple):
        return frozenset(str(code) for code in value)
    return frozenset()


def trade_counts(trade: Mapping[str, Any]) -> bool:
    """Return whether a trade sets the day's last price, high and low."""
    return conditions(trade.get("c")) <= COUNTED_TRADES and trade.get("u") not in _VOID_TRADES


def is_firm(quote: Mapping[str, Any], *, option: bool = False) -> bool:
    """Return whether a quote's sides can be traded at, as far as its conditions say."""
    return not conditions(quote.get("c")) & (_NOT_FIRM_OPTION if option else _NOT_FIRM_STOCK)
