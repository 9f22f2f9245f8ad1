"""Bodies as senders post them, and what each makes of one open position: intake and engine together."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import ReceiptStatus

RULES = "[account]\nsize = 2e5\n[sizing]\ncontract_cap = 4\n[risk]\npremium_per_trade = 9e9\nsymbol_premium = 9e9\n"

# SPY LONG from 450.00, 15 min, 4 contracts, stop 448.20: body -> contracts left, stop
BODIES: list[tuple[str, int, float]] = [
    ('{"ticker": "SPY", "action": "exit"}', 0, 448.2),
    ('{"ticker": "SPY", "action": "close_long", "price": 450.5}', 0, 448.2),
    ('{"symbol": "SPY", "side": "sell", "sentiment": "flat", "quantity": "1"}', 0, 448.2),
    ('{"ticker": "SPY", "action": "flatten"}', 0, 448.2),
    ('{"ticker": "SPY", "action": "sell", "reduce_only": true}', 0, 448.2),
    ('{"ticker": "SPY", "type": "SL_HIT", "direction": "long", "price": 447}', 0, 448.2),
    ("order sell @ 8 filled on SPY. New strategy position is 0", 0, 448.2),
    ("order sell @ 4 filled on SPY. New strategy position is 4", 2, 448.2),
    ('{"ticker": "SPY", "action": "sell", "contracts": "5", "position_size": "5"}', 2, 448.2),
    ('{"ticker": "SPY", "type": "TP1_HIT", "direction": "long"}', 2, 448.2),
    ('{"ticker": "SPY", "action": "trim", "percent": 50, "interval": "15"}', 2, 448.2),
    ('{"ticker": "SPY", "action": "partial_exit", "qty_pct": 25}', 3, 448.2),
    ('{"ticker": "SPY", "action": "reduce", "quantity": 1}', 3, 448.2),
    ('{"ticker": "SPY", "action": "move_sl_to_be", "price": 451}', 4, 450.0),
    ('{"ticker": "SPY", "action": "update_stop", "stop_loss": 449.5, "price": 450.4}', 4, 449.5),
    ('{"ticker": "SPY", "action": "exit_short"}', 4, 448.2),
    ('{"ticker": "SPY", "action": "close", "interval": "60"}', 4, 448.2),
    ('{"ticker": "QQQ", "action": "close"}', 4, 448.2),
    ('{"ticker": "SPY", "action": "cancel"}', 4, 448.2),
    ('{"ticker": "SPY", "price": "450.5", "type": "heartbeat"}', 4, 448.2),
]


@pytest.mark.parametrize(("body", "left", "stop"), BODIES, ids=[b[0][:60] for b in BODIES])
def test_a_body_moves_the_position_as_its_sender_means(wired: Any, body: str, left: int, stop: float) -> None:
    wire = wired(rules=RULES)
    position = wire.enter()
    receipt = wire.later(minutes=1).raw(body)
    after = wire.position(position)
    assert (receipt.status, receipt.notes != ()) == (ReceiptStatus.ACCEPTED, True)
    assert (after.remaining, after.stop) == (left, pytest.approx(stop))
    assert {leg.reason.value for leg in after.legs} == ({"SIGNAL"} if left < 4 else set())
    assert len(wire.state.positions) == (left > 0) and wire.decision is None
