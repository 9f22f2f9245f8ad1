"""Size multiplier: a product of factors that are stored and shown one by one.

Invariants: the final size lies between ``sizing.least`` and ``sizing.most``; an unknown factor is 1; equal inputs
give equal sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.decision.from_mapping import size_inputs_from
from core.model import PositionSize, SizeInputs
from core.rules import DEFAULT, Rules
from core.rules.sections import Steps
from core.thresholds import at_least, below

FACTORS = (
    *(
        "confluence",
        "quality",
        "htf_alignment",
        "rr",
        "volume",
        "trend",
        "session",
        "day",
        "phase_confidence_boost",
    ),
    *("phase_position_boost", "trend_boost", "phase", "volatility"),
)
"""The factors in the order in which they are multiplied and shown."""


def position_size(inputs: SizeInputs | Mapping[str, Any], rules: Rules = DEFAULT) -> PositionSize:
    """Return the multiplier of the budget with its factors; ``skip`` when the raw product is under the least.

    A mapping is read by ``core.decision.from_mapping``. Raises ReadingError for one that cannot be read.
    """
    if not isinstance(inputs, SizeInputs):
        inputs = size_inputs_from(inputs)
    table = rules.sizing
    factors: dict[str, float] = {
        "confluence": step(inputs.confluence, table.confluence),
        "quality": table.quality.get(inputs.quality, 1.0),
        "htf_alignment": table.htf.get(inputs.htf_alignment, 1.0),
        "rr": step(inputs.rr1, table.rr),
        "volume": step(inputs.volume_ratio, table.volume),
        "trend": step(inputs.trend_strength, table.trend),
        "session": table.session.get(inputs.session, 1.0),
        "day": table.day.get(inputs.day, 1.0),
        "phase_confidence_boost": 1 + inputs.phase_confidence_boost,
        "phase_position_boost": 1 + inputs.phase_position_boost,
        "trend_boost": 1 + inputs.trend_boost,
        "phase": 1.0 if inputs.phase is None else table.phase.get(str(inputs.phase), 1.0),
        "volatility": table.volatility.get(inputs.volatility.upper(), 1.0) if inputs.volatility else 1.0,
    }
    raw = 1.0
    for factor in factors.values():
        raw *= factor
    return PositionSize(
        factors=factors,
        raw=raw,
        final=min(table.most, max(table.least, raw)),
        skip=below(raw, table.least),
        confluence=inputs.confluence,
    )


def step(value: float | None, table: Steps) -> float:
    """Return the factor of the first row whose threshold the value reaches; 1 for an unknown value."""
    if value is None:
        return 1.0
    for threshold, factor in table:
        if at_least(value, threshold):
            return factor
    return table[-1][1]
