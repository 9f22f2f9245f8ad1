"""From a signal to at most one position: what waits, what is decided again, what dies and what is refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from core.effects import Notice, StoreDecision, StoreMarks, StoreShadow, StoreTrade
from core.model import Action, Direction, Mode, Source

LONG, SHORT = Direction.LONG, Direction.SHORT
SIGNAL, ULTIMATE, SATY, DOTS = (
    Source.TRADINGVIEW_SIGNAL,
    Source.ULTIMATE_OPTIONS,
    Source.SATY_PHASE,
    Source.MTF_DOTS,
)
EXECUTE, WAIT, SKIP = Action.EXECUTE, Action.WAIT, Action.SKIP
UNSURE = {"score": 6.5}
"""A signal that alone is worth a WAIT (65.6) and with everything for it an EXECUTE."""


def test_an_execute_has_one_position_one_mark_and_tells_so(wire: Any) -> None:
    position = wire.enter()
    record = wire.decision
    assert (record.action, record.position_id, record.code) == (EXECUTE, position.id, None)
    assert [e.position.id for e in wire.of(StoreTrade)] == [position.id]
    assert [len(e.marks) for e in wire.of(StoreMarks)] == [1]
    assert position.decision_id == record.id and position.remaining == record.count.contracts
    assert wire.notices == ["execute"] and wire.state.tally.executed == 1
    assert not wire.state.signals


# --- waiting ---------------------------------------------------------------------------------------------


def test_a_signal_that_waits_executes_when_its_context_agrees(wire: Any) -> None:
    first = wire.signal(**UNSURE)
    assert first.action is WAIT
    wire.later(minutes=1).send(SATY, confidence=95.0)
    wire.later(minutes=1).send(DOTS)
    second = wire.decisions[-1]
    assert (second.action, second.trigger, second.signal_id) == (EXECUTE, "change", first.signal_id)
    assert second.supersedes == wire.decisions[-2].id
    assert wire.state.positions[second.position_id].signal_id == first.signal_id
    assert not wire.state.signals


def test_a_waiting_signal_is_decided_at_most_once_a_minute(wire: Any) -> None:
    wire.signal(**UNSURE)
    asked = len(wire.asked)
    for _ in range(11):
        wire.later(seconds=5).price(450.0)
    assert len(wire.asked) == asked
    wire.later(seconds=5).price(450.0)
    assert len(wire.asked) == asked + 1


def test_a_change_that_came_too_soon_is_looked_at_when_it_is_due(wire: Any) -> None:
    wire.signal(**UNSURE)
    wire.later(seconds=5).send(SATY, confidence=95.0)
    assert wire.decision is None
    wire.later(seconds=54).tick()
    assert wire.decision is None
    wire.later(seconds=1).tick()
    assert wire.decision is not None and wire.decision.trigger == "change"


def test_a_new_verdict_is_recorded_only_if_it_changed(wire: Any) -> None:
    wire.signal(**UNSURE)
    for _ in range(10):
        wire.later(minutes=1).price(450.0)
    assert len(wire.asked) == 11 and len(wire.decisions) == 1
    assert wire.state.tally.waited == 1


def test_nothing_is_asked_again_without_a_change(wire: Any) -> None:
    wire.signal(**UNSURE)
    for _ in range(14):
        wire.later(minutes=1).tick()
    assert len(wire.asked) == 1


def test_a_signal_lives_for_its_timeframe_and_no_longer(wire: Any) -> None:
    wire.signal(**UNSURE)
    wire.later(minutes=15).tick()
    assert wire.state.signals
    wire.later(seconds=1).tick()
    assert not wire.state.signals
    wire.agree()
    assert len(wire.decisions) == 1


def test_a_skip_by_the_market_alone_is_open_to_change(wired: Any) -> None:
    wide = {"spread_bps": 20.0, "depth_score": 80.0, "atr14": 4.5, "price": 450.0}
    wire = wired(snapshot=wide)
    wire.agree()
    assert wire.signal().action is SKIP and wire.state.signals
    wire.snapshot = {**wide, "spread_bps": 2.0}
    wire.later(minutes=1).tick()
    assert wire.decision is None, "nothing was heard of the symbol yet"
    wire.price(450.0)
    assert wire.decision.action is EXECUTE


@pytest.mark.parametrize("what", ["regime", "structural"])
def test_a_skip_by_another_gate_is_final(wire: Any, what: str) -> None:
    if what == "regime":
        wire.send(SATY, direction=SHORT)
    else:
        wire.send(Source.STRAT_EXEC, valid=False)
    assert wire.signal().action is SKIP
    assert not wire.state.signals


def test_two_sources_that_disagree_wait_until_they_agree(wire: Any) -> None:
    wire.agree()
    wire.send(ULTIMATE, direction=SHORT)
    record = wire.signal()
    assert record.action is WAIT and record.reasons[0].code == "SOURCES_DISAGREE"
    wire.later(minutes=1).send(ULTIMATE, direction=LONG)
    executed = [r for r in wire.decisions if r.action is EXECUTE]
    assert [r.signal_id for r in executed][:1] == [record.signal_id]


def test_a_failed_gate_comes_before_a_disagreement(wire: Any) -> None:
    wire.send(ULTIMATE, direction=SHORT)
    wire.send(SATY, direction=SHORT)
    assert wire.signal().action is SKIP


# --- at most once ----------------------------------------------------------------------------------------


def test_a_signal_executes_at_most_once_and_no_other_webhook_executes_it_again(wired: Any) -> None:
    wire = wired(rules="[risk]\nper_symbol = 9\nopen_positions = 9\nsymbol_premium = 1e6\n")
    position = wire.enter()
    for minute in range(1, 14):
        wire.later(minutes=1)
        wire.agree(price=450 + minute / 100)
        wire.price(450.05)
        wire.tick()
    assert [r.position_id for r in wire.decisions] == [position.id]
    assert set(wire.state.positions) == {position.id}


def test_the_answer_of_a_market_that_nobody_awaits_changes_nothing(wire: Any) -> None:
    from core.events import MarketAnswered

    position = wire.enter()
    before = wire.state.positions[position.id]
    for signal_id in (position.signal_id, "unknown"):
        assert wire.post(MarketAnswered, signal_id=signal_id, snapshot=wire.market("SPY")) == []
    assert wire.state.positions == {position.id: before}


def test_the_second_answer_to_one_question_changes_nothing(wire: Any) -> None:
    from core.events import MarketAnswered

    wire.agree()
    wire.answering = False
    wire.signal()
    ask = wire.asked[-1]
    for _ in range(3):
        wire.post(MarketAnswered, signal_id=ask.signal_id, snapshot=wire.market("SPY"))
    assert len(wire.decisions) == 1 and len(wire.state.positions) == 1


# --- what refuses an EXECUTE (what happens before, the signal) -> the code, first of those given ---------------

REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    # code                rules                                        the signal
    ("LEVEL_PASSED", "", {"levels": (449.0, 450.5, 452.0), "now": 450.4}, "half the way to T1 is gone"),
    ("LEVEL_PASSED", "", {"levels": (449.0, 450.5, 452.0), "now": 450.5}, "at T1"),
    ("LEVEL_PASSED", "", {"levels": (449.0, 450.5, 452.0), "now": 449.0}, "at the stop"),
    ("BAD_LEVELS", "", {"levels": (451.0, 452.0, 453.0)}, "the stop on the winning side of the entry"),
    ("BAD_LEVELS", "", {"levels": (449.0, 452.0, 451.0)}, "T2 before T1"),
    ("BAD_LEVELS", "", {"levels": (452.0, 449.0, 448.0)}, "the levels of a short"),
    (
        "SIZE_TOO_SMALL",
        "",
        {"trend": 10, "volume": 0.1, "bias": "SHORT", "rr": 0.5},
        "everything speaks against size",
    ),
    ("RISK_TOO_LARGE", "[account]\nsize = 1000\n", {}, "an account of $1,000"),
    ("MAX_PREMIUM", "[risk]\npremium_per_trade = 200\n", {}, "$200 a trade"),
    ("MAX_POSITIONS", "[risk]\nopen_positions = 0\n", {}, "no position allowed"),
    ("MAX_PER_SYMBOL", "[risk]\nper_symbol = 0\n", {}, "none of this symbol"),
    ("SYMBOL_EXPOSURE", "[risk]\nsymbol_premium = 100\n", {}, "$100 a symbol"),
    ("MODE_REDUCING", "", {"mode": Mode.REDUCING}, "the mode is REDUCING"),
    ("MODE_HALTED", "", {"mode": Mode.HALTED}, "the mode is HALTED"),
]


@pytest.mark.parametrize(
    ("code", "rules", "case"), [r[:3] for r in REFUSALS], ids=[f"{r[0]}: {r[3]}" for r in REFUSALS]
)
def test_an_execute_that_is_refused_is_a_skip_that_says_why_and_is_over(
    wired: Any, code: str, rules: str, case: dict[str, Any]
) -> None:
    wire = wired(rules=rules)
    wire.agree()
    if "mode" in case:
        assert wire.command("mode", argument=case["mode"]).ok
    price = case.get("now", 450.0)
    wire.price(price)
    stop, first, second = case.get("levels", (448.2, 452.7, 454.5))
    changes: dict[str, Any] = {
        "entry": {"price": 450.0, "stop_loss": stop, "target_1": first, "target_2": second},
        "risk": {},
        "instrument": {"ticker": "SPY"},
    }
    if "trend" in case:
        changes |= {
            "trend": {"strength": case["trend"]},
            "market_context": {"volume_vs_avg": case["volume"]},
            "mtf_context": {"4h_bias": case["bias"], "1h_bias": case["bias"]},
            "risk": {"rr_ratio_t1": case["rr"]},
        }
        wire.send(SATY, confidence=95.0, changes={"event": {"name": "ENTER_ACCUMULATION"}})
        wire.send(DOTS, agreeing=5)
    record = wire.signal(changes=changes)
    assert record.verdict.action is EXECUTE, record.reasons
    assert (record.action, record.code, record.direction) == (SKIP, code, None)
    assert record.proposed_direction is LONG and record.position_id is None
    assert record.blocks[0].code == code and record.blocks[0].text
    assert not wire.state.positions and not wire.state.signals
    assert "refused" in wire.notices
    wire.later(minutes=1).price(450.0)
    assert len(wire.decisions) == 1, "a refused signal is not decided again"


def test_an_execute_on_a_stale_price_waits_for_the_next_one(wired: Any) -> None:
    wire = wired()
    wire.agree()
    wire.price(450.0)
    wire.later(seconds=91)
    levels = {"entry": {}, "risk": {}, "instrument": {"ticker": "SPY"}}
    record = wire.signal(changes=levels)
    assert (record.action, record.code) == (SKIP, "STALE_PRICE")
    wire.later(minutes=1).price(450.0)
    assert [r.action for r in wire.decisions] == [SKIP, EXECUTE]
    assert len(wire.state.positions) == 1 and not wire.state.signals


def test_an_opposite_position_of_the_symbol_refuses_and_one_of_another_does_not(wired: Any) -> None:
    wire = wired(rules="[risk]\nsymbol_premium = 1e6\n")
    wire.enter("SPY")
    wire.later(minutes=1)
    wire.agree("SPY", direction=SHORT)
    assert wire.signal("SPY", direction=SHORT).code == "OPPOSITE_OPEN"
    wire.agree("QQQ", direction=SHORT)
    assert wire.signal("QQQ", direction=SHORT).action is EXECUTE


def test_all_limits_that_refuse_are_named(wired: Any) -> None:
    wire = wired(rules="[risk]\nsymbol_premium = 100\npremium_per_trade = 100\nopen_positions = 0\n")
    wire.agree()
    codes = {reason.code for reason in wire.signal().blocks}
    assert {"SYMBOL_EXPOSURE", "MAX_PREMIUM", "MAX_POSITIONS"} <= codes


def test_with_a_feed_the_price_of_the_feed_is_traded(wired: Any) -> None:
    market = {"price": 451.0, "spread_bps": 1.0, "depth_score": 80.0, "atr14": 4.5, "feeds": {"price": "x"}}
    wire = wired(snapshot=market)
    wire.agree()
    record = wire.signal(changes={"entry": {}})
    assert record.action is EXECUTE and record.context.price == 451.0
    assert wire.state.positions[record.position_id].entry.underlying_at_entry == 451.0


def test_a_feed_that_fails_lets_nothing_through(wired: Any) -> None:
    wire = wired(snapshot={})
    wire.agree()
    record = wire.signal()
    assert (record.action, record.verdict.gates.failed) == (SKIP, ("market",))


# --- shadows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "passed"), [(15.0, True), (15.001, False)])
def test_the_market_gate_believes_no_quote_older_than_fifteen_seconds(
    wired: Any, age: float, passed: bool
) -> None:
    told = {"price": 450.0, "spread_bps": 2.0, "depth_score": 80.0, "atr14": 4.5}
    wire = wired(
        snapshot={**told, "ages": {"price": 1.0, "spread_bps": age, "depth_score": age, "atr14": 9e4}}
    )
    record = wire.signal()
    assert record.verdict.gates.market.passed is passed
    codes = {reason.code for reason in record.reasons}
    assert ({"SPREAD_ABSENT", "DEPTH_ABSENT"} <= codes) is not passed
    assert "ATR_ABSENT" not in codes


def test_a_signal_that_waits_casts_one_shadow_which_its_execution_supersedes(wire: Any) -> None:
    wire.signal(**UNSURE)
    assert [e.status for e in wire.of(StoreShadow)] == ["OPEN"]
    wire.later(minutes=1).send(SATY, confidence=95.0)
    wire.later(minutes=1).send(DOTS)
    assert wire.decisions[-1].action is EXECUTE
    told = Counter(e.status.value for e in wire.of(StoreShadow, everything=True))
    assert told == {"OPEN": 1, "SUPERSEDED": 1} and not wire.state.shadows


def test_a_shadow_is_outside_the_books(wire: Any) -> None:
    wire.signal(**UNSURE)
    wire.later(minutes=1).price(440.0)
    assert [e.status for e in wire.of(StoreShadow)] == ["CLOSED"]
    assert wire.state.day.closed == 0 and wire.state.day.realized == 0
    assert not wire.of(StoreTrade, everything=True)


def test_no_shadow_outside_the_session(wire: Any) -> None:
    wire.at("18:00").signal(**UNSURE)
    assert wire.decision.action is SKIP and not wire.state.shadows


def test_decisions_are_kept_for_the_deck_newest_last(wire: Any) -> None:
    for n in range(60):
        wire.later(seconds=1).signal(f"S{n}", score=5.0)
    assert len(wire.state.recent) == 50 and wire.state.recent[-1].symbol == "S59"
    assert wire.state.tally.skipped == 60
    assert [e.record.symbol for e in wire.of(StoreDecision, everything=True)][-1] == "S59"
    assert not wire.of(Notice)


def test_levels_are_made_from_the_price_of_the_trade_not_from_an_older_one_of_a_feed(wired: Any) -> None:
    feed = {"price": 450.0, "ages": {"price": 30.0}, "feeds": {"price": "feed"}, "spread_bps": 2.0,
            "depth_score": 80.0, "atr14": 4.5}  # fmt: skip
    wire = wired(snapshot=feed)
    wire.agree(price=451.0)
    body = {"ticker": "SPY", "direction": "LONG", "ai_score": 9.4, "timeframe": "5", "price": 451.0}
    wire.raw(body | {"timestamp": wire.now.isoformat()})
    record = wire.decision
    assert record.market.price == 450.0 and record.context.price == 451.0
    position = wire.state.positions[record.position_id]
    assert position.entry.underlying_at_entry == 451.0
    assert record.levels.stop == pytest.approx(451.0 - 0.25 * 4.5)
    assert record.levels.target_1 == pytest.approx(451.0 + 0.375 * 4.5)
