"""What may be opened beside what is open: exposure in Greeks, symbols that move as one, the other side first.

Each limit is looked at with all others out of the way, on SPY at 450 with three days to go: eight calls are about
184,000 $ of delta, 96,000 $ of delta more per 1 % move, 140 $ per volatility point and 455 $ a day.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import Notice, StoreTrade
from core.exposure import Exposure, exposure_held, exposure_of, greek_limits
from core.model import Action, Direction, ExitReason
from core.rules import parse_rules

LONG, SHORT = Direction.LONG, Direction.SHORT
MANY = "[risk]\nsymbol_premium = 1e6\nper_symbol = 9\nopen_positions = 9\n"

FLAT = "[volatility]\nterm_structure = [[1, 0.95]]\nsmile = [[0, 1.0]]\n"
"""One volatility for all, 15.2 %: the numbers of contracts are about the limits and not about the surface."""
GREEKS = {"delta_accounts": 1e9, "gamma_accounts": 1e9, "vega_pct": 1e9, "theta_pct": 1e9}
UNASKED = "approval_above_contracts = 100\napproval_above_premium = 1e9\n"

# rules beside MANY | what is open already | the entry | contracts and what binds them, or the code of a refusal
CASES: list[tuple[str, list[Any], tuple[str, Any], tuple[int, str] | tuple[str, str]]] = [
    ("delta_accounts = 7.0", [], ("SPY", LONG), (7, "delta limit")),
    ("delta_accounts = 8.0", [], ("SPY", LONG), (8, "budget")),
    ("delta_accounts = 8.0", [("SPY", LONG)], ("SPY", LONG), ("DELTA_LIMIT", "with one contract $2")),
    ("delta_accounts = 8.0", [("SPY", LONG)], ("TSLA", SHORT), (4, "premium cap")),
    ("gamma_accounts = 2.0", [], ("SPY", LONG), (4, "gamma limit")),
    ("gamma_accounts = 4.0", [], ("SPY", LONG), (8, "budget")),
    ("vega_pct = 0.5", [], ("SPY", LONG), (7, "vega limit")),
    ("vega_pct = 0.6", [], ("SPY", LONG), (8, "budget")),
    ("theta_pct = 1.5", [], ("SPY", LONG), (6, "theta limit")),
    ("theta_pct = 2.0", [], ("SPY", LONG), (8, "budget")),
    ("theta_pct = 1.9", [("SPY", LONG)], ("TSLA", SHORT), ("THETA_LIMIT", "a day > $475")),
    ("premium_per_trade = 900", [], ("SPY", LONG), (3, "premium per trade")),
    ("premium_per_trade = 200", [], ("SPY", LONG), ("MAX_PREMIUM", "One contract costs $")),
    ("symbol_premium = 1100", [], ("SPY", LONG), (3, "symbol premium")),
    ("symbol_premium = 2900", [("SPY", LONG)], ("SPY", LONG), (2, "symbol premium")),
    ("symbol_premium = 2000", [("SPY", LONG)], ("SPY", LONG), ("SYMBOL_EXPOSURE", "with one contract $2,")),
    (
        "symbol_premium = 2900",
        [("SPY", LONG)],
        ("QQQ", LONG),
        (2, "correlated premium (assumed to move as one)"),
    ),
    ("contracts_per_trade = 3", [], ("SPY", LONG), (3, "contracts per trade")),
]


@pytest.mark.parametrize(("rule", "held", "entry", "expected"), CASES)
def test_a_limit_gives_the_largest_number_that_fits_and_refuses_when_not_one_does(
    wired: Any, rule: str, held: list[Any], entry: tuple[str, Any], expected: tuple[Any, str]
) -> None:
    name = rule.partition(" ")[0]
    others = "".join(f"{key} = {value}\n" for key, value in GREEKS.items() if key != name)
    many = "".join(line for line in MANY.splitlines(keepends=True) if not line.startswith(name))
    wire = wired(asking=True, rules=f"{many}{UNASKED}{others}{rule}\n{FLAT}")
    for symbol, side in held:
        wire.enter(symbol, direction=side)
    wire.later(minutes=6)
    wire.agree(entry[0], direction=entry[1])
    record = wire.signal(entry[0], direction=entry[1])
    if isinstance(expected[0], int):
        assert (record.count.contracts, record.count.bound_by) == expected, record.blocks
        assert wire.state.positions[record.position_id].entry.filled_contracts == expected[0]
    else:
        assert (record.action, record.code) == (Action.SKIP, expected[0])
        assert expected[1] in record.blocks[0].text


def test_caps_hold_for_what_is_paid_not_for_the_ask(wired: Any) -> None:
    """At every cap the trade that is made costs at most the cap, and one contract more would not."""
    for cap in range(400, 2_400, 130):
        for name in ("risk.premium_per_trade", "sizing.premium_cap"):
            section, rule = name.split(".")
            rules = f"[sizing]\n{rule} = {cap}\n{MANY}" if section == "sizing" else f"{MANY}{rule} = {cap}\n"
            wire = wired(rules=rules)
            held = wire.enter()
            assert held.premium <= cap
            if held.entry.filled_contracts < 8:
                assert cap < (held.entry.filled_contracts + 1) * (held.entry.entry_price + 0.01) * 100


def test_every_limit_that_not_one_contract_fits_is_named(wired: Any) -> None:
    tight = "delta_accounts = 0.5\ngamma_accounts = 0.1\nvega_pct = 0.01\ntheta_pct = 0.1\n"
    rules = f"{MANY}approval_above_premium = 1e9\n{tight}"
    wire = wired(asking=True, rules=rules)
    wire.agree()
    codes = [reason.code for reason in wire.signal().blocks]
    assert codes == ["DELTA_LIMIT", "GAMMA_LIMIT", "VEGA_LIMIT", "THETA_LIMIT"]


DOLLARS = st.integers(-40, 40).map(float)


@settings(max_examples=100, deadline=None)
@given(held=DOLLARS, each=DOLLARS, limit=st.integers(1, 60), wanted=st.integers(1, 20))
def test_the_most_contracts_are_those_that_trying_each_number_finds(
    held: float, each: float, limit: int, wanted: int
) -> None:
    rules = parse_rules(f"[account]\nsize = 100\n[risk]\nvega_pct = {limit}\n")
    found = {
        name: most
        for _, name, most, _ in greek_limits(Exposure(vega=held), Exposure(vega=each), wanted, rules)
    }
    fits = [n for n in range(wanted + 1) if abs(held + n * each) <= max(limit, abs(held))]
    assert found["vega limit"] == max(fits) and fits == list(range(len(fits)))


def test_what_brings_a_greek_nearer_to_zero_is_not_held_up(wired: Any) -> None:
    wire = wired(rules=MANY)
    held = exposure_held([wire.enter("SPY")])
    less = exposure_held([wire.enter("TSLA", direction=SHORT)])
    tight = parse_rules(
        "[risk]\ndelta_accounts = 0.1\ngamma_accounts = 1e9\nvega_pct = 1e9\ntheta_pct = 1e9\n"
    )
    assert abs((held + less).delta) < abs(held.delta)
    assert [most for _, _, most, _ in greek_limits(held, less, 1, tight)] == [1, 1, 1, 1]
    assert [code for code, _, most, _ in greek_limits(held, held, 1, tight) if most < 1] == ["DELTA_LIMIT"]


def test_a_greek_counts_no_more_than_the_option_can_do(wired: Any) -> None:
    """Minutes before expiry the model's gamma and theta are rates that nothing can follow."""
    wire = wired(rules=f"{MANY}[exits]\nminutes_before_close = 0\ntheta_decay_pct = 100\n")
    held = wire.enter(timeframe=5, changes={"entry": {"price": 450.0, "stop_loss": 400.0, "target_1": 500.0}})
    assert held.entry.dte == 0
    wire.at("15:58").price(450.0)
    held = wire.position(held)
    mark, dollars = held.last, held.remaining * 100
    # A whole day of what the last two minutes lose would be many times the premium.
    assert mark.gamma * 4.5 > 1 and -mark.theta == mark.mid
    now = exposure_of(held.contract, mark, held.remaining)
    assert now.gamma == pytest.approx(max(mark.delta, 1 - mark.delta) * 450 * dollars)
    assert now.theta == pytest.approx(-(mark.mid - max(0.0, 450 - held.contract.strike)) * dollars)


