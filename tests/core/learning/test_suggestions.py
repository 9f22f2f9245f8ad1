"""Suggestions: the rule that changes, by how much, on what evidence, and how it is applied."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from advice_ledgers import confounded, first_half, planted
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from core.learning import (
    Judgement,
    Observations,
    Suggestion,
    SuggestionStatus,
    apply,
    change_of,
    rule_value,
    suggest,
    with_rule,
)
from core.learning.looks import look_at
from core.learning.suggestion import moved
from core.learning.tunable_rules import FACTORS, LIMITS, STEPS, levers
from core.performance.columns import Codes
from core.performance.days import to_date
from core.rules import DEFAULT, RulesError, parse_rules

Made = Callable[..., Observations]


def among(number: str, low: float, high: float) -> Callable[[Observations], np.ndarray]:
    """The executable signals whose number lies between."""
    return lambda s: s.blocked_by("") & (s.number(number) > low) & (s.number(number) < high)


def blocked(code: str) -> Callable[[Observations], np.ndarray]:
    return lambda s: s.blocked_by(code)


# what is done to a plain ledger: rule, how R shifts in which signals, the move that must follow
PLANTED = [
    ("wide spreads lose", "market.max_spread_bps", among("spread_bps", 10.2, 12), -0.8, "down"),
    ("skipped spreads win", "market.max_spread_bps", blocked("SPREAD_WIDE"), 0.9, "up"),
    ("low scores lose", "structural.min_ai_score", among("ai_score", 6, 6.9), -0.8, "up"),
    ("skipped scores win", "structural.min_ai_score", blocked("LOW_SCORE"), 0.9, "down"),
    ("waits win", "confidence.execute_at", blocked("UNSURE"), 0.9, "down"),
    ("thin books lose", "market.min_depth", among("depth_score", 30, 34.5), -1.2, "up"),
    ("power hour loses", "sizing.session.POWER_HOUR", lambda s: is_label(s, "session", "POWER_HOUR"), -0.6, "down"),
    ("Mondays win", "sizing.day.MONDAY", lambda s: is_label(s, "weekday", "MONDAY"), 0.7, "up"),
    ("strong trends win", "sizing.trend.80", lambda s: s.number("trend_strength") >= 80, 0.6, "up"),
    ("large sizes lose", "sizing.most", lambda s: s.number("multiplier") > 2.55, -0.7, "down"),
]  # fmt: skip


def is_label(seen: Observations, column: str, label: str) -> np.ndarray:
    codes = seen.label(column)
    return codes.codes == codes.labels.index(label)


def shifted(seen: Observations, mask: np.ndarray, by: float) -> Observations:
    r = seen.r + np.where(mask, by, 0.0)
    return replace(seen, r=r, net=250 * r)


@pytest.mark.parametrize(("rule", "mask", "by", "way"), [p[1:] for p in PLANTED], ids=[p[0] for p in PLANTED])
def test_the_rule_that_moves(ledger: Made, rule: str, mask: Callable, by: float, way: str) -> None:
    seen = ledger(11, signals=2_500, sessions=250)
    (found,) = [s for s in suggest(shifted(seen, mask(seen), by)).suggestions if s.rule == rule]
    assert found.old == rule_value(DEFAULT, rule)
    assert (found.new > found.old) == (way == "up")
    assert 0 < abs(found.move_pct) <= 15 + 1e-9
    first = found.evidence[0]
    assert first.q <= 0.04 and min(first.n, first.n_outside) >= 30
    assert first.effect.low is not None and first.effect.high is not None
    assert not first.effect.low <= 0 <= first.effect.high
    assert abs(first.effect.value or 0) >= (0.10 if first.measure == "R" else 5)
    assert found.status is SuggestionStatus.PENDING and found.side_effects is None
    assert rule in found.text


def test_a_limit_lets_nothing_in_that_loses_money_though_it_loses_less(ledger: Made) -> None:
    seen = ledger(12, signals=2_500)
    everything = np.ones(len(seen), dtype=bool)
    poor = shifted(seen, everything, -1.4)
    better = shifted(poor, poor.blocked_by("SPREAD_WIDE"), 1.1)
    found = suggest(better)
    assert found.discoveries and not any(s.rule == "market.max_spread_bps" for s in found.suggestions)


def test_a_bucket_that_wins_more_often_but_makes_less_moves_nothing(ledger: Made) -> None:
    seen = ledger(13, signals=2_000)
    chosen = is_label(seen, "quality", "HIGH")
    rng = np.random.default_rng(1)
    small_wins = np.where(rng.random(len(seen)) < 0.75, 0.2, -2.5)
    r = np.where(chosen, small_wins, seen.r)
    found = suggest(replace(seen, r=r, net=250 * r))
    assert found.discoveries and not any("HIGH" in s.rule for s in found.suggestions)


def test_a_small_but_certain_effect_is_not_worth_a_word(ledger: Made) -> None:
    seen = ledger(14, signals=3_000)
    r = np.random.default_rng(2).normal(1.0, 0.05, len(seen))
    found = suggest(replace(seen, r=r + 0.09 * is_label(seen, "quality", "HIGH"), net=250 * r))
    assert found.discoveries and not found.suggestions


def test_a_bucket_of_29_is_not_tested(ledger: Made) -> None:
    seen = ledger(15, signals=400)
    codes = seen.label("quality")
    numbers = np.zeros(400, dtype=np.int32)
    for n, tested in ((29, False), (30, True)):
        numbers[:] = 0
        numbers[:n] = 1
        column = replace(
            seen, labels={"quality": Codes(codes.labels, numbers)}, numbers={},
            passed=np.ones((400, 3), dtype=bool),
        )  # fmt: skip
        assert (suggest(column).tested > 0) is tested
        assert (suggest(column).reason is None) is tested
    assert suggest(seen.where(np.zeros(0, dtype=int))).reason == "0 sessions, the first look is at session 40"


def test_equal_ledgers_give_equal_suggestions(ledger: Made) -> None:
    seen = ledger(16, signals=1_500, in_bucket=400)
    once, again = suggest(seen), suggest(ledger(16, signals=1_500, in_bucket=400))
    assert once == again and once.suggestions
    found = once.suggestions[0]
    assert found.id == suggest(seen).suggestions[0].id and len(found.id) == 12
    json.dumps(dataclasses.asdict(found))


def test_one_suggestion_per_rule(ledger: Made) -> None:
    seen = ledger(29, signals=2_500)
    low = shifted(seen, seen.blocked_by("") & (seen.number("spread_bps") > 10.2), -1.0)
    rules = [s.rule for s in suggest(shifted(low, low.blocked_by("SPREAD_WIDE"), 1.2)).suggestions]
    assert len(rules) == len(set(rules)) and "market.max_spread_bps" in rules


def test_what_another_label_explains_is_not_suggested(ledger: Made) -> None:
    """The opening makes more, and most signals of quality EXTREME come at the opening."""
    for by in (0.4, 0.8):
        rules = {s.rule for s in suggest(confounded(21, by)).suggestions}
        assert "sizing.session.OPEN" in rules
        assert all(rule.startswith("sizing.session.") for rule in rules)


def test_two_labels_that_always_come_together_are_told_of_neither(ledger: Made) -> None:
    seen = shifted(ledger(22, signals=2_000), is_label(ledger(22, signals=2_000), "quality", "HIGH"), 0.8)
    assert "sizing.quality.HIGH" in {s.rule for s in suggest(seen).suggestions}
    quality = seen.label("quality")
    twin = Codes(("PERFECT", "GOOD", "WEAK"), quality.codes)
    both = replace(seen, labels={**seen.labels, "htf": twin})
    assert not any("quality" in s.rule or "htf" in s.rule for s in suggest(both).suggestions)


def test_an_effect_of_the_first_half_alone_is_not_suggested() -> None:
    wrong = sum(bool(suggest(first_half(seed, 0.5)).suggestions) for seed in range(12))
    right = sum(bool(suggest(planted(seed, "quality", "EXTREME")).suggestions) for seed in range(12))
    assert wrong <= 2 < 7 <= right


def test_a_factor_that_cannot_act_on_those_sizes_is_not_suggested(ledger: Made) -> None:
    """Raising a factor does nothing for signals that have the largest size already."""
    seen = ledger(23, signals=2_500)
    better = shifted(seen, is_label(seen, "quality", "HIGH"), 0.7)
    assert any(s.rule == "sizing.quality.HIGH" for s in suggest(better).suggestions)
    sizes = np.where(is_label(seen, "quality", "HIGH"), DEFAULT.sizing.most, seen.number("multiplier"))
    full = replace(better, numbers={**better.numbers, "multiplier": sizes})
    assert not any(s.rule == "sizing.quality.HIGH" for s in suggest(full).suggestions)


def test_what_is_expected_is_less_than_what_was_seen(ledger: Made) -> None:
    seen = ledger(16, signals=1_500, in_bucket=400)
    (best, *_) = suggest(seen).suggestions
    for evidence in best.evidence:
        assert 0 < evidence.expected < (evidence.effect.value or 0)
    assert f"expect {best.evidence[0].expected:+.2f} R, not the" in best.text


# --- looks and judgements -----------------------------------------------------------------------------

# sessions | number of the look, limit, as said; a chance of 5 % in 200 sessions
LOOKS = [
    (39, 0, 0.0, "39 sessions, the first look is at session 40"),
    (40, 1, 5.4e-7, "look 1 of this year, limit under .000001 now, .025 at session 200"),
    (80, 9, 0.00039, "look 9 of this year, limit .0004 now, .025 at session 200"),
    (200, 33, 0.025, "look 33 of this year, limit .025 now"),
    (201, 1, 0.025, "look 1 of this year, limit .025 now"),
]


@pytest.mark.parametrize(("sessions", "number", "limit", "text"), LOOKS)
def test_an_early_look_takes_more(sessions: int, number: int, limit: float, text: str) -> None:
    look = look_at(sessions, parse_rules("[learning]\nfdr = 0.05"))
    assert (look.number, look.text) == (number, text)
    assert look.limit == pytest.approx(limit, rel=0.02)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1])
def test_the_limits_of_all_looks_spend_the_rate_once(rate: float) -> None:
    """A random walk leaves its bound at some look about as often as the rate says."""
    rules = replace(DEFAULT, learning=replace(DEFAULT.learning, fdr=rate))
    limits = np.array([look_at(n, rules).limit for n in range(40, 201)])
    walks = np.random.default_rng(28).normal(size=(2_000, 200)).cumsum(axis=1)[:, 39:]
    z = np.abs(walks) / np.sqrt(np.arange(40, 201))
    share = float((2 * (1 - ndtr(z)) <= limits).any(axis=1).mean())
    assert share <= rate + 4 * np.sqrt(rate / 2_000)


@pytest.mark.parametrize("rejected_at", [150, 199])
def test_a_judged_change_waits_for_evidence_of_its_own(ledger: Made, rejected_at: int) -> None:
    seen = ledger(16, signals=1_500, in_bucket=400)
    (first, *_) = suggest(seen).suggestions
    rule, raises = change_of(first.text) or ("", False)
    assert (rule, raises) == (first.rule, first.new > first.old)
    day = to_date(int(seen.day.min()) + rejected_at)
    said = Judgement(rule=rule, raises=raises, day=day)
    assert rule not in {s.rule for s in suggest(seen, judged=(said,)).suggestions}
    other_way = replace(said, raises=not raises)
    assert suggest(seen, judged=(other_way,)).suggestions[0] == first


def test_a_judged_change_comes_back_on_what_happened_since(ledger: Made) -> None:
    before, after = ledger(16, signals=1_500, in_bucket=400), ledger(26, signals=1_500, in_bucket=400)
    both = joined(before, replace(after, day=after.day + 200))
    said = Judgement(rule="sizing.quality.EXTREME", raises=True, day=to_date(int(before.day.max())))
    (again,) = [s for s in suggest(both, judged=(said,)).suggestions if s.rule == said.rule]
    (first,) = [s for s in suggest(both).suggestions if s.rule == said.rule]
    assert again.evidence[0].n < first.evidence[0].n and again.id != first.id


def joined(one: Observations, two: Observations) -> Observations:
    """Two ledgers, one after the other, as one."""
    return Observations(
        day=np.concatenate((one.day, two.day)),
        net=np.concatenate((one.net, two.net)),
        r=np.concatenate((one.r, two.r)),
        executed=np.concatenate((one.executed, two.executed)),
        passed=np.concatenate((one.passed, two.passed)),
        blocker=one.blocker.then(two.blocker),
        numbers={name: np.concatenate((one.number(name), two.number(name))) for name in one.numbers},
        labels={name: one.label(name).then(two.label(name)) for name in one.labels},
    )


def test_no_weight_of_the_confluence_is_moved_by_a_timeframes_own_result(ledger: Made) -> None:
    seen = ledger(27, in_bucket=300, cut="timeframe", bucket="60", wins_in_bucket=0.8)
    assert suggest(seen).suggestions == ()


def test_every_lever_names_a_number_in_the_rules(ledger: Made) -> None:
    paths = {lever.path for lever in levers(ledger(18), DEFAULT)}
    assert {p.split(".")[1] for p in paths} >= {
        "quality",
        "day",
        "rr",
        "max_spread_bps",
        "execute_at",
        "most",
    }
    for path in paths:
        assert isinstance(rule_value(DEFAULT, path), (int, float)), path
    assert len({*FACTORS, *STEPS, *LIMITS}) == 16


def test_levers_of_an_empty_or_foreign_ledger_are_quiet(ledger: Made) -> None:
    seen = ledger(19)
    foreign = replace(
        seen, numbers={}, labels={"quality": Codes(("SPLENDID",), np.zeros(1_000, dtype=np.int32))}
    )
    assert suggest(foreign).suggestions == ()


# --- how far ----------------------------------------------------------------------------------------

MOVES = [
    # rule, up or down, strength, new
    ("market.max_spread_bps", 1, 0.9, 13.8),
    ("market.max_spread_bps", -1, 0.5, 10.8),
    ("market.max_spread_bps", -1, 0.1, 11.4),
    ("structural.min_ai_score", 1, 1.0, 6.9),
    ("sizing.rr.1.5", -1, 1.0, 0.7225),
    ("sizing.phase.2", 1, 0.7, 1.15),
    ("regime.min_confidence", 1, 0.0, 52.5),
    ("risk.open_positions", 1, 1.0, None),  # 15 % of 5 is less than one
    ("sizing.contract_cap", -1, 1.0, 17),
    ("sizing.contract_cap", 1, 0.2, 21),
    ("confidence.regime_weight", 1, 1.0, 0.345),
]


@pytest.mark.parametrize(("rule", "way", "strength", "new"), MOVES)
def test_how_far_a_rule_moves(rule: str, way: int, strength: float, new: float | None) -> None:
    got = moved(rule, rule_value(DEFAULT, rule), way, strength, DEFAULT)
    assert got == (None if new is None else pytest.approx(new))


def test_a_move_stops_at_the_bound_of_the_rule() -> None:
    rules = parse_rules("[confidence]\nexecute_at = 95.0\n[structural]\nmax_ai_score = 10.5")
    assert moved("confidence.execute_at", 95.0, 1, 1.0, rules) == 100.0
    assert moved("confidence.execute_at", 100.0, 1, 1.0, rules) is None


@given(st.floats(1e-3, 1e4), st.sampled_from([-1, 1]), st.floats(0, 1))
def test_a_move_is_never_more_than_its_most(old: float, way: int, strength: float) -> None:
    new = moved("sizing.rr.5", old, way, strength, DEFAULT)
    assert new is not None and 0 < (new - old) * way <= old * 0.15 * (1 + 1e-12)


# --- applied ----------------------------------------------------------------------------------------


def suggestion(rule: str, new: float) -> Suggestion:
    return Suggestion(id="x", rule=rule, old=rule_value(DEFAULT, rule), new=new, text="", evidence=())


@pytest.mark.parametrize(
    ("rule", "new"),
    [
        ("market.max_spread_bps", 13.8),
        ("sizing.quality.HIGH", 1.2),
        ("sizing.rr.1.5", 0.8),
        ("sizing.contract_cap", 18),
    ],
)
def test_applying_changes_one_number_and_keeps_the_rest(rule: str, new: float) -> None:
    text = 'name = "mine"\n[market]\nmin_depth = 40.0\n[sizing]\nday = {"MONDAY" = 0.5}\n'
    changed = parse_rules(apply(suggestion(rule, new), text))
    assert rule_value(changed, rule) == new
    assert changed == with_rule(parse_rules(text), rule, new)
    assert (changed.name, changed.market.min_depth, changed.sizing.day["MONDAY"]) == ("mine", 40.0, 0.5)
    assert with_rule(changed, rule, rule_value(DEFAULT, rule)) == parse_rules(text)


def test_a_suggestion_for_another_value_is_not_applied() -> None:
    with pytest.raises(RulesError, match="is 9 now, the suggestion was made for 12"):
        apply(suggestion("market.max_spread_bps", 13.8), "[market]\nmax_spread_bps = 9")


@pytest.mark.parametrize(
    ("rule", "new", "said"),
    [
        ("market.nothing", 1.0, "no such rule"),
        ("nothing", 1.0, "no such rule"),
        ("sizing.quality", 1.0, "not a number"),
        ("sizing.quality.SPLENDID", 1.0, "no such entry"),
        ("sizing.rr.7", 1.0, "no such entry"),
        ("fills.order_type", 1.0, "not a number"),
        ("confidence.execute_at", 101.0, "outside 0 to 100"),
        ("risk.open_positions", 5.5, "expected a whole number"),
    ],
)
def test_a_path_or_value_that_does_not_fit_is_named(rule: str, new: float, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        with_rule(DEFAULT, rule, new)
