"""Options that are not bought: worth less than one tick, or with a strike far from the money."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import OptionChain
from core.model import Action, Direction
from core.options.ticks import tick

EXPIRY = date(2026, 11, 27)

# symbol, price, rules -> the code of the refusal, None for an entry
CHEAP = [
    ("a 3.30 $ stock has no strike near it", "SNDL", 3.30, "", "STRIKE_FAR"),
    ("nearer by the rules", "SPY", 450.40, "[contract]\nstrike_max_pct = 0.05\n", "STRIKE_FAR"),
    ("an option worth less than a tick of five cents", "SNDL", 2.00, "", "UNDER_A_TICK"),
    ("the same where the tick is one cent", "SNDL", 2.00, "[fills]\npenny_program = ['SNDL']\n", None),
    ("a usual one", "SPY", 450.0, "", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "price", "rules", "code"), [c[1:] for c in CHEAP], ids=[c[0] for c in CHEAP]
)
def test_nothing_is_bought_under_a_tick_or_far_from_the_money(
    wired: Any, symbol: str, price: float, rules: str, code: str | None
) -> None:
    wire = wired(rules=rules + "[sizing]\ncontract_cap = 5\n")
    wire.agree(symbol, price)
    record = wire.signal(symbol, price)
    assert (record.action, record.code) == (Action.EXECUTE if code is None else Action.SKIP, code)


def test_a_chain_without_a_strike_near_the_money_is_not_traded(wire: Any) -> None:
    wire.chain = OptionChain(expiries=(EXPIRY,), strikes=((EXPIRY, (380.0, 480.0)),))
    wire.agree()
    record = wire.signal()
    assert record.code == "STRIKE_FAR"
    assert any("480 is 6.7 % from the money, at most 5 %" in reason.text for reason in record.reasons)


@given(
    symbol=st.sampled_from(["SPY", "SNDL", "NVDA", "SPX"]),
    price=st.floats(0.05, 900.0).map(lambda x: round(x, 2)),
    side=st.sampled_from(list(Direction)),
    timeframe=st.sampled_from([5, 15, 240]),
)
def test_what_is_bought_costs_a_tick_at_least_and_is_near_the_money(
    wired: Any, symbol: str, price: float, side: Direction, timeframe: int
) -> None:
    wire = wired()
    wire.agree(symbol, price, side)
    wire.signal(symbol, price, side, timeframe=timeframe)
    for position in wire.state.positions.values():
        assert position.entry.entry_price >= tick(symbol, 0.0, wire.engine.rules.fills)
        assert abs(position.contract.strike / price - 1) <= 0.05 + 1e-9
