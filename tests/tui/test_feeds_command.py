"""`gatedeck feeds`: the table of a running engine's feeds, and its exit code."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.feeds.base import FeedStatus
from server.feeds.trial import TrialRow
from tui.cli import feeds

GOOD = FeedStatus(
    name="tradier", state="OK", stream="connected", budget_left=104, budget_limit=120, latency_p50_ms=61.2,
    latency_p99_ms=184.0, last_answer_at=datetime.now(UTC) - timedelta(seconds=2),
)  # fmt: skip
BAD = FeedStatus(name="alpaca", state="KEY_REFUSED", detail="alpaca: the key is refused (401)")


class Engine:
    def __init__(self, *states: FeedStatus) -> None:
        rows = [asdict(each) for each in states]
        self.rows = [
            {**row, "last_answer_at": row["last_answer_at"] and row["last_answer_at"].isoformat()}
            for row in rows
        ]

    def items(self, path: str) -> list[dict[str, Any]]:
        assert path == "/api/feeds"
        return self.rows


@pytest.mark.parametrize(("states", "code"), [((GOOD,), 0), ((GOOD, BAD), 1)])
def test_the_state_of_each_feed_is_one_line(
    states: tuple[FeedStatus, ...], code: int, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(feeds, "engine_client", lambda **_: Engine(*states))
    assert feeds.show(url=None, config=None, as_json=False) == code
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["feed", "state", "budget"] and len(lines) == len(states)
    assert all(part in lines[0] for part in ("tradier", "OK", "104/120", "61 ms", "s ago", "connected"))
    assert feeds.show(url=None, config=None, as_json=True) == code
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == [each.name for each in states]


@pytest.mark.parametrize(
    ("result", "code"), [("OK", 0), ("NOT_IN_PLAN", 0), ("NO_DATA", 0), ("KEY_REFUSED", 1), ("TIMED_OUT", 1)]
)
def test_a_trial_fails_when_something_offered_cannot_be_had(
    result: str, code: int, monkeypatch: Any, capsys: Any
) -> None:
    async def rows(*_: Any) -> list[TrialRow]:
        return [TrialRow(feed="tradier", need="quotes", code=result, text="SPY 661.20", seconds=0.061)]

    monkeypatch.setattr(feeds, "_try_all", rows)
    monkeypatch.setattr(feeds, "load_settings", lambda *_: None)
    assert feeds.test("SPY", config=None, as_json=False) == code
    out = capsys.readouterr().out.splitlines()
    assert out[1].split()[:4] == ["tradier", "quotes", result, "61"]


def test_without_a_feed_the_way_on_is_said(monkeypatch: Any, capsys: Any) -> None:
    async def rows(*_: Any) -> list[TrialRow]:
        return []

    monkeypatch.setattr(feeds, "_try_all", rows)
    monkeypatch.setattr(feeds, "load_settings", lambda *_: None)
    assert feeds.test("SPY", config=None, as_json=False) == 1
    assert "gatedeck guide feeds" in capsys.readouterr().err
