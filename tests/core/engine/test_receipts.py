"""What a webhook leaves behind: one receipt, and a decision where it proposes a trade."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.effects import (
    AnswerDecision,
    AnswerReceipt,
    Effect,
    FetchMarket,
    Notice,
    StoreDecision,
    StoreReceipt,
)
from core.intake import sample
from core.model import Action, Direction, OptionWish, ReceiptStatus, Source
from tests.core.intake.disguises import DISGUISES

SIGNAL, SATY, DOTS = Source.TRADINGVIEW_SIGNAL, Source.SATY_PHASE, Source.MTF_DOTS


def kinds(effects: list[Effect]) -> list[str]:
    return [type(e).__name__ for e in effects]


def test_a_signal_becomes_a_receipt_a_question_to_the_market_and_a_decision(wire: Any) -> None:
    wire.send(SIGNAL)
    first = kinds(wire.latest)
    assert first[:3] == ["StoreReceipt", "AnswerReceipt", "FetchMarket"]
    assert first.index("StoreDecision") < first.index("AnswerDecision")
    receipt, answer = wire.of(StoreReceipt)[0], wire.of(AnswerReceipt)[0]
    record = wire.of(StoreDecision)[0].record
    assert (answer.receipt_id, answer.awaits_decision) == (receipt.id, True)
    assert wire.of(AnswerDecision)[0].receipt_id == record.receipt_id == receipt.id
    assert (record.action, record.direction) == (Action.EXECUTE, Direction.LONG)


@pytest.mark.parametrize("source", [SATY, DOTS, Source.STRAT_EXEC])
def test_what_proposes_nothing_is_stored_and_asks_for_nothing(wire: Any, source: Source) -> None:
    receipt = wire.send(source)
    assert (receipt.status, receipt.source, receipt.symbol) == (ReceiptStatus.ACCEPTED, source, "SPY")
    assert kinds(wire.latest) == ["StoreReceipt", "AnswerReceipt"]
    assert not wire.of(AnswerReceipt)[0].awaits_decision


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("source", list(Source))
def test_every_source_in_every_disguise_is_accepted(wire: Any, source: Source, disguise: str) -> None:
    body = DISGUISES[disguise](sample(source, wire.now, "SPY", 450.0, Direction.SHORT))
    receipt = wire.raw(body)
    assert (receipt.status, receipt.source, receipt.http_status) == (ReceiptStatus.ACCEPTED, source, 200)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "NOT_JSON"),
        ('{"hello"', 400, "NOT_JSON"),
        ('{"ticker":"{{ticker}}","action":"buy","price":450}', 422, None),
        ('{"action":"buy","price":450,"score":8}', 422, "NO_SYMBOL"),
        ('{"ticker":"SPY","action":"buy","price":1e300,"score":8}', 422, "BAD_PRICE"),
        ('{"ticker":"SPY","action":"buy","price":-4,"score":8}', 422, "BAD_PRICE"),
    ],
)
def test_what_is_not_understood_is_quarantined_with_its_reason(
    wire: Any, body: str, status: int, code: str | None
) -> None:
    receipt = wire.raw(body)
    assert (receipt.status, receipt.http_status, receipt.body) == (ReceiptStatus.QUARANTINED, status, body)
    assert receipt.reason and (code is None or receipt.code == code)
    assert wire.state.tally.quarantined == 1
    assert not wire.of(FetchMarket) and not wire.decisions
    assert wire.notices == ["quarantine"]


# --- duplicates (what is sent second, how long after) -> what it is, whether a note is left ------------------

FIRST = {"ticker": "SPY", "action": "buy", "price": 450.0, "score": 8.0}
STAMP = {"timenow": "2026-11-24T15:00:00Z"}
DUPLICATES: list[tuple[str, dict[str, Any], dict[str, Any], float, str, bool]] = [
    # what happens                                    first             changed in the second     minutes
    ("re-sent after a time-out", {"id": "a", **STAMP}, {}, 0.1, "duplicate", False),
    ("re-sent a minute later", {"id": "a", **STAMP}, {}, 1, "duplicate", False),
    ("the same, price ticked on", {"id": "a", **STAMP}, {"comment": "again"}, 1, "duplicate", False),
    (
        "constant id, a new bar",
        {"id": "a", **STAMP},
        {"timenow": "2026-11-24T15:15:00Z"},
        15,
        "accepted",
        True,
    ),
    ("constant id, the other side", {"id": "a", **STAMP}, {"action": "sell"}, 1, "accepted", True),
    ("constant id without a time", {"id": "a"}, {"score": 9.0}, 1, "accepted", True),
    ("the same id and body, no time", {"id": "a"}, {}, 60, "duplicate", False),
    ("no id, at once", {}, {}, 0.1, "duplicate", False),
    ("no id, within five minutes", {}, {}, 5, "duplicate", False),
    ("no id, after five minutes", {}, {}, 5.1, "accepted", False),
    ("no id, another price", {}, {"price": 450.1}, 0.1, "accepted", False),
    ("another symbol", {"id": "a", **STAMP}, {"ticker": "QQQ"}, 1, "accepted", False),
    ("the same id within a day", {"id": "a"}, {}, 24 * 60, "duplicate", False),
    ("the same id after a day", {"id": "a"}, {}, 24 * 60 + 1, "accepted", False),
]


@pytest.mark.parametrize(
    ("first", "changed", "minutes", "status", "noted"),
    [row[1:] for row in DUPLICATES],
    ids=[row[0] for row in DUPLICATES],
)
def test_duplicates(
    wire: Any, first: dict[str, Any], changed: dict[str, Any], minutes: float, status: str, noted: bool
) -> None:
    original = wire.raw({**FIRST, **first})
    wire.later(minutes=minutes)
    wire.tick()
    again = wire.raw({**FIRST, **first, **changed})
    assert again.status.value == status
    assert any("was used before" in note for note in again.notes) is noted
    assert again.duplicate_of == (original.id if status == "duplicate" else None)
    if status == "duplicate":
        assert not wire.of(FetchMarket) and wire.state.tally.duplicates == 1


def test_a_duplicate_of_a_duplicate_names_the_first_receipt(wire: Any) -> None:
    first = wire.raw({**FIRST, "id": "a"})
    assert {wire.raw({**FIRST, "id": "a"}).duplicate_of for _ in range(3)} == {first.id}


def test_the_key_order_and_the_wrapping_do_not_make_another_body(wire: Any) -> None:
    first = wire.raw(FIRST)
    assert wire.raw(dict(reversed(FIRST.items()))).duplicate_of == first.id
    assert wire.raw({"text": json.dumps(FIRST)}).duplicate_of == first.id


def test_forgetting_keys_keeps_the_window(wire: Any) -> None:
    """Ticks prune every ten minutes; what is still inside a window must survive that."""
    wire.raw({**FIRST, "id": "a"})
    for _ in range(30):
        wire.later(minutes=45).tick()
    assert wire.raw({**FIRST, "id": "a"}).status is ReceiptStatus.DUPLICATE
    wire.later(minutes=120).tick()
    assert not wire.state.duplicates.seen


# --- late signals ----------------------------------------------------------------------------------------

LATE = [
    # timeframe, sent as, minutes old -> late?
    (5, "timenow", 2, False),
    (5, "timenow", 2.1, True),
    (15, "timenow", 3.75, False),
    (15, "timenow", 3.8, True),
    (240, "timenow", 15, False),
    (240, "timenow", 15.1, True),
    (15, "bar_time", 18.75, False),
    (15, "bar_time", 18.8, True),
    (5, "bar_time", 55, True),
]


@pytest.mark.parametrize(("timeframe", "field", "minutes", "late"), LATE)
def test_a_late_signal_is_recorded_and_never_traded(
    wire: Any, timeframe: int, field: str, minutes: float, late: bool
) -> None:
    wire.agree()
    opened = wire.now.isoformat()
    wire.later(minutes=minutes).price(450.0)
    body = {
        "ticker": "SPY",
        "action": "buy",
        "price": 450.0,
        "score": 9.5,
        "timeframe": timeframe,
        field: opened,
    }
    assert wire.raw(body).status is ReceiptStatus.ACCEPTED
    record = wire.decision
    assert record is not None
    if late:
        assert (record.action, record.code, record.direction) == (Action.SKIP, "LATE", None)
        assert not wire.state.positions and not wire.state.signals and not wire.state.shadows
    else:
        assert record.action is Action.EXECUTE and len(wire.state.positions) == 1


def test_a_late_signal_neither_enters_the_context_nor_moves_the_price(wire: Any) -> None:
    wire.signal()
    before = wire.state.prices["SPY"]
    old = wire.now.isoformat()
    wire.later(minutes=30)
    wire.raw(
        {"ticker": "SPY", "action": "sell", "price": 440.0, "score": 9.5, "timeframe": 5, "timenow": old}
    )
    assert wire.decisions[-1].code == "LATE"
    assert wire.state.prices["SPY"] == before
    assert all(
        h.facts.direction is Direction.LONG for h in wire.state.contexts.symbols["SPY"].experts.values()
    )


def test_a_signal_whose_market_is_known_only_after_an_outage_of_ours_is_not_traded(wire: Any) -> None:
    wire.agree()
    wire.answering = False
    wire.signal(timeframe=5)
    wire.later(minutes=16)
    wire.price(450.0)
    wire.answer()
    assert (wire.decision.action, wire.decision.code) == (Action.SKIP, "LATE")
    assert not wire.state.positions and not wire.state.signals and not wire.state.shadows


def test_a_stamp_ahead_of_the_clock_is_noted(wire: Any) -> None:
    ahead = {"timenow": "2026-11-24T15:06:00Z"}
    assert any("ahead of the clock" in n for n in wire.raw({**FIRST, **ahead}).notes)
    in_time = wire.raw({**FIRST, "timenow": "2026-11-24T15:05:00Z"})
    assert not any("ahead of the clock" in n for n in in_time.notes)


# --- silence ---------------------------------------------------------------------------------------------


def speak(wire: Any, times: int, minutes: float) -> None:
    for n in range(times):
        if n:
            wire.later(minutes=minutes)
        wire.send(DOTS, price=450 + n / 100)


def silent(wire: Any) -> list[str]:
    wire.tick()
    return [e.text for e in wire.of(Notice) if e.kind == "silence"]


def test_a_sender_that_went_quiet_is_told_once_and_so_is_its_return(wire: Any) -> None:
    speak(wire, 6, 5)
    assert silent(wire.later(minutes=15)) == []
    assert silent(wire.later(seconds=1)) == ["MTF_DOTS SPY is silent: usually every 5 min"]
    assert silent(wire.later(minutes=10)) == []
    wire.send(DOTS)
    assert wire.notices == ["source"]


def test_nobody_is_silent_at_night_nor_when_the_next_session_opens(wire: Any) -> None:
    speak(wire, 6, 5)
    wire.at("15:59").send(DOTS)
    assert silent(wire.at("2026-11-24T22:00")) == []
    assert silent(wire.at("2026-11-25T09:30")) == []
    assert silent(wire.at("2026-11-25T09:44")) == []
    assert silent(wire.at("2026-11-25T09:46")) != []


def test_four_arrivals_make_no_rhythm(wire: Any) -> None:
    speak(wire, 5, 1)
    assert silent(wire.later(minutes=120)) == []


def test_senders_and_prices_of_long_ago_are_forgotten(wire: Any) -> None:
    wire.send(DOTS, symbol="OLD")
    wire.later(minutes=60 * 24 * 9).tick()
    assert "OLD" in wire.state.prices
    wire.send(DOTS, symbol="NEW")
    wire.later(minutes=60 * 24 * 2).tick()
    assert set(wire.state.prices) == {"NEW"} and set(wire.state.senders.known) == {"MTF_DOTS|NEW"}


def test_the_option_that_a_sender_names_is_told_and_the_rules_choose(wire: Any) -> None:
    option = {"type": "put", "strike": 440, "expiration": "2026-12-18"}
    receipt = wire.raw({"ticker": "SPY", "action": "buy", "price": 450, "score": 9, "option": option})
    told = "asks for the SPY 440 put of 2026-12-18: strike and expiry are chosen by the rules"
    assert told in receipt.notes
    record = wire.decision
    assert record.option == OptionWish(right="P", strike=440.0, expiry="2026-12-18")


def test_a_decision_names_the_senders_strategy(wire: Any) -> None:
    wire.raw({"ticker": "SPY", "action": "buy", "price": 450, "score": 9, "strategy_name": "Trend 3"})
    assert (wire.decision.strategy, wire.decision.option) == ("Trend 3", None)
