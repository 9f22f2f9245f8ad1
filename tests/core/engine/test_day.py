"""The day's profit and loss runs from the last close or the entry, and its limit ends with it."""

from __future__ import annotations

from typing import Any

import pytest

from core.effects import Notice, StoreRiskEvent
from core.engine.day import open_today, pnl_today
from core.engine.positions import open_net
from core.model import Mode
from core.positions import pnl_breakdown
from tests.core.engine.conftest import day_of

RULES = (
    "[risk]\nsymbol_premium = 1e6\nper_symbol = 9\nopen_positions = 9\ndaily_loss = {limit}\n{more}"
    "[exits]\ntheta_decay_pct = 100\n"
)
FAR = {"entry": {"price": 450.0, "stop_loss": 400.0, "target_1": 500.0, "target_2": 520.0}}
"""Levels that nothing here reaches; the option has three days to its expiry."""
DAYS = ("2026-11-24", "2026-11-25", "2026-11-27")
"""Three sessions in a row: Thursday the 26th is a holiday."""


def rules(limit: float = 1e6, more: str = "") -> str:
    return RULES.format(limit=limit, more=more)


def day(wire: Any, date: str, last: float, *, after_hours: float | None = None) -> None:
    """One session: its first and last price at ``last``, a tick at the close, a price after hours."""
    if day_of(f"{date}T09:30") > wire.now:
        wire.at(f"{date}T09:30").price(last)
        wire.tick()
    wire.at(f"{date}T15:59").price(last)
    wire.at(f"{date}T16:00").tick()
    if after_hours is not None:
        wire.at(f"{date}T17:00").price(after_hours)
        wire.tick()


def test_what_is_carried_counts_from_the_last_close(wired: Any) -> None:
    wire = wired(rules=rules())
    held = wire.enter(changes=FAR)
    entry = held.entry
    paid = entry.spread_cost + entry.slippage + entry.commission
    assert pnl_today(wire.engine) == pytest.approx(-paid), "the costs of today's entry are today's"
    assert wire.state.day.costs == pytest.approx(paid)
    wire.at("2026-11-24T15:59").price(448.0)
    lost = pnl_today(wire.engine)
    assert lost == pytest.approx(open_net(wire.engine)) and lost < -200
    wire.at("2026-11-24T16:00").tick()
    assert pnl_today(wire.engine) == pytest.approx(lost), "the close ends the day's change, not the day"
    wire.at("2026-11-25T09:29").tick()
    assert pnl_today(wire.engine) == pytest.approx(0.0) and wire.state.day.costs == 0
    wire.at("2026-11-25T09:30").price(448.5)
    assert 0 < pnl_today(wire.engine) < 150 < -open_net(wire.engine)


def test_a_sale_of_what_is_carried_makes_no_jump(wired: Any) -> None:
    wire = wired(rules=rules())
    held = wire.enter(changes=FAR)
    day(wire, DAYS[0], 448.0)
    wire.at(f"{DAYS[1]}T09:31").price(448.0)
    before = pnl_today(wire.engine)
    wire.command("exit", held, contracts=1)
    sold = wire.position(held).legs[-1]
    costs = sold.spread_cost + sold.slippage + sold.commission
    assert pnl_today(wire.engine) == pytest.approx(before - costs)
    assert wire.state.day.costs == pytest.approx(costs)
    assert wire.state.day.realized == pytest.approx(pnl_today(wire.engine) - open_today(wire.engine))


def test_the_days_add_up_to_the_net_of_the_trade(wired: Any) -> None:
    wire = wired(rules=rules())
    held = wire.enter(changes=FAR)
    figures = []
    for date, last in zip(DAYS[:2], (448.0, 449.2), strict=True):
        day(wire, date, last, after_hours=last + 1.0)
        figures.append(pnl_today(wire.engine))
    wire.at(f"{DAYS[2]}T09:30").price(449.9)
    wire.command("exit", held, contracts=2)
    wire.later(minutes=1).price(450.4)
    wire.command("exit", wire.position(held))
    figures.append(pnl_today(wire.engine))
    assert sum(figures) == pytest.approx(pnl_breakdown(wire.position(held)).net)


def test_after_hours_belong_to_the_next_day(wired: Any) -> None:
    wire = wired(rules=rules())
    wire.enter(changes=FAR)
    day(wire, DAYS[0], 450.5)
    before = pnl_today(wire.engine)
    wire.at(f"{DAYS[0]}T17:00").price(445.0)
    assert pnl_today(wire.engine) == pytest.approx(before)
    wire.at(f"{DAYS[1]}T09:00").tick()
    assert pnl_today(wire.engine) < -300


def test_yesterdays_loss_is_not_todays(wired: Any) -> None:
    wire = wired(rules=rules(limit=400))
    wire.enter(changes=FAR)
    day(wire, DAYS[0], 448.6)
    assert -400 < pnl_today(wire.engine) < -150
    day(wire, DAYS[1], 447.7)
    assert open_net(wire.engine) < -400 < pnl_today(wire.engine)
    assert wire.state.mode is Mode.ACTIVE


