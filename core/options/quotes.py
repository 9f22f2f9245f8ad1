"""Quotes of options, by a feed or by the model, and the reasons not to trade on one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.fast_init import fast_init
from core.options.ticks import tick
from core.rules.sections import ContractRules, FillRules
from core.thresholds import above

MODEL = "model"


class Refusal(StrEnum):
    """Reason why a quote is not traded on or an order is not filled."""

    MARKET_CLOSED = "MARKET_CLOSED"
    STALE_QUOTE = "STALE_QUOTE"
    NO_BID = "NO_BID"
    NO_ASK = "NO_ASK"
    CROSSED = "CROSSED"
    SPREAD_TOO_WIDE = "SPREAD_TOO_WIDE"
    LOW_OPEN_INTEREST = "LOW_OPEN_INTEREST"
    LIMIT_NOT_MARKETABLE = "LIMIT_NOT_MARKETABLE"


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionQuote:
    """Bid and ask of one contract in dollars per share at an instant; a side without a price is ``None``.

    ``at`` is the instant of a feed's quote, or of the underlying's price behind a model quote. ``source``
    names the feed or is "model". Only a model quote has ``model_mid``: its bid stops at 0, so that the middle
    of its sides is not always its value.
    """

    bid: float | None
    ask: float | None
    at: datetime
    source: str
    bid_size: float | None = None
    ask_size: float | None = None
    model_mid: float | None = None

    @property
    def is_model(self) -> bool:
        return self.source == MODEL

    @property
    def mid(self) -> float | None:
        """The middle of a two-sided, uncrossed quote (the model's value of a model quote), else ``None``."""
        if self.source == MODEL:
            return self.model_mid
        bid, ask = self.bid, self.ask
        # As ``fault`` tests it, in one comparison: the mid of one quote is asked for many times.
        if bid is None or ask is None or not 0 < bid <= ask < math.inf:
            return None
        return (bid + ask) / 2

    def age_seconds(self, now: datetime) -> float:
        return (now - self.at).total_seconds()

    def is_stale(self, now: datetime, rules: FillRules) -> bool:
        """Return whether the quote is older than the rules allow for its kind, feed or model."""
        limit = rules.price_stale_seconds if self.is_model else rules.quote_stale_seconds
        return above(self.age_seconds(now), limit)

    def fault(self) -> Refusal | None:
        """Return the fault of the two sides, missing or crossed, else ``None`` (bid equal to ask is no fault)."""
        if self.is_model:
            return None
        if self.ask is None or not (math.isfinite(self.ask) and self.ask > 0):
            return Refusal.NO_ASK
        if self.bid is None or not (math.isfinite(self.bid) and self.bid > 0):
            return Refusal.NO_BID
        return Refusal.CROSSED if self.bid > self.ask else None


def spread_fault(
    quote: OptionQuote, symbol: str, contract: ContractRules, fills: FillRules
) -> Refusal | None:
    """Return SPREAD_TOO_WIDE when a feed's spread exceeds both the percentage of mid and the ticks allowed."""
    mid = quote.mid
    if quote.is_model or mid is None or quote.bid is None or quote.ask is None:
        return None
    widest = max(mid * contract.max_spread_pct / 100, contract.max_spread_ticks * tick(symbol, mid, fills))
    return Refusal.SPREAD_TOO_WIDE if above(quote.ask - quote.bid, widest) else None


def liquidity_fault(
    quote: OptionQuote,
    symbol: str,
    now: datetime,
    contract: ContractRules,
    fills: FillRules,
    open_interest: float | None = None,
) -> Refusal | None:
    """Return the reason why a listed contract is not liquid enough for an entry, ``None`` when it is.

    ``symbol`` is the underlying; ``open_interest`` counts only when it is reported.
    """
    if (fault := quote.fault()) is not None:
        return fault
    if quote.is_stale(now, fills):
        return Refusal.STALE_QUOTE
    if (wide := spread_fault(quote, symbol, contract, fills)) is not None:
        return wide
    if open_interest is not None and open_interest < contract.min_open_interest:
        return Refusal.LOW_OPEN_INTEREST
    return None