NORMAL = [
    ("SPY", 662.0, 15),
    ("SPY", 450.0, 60),
    ("QQQ", 600.0, 15),
    ("AAPL", 270.0, 15),
    ("SPY", 662.0, 240),
]


@pytest.mark.parametrize(("symbol", "spot", "timeframe"), NORMAL)
def test_the_defaults_let_the_largest_trade_of_its_size_rules_through(
    wired: Any, symbol: str, spot: float, timeframe: int
) -> None:
    wire = wired(asking=True, rules="[risk]\napproval_above_contracts = 99\napproval_above_premium = 1e9\n")
    wire.agree(symbol, spot)
    record = wire.signal(symbol, spot, timeframe=timeframe)
    assert record.action is Action.EXECUTE and record.size.final == 3.0, record.blocks


def test_symbols_that_move_as_one_share_one_limit_of_premium(wired: Any) -> None:
    wire = wired(rules=FLAT)
    wire.enter("SPY")
    wire.agree("QQQ")
    refused = wire.signal("QQQ")
    assert refused.code == "CORRELATED_EXPOSURE"
    text = refused.blocks[0].text
    assert "QQQ + SPY (assumed to move as one)" in text and text.endswith("> $2,500")
    wire.agree("TSLA")
    assert wire.signal("TSLA").action is Action.EXECUTE


