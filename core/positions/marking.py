"""Mark one contract at one instant: on a real quote if there is a usable one, else by the model.

The option is priced on the underlying's price less the dividends until the expiry: implied by call and put of its
strike where both are quoted, else those announced, else by the rules' yield. The volatility is implied from the mid
of a new quote. Without one, what the contract's last quote implied is carried by term and level; a contract that was
never quoted has an estimated volatility, which is estimated again at each mark. The part of a quote's mid that the
model does not explain is ``unexplained``. Greeks, theta among them, come from ``core.options.pricing``.

Invariant, tested under this name: one contract has one mark. Spot, time, quote and what is known of volatility give
it, not the position or the marks before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from core.model import Contract
from core.options import GreeksOne, greeks_one, implied_volatility_one
from core.options.pricing import DAY_YEARS
from core.options.quotes import OptionQuote
from core.options.trading_clock import calendar_years
from core.options.volatility import ImpliedVolatility, VolatilityLevel, VolatilitySource
from core.positions.attribution import NO_ATTRIBUTION, Attribution, PricingTerms, State, shapley_one
from core.positions.parity import implied_dividends, quotes_at, usable
from core.positions.position import Basis, Mark
from core.positions.trading_context import TradingContext
from core.rules import Rules
from core.thresholds import at_least


def entry_mark(
    contract: Contract,
    spot: float,
    spot_at: datetime,
    quote: OptionQuote | None,
    now: datetime,
    trading: TradingContext,
    *,
    twin: OptionQuote | None = None,
    last: Mark | None = None,
) -> Mark:
    """Return the first mark of a position: volatility implied from a fresh real quote's mid, else as of any mark.

    ``spot`` in $ as of ``spot_at``, ``twin`` the quote of the other right, ``last`` the newest mark of the contract,
    if others hold it. Raises ValueError when the spot is not a positive number.
    """
    if not (math.isfinite(spot) and spot > 0):
        raise ValueError(f"no mark at a price of {spot}")
    quote = usable(quote, now, trading)
    years, carry = time_left(contract, now, trading)
    both = {contract.occ: quote, contract.twin: usable(twin, now, trading)}
    dividends = implied_dividends(contract, both, spot, spot_at, years, carry, trading)
    if dividends is None:
        ahead = trading.announced(contract, now, now, spot)
        dividends = ahead if last is None else _carried(contract, last, now, trading)
    terms = terms_of(contract, trading, dividends)
    state = _State(spot - (dividends or 0.0), years, carry)
    volatility = _volatility(contract, terms, state, last, _new(quote, last), None, trading)
    mark = _mark(contract, terms, spot, spot_at, state, volatility, dividends, quote, None, now, trading)
    return mark if last is None else replace(mark, quoted_at=_newest(quote, last))


def next_mark(
    contract: Contract,
    last: Mark,
    *,
    spot: float,
    spot_at: datetime,
    now: datetime,
    trading: TradingContext,
    quote: OptionQuote | None = None,
    iv: float | None = None,
    dividends: float | None = None,
) -> Mark:
    """Return the mark after ``last``, with the attribution of the step between the two.

    With a usable ``quote`` the mid is the quote's, and the volatility is implied from it if it is newer than the last
    one used: an older one at a new price says nothing of volatility. Without a quote the mid is the model's, at
    ``iv`` where a quote of this instant implied that. ``dividends`` in $ are those that call and put imply, by
    default the last mark's as far as they are not paid, or those announced.
    """
    mid, quoted_at = (None, None) if quote is None else (quote.mid, quote.at)
    vix = trading.volatility.vix
    # The key is everything the step depends on: positions in one contract share one computed mark.
    step = (
        *(contract, spot, spot_at, iv, mid, quoted_at, dividends, last.dividends, vix and vix.value),
        *(last.at, last.spot, last.iv, last.years, last.carry_years, last.mid, last.delta, last.quoted_at),
        last.implied,
    )
    shared = trading.cache.marks_at(now)
    mark = shared.get(step)
    if mark is None:
        mark = shared[step] = step_to(contract, last, spot, spot_at, now, trading, quote, iv, dividends)
    return mark


def step_to(
    contract: Contract,
    last: Mark,
    spot: float,
    spot_at: datetime,
    now: datetime,
    trading: TradingContext,
    quote: OptionQuote | None,
    iv: float | None,
    dividends: float | None,
) -> Mark:
    """Return ``next_mark`` worked out anew, for a caller that shares it among the holders of a contract."""
    years, carry = time_left(contract, now, trading)
    if carry <= 0:
        dividends = None
    elif dividends is None:
        dividends = _carried(contract, last, now, trading)
    terms, state = terms_of(contract, trading, dividends), _State(spot - (dividends or 0.0), years, carry)
    volatility = _volatility(contract, terms, state, last, _new(quote, last), iv, trading)
    return _mark(contract, terms, spot, spot_at, state, volatility, dividends, quote, last, now, trading)


def marked_like(contract: Contract, last: Mark, newest: Mark, trading: TradingContext) -> Mark:
    """Return another holder's newest mark of the contract as the one after ``last``, with the step between both."""
    terms = terms_of(contract, trading, newest.dividends)
    known, iv = newest.iv is not None, math.nan if newest.iv is None else newest.iv
    state = State(newest.spot - (newest.dividends or 0.0), iv, newest.years, newest.carry_years)
    return replace(newest, step=_step(terms, last, state, newest.mid, known, newest.dividends))


