"""Which bodies count as the same message, against a memory that never forgets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.duplicates import DuplicateWindow
from core.from_json import read_json
from core.model import RegimeFacts, Source, Update
from core.rules import DEFAULT
from server.ledger.codec import encode_any

RULES = DEFAULT.intake
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
BAR = datetime(2026, 11, 24, 14, 45, tzinfo=UTC)


def body(sender_id: str | None = None, bar: int | None = None, phase: int = 1, symbol: str = "SPY") -> Update:
    return Update(
        source=Source.SATY_PHASE,
        symbol=symbol,
        timeframe=15,
        sender_id=sender_id,
        timestamp=None if bar is None else BAR + timedelta(minutes=15 * bar),
        regime=RegimeFacts(phase=phase, confidence=70.0),
    )


arrivals = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 3, 20, 300, 1200]),  # minutes since the one before
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([1, 2]),
        st.sampled_from("xy"),  # what tells bodies apart that mean the same
        st.booleans(),  # whether the window is pruned afterwards
    ),
    max_size=60,
)


@given(arrivals)
def test_same_body_within_its_window_is_a_duplicate_and_nothing_else_is(given_arrivals) -> None:
    window, at = DuplicateWindow(), START
    accepted: list[tuple[str, object, datetime]] = []
    for n, (minutes, sender_id, bar, phase, words, prune) in enumerate(given_arrivals):
        at += timedelta(minutes=minutes)
        update = body(sender_id, bar, phase)
        digest = f"{sender_id}{bar}{phase}{words}"
        anonymous = sender_id is None
        same: object = (sender_id, digest) if anonymous or bar is None else (sender_id, bar, phase)
        hours = RULES.anonymous_duplicate_minutes / 60 if anonymous else RULES.duplicate_hours
        known = {
            receipt
            for receipt, what, when in accepted
            if what == same and at - when <= timedelta(hours=hours)
        }
        first, _ = window.check(update, lambda digest=digest: digest, f"r{n}", at, RULES)
        assert (first in known) if known else (first is None)
        if first is None:
            accepted.append((f"r{n}", same, at))
        if prune:
            window.prune(at, RULES)


def test_a_constant_id_does_not_swallow_the_second_signal_of_a_bar() -> None:
    window = DuplicateWindow()
    assert window.check(body("tv", 1, phase=1), str, "first", START, RULES) == (None, None)
    first, note = window.check(body("tv", 1, phase=2), str, "second", START, RULES)
    assert first is None
    assert note is not None and "'tv'" in note
    assert window.check(body("tv", 1, phase=1), str, "third", START, RULES) == ("first", None)
    assert window.check(body("tv", 1, phase=2), str, "fourth", START, RULES) == ("second", None)


def test_symbols_and_ids_do_not_run_into_each_other() -> None:
    window = DuplicateWindow()
    assert window.check(body("x", 1), str, "one", START, RULES)[0] is None
    assert window.check(body("x", 1, symbol="QQQ"), str, "two", START, RULES)[0] is None
    assert window.check(body(), lambda: "x", "three", START, RULES)[0] is None


def test_pruning_forgets_what_no_window_reaches_and_nothing_else() -> None:
    window = DuplicateWindow()
    window.check(body("old", 1), str, "old", START, RULES)
    later = START + timedelta(hours=RULES.duplicate_hours)
    window.check(body("new", 1), str, "new", later, RULES)
    window.prune(later, RULES)
    assert window.check(body("old", 1), str, "again", later, RULES) == ("old", None)
    window.prune(later + timedelta(seconds=1), RULES)
    assert len(window.seen) == 1


def test_messages_of_an_older_checkpoint_are_still_known() -> None:
    at = BAR + timedelta(minutes=15)
    stored = {
        "SATY_PHASE|SPY|tv": ["second", at.isoformat(), f"{at.timestamp():.3f}|15|2|None|None|70.0"],
        f"SATY_PHASE|SPY|tv|{at.timestamp():.3f}|15|1|None|None|70.0": [
            "first", START.isoformat(), f"{at.timestamp():.3f}|15|1|None|None|70.0",
        ],
        "SATY_PHASE|SPY#x": ["third", START.isoformat(), ""],
    }  # fmt: skip
    window = read_json(DuplicateWindow, json.dumps({"keys": stored}))
    fresh = DuplicateWindow()
    for update, receipt, when in (
        (body("tv", 1, phase=1), "first", START),
        (body("tv", 1, phase=2), "second", at),
        (body(), "third", START),
    ):
        fresh.check(update, lambda: "x", receipt, when, RULES)
    assert window == fresh == read_json(DuplicateWindow, encode_any(fresh))
    for again in (window, fresh):
        assert again.check(body("tv", 1, phase=1), str, "4", START, RULES) == ("first", None)
        assert again.check(body("tv", 1, phase=2), str, "5", START, RULES) == ("second", None)
        assert again.check(body(), lambda: "x", "6", START, RULES) == ("third", None)


def test_a_message_without_an_id_is_forgotten_after_its_own_window() -> None:
    window = DuplicateWindow()
    window.check(body(), lambda: "x", "one", START, RULES)
    window.check(body("tv", 1), str, "two", START, RULES)
    window.prune(START + timedelta(minutes=RULES.anonymous_duplicate_minutes), RULES)
    assert len(window.seen) == 2
    window.prune(START + timedelta(minutes=RULES.anonymous_duplicate_minutes, seconds=1), RULES)
    assert len(window.seen) == 1
