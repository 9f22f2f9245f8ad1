"""What the Performance and Learning screens show: what core measured, and what a person has said to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from server.ledger.base import Judged

if TYPE_CHECKING:  # numpy behind these takes longer to load than a deck that is attached may need
    from core.learning import Learning, Suggestion
    from core.performance import Report

WINDOWS = ("30", "60", "90", "all")
"""The windows a deck offers: days back from now, or every trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceView:
    """The report of one window, cut one way; ``cuts`` are all (name, title) that may be asked for.

    ``report`` holds the buckets of ``cut`` alone. ``assumed`` when the market behind the fills is no data.
    """

    window: str
    cut: str
    cuts: tuple[tuple[str, str], ...]
    report: Report
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningView:
    """What the ledger teaches under the rules in force, as of an instant of the engine's clock.

    ``suggestions`` are those still to be judged, each with its side effects where a what-if could be run;
    ``judged`` what was said to others, newest first.
    ``newest`` is how many of the newest decisions were learned from, ``None`` when from all.
    """

    as_of: datetime
    learning: Learning
    suggestions: tuple[Suggestion, ...] = ()
    judged: tuple[Judged, ...] = ()
    newest: int | None = None
