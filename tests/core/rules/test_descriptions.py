"""Every rule is described: one line of meaning, and bounds that its default keeps."""

from __future__ import annotations

import pytest

from core.rules import RuleDescription, describe_rules

RULES = tuple(describe_rules())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.path)
def test_every_rule_has_a_meaning(rule: RuleDescription) -> None:
    assert rule.meaning and "\n" not in rule.meaning
    assert rule.meaning[0].isupper() and not rule.meaning.endswith(".") and len(rule.meaning) <= 110


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.path)
def test_the_default_of_a_rule_is_allowed(rule: RuleDescription) -> None:
    if rule.choices:
        assert rule.default in rule.choices
    if rule.low is not None:
        assert rule.default >= rule.low
    if rule.high is not None:
        assert rule.default <= rule.high


def test_every_rule_is_described_once() -> None:
    paths = [rule.path for rule in RULES]
    assert len(set(paths)) == len(paths) > 150
    assert "market.max_spread_bps" in paths
