"""The book's risk: every limit beside what is used of it, the same figures that an entry is refused by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.compared import over
from core.engine.risk_view import risk_view
from core.events import ClosesSeen
from core.exposure import exposure_held
from core.from_json import read_json
from core.model import Action, Direction, Mode
from core.risk import premium_at_stake
from core.risk_view import RiskView
from server.ledger.codec import encode_any

LONG, SHORT = Direction.LONG, Direction.SHORT
LOOSE = "[risk]\nsymbol_premium = 5000\nper_symbol = 4\nlosses_in_a_row = 2\ndaily_loss = 1e6\n"


def view(wire: Any) -> RiskView:
    return risk_view(wire.engine, wire.now)


def test_an_empty_book_uses_nothing_of_any_limit(wired: Any) -> None:
    wire = wired(asking=True)
    found = view(wire)
    uses = (*found.greeks, found.positions, found.daily_loss, found.losses_in_a_row)
    assert [(use.value, use.used) for use in uses] == [(0.0, 0.0)] * 7
    assert [use.limit for use in uses] == [250_000.0, 250_000.0, 250.0, 500.0, 5, 1_000.0, 3]
    assert (found.premium.value, found.premium.limit, found.premium.used) == (0.0, None, None)
    assert (found.symbols, found.groups, found.unknown) == ((), (), ())
    assert (found.mode, found.cool_down_until, found.cool_down_left) == (Mode.ACTIVE, None, None)


def test_the_greeks_and_the_premium_are_those_that_limit_an_entry(wired: Any) -> None:
    wire = wired(rules=LOOSE)
    spy, tsla = wire.enter("SPY"), wire.later(minutes=6).enter("TSLA", direction=SHORT)
    found, held = view(wire), exposure_held(wire.state.positions.values())
    assert [use.value for use in found.greeks] == [held.delta, held.gamma, held.vega, held.theta]
    assert [(each.symbols, each.premium.value) for each in found.symbols] == [
        (("SPY",), premium_at_stake(spy)),
        (("TSLA",), premium_at_stake(tsla)),
    ]
    assert found.premium.value == premium_at_stake(spy) + premium_at_stake(tsla)
    assert (found.positions.value, found.positions.limit, found.positions.used) == (2, 5, 0.4)


def test_a_refusal_by_a_limit_says_the_figures_of_the_view(wired: Any) -> None:
    """One position fills its symbol; the limit that refuses the next one is the one shown beside it."""
    wire = wired(rules="[risk]\nper_symbol = 1\nopen_positions = 1\n")
    wire.enter("SPY")
    found = view(wire)
    wire.later(minutes=6).agree("SPY")
    record = wire.signal("SPY")
    texts = {reason.code: reason.text for reason in record.blocks}
    assert record.action is Action.SKIP
    assert texts["MAX_POSITIONS"] == f"{found.positions.value} positions open, limit {found.positions.limit}"
    symbol = found.symbols[0].positions
    assert texts["MAX_PER_SYMBOL"] == f"{symbol.value} positions in SPY, limit {symbol.limit}"


def test_symbols_that_move_as_one_are_one_group_and_others_are_not(wired: Any) -> None:
    wire = wired(rules=LOOSE)
    for symbol in ("SPY", "QQQ", "TSLA"):
        wire.enter(symbol)
        wire.later(minutes=6)
    (group,) = view(wire).groups
    assert (group.symbols, group.basis) == (("QQQ", "SPY"), "assumed to move as one")
    assert group.premium.value == sum(
        premium_at_stake(p) for p in wire.state.positions.values() if p.symbol != "TSLA"
    )
    assert (group.premium.limit, group.positions.value, group.positions.limit) == (5_000.0, 2, None)


def test_a_measured_correlation_replaces_the_assumed_one_as_soon_as_closes_are_known(wired: Any) -> None:
    wire = wired(rules=LOOSE)
    for symbol in ("SPY", "TSLA"):
        wire.enter(symbol)
        wire.later(minutes=6)
    assert view(wire).groups == ()
    closes = tuple((date(2026, 7, 1) + timedelta(days=n), 100.0 + (n * 7) % 5) for n in range(70))
    for symbol in ("SPY", "TSLA"):
        wire.post(ClosesSeen, symbol=symbol, source="feed", closes=closes)
    (group,) = view(wire).groups
    assert (group.symbols, group.basis) == (("SPY", "TSLA"), "measured 1.00 over 70 sessions")


@pytest.mark.parametrize(("minutes", "left"), [(0, 3_600.0), (20, 2_400.0), (60, None), (90, None)])
def test_a_cool_down_is_counted_down_and_gone_at_its_end(
    wired: Any, minutes: int, left: float | None
) -> None:
    wire = wired(rules=LOOSE)
    for symbol in ("SPY", "TSLA"):
        position = wire.enter(symbol)
        wire.later(minutes=6).price(440.0, symbol)
        wire.command("exit", position)
    assert wire.state.day.losses_in_a_row == 2
    wire.later(minutes=minutes)
    found = view(wire)
    assert (found.losses_in_a_row.value, found.losses_in_a_row.used) == (2, 1.0)
    assert found.cool_down_left == left
    assert (found.cool_down_until is None) == (left is None)


def test_a_loss_of_the_day_and_the_mode_it_sets_are_told_with_reason_and_end(wired: Any) -> None:
    wire = wired(rules="[risk]\ndaily_loss = 300\n")
    position = wire.enter("SPY")
    wire.later(minutes=6).price(448.0)
    before = view(wire)
    assert before.pnl_today < 0
    assert before.daily_loss.value == -before.pnl_today
    wire.command("exit", position)
    wire.price(447.9)
    found = view(wire)
    assert found.daily_loss.used is not None
    assert found.daily_loss.used >= 1
    assert (found.mode, found.mode_end) == (Mode.REDUCING, "until Wed 09:30 ET")
    assert found.mode_reason == wire.state.mode_reason != ""


def test_a_day_with_a_profit_uses_nothing_of_the_loss_limit(wired: Any) -> None:
    wire = wired()
    wire.enter("SPY")
    wire.later(minutes=6).price(451.5)
    found = view(wire)
    assert found.pnl_today > 0
    assert (found.daily_loss.value, found.daily_loss.used) == (0.0, 0.0)


def test_the_view_is_the_same_after_json_and_reading_it_changes_no_state(wired: Any) -> None:
    wire = wired(rules=LOOSE)
    wire.enter("SPY")
    before = encode_any(wire.state)
    found = view(wire)
    assert encode_any(wire.state) == before
    assert read_json(RiskView, encode_any(found)) == found


def test_a_limit_of_zero_has_no_share(wired: Any) -> None:
    wire = wired(asking=True, rules="[risk]\nvega_pct = 0\n")
    assert (view(wire).vega.limit, view(wire).vega.used) == (0.0, None)


def test_the_limit_on_a_greek_refuses_with_the_digits_that_decided(wired: Any) -> None:
    """The first entry leaves just too little room for one contract more."""
    wire = wired(rules=LOOSE)
    position = wire.enter("SPY")
    each = wire.engine.state.positions[position.id].last.delta * 100 * 450.0
    after = view(wire).delta.value + each
    size = (after - 0.4) / 10
    tight = wired(
        asking=True,
        rules="[account]\nsize = 25000\n[risk]\napproval_above_contracts = 99\napproval_above_premium = 1e9\n"
        f"gamma_accounts = 1e9\nvega_pct = 1e9\ntheta_pct = 1e9\ndelta_accounts = {size * 10 / 25_000!r}\n",
    )
    tight.enter("SPY")
    tight.later(seconds=1).agree("SPY")
    record = tight.signal("SPY", changes={"timeframe": "5"})
    text = next(reason.text for reason in record.blocks if reason.code == "DELTA_LIMIT")
    assert f"with one contract {over(after, after - 0.4)}" in text
