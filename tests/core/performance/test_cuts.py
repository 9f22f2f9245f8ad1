"""Cuts, bands and windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.performance import CUTS, Trade, Trades, breakdown, metrics
from core.performance.cuts import CONFIDENCE_BANDS, DTE_BANDS, MULTIPLIER_BANDS, band


def test_every_cut_of_the_specification_is_there() -> None:
    assert list(CUTS) == [
        *("setup", "multiplier", "timeframe", "quality", "confidence", "dte", "symbol", "direction"),
        *("session", "weekday", "phase", "exit_reason", "decided_by"),
    ]


@pytest.mark.parametrize(
    ("cut", "facts", "label"),
    [
        ("setup", {"setup": "2-2 reversal"}, "2-2 reversal"),
        ("setup", {}, "no setup named"),
        ("multiplier", {"multiplier": 0.5}, "0.5–1×"),
        ("multiplier", {"multiplier": 1.0}, "1–1.5×"),
        ("multiplier", {"multiplier": 3.0}, "2.5–3×"),
        ("multiplier", {}, "unknown"),
        ("timeframe", {"timeframe": 15}, "15m"),
        ("timeframe", {"timeframe": 240}, "4h"),
        ("timeframe", {"timeframe": 1440}, "1D"),
        ("timeframe", {"timeframe": 90}, "90m"),
        ("timeframe", {}, "not stated"),
        ("quality", {"quality": "HIGH"}, "HIGH"),
        ("confidence", {"confidence": 69.9}, "60–70"),
        ("confidence", {"confidence": 70.0}, "70–80"),
        ("confidence", {"confidence": 100.0}, "90–100"),
        ("dte", {"dte": 0}, "0DTE"),
        ("dte", {"dte": 7}, "1–7 days"),
        ("dte", {"dte": 8}, "8–45 days"),
        ("dte", {"dte": 46}, "over 45 days"),
        ("direction", {"direction": "SHORT"}, "SHORT"),
        ("weekday", {"weekday": "Friday"}, "Friday"),
        ("phase", {"phase": 4}, "4 markdown"),
        ("phase", {}, "no phase known"),
        ("exit_reason", {"exit_reason": "TARGET_1"}, "TARGET_1"),
    ],
)
def test_bucket_of_a_trade(cut: str, facts: dict[str, Any], label: str) -> None:
    assert CUTS[cut].label(Trade(pnl_net=1.0, **facts)) == label


@pytest.mark.parametrize("bands", [MULTIPLIER_BANDS, CONFIDENCE_BANDS, DTE_BANDS])
def test_bands_rise_and_begin_where_their_label_says(bands: tuple[tuple[float, str], ...]) -> None:
    assert [start for start, _ in bands] == sorted(start for start, _ in bands)
    for start, label in bands:
        assert band(start, bands) == label
    assert len({label for _, label in bands}) == len(bands)


def test_a_bucket_is_measured_like_the_trades_alone(on_sessions: Any) -> None:
    a, b = on_sessions([5.0, -3.0] * 20, symbol="A"), on_sessions([7.0] * 40, symbol="B")[:35]
    mixed = Trades.from_trades([*a, *b])
    found = {bucket.label: bucket.metrics for bucket in breakdown(mixed, "symbol")}
    assert list(found) == ["A", "B"]
    assert found["A"] == metrics(a)
    # B's five last sessions are without a trade, but the whole has them
    assert found["B"].sharpe.n == 40 == metrics(b).sharpe.n + 5
    assert found["B"].win_rate == metrics(b).win_rate


def test_buckets_stand_in_the_cuts_order_others_by_size(on_sessions: Any) -> None:
    def labels(cut: str, **columns: list[Any]) -> list[str]:
        name, values = next(iter(columns.items()))
        trades = [
            Trade(pnl_net=1.0, exit_time=t.exit_time, id=t.id, **{name: v})
            for t, v in zip(on_sessions([1.0] * len(values)), values, strict=True)
        ]
        return [bucket.label for bucket in breakdown(Trades.from_trades(trades), cut)]

    assert labels("quality", quality=["MEDIUM", "HIGH", "MEDIUM", "EXTREME"]) == ["EXTREME", "HIGH", "MEDIUM"]
    assert labels("symbol", symbol=["B", "A", "B", "C"]) == ["B", "A", "C"]
    assert labels("timeframe", timeframe=[240, 90, 5, None]) == ["5m", "4h", "not stated", "90m"]
    assert labels("dte", dte=[None, 30, 0]) == ["0DTE", "8–45 days", "unknown"]


def test_a_cut_leaves_stale_fills_out_unless_asked_for(on_sessions: Any) -> None:
    trades = Trades.from_trades(
        [*on_sessions([1.0], symbol="A"), *on_sessions([9.0], symbol="B", stale_fill=True)]
    )
    assert [b.label for b in breakdown(trades, "symbol")] == ["A"]
    assert [b.label for b in breakdown(trades, "symbol", include_stale=True)] == ["A", "B"]


def test_an_unknown_cut_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"colour.*setup.*exit_reason"):
        breakdown(Trades.from_trades([]), "colour")


def test_no_trades_no_buckets() -> None:
    assert breakdown(Trades.from_trades([]), "symbol") == ()


@pytest.mark.parametrize(("days", "kept"), [(30, 2), (60, 3), (90, 5)])
def test_windows_begin_after_their_first_instant(days: int, kept: int) -> None:
    now = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)
    ages = [timedelta(days=d) for d in (0, 29, 30, 60, 89, 90)]
    trades = Trades.from_trades([Trade(pnl_net=1.0, exit_time=now - age) for age in ages])
    assert len(trades.window(days, now)) == kept
    # A day earlier the newest is still to come, and one more is inside at the far end.
    assert len(trades.window(days, now - timedelta(days=1))) == kept


def test_since_takes_exchange_days_both_included(on_sessions: Any) -> None:
    trades = Trades.from_trades(on_sessions([1.0] * 5))  # 5 to 9 January 2026
    assert len(trades.since(date(2026, 1, 6), date(2026, 1, 8))) == 3