class _State(NamedTuple):
    """Price, years and carry that an option is priced on: all but its volatility."""

    spot: float
    years: float
    carry: float


class _Volatility(NamedTuple):
    iv: float
    source: VolatilitySource
    level: VolatilityLevel
    implied: ImpliedVolatility | None


def _new(quote: OptionQuote | None, last: Mark | None) -> float | None:
    """Return the mid of a quote that is newer than the last one used, else ``None``."""
    if quote is None or (last is not None and last.quoted_at is not None and quote.at <= last.quoted_at):
        return None
    return quote.mid


def _newest(quote: OptionQuote | None, last: Mark | None) -> datetime | None:
    """Return the instant of the last quote used so far."""
    before = None if last is None else last.quoted_at
    if quote is None:
        return before
    return quote.at if before is None else max(before, quote.at)


def _volatility(
    contract: Contract,
    terms: PricingTerms,
    state: _State,
    last: Mark | None,
    mid: float | None,
    iv: float | None,
    trading: TradingContext,
) -> _Volatility:
    """Return the volatility with its source: ``iv`` or what ``mid`` implies, else carried, else estimated."""
    surface, level = trading.surface, trading.level(contract.underlying)
    if mid is not None:
        iv = _implied(terms, mid, state.spot, state.years, state.carry)
    if iv is not None:
        implied = ImpliedVolatility(iv=iv, years=state.years, level=level)
        return _Volatility(iv, VolatilitySource.IMPLIED, level, implied)
    quoted = None if last is None else _last_implied(last)
    if quoted is not None:
        carried = surface.carried(quoted, state.years, level)
        return _Volatility(carried, VolatilitySource.CARRIED, level, quoted)
    forward = state.spot * math.exp((terms.rate - terms.dividend) * state.carry)
    estimated = math.nan
    if forward > 0:
        estimated = surface.estimate(contract.strike, forward, state.years, level).value
    return _Volatility(estimated, VolatilitySource.ESTIMATED, level, None)


def _last_implied(last: Mark) -> ImpliedVolatility | None:
    """Return what the contract's last quote implied; of an older ledger's mark on a quote, its volatility."""
    if last.iv_source is None and last.quoted_at is not None and last.iv is not None:
        return ImpliedVolatility(iv=last.iv, years=last.years)
    return last.implied


def _carried(contract: Contract, last: Mark, now: datetime, trading: TradingContext) -> float | None:
    """Return the dividends of the last mark less those that went ex since, else those announced."""
    ahead = trading.announced(contract, now, now, last.spot)
    if last.dividends is None or ahead is None:
        return ahead if last.dividends is None else last.dividends
    before = trading.announced(contract, last.at, now, last.spot)
    return last.dividends - ((before or 0.0) - ahead)


def iv_from_quote(
    contract: Contract,
    quote: OptionQuote,
    spot: float,
    now: datetime,
    trading: TradingContext,
    dividends: float | None = None,
) -> float | None:
    """Return the volatility a year that a quote's mid implies at a spot, ``None`` when there is none."""
    years, carry = time_left(contract, now, trading)
    if quote.mid is None:
        return None
    terms = terms_of(contract, trading, dividends)
    return _implied(terms, quote.mid, spot - (dividends or 0.0), years, carry)


def quote_of(
    contract: Contract, quotes: Sequence[tuple[str, OptionQuote]], now: datetime, trading: TradingContext
) -> OptionQuote | None:
    """Return the usable quote of a contract among the quotes that came with a price."""
    return quotes_at(quotes, now, trading).get(contract.occ)


def terms_of(contract: Contract, trading: TradingContext, dividends: float | None = None) -> PricingTerms:
    """Return what stays while an option is priced; the rules' yield only where no dividends in $ are known."""
    known = trading.known(contract)
    return known.terms if dividends is None else known.terms_in_dollars


