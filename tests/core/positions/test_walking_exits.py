"""Exits that walk as a table: quotes of the option after a target is met, and what is sold, at which price and why.

Four SPY 600 calls bought on Tuesday 2026-11-24 at 10:00 at an underlying of 600: stop 597, targets 603 and 606. The
limit works 5 s at each of 4 steps from the mid to the bid, 25 s in all. A line of a path is
"HH:MM:SS underlying [bid ask]"; "tick" passes time without a price; "bar O H L C" is a bar that closes then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events import PriceSeen
from core.from_json import read_json
from core.positions import Position, PositionChange, PositionState, exit_by_hand, on_price, on_time
from core.positions.walking_exit import OVERTAKEN_BY, WALKING_EXITS
from core.rules import parse_rules
from server.ledger.codec import encode_any

RULES = parse_rules(
    '[fills]\norder_type = "walk"\nwalk_steps = 4\nwalk_seconds = 5.0\n'
    "[volatility]\ndividend = { SPY = 0.0 }\n[exits]\nscale_out_fraction = 0.5\n"
)
AT_FIRST_TARGET = "10:01:00 603.00 4.00 4.20"

SCENARIOS = [
    ("a later bid at the limit", "10:01:02 603.00 4.10 4.30", "TARGET_1 2 at 4.10 10:01:02", "step 0 of 4"),
    (
        "the limit falls until the bid meets it",
        "10:01:06 603.00 4.06 4.26\n10:01:11 603.00 4.06 4.26",
        "TARGET_1 2 at 4.05 10:01:11",
        "limit 4.05, step 2 of 4",
    ),
    ("under the limit nothing is sold", "10:01:06 603.00 4.06 4.26", "", ""),
    (
        "nobody bids: sold at the bid at the end",
        "10:01:10 603.00 3.80 4.00\n10:01:26 603.00 3.80 4.00",
        "TARGET_1 2 at 3.80 10:01:26",
        "nobody bid 4.00 within 26 s",
    ),
    ("no quote comes: time ends it", "10:01:10 tick\n10:01:25 tick", "TARGET_1 2 at 4.00 10:01:25", "nobody bid"),
    (
        "the stop is crossed meanwhile",
        "10:01:05 596.90 1.00 1.20",
        "STOP_LOSS 4 at 0.99 10:01:05",
        "",
    ),
    (
        "the second target takes its place",
        "10:01:05 606.10 6.00 6.20\n10:01:07 606.20 6.20 6.40",
        "TARGET_2 4 at 6.10 10:01:07",
        "step 0 of 4",
    ),
]  # fmt: skip


def walked(desk_by: Any, path: str) -> tuple[Any, Position, list[PositionChange]]:
    desk = desk_by(rules=RULES)
    position = desk.open(quote=(3.0, 3.2))
    changes: list[PositionChange] = []
    last: PriceSeen | None = None
    for line in path.splitlines():
        clock, *words = line.split()
        now = desk.at(f"2026-11-24T{clock}")
        if words == ["tick"]:
            change = on_time(position, now, last, desk.trading)
        else:
            bar = None
            if words[0] == "bar":
                first, high, low, words = float(words[1]), float(words[2]), float(words[3]), words[4:]
                bar = (first, high, low)
            quote = (float(words[1]), float(words[2])) if len(words) > 1 else None
            last = desk.seen(position, now, float(words[0]), bar=bar, quote=quote)
            change = on_price(position, last, now, desk.trading)
        position = change.position
        changes.append(change)
    return desk, position, changes


@pytest.mark.parametrize(
    ("path", "expect", "evidence"), [row[1:] for row in SCENARIOS], ids=[r[0] for r in SCENARIOS]
)
def test_an_exit_at_a_target_walks(desk_by: Any, path: str, expect: str, evidence: str) -> None:
    desk, position, changes = walked(desk_by, f"{AT_FIRST_TARGET}\n{path}")
    begun = changes[0].position
    assert not begun.legs and begun.state is PositionState.EXITING
    assert begun.pending is not None and begun.pending.walk is not None and begun.pending.contracts == 2
    if not expect:
        assert not position.legs and position.pending == begun.pending
        return
    leg = position.legs[0]
    reason, contracts, _, price, clock = expect.split()
    assert (leg.reason, leg.contracts, f"{leg.price:.2f}") == (reason, int(contracts), price)
    assert leg.at == desk.at(f"2026-11-24T{clock}") and evidence in leg.evidence
    assert position.pending is None and not leg.stale_fill


def test_a_target_inside_a_bar_walks_from_the_bars_close(desk_by: Any) -> None:
    _, position, _ = walked(desk_by, "10:01:00 bar 600 603.5 599.5 602.00 3.40 3.60")
    assert not position.legs and position.pending is not None and position.pending.walk is not None
    assert (position.pending.walk.mid, position.pending.walk.bid) == (pytest.approx(3.5), 3.4)


def test_a_bar_with_the_stop_and_a_target_sells_at_the_stop(desk_by: Any) -> None:
    _, position, _ = walked(desk_by, "10:01:00 bar 600 603.5 596.5 602.00")
    assert [leg.reason for leg in position.legs] == ["STOP_LOSS"]


def test_the_rest_of_a_stop_is_not_replaced_by_a_target_of_the_same_bar(desk_by: Any) -> None:
    fills = replace(RULES.fills, partial_above=1, partial_pct=50.0)
    desk = desk_by(rules=replace(RULES, fills=fills))
    position = desk.open(quote=(3.0, 3.2))
    now = desk.at("2026-11-24T10:01:00")
    seen = desk.seen(position, now, 600.0, bar=(603.2, 603.5, 596.5))
    position = on_price(position, seen, now, desk.trading).position
    assert {leg.reason for leg in position.legs} == {"STOP_LOSS"} and position.remaining == 1
    pending = position.pending
    assert pending is not None and (pending.reason, pending.walk) == ("STOP_LOSS", None)


def test_a_person_does_not_wait_and_the_walk_goes_on_with_the_rest(desk_by: Any) -> None:
    desk, position, changes = walked(desk_by, AT_FIRST_TARGET)
    now = desk.at("2026-11-24T10:01:03")
    by_hand = exit_by_hand(position, 3, now, None, None, desk.trading).position
    assert [(leg.reason, leg.contracts) for leg in by_hand.legs] == [("MANUAL", 3)]
    assert by_hand.pending is not None and (by_hand.pending.contracts, by_hand.remaining) == (1, 1)
    assert by_hand.pending.walk == changes[0].position.pending.walk


def test_near_the_close_and_on_an_old_price_an_exit_does_not_wait(desk_by: Any) -> None:
    _, late, _ = walked(desk_by, "15:58:50 603.00 4.00 4.20")
    assert late.legs and late.pending is None
    desk = desk_by(rules=RULES)
    position = desk.open(quote=(3.0, 3.2), expiry="2026-12-31")
    overdue = replace(position, running=replace(position.running, theta=-1e4))
    old = on_time(overdue, desk.at("2026-11-24T11:00"), None, desk.trading).position
    assert [leg.reason for leg in old.legs] == ["THETA_DECAY"] and old.legs[0].stale_fill


def test_a_walk_that_new_rules_make_longer_ends_before_the_close(desk_by: Any) -> None:
    desk, position, _ = walked(desk_by, "15:58:30 603.00 4.00 4.20")
    longer = desk_by(rules=replace(RULES, fills=replace(RULES.fills, walk_seconds=600.0))).trading
    now = desk.at("2026-11-24T15:59:00")
    ended = on_time(position, now, None, longer).position
    assert position.pending is not None and position.pending.walk is not None and not position.legs
    assert ended.pending is None and ended.legs[0].reason == "TARGET_1"


def test_exits_that_walk_are_those_that_may_be_overtaken() -> None:
    assert set(OVERTAKEN_BY) == WALKING_EXITS


steps = st.lists(
    st.tuples(st.integers(1, 9), st.floats(595.0, 607.0), st.one_of(st.none(), st.floats(0.5, 8.0))),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_nothing_is_sold_twice_and_a_stop_crossed_while_a_limit_works_sells_at_once(
    desk_by: Any, path: list[tuple[int, float, float | None]]
) -> None:
    desk, position, _ = walked(desk_by, AT_FIRST_TARGET)
    second, now = 0, desk.at("2026-11-24T10:01:00")
    for seconds, spot, bid in path:
        second += seconds
        now = desk.at(f"2026-11-24T10:{1 + second // 60:02d}:{second % 60:02d}")
        quote = None if bid is None else (round(bid, 2), round(bid + 0.2, 2))
        stop, was_open = position.stop, position.is_open
        position = on_price(position, desk.seen(position, now, spot, quote=quote), now, desk.trading).position
        assert read_json(Position, encode_any(position)) == position  # a restart changes nothing
        assert sum(leg.contracts for leg in position.legs) + position.remaining == 4
        if was_open and spot <= stop:
            assert not position.is_open and position.legs[-1].reason == "STOP_LOSS"
    done = on_time(position, desk.at("2026-11-24T10:05:00"), None, desk.trading).position
    assert done.pending is None or done.pending.walk is None or done.pending.walk.at >= now
