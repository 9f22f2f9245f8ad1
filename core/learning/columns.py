"""Observations in columns, oldest first: the form that every test and table of learning measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.learning.observations import Observation
from core.performance.columns import Codes
from core.performance.cuts import CONFIDENCE_BANDS, MULTIPLIER_BANDS, band
from core.performance.days import day_number, micros, to_date
from core.performance.followed import EXECUTED

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

NUMBERS = (
    "confidence", "multiplier", "ai_score", "regime_confidence", "alignment_pct", "spread_bps", "atr_pct",
    "depth_score", "confluence", "rr1", "volume_ratio", "trend_strength",
)  # fmt: skip
LABELS = (
    "symbol", "direction", "setup", "timeframe", "quality", "session", "weekday", "phase", "volatility", "htf",
)  # fmt: skip


_MICROS_A_DAY = 86_400_000_000


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """n observations: arrays of shape (n,), ``passed`` (n, 3) in the order of GATES; NaN is unknown.

    ``day`` is the exchange day of the decision since 1970; intervals are drawn by these sessions. ``blocker``
    holds the codes that kept a signal from executing, joined by "+", "" for none. In a label column "" is
    unknown. ``opened`` and ``closed`` are microseconds since 1970; by default, and where the exit is not
    known, those of a signal that is open during all of its day. ``bands`` (n, 3) are the net dollars by execution:
    best, expected, worst.
    """

    day: Ints
    net: Floats
    r: Floats
    executed: Flags
    passed: Flags
    blocker: Codes
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    labels: Mapping[str, Codes] = field(default_factory=dict)
    opened: Ints = field(default_factory=_none)
    closed: Ints = field(default_factory=_none)
    bands: Floats | None = None

    def __post_init__(self) -> None:
        if len(self.opened) != len(self.net):
            object.__setattr__(self, "opened", self.day * _MICROS_A_DAY)
            object.__setattr__(self, "closed", (self.day + 1) * _MICROS_A_DAY)

    def __len__(self) -> int:
        return len(self.net)

    @property
    def win(self) -> Flags:
        return self.net > 0

    @property
    def cleared(self) -> Flags:
        """Mask of the observations that passed every gate."""
        found: Flags = np.logical_and.reduce(self.passed, axis=1)
        return found

    def blocked_by(self, *blockers: str) -> Flags:
        """Return a mask of the signals that exactly one of these blockers stopped; "" stands for none."""
        wanted = [n for n, label in enumerate(self.blocker.labels) if label in blockers]
        return np.isin(self.blocker.codes, wanted)

    def number(self, name: str) -> Floats:
        """Return a column of numbers, NaN throughout when it does not exist."""
        found = self.numbers.get(name)
        return np.full(len(self), np.nan) if found is None else found

    def label(self, name: str) -> Codes:
        """Return a column of texts, "" throughout when it does not exist."""
        found = self.labels.get(name)
        return Codes(("",), np.zeros(len(self), dtype=np.int32)) if found is None else found

    def where(self, rows: Any) -> Self:
        """Return the rows of a mask or an index array."""
        return replace(
            self,
            day=self.day[rows],
            net=self.net[rows],
            r=self.r[rows],
            executed=self.executed[rows],
            passed=self.passed[rows],
            blocker=Codes(self.blocker.labels, self.blocker.codes[rows]),
            numbers={name: values[rows] for name, values in self.numbers.items()},
            labels={name: Codes(c.labels, c.codes[rows]) for name, c in self.labels.items()},
            opened=self.opened[rows],
            closed=self.closed[rows],
            bands=None if self.bands is None else self.bands[rows],
        )

    def between(self, first: date, last: date) -> Self:
        """Return the observations decided on the exchange days from ``first`` to ``last``, both included."""
        return self.where((self.day >= day_number(first)) & (self.day <= day_number(last)))

    def window(self, days: int, last: date) -> Self:
        """Return the observations decided on the ``days`` calendar days that end with ``last``."""
        return self.between(last - timedelta(days=days - 1), last)

    def last_day(self) -> date | None:
        """Return the newest exchange day, ``None`` without observations."""
        return to_date(int(self.day.max())) if len(self) else None

    @classmethod
    def from_rows(cls, rows: Iterable[Observation]) -> Self:
        """Return observations in columns, in the order given."""
        rows = tuple(rows)
        ends = ((day_number(o.day) + 1) * _MICROS_A_DAY if o.until is None else micros(o.until) for o in rows)
        return cls(
            day=np.array([day_number(o.day) for o in rows], dtype=np.int64),
            net=_floats(o.net for o in rows),
            r=_floats(o.r for o in rows),
            executed=np.array([o.kind == EXECUTED for o in rows], dtype=np.bool_),
            passed=np.array([o.passed for o in rows], dtype=np.bool_).reshape(len(rows), 3),
            blocker=codes("+".join(o.failed) for o in rows),
            numbers={name: _floats(getattr(o, name) for o in rows) for name in NUMBERS},
            labels={
                **{name: codes(_text(getattr(o, name)) for o in rows) for name in LABELS},
                "confidence_band": codes(band(o.confidence, CONFIDENCE_BANDS) for o in rows),
                "multiplier_band": codes(band(o.multiplier, MULTIPLIER_BANDS) for o in rows),
            },
            opened=np.array([micros(o.at) for o in rows], dtype=np.int64),
            closed=np.array(list(ends), dtype=np.int64),
            bands=np.array([_band(o) for o in rows], dtype=np.float64).reshape(len(rows), 3),
        )


def _band(seen: Observation) -> tuple[float, float, float]:
    band = seen.band
    return (np.nan,) * 3 if band is None else (band.best, band.expected, band.worst)


def codes(texts: Iterable[str]) -> Codes:
    """Return a column of texts as codes, labels in the order of their first row."""
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(t, len(known)) for t in texts], dtype=np.int32)
    return Codes(tuple(known), numbers)


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _text(value: object) -> str:
    return "" if value is None else str(value)
