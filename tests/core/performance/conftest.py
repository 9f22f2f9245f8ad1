"""Trades as a table a trader can check by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.exchange.calendar import Calendar
from core.performance import Trade

START = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def on_sessions() -> Callable[..., list[Trade]]:
    """One trade per net P&L, each leaving at 10:00 New York time of the next session from 5 January 2026."""

    def make(nets: Iterable[float], start: date = START.date(), **facts: Any) -> list[Trade]:
        nets = list(nets)
        days = Calendar.load().session_dates(start, start + timedelta(days=2 * len(nets) + 10))
        return [
            Trade(
                id=f"t{n:04d}",
                pnl_net=net,
                exit_time=datetime(day.year, day.month, day.day, 15, tzinfo=UTC),
                **facts,
            )
            for n, (net, day) in enumerate(zip(nets, days, strict=False))
        ]

    return make


@pytest.fixture
def in_a_row() -> Callable[..., list[Trade]]:
    """One trade per net P&L, leaving an hour after one another on 5 January 2026 and on."""

    def make(nets: Iterable[float], hours: float = 1.0, **facts: Any) -> list[Trade]:
        return [
            Trade(id=f"t{n:04d}", pnl_net=net, exit_time=START + timedelta(hours=hours * n), **facts)
            for n, net in enumerate(nets)
        ]

    return make
