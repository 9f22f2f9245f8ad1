"""Entries from a feed's chain: expiry, strike, liquidity, and a chain that is not whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.events import OptionChain
from core.model import Action
from core.options.quotes import OptionQuote

FRIDAY, NEXT_FRIDAY = date(2026, 11, 27), date(2026, 12, 4)
STRIKES = (448.0, 449.0, 450.0, 451.0, 452.0, 453.0)


def occ(strike: float, right: str = "C", expiry: date = FRIDAY, root: str = "SPY") -> str:
    return f"{root}{expiry:%y%m%d}{right}{round(strike * 1000):08d}"


def quote(wire: Any, bid: float | None = 4.10, ask: float | None = 4.14, age: float = 1.0) -> OptionQuote:
    return OptionQuote(
        bid=bid, ask=ask, at=wire.now - timedelta(seconds=age), source="tradier", bid_size=30.0, ask_size=12.0
    )


def chain(wire: Any, quotes: dict[str, OptionQuote] | None = None, **changes: Any) -> OptionChain:
    """SPY around 450 for this Friday: every call and put quoted, but for what ``quotes`` says otherwise."""
    usual = {occ(k, right): quote(wire) for k in STRIKES for right in "CP"}
    merged = {k: v for k, v in (usual | (quotes or {})).items() if v is not None}
    whole = OptionChain(
        expiries=(FRIDAY, NEXT_FRIDAY), strikes=((FRIDAY, STRIKES),), quotes=tuple(merged.items())
    )
    return replace(whole, **changes)


def decide(wire: Any, made: OptionChain, price: float = 450.2, timeframe: int = 15) -> Any:
    wire.chain = made
    wire.price(price)
    wire.agree(price=price)
    return wire.signal(price=price, timeframe=timeframe)


CASES: list[tuple[str, dict[str, Any], Any, float | None, str]] = [
    ("all liquid: nearest to the money", {}, {}, 450.0, ""),
    ("no bid: the next away", {450.0: {"bid": None}}, {}, 451.0, ""),
    ("no ask: the next away", {450.0: {"ask": None}}, {}, 451.0, ""),
    ("crossed: the next away", {450.0: {"bid": 4.2, "ask": 4.1}}, {}, 451.0, ""),
    ("locked is no fault", {450.0: {"bid": 4.1, "ask": 4.1}}, {}, 450.0, ""),
    ("quote of a minute and a second ago", {450.0: {"age": 61.0}}, {}, 451.0, ""),
    ("spread above 10 % and two ticks", {450.0: {"bid": 4.0, "ask": 4.5}}, {}, 451.0, ""),
    ("two ticks are always narrow", {450.0: {"bid": 0.05, "ask": 0.07}}, {}, 450.0, ""),
    ("99 contracts open", {}, {450.0: 99.0}, 451.0, ""),
    ("100 contracts open", {}, {450.0: 100.0}, 450.0, ""),
    ("the second next", {450.0: {"bid": None}, 451.0: {"bid": None}}, {}, 452.0, ""),
    ("three are not liquid", {k: {"bid": None} for k in (450.0, 451.0, 452.0)}, {}, None, "NO_BID"),
    ("none has interest", {}, dict.fromkeys(STRIKES, 3.0), None, "LOW_OPEN_INTEREST (3 < 100)"),
]


@pytest.mark.parametrize(("name", "quotes", "interest", "strike", "why"), CASES, ids=[c[0] for c in CASES])
def test_the_first_liquid_strike_away_from_the_money_is_bought(
    wire: Any,
    name: str,
    quotes: dict[float, Any],
    interest: dict[float, float],
    strike: float | None,
    why: str,
) -> None:
    changed = {occ(k): quote(wire, **how) for k, how in quotes.items()}
    made = chain(wire, changed, open_interest=tuple((occ(k), n) for k, n in interest.items()))
    record = decide(wire, made)
    if strike is None:
        assert record.code == "CONTRACT_ILLIQUID" and why in record.blocks[0].text
        return
    assert record.contract is not None and record.contract.strike == strike, record.blocks
    if record.action is Action.EXECUTE:
        entry = wire.state.positions[record.position_id].entry
        real = dict(made.quotes)[record.contract.occ]
        assert entry.entry_price >= real.ask and entry.entry_mid == pytest.approx(real.mid)


def test_adjusted_and_morning_settled_contracts_are_never_bought(wire: Any) -> None:
    """SPY1 is an adjusted SPY; their strikes may stand in the chain, their quotes are not the contract's."""
    adjusted = {occ(k): None for k in STRIKES} | {occ(k, root="SPY1"): quote(wire) for k in STRIKES}
    record = decide(wire, chain(wire, adjusted))
    assert record.code == "CONTRACT_ILLIQUID" and "not quoted" in record.blocks[0].text


