"""What may be opened beside what is open: exposure in Greeks, symbols that move as one, the other side first.

Each limit is looked at with all others out of the way, on SPY at 450 with three days to go: eight calls are about
184,000 $ of delta, 96,000 $ of delta more per 1 % move, 140 $ per volatility point and 455 $ a day.
"""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import Notice, StoreTrade
from core.exposure import correlated_with, exposure_held, limits_exceeded
from core.model import Action, Direction, ExitReason
from core.rules import DEFAULT, parse_rules

LONG, SHORT = Direction.LONG, Direction.SHORT
MANY = "[risk]\nsymbol_premium = 1e6\nper_symbol = 9\nopen_positions = 9\n"

GREEKS = {"delta_accounts": 1e9, "gamma_accounts": 1e9, "vega_pct": 1e9, "theta_pct": 1e9}
UNASKED = "approval_above_contracts = 100\napproval_above_premium = 1e9\n"

# rules beside MANY | what is open already | the entry | code, or None when it is made | what the reason must name
CASES = [
    ("delta_accounts = 7.0", [], ("SPY", LONG), "DELTA_LIMIT", "> $175,000"),
    ("delta_accounts = 8.0", [], ("SPY", LONG), None, ""),
    ("delta_accounts = 8.0", [("SPY", LONG)], ("SPY", LONG), "DELTA_LIMIT", "> $200,000"),
    ("delta_accounts = 8.0", [("SPY", LONG)], ("TSLA", LONG), "DELTA_LIMIT", "> $200,000"),
    ("delta_accounts = 8.0", [("SPY", LONG)], ("TSLA", SHORT), None, ""),
    ("gamma_accounts = 3.0", [], ("SPY", LONG), "GAMMA_LIMIT", "per 1 % move > $75,000"),
    ("gamma_accounts = 4.0", [], ("SPY", LONG), None, ""),
    ("vega_pct = 0.5", [], ("SPY", LONG), "VEGA_LIMIT", "per point > $125"),
    ("vega_pct = 0.6", [], ("SPY", LONG), None, ""),
    ("theta_pct = 1.5", [], ("SPY", LONG), "THETA_LIMIT", "a day > $375"),
    ("theta_pct = 2.0", [], ("SPY", LONG), None, ""),
    ("theta_pct = 2.0", [("SPY", LONG)], ("TSLA", SHORT), "THETA_LIMIT", "a day > $500"),
]


@pytest.mark.parametrize(("rule", "held", "entry", "code", "words"), CASES)
def test_the_greeks_of_all_that_is_open_are_limited(
    wired: Any, rule: str, held: list[Any], entry: tuple[str, Any], code: str | None, words: str
) -> None:
    others = "".join(f"{name} = {value}\n" for name, value in GREEKS.items() if name not in rule)
    wire = wired(asking=True, rules=f"{MANY}{UNASKED}{others}{rule}\n")
    for symbol, side in held:
        wire.enter(symbol, direction=side)
    wire.later(minutes=6)
    wire.agree(entry[0], direction=entry[1])
    record = wire.signal(entry[0], direction=entry[1])
    assert (record.action, record.code) == ((Action.SKIP, code) if code else (Action.EXECUTE, None))
    assert words in "".join(reason.text for reason in record.blocks)


def test_every_greek_beyond_its_limit_is_named(wired: Any) -> None:
    rules = (
        MANY
        + "approval_above_premium = 1e9\ndelta_accounts = 1\ngamma_accounts = 0.25\nvega_pct = 0.1\ntheta_pct = 0.1\n"
    )
    wire = wired(asking=True, rules=rules)
    wire.agree()
    codes = [reason.code for reason in wire.signal().blocks]
    assert codes == ["DELTA_LIMIT", "GAMMA_LIMIT", "VEGA_LIMIT", "THETA_LIMIT"]


def test_what_brings_a_greek_nearer_to_zero_is_not_held_up(wired: Any) -> None:
    wire = wired(rules=MANY)
    held = exposure_held([wire.enter("SPY")])
    less = exposure_held([wire.enter("TSLA", direction=SHORT)])
    tight = parse_rules(
        "[risk]\ndelta_accounts = 0.1\ngamma_accounts = 1e9\nvega_pct = 1e9\ntheta_pct = 1e9\n"
    )
    assert abs((held + less).delta) < abs(held.delta)
    assert limits_exceeded(held, less, tight) == []
    assert [code for code, _ in limits_exceeded(held, held, tight)] == ["DELTA_LIMIT"]


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
    wire = wired()
    wire.enter("SPY")
    wire.agree("QQQ")
    refused = wire.signal("QQQ")
    assert refused.code == "CORRELATED_EXPOSURE"
    text = refused.blocks[0].text
    assert "QQQ + SPY (assumed to move as one)" in text and text.endswith("> $2,500")
    wire.agree("TSLA")
    assert wire.signal("TSLA").action is Action.EXECUTE


def test_the_groups_are_rules() -> None:
    assert {"SPY", "QQQ", "IWM", "SPX"} <= correlated_with("XSP", DEFAULT)
    assert correlated_with("TSLA", DEFAULT) == {"TSLA"}
    own = parse_rules('[risk]\ncorrelated = [["TSLA", "RIVN"], ["TSLA", "NVDA"]]\n')
    assert correlated_with("TSLA", own) == {"TSLA", "RIVN", "NVDA"}
    assert correlated_with("SPY", own) == {"SPY"}
    assert parse_rules(own.to_toml()) == own


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
