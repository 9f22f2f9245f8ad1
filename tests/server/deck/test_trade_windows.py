"""Windows of the list of trades: the days and instants they stand for, over weekends and a holiday."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.exchange.calendar import Calendar
from server.deck.trade_windows import in_window
from server.ledger.paging import PageQuery

# now (UTC) | window | filters in its place; Thursday 26 November is a holiday
WINDOWS = [
    ("2026-11-24T15:00", "today", {"since": "2026-11-24"}),
    ("2026-11-25T03:00", "today", {"since": "2026-11-24"}),
    ("2026-11-24T15:00", "5d", {"since": "2026-11-18"}),
    ("2026-11-27T15:00", "5d", {"since": "2026-11-20"}),
    ("2026-11-29T15:00", "5d", {"since": "2026-11-20"}),
    ("2026-11-24T15:00", "all", {}),
    (
        "2026-11-24T15:00",
        "30",
        {"from": "2026-10-25T15:00:00.000001+00:00", "to": "2026-11-24T15:00:00+00:00"},
    ),
]


@pytest.mark.parametrize(("now", "window", "filters"), WINDOWS)
def test_a_window_becomes_days_or_instants(now: str, window: str, filters: dict[str, str]) -> None:
    query = PageQuery(what="trades", filters={"window": window, "symbol": "SPY"})
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = in_window(query, at, Calendar.load())
    assert found.filters == filters | {"symbol": "SPY"}


# window | a bound beside it | what counts
NARROWED = [
    ("today", {"since": "2026-11-20"}, {"since": "2026-11-24"}),
    ("5d", {"since": "2026-11-23"}, {"since": "2026-11-23"}),
    ("30", {"from": "2026-11-20", "to": "2026-11-23"}, {"from": "2026-11-20", "to": "2026-11-23"}),
]


@pytest.mark.parametrize(("window", "stated", "counts"), NARROWED)
def test_of_a_window_and_a_bound_the_narrower_counts(
    window: str, stated: dict[str, str], counts: dict[str, str]
) -> None:
    query = PageQuery(what="trades", filters={"window": window, **stated})
    assert in_window(query, datetime(2026, 11, 24, 15, tzinfo=UTC), Calendar.load()).filters == counts


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"window": "tomorrow"}, "window: 'tomorrow' is not one of all, today"),
        ({"window": "today", "since": "tomorrow"}, "since: 'tomorrow' is neither a date"),
    ],
)
def test_a_window_that_is_not_accepted_is_named(filters: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        in_window(
            PageQuery(what="trades", filters=filters), datetime(2026, 11, 24, tzinfo=UTC), Calendar.load()
        )


def test_other_lists_keep_their_filters() -> None:
    query = PageQuery(what="decisions", filters={"window": "today"})
    assert in_window(query, datetime(2026, 11, 24, tzinfo=UTC), Calendar.load()) is query
