"""Net P&L is whole cents once it is booked: the sales of a trade add up, and 0.00 is neither won nor lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.daybook import DayBook
from core.model import ExitReason
from core.options.fills import Fill, FillQuality, Side
from core.performance import metrics
from core.positions import PositionChange, pnl_breakdown
from core.positions.fills import record_exit_fill
from core.positions.ledger_record import exit_record

CENTS = st.integers(1, 2_000).map(lambda cents: cents / 100)


def sold(desk: Any, bought: float, parts: list[tuple[int, float]], commission: float) -> Any:
    """A position bought at a price and sold in parts; ``commission`` $ per contract and side."""
    contracts = sum(n for n, _ in parts)
    position = desk.open(contracts=contracts)
    entry = replace(position.entry, entry_price=bought, commission=round(commission * contracts, 2))
    change = PositionChange(position=replace(position, entry=entry))
    for n, price in parts:
        done = Fill(
            side=Side.SELL, contracts=n, requested=n, mid=price, price=price, spread_cost=0.0, slippage=0.0,
            commission=round(commission * n, 2), quality=FillQuality.FULL, source="feed", estimated=False,
            expected=price, worst=price, stale=False, at=datetime.fromisoformat("2026-11-24T15:30:00+00:00"),
        )  # fmt: skip
        change = record_exit_fill(change, ExitReason.MANUAL, done)
    return change.position


def whole(dollars: float) -> bool:
    return dollars == round(dollars, 2)


@settings(max_examples=60, deadline=None)
@given(
    bought=CENTS,
    parts=st.lists(st.tuples(st.integers(1, 7), CENTS), min_size=1, max_size=4),
    commission=st.sampled_from((0.0, 0.333, 0.5, 0.65)),
)
def test_every_sale_is_whole_cents_and_the_sales_add_up(
    desk_by: Any, bought: float, parts: list[tuple[int, float]], commission: float
) -> None:
    position = sold(desk_by(), bought, parts, commission)
    each = [pnl_breakdown(position, (leg,)) for leg in position.legs]
    total = pnl_breakdown(position)
    assert all(whole(leg.net) for leg in each) and whole(total.net)
    assert round(sum(leg.net for leg in each), 2) == total.net
    assert sum(leg.commission for leg in each) == pytest.approx(total.commission)
    cash = sum(n * (price - bought) * 100 for n, price in parts)
    paid = position.entry.commission + sum(leg.commission for leg in position.legs)
    assert total.net == pytest.approx(cash - paid, abs=0.0051)


# bought | sold: a cent of gain, which the commission of fifty cents a side takes
SCRATCHES = [(1.40, 1.41), (2.29, 2.30), (0.57, 0.58), (1.15, 1.16)]


def test_a_trade_of_0_00_is_a_scratch_everywhere(desk: Any) -> None:
    """In binary three of the four are a loss of less than a millionth of a cent, and one a gain."""
    positions = [sold(desk, bought, [(1, price)], 0.5) for bought, price in SCRATCHES]
    nets = [pnl_breakdown(position).net for position in positions]
    assert [str(net) for net in nets] == ["0.0"] * 4
    book = DayBook(losses_in_a_row=2)
    for net in nets:
        book.trade(net)
    assert (book.closed, book.wins, book.losses_in_a_row) == (4, 0, 2)
    entries = [{"id": str(n), **exit_record(position)} for n, position in enumerate(positions)]
    found = metrics(entries)
    assert (found.trades, found.wins, found.losses, found.scratches) == (4, 0, 0, 4)
    assert found.win_rate.value == 0 and found.longest_loss_streak.value == 0
