"""Simulated fills: the price of an order on one option, and its costs.

Invariants, tested under these names: a market order never fills better than the quote; costs add up (mid
value -/+ spread, slippage and commission is the cash that moved); a sale never fills below 0; an entry never
fills on stale prices. Bad input raises; an order that cannot be filled is refused with a code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.fast_init import fast_init
from core.options.commissions import commission
from core.options.quotes import OptionQuote, Refusal, spread_fault
from core.options.ticks import tick_down, tick_up
from core.rules.sections import ContractRules, FillRules
from core.thresholds import at_least, whole_down

__all__ = [
    "Fill",
    "FillQuality",
    "NotFilled",
    "OptionQuote",
    "Order",
    "OrderType",
    "Refusal",
    "Side",
    "fill",
    "fill_price",
    "place",
    "settle",
]

MULTIPLIER = 100


class Side(StrEnum):
    """BUY opens and SELL closes: only bought options are held."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"


class FillQuality(StrEnum):
    FULL = "FULL"
    PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order for ``contracts`` options on ``symbol`` (the underlying, which sets the tick).

    ``accept_stale`` is for exits: they fill on the quote there is, and the fill is flagged stale.
    """

    symbol: str
    side: Side
    contracts: int
    type: OrderType = OrderType.MARKET
    limit: float | None = None
    accept_stale: bool = False

    def __post_init__(self) -> None:
        if self.contracts < 1:
            raise ValueError(f"an order needs at least one contract, got {self.contracts}")
        if self.type is OrderType.LIMIT:
            if self.limit is None or not (math.isfinite(self.limit) and self.limit > 0):
                raise ValueError(f"a limit order needs a positive limit, got {self.limit}")
            if abs(self.limit * 100 - round(self.limit * 100)) > 1e-6:
                raise ValueError(f"a limit is in whole cents, got {self.limit}")
        elif self.limit is not None:
            raise ValueError("a market order has no limit")
        if self.accept_stale and self.side is Side.BUY:
            raise ValueError("an entry never fills on stale prices")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFilled:
    """Refusal of an order: the code and a text."""

    code: Refusal
    text: str


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Fill of an order: ``price`` and ``mid`` per share, costs in dollars for all ``contracts``.

    ``spread_cost`` is the distance from mid to the quoted side, ``slippage`` the rest of the distance to
    ``price`` (size, tick rounding, and a limit beyond the quote). So mid·contracts·100 -/+ (spread_cost +
    slippage + commission) is the cash of a sale / a purchase. ``estimated``: the quote was the model's;
    ``stale``: it was older than an entry may use.

    ``price`` is booked. Beside it stand ``expected``, the mid -/+ ``fills.expected_share`` of the half-spread, and
    ``worst``, the price of a market order; the best is the mid. The default share is that of Muravyev and Pearson,
    "Options Trading Costs Are Lower than You Think", Review of Financial Studies 33 (2020): on stocks of the S&P
    500 in 2004-2015 half-spreads are quoted at 13 cents on average, conventional effective ones are 10, and a quarter
    less is paid because many traders time their orders: .75 · 10/13. For other options it is assumed.
    """

    side: Side
    contracts: int
    requested: int
    mid: float
    price: float
    spread_cost: float
    slippage: float
    commission: float
    quality: FillQuality
    source: str
    estimated: bool
    stale: bool
    at: datetime
    expected: float
    worst: float

    @property
    def remaining(self) -> int:
        """Contracts not filled: cancelled for an entry, retried at the next price for an exit."""
        return self.requested - self.contracts


def fill(
    order: Order,
    quote: OptionQuote,
    now: datetime,
    market_open: bool,
    rules: FillRules,
    contract: ContractRules,
) -> Fill | NotFilled:
    """Fill an order on a quote at an instant, or refuse it with a code.

    Market: the quoted side plus slippage that grows with size, rounded to the tick against the trader. Limit:
    at the limit when the quoted side reaches it, without size slippage. Above ``partial_above`` contracts
    only ``partial_pct`` % fill. A feed's spread beyond the contract's liquidity rule refuses entries only.
    """
    stale = quote.is_stale(now, rules)
    price = _price(order, quote, market_open, stale, rules, contract)
    if isinstance(price, NotFilled):
        return price
    mid, side = quote.mid, quote.ask if order.side is Side.BUY else quote.bid
    assert mid is not None and side is not None  # _refusal checked both
    partial = order.contracts > rules.partial_above
    filled = max(1, whole_down(order.contracts * rules.partial_pct / 100)) if partial else order.contracts
    return _account(order, filled, mid, side, price, quote, stale, now, rules)


def fill_price(
    order: Order,
    quote: OptionQuote,
    now: datetime,
    market_open: bool,
    rules: FillRules,
    contract: ContractRules,
) -> float | NotFilled:
    """Return the price per share at which ``fill`` fills an order, or its refusal, without booking its costs."""
    return _price(order, quote, market_open, quote.is_stale(now, rules), rules, contract)


