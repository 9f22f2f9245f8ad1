"""Reading one webhook body: the walk over its keys against a time limit, and the whole of ``normalise``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from core.intake import normalise, sample
from core.intake.walk import Reading
from core.model import Direction, Source
from tests.benchmarks.table import Row, alternate, duration

LIMIT = 30e-6
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


def rows() -> Iterator[Row]:
    """Yield a row for the walk over a SATY body, and one for a SATY and a signal body from text to update."""
    saty = sample(Source.SATY_PHASE, NOW, "SPY", 650.0, Direction.LONG)
    signal = sample(Source.TRADINGVIEW_SIGNAL, NOW, "SPY", 650.0, Direction.LONG)
    saty_text, signal_text = json.dumps(saty), json.dumps(signal)
    walk, whole, entry = alternate(
        lambda: Reading(saty, [], flat=True), lambda: normalise(saty_text), lambda: normalise(signal_text)
    )
    yield Row(
        "walk over a SATY body",
        duration(walk),
        f"limit {duration(LIMIT)}",
        LIMIT / walk,
        "≤ 30 µs",
        f"text to update {duration(whole)}; a signal with levels {duration(entry)}",
    )
