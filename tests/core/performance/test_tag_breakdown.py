"""Groups by tag: a trade with several tags counts in each, and those without one are a group."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.notes import NO_TAG, TAG
from core.performance import Trade, Trades, breakdown
from core.performance.tag_breakdown import tag_codes

START = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def tagged(*tags: tuple[str, ...]) -> Trades:
    trades = [
        Trade(pnl_net=10.0 * 2**n, exit_time=START + timedelta(minutes=n), id=f"t{n}", stale_fill=False)
        for n in range(len(tags))
    ]
    columns = Trades.from_trades(trades)
    return replace(columns, cuts={**columns.cuts, TAG: tag_codes(tags)})


# tags of each trade, whose net is 10, 20, 40, … | label and net of each group in order
GROUPS = [
    ((("a",), ("a", "b"), ()), [("a", 30.0), ("b", 20.0), (NO_TAG, 40.0)]),
    (((), ()), [(NO_TAG, 30.0)]),
    ((("b", "a"), ("a", "b")), [("a", 30.0), ("b", 30.0)]),
    ((("x",), ("late", "x"), ("late",), ()), [("late", 60.0), ("x", 30.0), (NO_TAG, 80.0)]),
]


@pytest.mark.parametrize(("tags", "groups"), GROUPS)
def test_groups_are_by_tag(tags: tuple[tuple[str, ...], ...], groups: list[tuple[str, float]]) -> None:
    buckets = breakdown(tagged(*tags), TAG)
    assert [(bucket.label, bucket.metrics.net_pnl.value) for bucket in buckets] == groups


def test_a_window_keeps_each_trades_tags() -> None:
    trades = tagged(("a",), ("b",), ("b",))
    later = trades.where(trades.net > 10)
    assert [(b.label, b.metrics.trades) for b in breakdown(later, TAG)] == [("b", 2)]


def test_without_tags_the_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="cut: 'tag' is not one of"):
        breakdown(Trades.from_trades([Trade(pnl_net=1.0)]), TAG)
