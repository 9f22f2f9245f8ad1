"""The baseline of a what-if against the real trades: how many it makes, and why they are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.learning.outcomes import Flags, Outcomes

NOT_EXECUTED = "real trades that the rules in force do not execute"
EARLIER = "real trades whose signal the baseline trades at an earlier decision"
LIMITED = "real trades that limits, counted again at multiplier 1, refuse"
OTHER_RULES = "trades that were not executed under the rules of their time"
REFUSED = "trades that were refused as {code}, and limits counted again allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Trades under the rules in force as a what-if counts them, against the real ones that have closed.

    ``both`` of the ``real`` trades are among those ``made``; ``missing`` counts the other real ones and
    ``added`` the other made ones, by reason.
    """

    real: int
    made: int
    both: int
    missing: Mapping[str, int]
    added: Mapping[str, int]

    @property
    def text(self) -> str:
        """Say it in one sentence, as "of 827 real trades the baseline makes 812, and 68 more"."""
        more = self.made - self.both
        return f"of {self.real:,} real trades the baseline makes {self.both:,}, and {more:,} more"


def baseline(outcomes: Outcomes, executed: Flags, first: Flags, made: Flags) -> Baseline | None:
    """Return the baseline's trades against the real ones; ``None`` where the real ones are not known.

    Masks of the decisions: ``executed`` by their verdict under the rules in force, ``first`` of their signal,
    and ``made`` after the limits.
    """
    if outcomes.real is None or outcomes.code is None:
        return None
    real = outcomes.real
    lost, new = real & ~made, made & ~real
    reasons = np.select([~executed, executed & ~first], [NOT_EXECUTED, EARLIER], LIMITED)
    missing = Counter(reasons[lost].tolist())
    added = Counter(
        REFUSED.format(code=code.decode()) if code else OTHER_RULES for code in outcomes.code[new].tolist()
    )
    return Baseline(
        real=int(real.sum()),
        made=int(made.sum()),
        both=int((real & made).sum()),
        missing=dict(missing.most_common()),
        added=dict(added.most_common()),
    )
