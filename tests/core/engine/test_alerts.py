"""Alerts: what makes one stand and what clears it, told once in between, and nothing done about it."""

from __future__ import annotations

from typing import Any

import pytest

from core.alerts import AlertBook, active_alerts
from core.context import ContextBook
from core.effects import Notice, StoreRiskEvent, StoreTrade
from core.events import RulesChanged
from core.model import Direction, Mode, Source
from core.rules import Rules, parse_rules

MANY = "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\nlosses_in_a_row = 90\ndaily_loss = 1e6\n"

# trades closed (net $), open net $, losses in a row | what stands
MONEY: list[tuple[list[float], float, int, set[str]]] = [
    ([], 0.0, 0, set()),
    ([-2500.0], 0.0, 1, set()),
    ([-2500.01], 0.0, 1, {"DRAWDOWN"}),
    ([2000.0, -1500.0], -1000.0, 1, set()),
    ([2000.0, -1500.0], -1001.0, 1, {"DRAWDOWN"}),
    ([-3000.0, 600.0], 0.0, 0, set()),
    ([], -2600.0, 0, {"DRAWDOWN"}),
    ([-1.0] * 4, 0.0, 4, set()),
    ([-1.0] * 5, 0.0, 5, {"LOSSES_IN_A_ROW"}),
]


@pytest.mark.parametrize(("closed", "open_net", "losses", "wanted"), MONEY)
def test_money(wire: Any, closed: list[float], open_net: float, losses: int, wanted: set[str]) -> None:
    book = AlertBook()
    for net in closed:
        book.exited(wire.now, net)
    found = active_alerts(book, (), ContextBook(), losses, open_net, wire.now, Rules())
    assert set(found) == wanted


# planned losses of the entries, oldest first | whether the last one is odd
SIZES: list[tuple[list[float], bool]] = [
    ([100.0, 120.0] * 9 + [900.0], False),
    ([100.0, 120.0] * 10 + [900.0], True),
    ([100.0, 120.0] * 10 + [20.0], True),
    ([100.0, 120.0] * 10 + [125.0], False),
    ([100.0] * 30 + [900.0], False),
]


@pytest.mark.parametrize(("sizes", "odd"), SIZES)
def test_an_odd_size_needs_twenty_before_it_and_a_spread(wire: Any, sizes: list[float], odd: bool) -> None:
    book = AlertBook()
    for size in sizes:
        book.entered(wire.now, size)
    found = active_alerts(
        book, (), ContextBook(), 0, 0.0, wire.now, parse_rules("[risk]\nalert_trades = 99\n")
    )
    assert ("SIZE_ANOMALY" in found) is odd


def told(wire: Any) -> list[tuple[str, bool]]:
    return [(e.code, e.cleared) for e in wire.of(StoreRiskEvent)]


def test_more_entries_than_the_limit_are_told_once_until_the_day_has_passed(wired: Any) -> None:
    wire = wired(rules=MANY + "alert_trades = 2\n")
    for symbol in ("SPY", "QQQ"):
        wire.enter(symbol)
    wire.tick()
    assert told(wire) == []
    wire.enter("TSLA")
    wire.later(minutes=1).tick()
    assert told(wire) == [("OVERTRADING", False)]
    assert [e.text for e in wire.of(Notice) if e.kind == "risk"] == ["3 entries in 24 hours > 2"]
    wire.later(minutes=1).tick()
    assert told(wire) == []
    assert wire.state.mode is Mode.ACTIVE and wire.enter("NVDA").is_open, "an alert never acts"
    wire.later(minutes=24 * 60 + 1).tick()
    assert ("OVERTRADING", True) in told(wire)
    assert not [e for e in wire.of(Notice) if "entries in 24" in e.text]


def test_a_phase_that_turns_against_a_position_is_told_and_clears_with_it(wire: Any) -> None:
    position = wire.enter()
    wire.later(minutes=1).tick()
    assert told(wire) == []
    wire.send(Source.SATY_PHASE, direction=Direction.SHORT)
    wire.later(minutes=1).tick()
    (event,) = wire.of(StoreRiskEvent)
    assert (event.code, event.position_id, event.cleared) == ("REGIME_MISMATCH", position.id, False)
    assert not [e for e in wire.of(StoreTrade) if e.position.legs]
    wire.command("exit", position)
    wire.later(minutes=1).tick()
    assert told(wire) == [("REGIME_MISMATCH", True)]


def test_an_alert_that_stands_survives_other_rules_until_they_say_it_does_not(wired: Any) -> None:
    wire = wired(rules=MANY + "alert_trades = 1\n")
    wire.enter("SPY")
    wire.enter("TSLA")
    wire.tick()
    assert told(wire) == [("OVERTRADING", False)]
    wire.post(RulesChanged, toml=MANY + "alert_trades = 9\n")
    wire.tick()
    assert told(wire) == [("OVERTRADING", True)]
