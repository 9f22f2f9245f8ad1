"""Views of the Performance and Learning screens: a report, learning results, and judgements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from server.ledger.base import Judged

if TYPE_CHECKING:  # these import numpy, which is slow to load and not needed here
    from core.learning import Learning, Suggestion
    from core.performance import Report

WINDOWS = ("30", "60", "90", "all")
"""The windows a deck offers: days back from now, or every trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceView:
    """The report of one window, broken down one way; ``cuts`` are all breakdowns as (name, title).

    ``report`` holds the buckets of ``cut`` only. ``assumed``: the fills were made on an assumed market.
    """

    window: str
    cut: str
    cuts: tuple[tuple[str, str], ...]
    report: Report
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningView:
    """Learning results under the rules in force, as of an instant of the engine's clock.

    ``suggestions`` are not judged yet, each with its side effects where a what-if could be run; ``judged`` are
    earlier judgements, newest first. ``newest`` is the number of decisions learned from, ``None`` for all.
    """

    as_of: datetime
    learning: Learning
    suggestions: tuple[Suggestion, ...] = ()
    judged: tuple[Judged, ...] = ()
    newest: int | None = None
