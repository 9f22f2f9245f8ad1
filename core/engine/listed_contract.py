"""Contract of an entry: by the chain of a feed, with its quotes, or by the rules where no feed lists options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.engine.kernel import Kernel
from core.events import OptionChain
from core.fast_init import fast_init
from core.model import Contract, Direction, Reason, Tone
from core.options.contract import (
    ContractError,
    away_from_target_pct,
    candidate_strikes,
    choose_expiry,
    make_contract,
)
from core.options.quotes import OptionQuote, Refusal, liquidity_fault
from core.rules.sections import ContractRules
from core.thresholds import above

CHAIN_INCOMPLETE, CHAIN_STALE = "CHAIN_INCOMPLETE", "CHAIN_STALE"


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The option that a signal is to trade: on ``symbol`` at ``spot``, chosen by its timeframe in minutes."""

    symbol: str
    direction: Direction
    timeframe: int | None
    spot: float
    now: datetime


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A contract with its quote and that of its other right; both ``None`` when no feed lists options."""

    contract: Contract
    quote: OptionQuote | None = None
    twin: OptionQuote | None = None
    notes: tuple[Reason, ...] = ()


def listed_contract(kernel: Kernel, wanted: Wanted, chain: OptionChain | None) -> Chosen | Reason:
    """Return the first liquid contract, the next ones away from the money tried in turn, or why there is none."""
    rules, symbol, now = kernel.rules.contract, wanted.symbol, wanted.now
    if chain is not None and (fault := chain_fault(symbol, chain, now, rules)) is not None:
        return fault
    expiries = None if chain is None else chain.expiries
    expiry = choose_expiry(symbol, wanted.timeframe, now, kernel.trading.calendar, expiries, rules)
    if expiry is None:
        whose = (
            f"No expiry of {symbol} is listed" if chain is None else f"The chain lists no expiry of {symbol}"
        )
        return _refusal("NO_EXPIRY", whose)
    strikes = None if chain is None else dict(chain.strikes).get(expiry)
    if chain is not None and not strikes:
        return _refusal("NO_STRIKES", f"The chain of {symbol} {expiry} lists no strikes")
    notes = _expiry_note(kernel, wanted, expiry, expiries)
    candidates = candidate_strikes(wanted.spot, wanted.direction, symbol, strikes, rules)
    why = "none is listed"
    for strike in candidates:
        away = away_from_target_pct(strike, wanted.spot, wanted.direction, rules)
        if above(away, rules.strike_max_pct):
            money = "the money" if rules.moneyness == "atm" else "its target"
            why = f"strike {strike:g} is {away:.1f} % from {money}, at most {rules.strike_max_pct:g} %"
            if strike == candidates[0]:
                return _refusal("STRIKE_FAR", f"No strike of {symbol} {expiry} near {wanted.spot:g}: {why}")
            break
        try:
            contract = make_contract(symbol, expiry, strike, wanted.direction, rules)
        except ContractError as error:
            return _refusal("NO_CONTRACT", str(error))
        if chain is None:
            return Chosen(contract=contract, notes=notes)
        found = quoted(kernel, contract, chain, now)
        if isinstance(found, Chosen):
            return Chosen(contract=contract, quote=found.quote, twin=found.twin, notes=notes)
        why = found
    text = f"No liquid contract of {symbol} {expiry} near {wanted.spot:g}: {why}"
    return _refusal("CONTRACT_ILLIQUID", text)


def approved_contract(
    kernel: Kernel, contract: Contract, chain: OptionChain | None, now: datetime
) -> Chosen | Reason:
    """Return the contract that a person approved with its quote of now; no other is bought in its place."""
    if chain is None:
        return Chosen(contract=contract)
    found = quoted(kernel, contract, chain, now)
    if isinstance(found, Chosen):
        return found
    return _refusal("CONTRACT_ILLIQUID", f"{contract.label} cannot be bought: {found}")


def quoted(kernel: Kernel, contract: Contract, chain: OptionChain, now: datetime) -> Chosen | str:
    """Return a contract with its quotes in the chain, or the reason why it is not liquid."""
    quotes, rules = dict(chain.quotes), kernel.rules
    quote = quotes.get(contract.occ)
    if quote is None:
        return "not quoted"
    interest = dict(chain.open_interest).get(contract.occ)
    fault = liquidity_fault(quote, contract.underlying, now, rules.contract, rules.fills, interest)
    if fault is None:
        return Chosen(contract=contract, quote=quote, twin=quotes.get(contract.twin))
    if fault is Refusal.LOW_OPEN_INTEREST and interest is not None:
        return f"{fault} ({interest:g} < {rules.contract.min_open_interest})"
    return str(fault)


def chain_fault(symbol: str, chain: OptionChain, now: datetime, rules: ContractRules) -> Reason | None:
    """Return why a chain must not be chosen from: a part is missing, or its lists are too old."""
    if chain.missing:
        return _refusal(CHAIN_INCOMPLETE, f"The chain of {symbol} is not complete: {chain.missing}")
    age = 0.0 if chain.as_of is None else (now - chain.as_of).total_seconds() / 60
    if above(age, rules.chain_stale_minutes):
        text = f"The chain of {symbol} is {age:.0f} min old, at most {rules.chain_stale_minutes:g}"
        return _refusal(CHAIN_STALE, text)
    return None


def _expiry_note(
    kernel: Kernel, wanted: Wanted, expiry: date, listed: tuple[date, ...] | None
) -> tuple[Reason, ...]:
    """Return a reason when the chain lacks the expiry that the rules' tables would give."""
    if listed is None:
        return ()
    rules, calendar = kernel.rules.contract, kernel.trading.calendar
    usual = choose_expiry(wanted.symbol, wanted.timeframe, wanted.now, calendar, None, rules)
    if usual is None or usual == expiry or usual in listed:
        return ()
    text = f"The chain lists no {usual:%m/%d} expiry: the nearest by the rules, {expiry:%m/%d}, is taken"
    return (Reason("EXPIRY_NEAREST", text, Tone.NEUTRAL),)


def _refusal(code: str, text: str) -> Reason:
    return Reason(code, text, Tone.NEGATIVE)
