"""One chart of each kind with invented data, for the tests of charts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.charts import Chart
from tui.charts.calibration import CalibrationChart, CalibrationPoint
from tui.charts.canvas import LevelLabel
from tui.charts.distribution import HistogramChart
from tui.charts.equity import CumulativeChart, DrawdownChart
from tui.charts.excursions import ExcursionsChart
from tui.charts.position import PriceChart, TimeLine

START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
"""Monday, 10:00 in New York."""


def exits(count: int, hours: float) -> tuple[datetime, ...]:
    return tuple(START + timedelta(hours=n * hours) for n in range(count))


def prices(count: int, minutes: int = 1, **changes: Any) -> PriceChart:
    made: dict[str, Any] = {
        "path": tuple(
            (START + timedelta(minutes=n * minutes), n / max(1, count - 1), 450 + math.sin(n / 9))
            for n in range(count)
        ),
        "levels": (
            LevelLabel(448.2, "stop 448.20", "bad"),
            LevelLabel(450.3, "now 450.30", "strong", line=False),
        ),
        "ticks": ((1.0, "now"), (0.0, "10:00")),
        "sessions": (),
    }
    return PriceChart(**made | changes)


CHARTS: dict[str, Chart] = {
    "cumulative": CumulativeChart(exits(40, 1.7), tuple(50.0 * math.sin(n / 5) for n in range(40))),
    "drawdown": DrawdownChart(exits(40, 1.7), tuple(-float(n % 9) for n in range(40))),
    "histogram": HistogramChart(tuple(50.0 * n for n in range(-8, 13)), tuple(range(20))),
    "excursions": ExcursionsChart(tuple((-float(n), float(n % 9), (-1.0) ** n) for n in range(57))),
    "calibration": CalibrationChart(
        tuple(CalibrationPoint(0.5 + n / 10, 0.4 + n / 20, 0.3, 0.8, n > 1) for n in range(5)), 0.5
    ),
    "price": prices(90, lines=(TimeLine(0.5, "rule", "TIME"),), ahead=((0.6, 449.0), (1.0, 448.5))),
}