def test_an_index_is_traded_by_its_afternoon_root(wire: Any) -> None:
    third_friday = date(2026, 12, 18)
    strikes = (4495.0, 4500.0, 4505.0)
    quotes = {occ(k, expiry=third_friday, root="SPX"): quote(wire) for k in strikes}
    made = OptionChain(
        expiries=(third_friday,), strikes=((third_friday, strikes),), quotes=tuple(quotes.items())
    )
    wire.chain = made
    wire.price(4500.0, "SPX")
    wire.agree("SPX", 4500.0)
    record = wire.signal("SPX", 4500.0, timeframe=15)
    assert record.code == "CONTRACT_ILLIQUID"  # only the morning-settled SPX is quoted


@pytest.mark.parametrize(
    ("name", "changes", "code", "said"),
    [
        (
            "a page is missing",
            {"missing": "page 2 of 3 timed out"},
            "CHAIN_INCOMPLETE",
            "page 2 of 3 timed out",
        ),
        ("lists of two hours ago", {"as_of": -7200}, "CHAIN_STALE", "120 min old"),
        (
            "no expiry at all",
            {"expiries": (), "strikes": ()},
            "NO_EXPIRY",
            "The chain lists no expiry of SPY",
        ),
        ("no strikes", {"strikes": ((FRIDAY, ()),)}, "NO_STRIKES", "lists no strikes"),
    ],
)
def test_a_chain_that_is_not_whole_is_said_and_not_traded_on(
    wire: Any, name: str, changes: dict[str, Any], code: str, said: str
) -> None:
    if "as_of" in changes:
        changes = {"as_of": wire.now + timedelta(seconds=changes["as_of"])}
    record = decide(wire, chain(wire, **changes))
    assert (record.action, record.code) == (Action.SKIP, code) and said in record.blocks[0].text


def test_a_chain_that_becomes_whole_is_traded_on(wire: Any) -> None:
    assert decide(wire, chain(wire, missing="page 2 of 3 timed out")).code == "CHAIN_INCOMPLETE"
    wire.later(minutes=2)
    wire.chain = chain(wire)
    wire.price(450.2)
    assert wire.decision.action is Action.EXECUTE


@pytest.mark.parametrize(
    ("name", "timeframe", "listed", "taken", "wanted"),
    [
        ("no 0DTE listed", 5, (FRIDAY, NEXT_FRIDAY), FRIDAY, "11/24"),
        ("this week is not listed", 15, (NEXT_FRIDAY,), NEXT_FRIDAY, "11/27"),
        ("no monthly in 30–45 days", 240, (NEXT_FRIDAY, date(2027, 1, 15)), date(2027, 1, 15), "12/31"),
    ],
)
def test_an_expiry_that_the_chain_lacks_is_replaced_by_the_nearest_with_a_reason(
    wire: Any, name: str, timeframe: int, listed: tuple[date, ...], taken: date, wanted: str
) -> None:
    quotes = {occ(k, expiry=taken): quote(wire, 8.0, 8.1) for k in STRIKES}
    made = OptionChain(expiries=listed, strikes=((taken, STRIKES),), quotes=tuple(quotes.items()))
    record = decide(wire, made, timeframe=timeframe)
    assert record.contract.expiry == taken, record.blocks
    (note,) = [reason for reason in record.reasons if reason.code == "EXPIRY_NEAREST"]
    assert wanted in note.text and f"{taken:%m/%d}" in note.text


def test_an_expiry_that_the_chain_lists_needs_no_reason(wire: Any) -> None:
    record = decide(wire, chain(wire))
    assert record.action is Action.EXECUTE and record.notes == ()


def test_the_entry_is_priced_by_both_sides_of_its_strike(wire: Any) -> None:
    """The put 5 cents above what the price itself says: call and put agree on the price less dividends."""
    quotes = {occ(450.0): quote(wire, 4.38, 4.42), occ(450.0, "P"): quote(wire, 4.05, 4.09)}
    record = decide(wire, chain(wire, quotes))
    position = wire.state.positions[record.position_id]
    assert position.last.dividends is not None
    assert 450.2 - position.last.dividends == pytest.approx(450 + (4.40 - 4.07), abs=0.3)
    watched = {c.occ for watch in wire.engine.watched() for c in watch.contracts}
    assert {position.contract.occ, position.contract.twin} <= watched