# --- the other side -----------------------------------------------------------------------------------

CLOSE = MANY + 'opposite = "close_first"\n'


def test_with_close_first_the_other_side_is_left_at_that_price_and_then_entered(wired: Any) -> None:
    wire = wired(rules=CLOSE)
    long = wire.enter("SPY")
    other = wire.enter("TSLA")
    wire.later(minutes=6)
    wire.agree("SPY", 450.5, SHORT)
    record = wire.signal("SPY", 450.5, SHORT)
    assert record.action is Action.EXECUTE
    left = wire.position(long)
    assert left.remaining == 0
    assert [(leg.reason, leg.underlying) for leg in left.legs] == [(ExitReason.MANUAL, 450.5)]
    assert set(wire.state.positions) == {other.id, record.position_id}
    assert [e.position.id for e in wire.of(StoreTrade)] == [long.id, record.position_id]
    assert [e.kind for e in wire.of(Notice)] == ["exit", "execute"]


def test_nothing_is_closed_for_an_entry_that_is_refused_anyway(wired: Any) -> None:
    wire = wired(rules=CLOSE.replace("open_positions = 9", "open_positions = 1"))
    long = wire.enter("SPY")
    assert wire.state.positions.keys() == {long.id}
    wire.later(minutes=6)
    wire.command("mode", argument="REDUCING")
    wire.agree("SPY", direction=SHORT)
    assert wire.signal("SPY", direction=SHORT).code == "MODE_REDUCING"
    assert wire.state.positions.keys() == {long.id}


def test_what_is_closed_first_makes_room_for_the_entry(wired: Any) -> None:
    wire = wired(rules=CLOSE.replace("open_positions = 9", "open_positions = 1"))
    wire.enter("SPY")
    wire.later(minutes=6)
    wire.agree("SPY", direction=SHORT)
    assert wire.signal("SPY", direction=SHORT).action is Action.EXECUTE
    assert len(wire.state.positions) == 1


def test_a_loss_made_by_closing_first_may_still_refuse_the_entry(wired: Any) -> None:
    wire = wired(rules=CLOSE + "losses_in_a_row = 1\n")
    long = wire.enter("SPY")
    wire.later(minutes=6)
    wire.agree("SPY", direction=SHORT)
    assert wire.signal("SPY", direction=SHORT).code == "COOL_DOWN"
    assert wire.position(long).remaining == 0 and not wire.state.positions


def test_a_trade_that_waits_for_a_person_closes_nothing_before_the_yes(wired: Any) -> None:
    wire = wired(asking=True, rules=CLOSE)
    wire.agree("SPY")
    asked = wire.signal("SPY")
    wire.command("approve_trade", argument=asked.approval_id)
    (long,) = wire.state.positions.values()
    wire.later(minutes=6)
    wire.agree("SPY", direction=SHORT)
    asked = wire.signal("SPY", direction=SHORT)
    assert asked.code == "APPROVAL_NEEDED" and set(wire.state.positions) == {long.id}
    wire.command("approve_trade", argument=asked.approval_id)
    assert set(wire.state.positions) == {wire.decision.position_id} != {long.id}