def _price(
    order: Order,
    quote: OptionQuote,
    market_open: bool,
    stale: bool,
    rules: FillRules,
    contract: ContractRules,
) -> float | NotFilled:
    refusal = _refusal(order, quote, market_open, stale, rules, contract)
    if refusal is not None:
        return refusal
    mid, side = quote.mid, quote.ask if order.side is Side.BUY else quote.bid
    assert mid is not None and side is not None  # _refusal checked both
    if order.limit is None:
        return _market_price(order, mid, side, rules)
    if at_least((order.limit - side) * (1 if order.side is Side.BUY else -1), 0.0):
        return round(order.limit, 2)
    text = f"{order.side} limit {order.limit:.2f} against {side:.2f}"
    return NotFilled(code=Refusal.LIMIT_NOT_MARKETABLE, text=text)


def place(
    symbol: str, side: Side, contracts: int, quote: OptionQuote, rules: FillRules, *, at_market: bool = False
) -> Order:
    """Return the order that the rules place on a quote; a sale accepts a stale quote, a purchase never does.

    At market; or, where the rule ``order_type`` is "limit" or "walk", at the quoted side on its tick, which fills
    at once and without slippage; an entry walks there step by step, see ``core.working_order``. Stops and other exits
    that must act are ``at_market`` whatever the rules say.
    """
    selling = side is Side.SELL
    limit = 0.0
    if rules.order_type != OrderType.MARKET and not at_market:
        quoted = quote.bid if selling else quote.ask
        if quoted is not None and math.isfinite(quoted) and quoted > 0:
            limit = tick_down(symbol, quoted, rules) if selling else tick_up(symbol, quoted, rules)
    if limit <= 0:  # no limit is possible at a bid below one tick
        return Order(symbol=symbol, side=side, contracts=contracts, accept_stale=selling)
    return Order(
        symbol=symbol,
        side=side,
        contracts=contracts,
        type=OrderType.LIMIT,
        limit=limit,
        accept_stale=selling,
    )


def settle(contracts: int, intrinsic: float, source: str, at: datetime) -> Fill:
    """Return the settlement of options held to expiry: intrinsic value rounded down to the cent, no costs."""
    if not (math.isfinite(intrinsic) and intrinsic >= 0):
        raise ValueError(f"intrinsic value is {intrinsic}")
    price = math.floor(intrinsic * 100 + 1e-6) / 100
    return Fill(
        side=Side.SELL,
        contracts=contracts,
        requested=contracts,
        mid=intrinsic,
        price=price,
        spread_cost=0.0,
        slippage=(intrinsic - price) * contracts * MULTIPLIER,
        commission=0.0,
        quality=FillQuality.FULL,
        source=source,
        estimated=False,
        stale=False,
        at=at,
        expected=price,
        worst=price,
    )


def _refusal(
    order: Order,
    quote: OptionQuote,
    market_open: bool,
    stale: bool,
    rules: FillRules,
    contract: ContractRules,
) -> NotFilled | None:
    if not market_open:
        return NotFilled(code=Refusal.MARKET_CLOSED, text="the exchange is closed")
    if stale and not order.accept_stale:
        return NotFilled(
            code=Refusal.STALE_QUOTE, text=f"the {quote.source} quote of {quote.at.isoformat()} is too old"
        )
    if (fault := quote.fault()) is not None:
        return NotFilled(code=fault, text=f"quoted {quote.bid} to {quote.ask}")
    if order.side is Side.BUY and (wide := spread_fault(quote, order.symbol, contract, rules)) is not None:
        return NotFilled(code=wide, text=f"quoted {quote.bid} to {quote.ask}")
    return None


def _market_price(order: Order, mid: float, side: float, rules: FillRules) -> float:
    full_size = max(1, rules.slippage_full_size - 1)
    size = min(1.0, (order.contracts - 1) / full_size)
    slippage = mid * (rules.slippage_pct + rules.slippage_size_pct * size) / 100
    if order.side is Side.BUY:
        return tick_up(order.symbol, side + slippage, rules)
    return tick_down(order.symbol, max(0.0, side - slippage), rules)


def _account(
    order: Order,
    filled: int,
    mid: float,
    side: float,
    price: float,
    quote: OptionQuote,
    stale: bool,
    now: datetime,
    rules: FillRules,
) -> Fill:
    shares = filled * MULTIPLIER
    spread_cost = abs(mid - side) * shares
    return Fill(
        side=order.side,
        contracts=filled,
        requested=order.contracts,
        mid=mid,
        price=price,
        spread_cost=spread_cost,
        slippage=abs(price - mid) * shares - spread_cost,
        commission=commission(filled, price, order.side is Side.BUY, rules),
        quality=FillQuality.FULL if filled == order.contracts else FillQuality.PARTIAL,
        source=quote.source,
        estimated=quote.is_model,
        stale=stale,
        at=now,
        expected=mid + rules.expected_share * (side - mid),
        worst=_market_price(order, mid, side, rules),
    )