# --- the limit ends with its day ----------------------------------------------------------------------


def reached(wired: Any, more: str = "") -> Any:
    """An engine whose daily loss was reached on the 24th at 10:01."""
    wire = wired(rules=rules(limit=150, more=more))
    wire.enter(changes=FAR)
    wire.later(minutes=1).price(448.3)
    wire.tick()
    assert wire.state.mode is Mode.REDUCING
    return wire


def test_the_mode_says_why_and_until_when_wherever_it_is_told(wired: Any) -> None:
    wire = reached(wired)
    text = "Mode is REDUCING until Wed 09:30 ET: daily loss of $150 reached, P&L today -$"
    assert [e.text[: len(text)] for e in wire.of(Notice) if e.kind == "risk"] == [text]
    (event,) = wire.of(StoreRiskEvent)
    assert event.code == "MODE_REDUCING" and event.text.startswith(text) and not event.cleared
    record = wire.signal("QQQ")
    assert record.code == "MODE_REDUCING" and record.blocks[0].text.startswith(text)
    assert record.blocks[0].text.endswith("; no entries")


def test_it_goes_back_by_itself_at_the_next_sessions_start(wired: Any) -> None:
    wire = reached(wired)
    for instant in ("2026-11-24T16:00", "2026-11-25T00:00", "2026-11-25T09:29:59"):
        wire.at(instant).tick()
        assert wire.state.mode is Mode.REDUCING
    wire.at("2026-11-25T09:30").agree("QQQ")
    assert wire.state.mode is Mode.ACTIVE and wire.state.mode_until is None
    told = [e.text for e in wire.of(StoreRiskEvent, everything=True)]
    assert told[-1].startswith("Mode is ACTIVE: a new day began, after daily loss of $150 reached")
    assert wire.signal("QQQ").code is None


def test_a_gap_at_the_open_stops_the_new_day_as_well(wired: Any) -> None:
    wire = reached(wired)
    wire.at("2026-11-25T09:30").price(445.0)
    wire.tick()
    assert wire.state.mode is Mode.REDUCING and str(wire.state.mode_until) == "2026-11-27 14:30:00+00:00"


def test_a_mode_that_ends_and_begins_again_at_one_instant_is_stored_twice(wired: Any) -> None:
    wire = reached(wired)
    wire.at("2026-11-25T09:29:59").price(445.0)
    wire.at("2026-11-25T09:30").tick()
    events = wire.of(StoreRiskEvent)
    assert [e.code for e in events] == ["MODE_ACTIVE", "MODE_REDUCING"]
    assert len({e.id for e in events}) == 2


def test_it_stays_where_the_rule_says_so(wired: Any) -> None:
    wire = reached(wired, "daily_loss_resets = false\n")
    assert wire.state.mode_until is None
    wire.at("2026-11-25T10:00").tick()
    assert wire.state.mode is Mode.REDUCING


@pytest.mark.parametrize("mode", ["REDUCING", "HALTED"])
def test_a_persons_own_mode_does_not_end(wired: Any, mode: str) -> None:
    wire = reached(wired)
    wire.command("mode", argument=mode, author="ann")
    assert wire.state.mode_until is None and wire.state.mode_reason == "set by ann"
    wire.at("2026-11-25T10:00").tick()
    assert wire.state.mode is Mode[mode]
    assert wire.of(StoreRiskEvent) == []


def test_a_person_may_trade_on_until_the_next_loss(wired: Any) -> None:
    wire = reached(wired)
    wire.command("mode", argument="ACTIVE")
    assert wire.state.mode is Mode.ACTIVE
    wire.later(seconds=1).tick()
    assert wire.state.mode is Mode.REDUCING, "the loss of the day is still there"


def summaries(wire: Any) -> list[str]:
    return [notice.text for notice in wire.of(Notice, everything=True) if notice.kind == "session"]


def test_a_session_ends_with_its_summary_once(wired: Any) -> None:
    wire = wired(rules=rules())
    held = wire.enter(changes=FAR)
    wire.at("2026-11-24T15:59").price(448.0)
    wire.tick()
    assert summaries(wire) == []
    wire.at("2026-11-24T16:00").tick()
    (text,) = summaries(wire)
    total = pnl_today(wire.engine)
    assert text.startswith(f"Session Tue 24 Nov closed: net -${-total:,.2f}, realised $0.00, 0 trades closed")
    assert text.endswith("; 1 position open overnight")
    wire.at("2026-11-24T18:00").tick()
    assert len(summaries(wire)) == 1
    wire.at("2026-11-25T15:00").price(449.0)
    wire.tick()
    wire.command("exit", held)
    wire.at("2026-11-25T16:00").tick()
    wire.at("2026-11-26T16:30").tick()
    second = summaries(wire)[1:]
    assert len(second) == 1, "a holiday has no session"
    assert "1 trade closed" in second[0] and "open overnight" not in second[0]


def test_a_session_that_the_engine_did_not_see_has_no_summary(wired: Any) -> None:
    wire = wired(rules=rules())
    wire.at("2026-11-24T18:00").tick()
    wire.later(minutes=1).tick()
    assert summaries(wire) == []
