"""What-if of candidate rules: decisions, trades and dollars, by hand and against a plain loop."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from core.decision import decide
from core.decision.from_mapping import context_from, market_from
from core.learning import (
    IN_SAMPLE,
    Outcomes,
    Suggestion,
    learn,
    ledger_columns,
    rule_value,
    whatif,
    whatif_entries,
    with_rule,
    with_side_effects,
)
from core.learning.limits_replay import allowed
from core.performance.metric import Status
from core.rules import DEFAULT, Rules

Entry = Callable[..., dict[str, Any]]

WIDER = with_rule(DEFAULT, "market.max_spread_bps", 18.0)
TIGHTER = with_rule(DEFAULT, "market.max_spread_bps", 4.0)
START = datetime(2026, 11, 2, 15, tzinfo=UTC)


def at(day: int, hour: float = 0.0) -> dict[str, str]:
    """An entry's instant and, two hours later, its exit's; days of the week run on, weekends left out."""
    opened = START + timedelta(days=day + 2 * (day // 5), hours=hour)
    return {"at": opened.isoformat(), "exit_time": (opened + timedelta(hours=0.5)).isoformat()}


def spread(bps: float) -> dict[str, Any]:
    return {"market": {"spread_bps": bps}}


def a_week(entry: Entry) -> list[dict[str, Any]]:
    return [
        entry(1, **at(0), **spread(3), net=100.0),
        entry(2, **at(0, 1), **spread(8), net=-60.0),
        entry(3, **at(1), **spread(14), decision="SKIP", shadow="CLOSED", net=50.0),
        entry(4, **at(1, 1), **spread(16), decision="SKIP", shadow="CLOSED", net=-20.0),
        entry(5, **at(2), **spread(17), decision="SKIP", shadow="OPEN"),
        entry(6, **at(2, 1), **spread(30), decision="SKIP", shadow="CLOSED", net=500.0),
        entry(7, **at(3), **spread(15), decision="SKIP", code="LATE"),
        entry(8, **at(4), **spread(9), net=40.0),
    ]


def test_a_wider_limit_by_hand(entry: Entry) -> None:
    found = whatif_entries(a_week(entry), DEFAULT, WIDER).whole
    assert (found.decisions, found.changed, found.changes) == (8, 4, {"SKIP to EXECUTE": 4})
    assert (found.trades, found.trades_candidate) == (3, 6)
    assert (found.gained.value, found.gained.n, found.lost.value) == (30.0, 2, None)
    assert found.lost.reason == "no such trade"
    assert (found.difference.value, found.difference.status) == (30.0, Status.INSUFFICIENT_DATA)
    assert found.not_answerable == 1
    regime, structural, market = found.gates
    assert (market.opened, market.shut, market.difference.value) == (4, 0, 30.0)
    assert (regime.opened, regime.shut, structural.opened, structural.shut) == (0, 0, 0, 0)


def test_a_tighter_limit_by_hand(entry: Entry) -> None:
    found = whatif_entries(a_week(entry), DEFAULT, TIGHTER)
    assert found.whole.changes == {"EXECUTE to SKIP": 2}
    assert (found.whole.lost.value, found.whole.difference.value) == (-20.0, 20.0)
    assert found.whole.gates[2].shut == 2
    # Five sessions: the last one is the later third, and only the trade of +40 is in it.
    assert (found.later_third.decisions, found.later_third.difference.value) == (1, -40.0)
    assert found.label == IN_SAMPLE and found.rules == {"market.max_spread_bps": (12.0, 4.0)}
    assert (found.in_force, found.candidate) == (DEFAULT.fingerprint, TIGHTER.fingerprint)
    json.dumps(dataclasses.asdict(found))


def test_equal_rules_change_nothing(entry: Entry) -> None:
    found = whatif_entries(a_week(entry), DEFAULT, DEFAULT)
    assert (
        found.whole.changed == 0 and found.whole.difference.value is None and not found.whole.not_answerable
    )


def test_the_order_of_the_entries_does_not_matter(entry: Entry) -> None:
    week = a_week(entry)
    assert whatif_entries(week[::-1], DEFAULT, WIDER) == whatif_entries(week, DEFAULT, WIDER)


def test_a_signal_that_moves_to_an_entry_without_an_outcome_is_left_out_on_both_sides(entry: Entry) -> None:
    # Skipped for its spread, decided again and executed: wider rules would have entered at the first one,
    # and what that would have made was never followed to its end.
    first = entry(1, **at(0), **spread(14), signal="s", decision="SKIP", shadow="SUPERSEDED")
    second = entry(2, **at(0, 0.2), **spread(5), signal="s", net=70.0)
    found = whatif_entries([first, second], DEFAULT, WIDER).whole
    assert (found.trades, found.trades_candidate, found.not_answerable) == (1, 1, 1)
    assert (found.lost.reason, found.gained.reason) == ("no such trade", "no such trade")
    assert found.difference.value is None
    assert found.moved.reason == "NOT_ANSWERABLE: no outcome is known"
    assert found.why == {"it moves to another decision of its signal, which was not followed": 1}


def test_a_signal_that_moves_to_a_followed_entry_is_one_trade(entry: Entry) -> None:
    first = entry(1, **at(0), **spread(14), signal="s", decision="SKIP", shadow="CLOSED", net=120.0)
    second = entry(2, **at(0, 0.2), **spread(5), signal="s", net=70.0)
    other = entry(3, **at(1), **spread(14), decision="SKIP", shadow="CLOSED", net=30.0)
    found = whatif_entries([first, second, other], DEFAULT, WIDER).whole
    assert (found.trades, found.trades_candidate, found.not_answerable) == (1, 2, 0)
    assert (found.moved.value, found.moved.n) == (50.0, 1)
    assert (found.gained.value, found.lost.value, found.difference.value) == (30.0, None, 80.0)


def test_the_baseline_is_explained_against_the_real_trades(entry: Entry) -> None:
    refused = {"decision": "SKIP", "code": "MAX_POSITIONS", "shadow": "CLOSED"}
    entries = [
        entry(1, **at(0), **spread(3), net=100.0),
        entry(2, **at(1), **spread(14), net=-60.0),  # executed under other rules than those given
        entry(3, **at(2), **spread(3), **refused, net=20.0),
        entry(
            4, **at(3), **spread(4), decision="SKIP", shadow="CLOSED", net=5.0
        ),  # skipped under other rules
        entry(5, **at(3, 1), **spread(14), decision="SKIP", shadow="CLOSED", net=5.0),
    ]
    found = whatif_entries(entries, DEFAULT, WIDER).baseline
    assert found is not None
    assert (found.real, found.made, found.both) == (2, 3, 1)
    assert found.missing == {"were executed under rules that are no longer in force": 1}
    assert found.added == {
        "were refused as MAX_POSITIONS, and are not when counted again": 1,
        "were not executed under the rules of their time": 1,
    }
    assert found.text == (
        "of 2 real trades, the baseline makes 3, because 1 of them were executed under rules that are no longer in "
        "force; 1 more were refused as MAX_POSITIONS, and are not when counted again; 1 more were not executed "
        "under the rules of their time"
    )


def test_what_was_refused_whatever_the_verdict_stays_refused(entry: Entry) -> None:
    entries = [
        entry(1, **at(0), decision="SKIP", code="LEVEL_PASSED", shadow="CLOSED", net=900.0),
        entry(2, **at(1), **spread(14), decision="SKIP", code="LATE"),
    ]
    found = whatif_entries(entries, DEFAULT, WIDER).whole
    assert (found.trades, found.trades_candidate, found.changed, found.not_answerable) == (0, 0, 1, 0)


def test_limits_are_applied_again(entry: Entry) -> None:
    # Two positions a symbol: the trade let in first takes the place of one that was made.
    entries = [
        entry(1, **at(0, 0.0), **spread(14), decision="SKIP", shadow="CLOSED", net=-30.0),
        entry(2, **at(0, 0.1), **spread(5), net=10.0),
        entry(3, **at(0, 0.2), **spread(5), net=80.0),
    ]
    found = whatif_entries(entries, DEFAULT, WIDER).whole
    assert (found.gained.value, found.lost.value, found.difference.value) == (-30.0, 80.0, -110.0)
    roomy = with_rule(WIDER, "risk.per_symbol", 3)
    assert whatif_entries(entries, DEFAULT, roomy).whole.difference.value == -30.0


# rule, its value, dollars of a contract's planned loss -> contracts in force and then; a budget of $250, × 1.203
SIZES = [
    ("sizing.quality.HIGH", 1.21, 25.0, 12, 13),
    ("sizing.quality.HIGH", 1.21, 125.0, 2, 2),
    ("sizing.most", 1.0, 25.0, 12, 10),
    ("sizing.contract_cap", 6, 25.0, 12, 6),
    ("sizing.premium_cap", 900.0, 25.0, 12, 9),
    ("account.budget_pct", 2.0, 125.0, 2, 4),
]


@pytest.mark.parametrize(("rule", "value", "loss", "now", "then"), SIZES)
def test_a_change_of_size_is_counted_in_whole_contracts(
    entry: Entry, rule: str, value: float, loss: float, now: int, then: int
) -> None:
    bought = {"filled": 10, "price": 1.0, "risk": 10 * loss}
    # Two Tuesdays, because the weekday is a factor of the size too.
    entries = [entry(1, **at(1), net=100.0, **bought), entry(2, **at(6), net=-40.0, **bought)]
    found = whatif_entries(entries, DEFAULT, with_rule(DEFAULT, rule, value))
    assert found.whole.changed == 0 and found.not_applied == ()
    assert (found.whole.difference.value or 0.0) == pytest.approx((100 - 40) * (then / now - 1))


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("market.min_depth", 40.0, True),
        ("market.stale_seconds", 5.0, False),
        ("risk.open_positions", 3, True),
        ("risk.symbol_premium", 100.0, False),
        ("sizing.quality.HIGH", 1.2, True),
        ("sizing.contract_cap", 3, True),
        ("account.size", 9_000.0, True),
        ("exits.theta_decay_pct", 40.0, False),
        ("context.validity_minutes", 10.0, False),
        ("learning.min_bucket", 50, True),
    ],
)
def test_a_rule_whose_effect_the_ledger_cannot_show_is_named(
    entry: Entry, path: str, value: float, shown: bool
) -> None:
    found = whatif_entries(a_week(entry), DEFAULT, with_rule(DEFAULT, path, value))
    assert len(found.rules) == 1
    assert found.not_applied == (() if shown else (path,))


def test_outcomes_and_columns_must_belong_together(entry: Entry) -> None:
    columns, outcomes = ledger_columns(a_week(entry), DEFAULT)
    with pytest.raises(ValueError, match="7 decisions but 8 outcomes"):
        whatif(columns.take(slice(1, None)), outcomes, DEFAULT, WIDER)


def test_an_empty_ledger_is_answered() -> None:
    found = whatif_entries([], DEFAULT, WIDER)
    assert found.whole.decisions == found.later_third.decisions == 0


def plain(entries: list[dict[str, Any]], rules: Rules) -> dict[str, float | None]:
    """The trades of a set of rules, one entry after the other, with no limit in the way."""
    made: dict[str, float | None] = {}
    for entry in entries:
        context, market = (
            context_from(entry["inputs"]["context"]),
            market_from(entry["inputs"]["market"]),
        )
        if decide(context, market, rules).action == "EXECUTE":
            left = entry["exit"] or (entry["hypothetical"] or {}).get("exit")
            made[entry["id"]] = left["pnl_net"] if left else None
    return made


def test_as_a_plain_loop_over_decide(entry: Entry) -> None:
    rng = np.random.default_rng(1)
    entries = []
    for n in range(400):
        context = {
            "regime": {"phase": 2, "confidence": float(rng.uniform(30, 100))},
            "expert": {"direction": "LONG", "ai_score": float(rng.uniform(4, 10.5))},
        }
        market = {"spread_bps": float(rng.uniform(1, 20)), "depth_score": float(rng.uniform(20, 100))}
        executed = decide(
            context_from({"price": 600, "alignment": {"bullish_pct": 80, "bearish_pct": 20}, **context}),
            market_from({"price": 600, "atr14": 6.0, **market}),
        )
        known = rng.random() < 0.9
        net = round(float(rng.normal(10, 100)), 2) if known or executed.action == "EXECUTE" else None
        shadow = None if executed.action == "EXECUTE" else ("CLOSED" if known else "OPEN")
        entries.append(
            entry(
                n, **at(n), decision=executed.action, net=net, shadow=shadow, context=context, market=market
            )
        )
    # Exits half an hour on and one entry a day: no limit on what is open ever binds, the other limits are lifted.
    lifted = with_rule(with_rule(DEFAULT, "risk.losses_in_a_row", 10_000), "risk.daily_loss", 1e9)
    for path, value in [
        ("market.max_spread_bps", 16.0), ("structural.min_ai_score", 5.0), ("confidence.execute_at", 60.0),
        ("regime.min_confidence", 60.0), ("market.min_depth", 40.0), ("confidence.expert_weight", 0.5),
    ]:  # fmt: skip
        candidate = with_rule(lifted, path, value)
        before, after = plain(entries, lifted), plain(entries, candidate)
        gained = [net for name, net in after.items() if name not in before]
        lost = [net for name, net in before.items() if name not in after]
        found = whatif_entries(entries, lifted, candidate).whole
        assert (found.trades, found.trades_candidate) == (len(before), len(after)), path
        assert found.not_answerable == sum(net is None for net in gained), path
        assert (found.gained.value or 0) == pytest.approx(sum(n for n in gained if n is not None)), path
        assert (found.lost.value or 0) == pytest.approx(sum(n for n in lost if n is not None)), path


# --- the limits on what is open ------------------------------------------------------------------------

MINUTE = 60_000_000
DAY = 20_761  # 2026-11-04

# minute opened, minute closed, symbol, side, net; which are allowed under the default limits
OPENINGS = [
    ("two a symbol", [(0, 60, 1, 1, 5), (1, 60, 1, 1, 5), (2, 60, 1, 1, 5), (3, 60, 2, 1, 5)], "11.1"),
    ("five in all", [(n, 60, n, 1, 5) for n in range(7)], "11111.."),
    ("room again after an exit", [(0, 5, 1, 1, 5), (1, 60, 1, 1, 5), (4, 60, 1, 1, 5), (5, 60, 1, 1, 5)], "11.1"),
    ("opposite side", [(0, 10, 1, 1, 5), (1, 60, 1, -1, 5), (10, 60, 1, -1, 5)], "1.1"),
    ("three losses cool down for an hour",
     [(0, 1, 1, 1, -5), (2, 3, 1, 1, -5), (4, 5, 1, 1, -5), (6, 7, 1, 1, 5), (64, 70, 1, 1, 5), (65, 70, 1, 1, 5)],
     "111..1"),
    ("a win ends the run", [(0, 1, 1, 1, -5), (2, 3, 1, 1, -5), (4, 5, 1, 1, 1), (6, 7, 1, 1, -5), (8, 9, 1, 1, 5)],
     "11111"),
    ("the day's loss", [(0, 1, 1, 1, -600), (2, 3, 1, 1, -400), (4, 5, 1, 1, 5)], "11."),
    ("an exit that is not known holds to the end of the day", [(0, 0, 1, 1, 5), (1, 0, 1, 1, 5), (90, 95, 1, 1, 5)],
     "11."),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [o[1:] for o in OPENINGS], ids=[o[0] for o in OPENINGS])
def test_what_may_be_opened(rows: list[tuple[int, int, int, int, float]], expected: str) -> None:
    start = DAY * 86_400_000_000 + 15 * 60 * MINUTE
    minute, closed, symbol, side, net = (np.array(column) for column in zip(*rows, strict=True))
    outcomes = Outcomes(
        at=start + minute * MINUTE, day=np.full(len(rows), DAY), signal=np.arange(len(rows)), symbol=symbol,
        direction=side.astype(np.int8), net=net.astype(float), blocked=np.zeros(len(rows), dtype=bool),
        exit_at=np.where(closed > 0, start + closed * MINUTE, 0),
    )  # fmt: skip
    got = allowed(outcomes, np.ones(len(rows), dtype=bool), DEFAULT)
    assert "".join("1" if one else "." for one in got) == expected


# --- the whole -----------------------------------------------------------------------------------------


def test_learning_from_entries_and_the_side_effects_of_a_move(entry: Entry) -> None:
    week = a_week(entry)
    found = learn(week)
    assert found.signals == 6 and found.shadows.closed == 3 and found.shadows.open == 1
    assert [row.label for row in found.tables["regime"]] == ["2"]
    assert found.search.suggestions == () and found.search.reason
    json.dumps(dataclasses.asdict(found), default=str)
    move = Suggestion(
        id="x", rule="market.max_spread_bps", old=rule_value(DEFAULT, "market.max_spread_bps"), new=13.8, text="",
        evidence=(),
    )  # fmt: skip
    told = with_side_effects(move, week, DEFAULT)
    assert told.side_effects is not None and told.side_effects.whole.changed == 0
    wider = with_side_effects(dataclasses.replace(move, new=18.0), week, DEFAULT)
    assert wider.side_effects == whatif_entries(week, DEFAULT, WIDER)


def test_learning_from_nothing_says_why() -> None:
    found = learn([])
    assert found.signals == 0 and found.gates[0].passed.win_rate.reason == "no signals"
    assert found.budget.advised_pct is None and found.drift == () and found.search.reason