def time_left(contract: Contract, now: datetime, trading: TradingContext) -> tuple[float, float]:
    """Return the years to the option's last close on the trading clock and on the calendar, 0 after it."""
    known = trading.cache.years_at(now)
    left = known.get(contract.expiry)
    if left is None:
        end = trading.last_close(contract.expiry)
        left = (trading.clock.years_between(now, end), calendar_years(now, end)) if now < end else (0.0, 0.0)
        known[contract.expiry] = left
    return left


def _implied(terms: PricingTerms, mid: float, spot: float, years: float, carry: float) -> float | None:
    return implied_volatility_one(
        mid,
        spot,
        terms.strike,
        years,
        terms.is_call,
        rate=terms.rate,
        dividend=terms.dividend,
        carry_years=carry,
        american=terms.american,
    )


def _mark(
    contract: Contract,
    terms: PricingTerms,
    spot: float,
    spot_at: datetime,
    valued: _State,
    volatility: _Volatility,
    dividends: float | None,
    quote: OptionQuote | None,
    last: Mark | None,
    now: datetime,
    trading: TradingContext,
) -> Mark:
    state = State(valued.spot, volatility.iv, valued.years, valued.carry)
    found = greeks_one(
        state.spot,
        terms.strike,
        state.years,
        state.iv,
        terms.is_call,
        rate=terms.rate,
        dividend=terms.dividend,
        carry_years=state.carry_years,
        american=terms.american,
        theta_years=trading.clock.one_day_years,
        theta_carry_years=DAY_YEARS,
    )
    known = math.isfinite(found.price)
    quoted = None if quote is None else quote.mid
    if quoted is not None:
        mid = quoted
    elif known:
        mid = found.price
    elif last is not None:
        mid = last.mid
    else:
        raise ValueError(f"{contract.occ} can be valued neither by a quote nor by the model")
    delta, gamma, theta, vega, estimated = _greeks(found, terms, state, contract, now, trading)
    # Near expiry a day's rate promises more than is left to lose: the time value is all of it.
    intrinsic = max(0.0, (spot - contract.strike) * (1 if contract.is_call else -1))
    theta = max(theta, -max(0.0, mid - intrinsic))
    return Mark(
        at=now,
        spot=spot,
        spot_at=spot_at,
        iv=state.iv if known else None,
        years=state.years,
        carry_years=state.carry_years,
        mid=mid,
        delta=delta,
        gamma=gamma,
        theta=theta,
        vega=vega,
        basis=Basis.MODEL if quoted is None else Basis.QUOTE,
        estimated=estimated,
        quoted_at=_newest(quote, last),
        step=NO_ATTRIBUTION
        if last is None
        else _step(terms, last, state, mid, known, dividends, found.price),
        dividends=dividends,
        iv_source=volatility.source if known else None,
        level=volatility.level,
        implied=volatility.implied,
    )


def _step(
    terms: PricingTerms,
    last: Mark,
    state: State,
    mid: float,
    known: bool,
    dividends: float | None,
    value: float | None = None,
) -> Attribution:
    """Return the attribution of the step to a state; ``value`` is the model's there, where it is known."""
    change = mid - last.mid
    if last.iv is None or not known:
        return Attribution(unexplained=change * terms.multiplier)
    priced_on, iv = last.spot - (last.dividends or 0.0), last.iv
    if (last.dividends is None) is not (dividends is None):
        # That dividends are known from now on is no move: the last mark is read again with them.
        priced_on = last.spot - (dividends or 0.0)
        iv = _implied(terms, last.mid, priced_on, last.years, last.carry_years) or iv
    start = State(priced_on, iv, last.years, last.carry_years)
    return shapley_one(terms, start, state, last.delta, change, value)


def _greeks(
    found: GreeksOne,
    terms: PricingTerms,
    state: State,
    contract: Contract,
    now: datetime,
    trading: TradingContext,
) -> tuple[float, float | None, float, float | None, bool]:
    """Return delta, gamma, theta, vega and whether they are the rules' fallback (the model gave none)."""
    if all(map(math.isfinite, found)):
        return found.delta, found.gamma, found.theta, found.vega, False
    rules = trading.rules.volatility
    sign = 1 if terms.is_call else -1
    out_of_the_money = is_out_of_the_money(contract, state.spot, trading.rules)
    delta = rules.fallback_delta_otm if out_of_the_money else rules.fallback_delta_atm
    theta = rules.fallback_theta_0dte if trading.dte(contract, now) == 0 else rules.fallback_theta
    return sign * delta, None, theta, None, True


def is_out_of_the_money(contract: Contract, spot: float, rules: Rules) -> bool:
    """Return whether a strike is at least ``contract.otm_offset`` of the spot out of the money."""
    away = (contract.strike - spot) * (1 if contract.is_call else -1) / spot
    return at_least(away, rules.contract.otm_offset)
