"""The baseline of a what-if against the real trades: how many it makes, and why they are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learning.outcomes import Flags, Outcomes

NOT_EXECUTED = "were executed under rules that are no longer in force"
EARLIER = "belong to a signal that is traded at an earlier decision"
LIMITED = "are refused by the limits, counted again"
REFUSED = "are refused as {code}, counted again"
OTHER_RULES = "were not executed under the rules of their time"
ALLOWED = "were refused as {code}, and are not when counted again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Trades under the rules in force as a what-if counts them, against the real ones.

    ``both`` of the ``real`` trades are among those ``made``; ``missing`` counts the other real ones and
    ``added`` the other made ones, by reason. ``text`` says it in one sentence, as "of 827 real trades, the baseline
    makes 880, because 53 more …".
    """

    real: int
    made: int
    both: int
    missing: Mapping[str, int]
    added: Mapping[str, int]
    text: str


def baseline(
    outcomes: Outcomes, executed: Flags, first: Flags, made: Flags, refused: NDArray[np.bytes_]
) -> Baseline | None:
    """Return the baseline's trades against the real ones; ``None`` where the real ones are not known.

    Masks of the decisions: ``executed`` by their verdict under the rules in force, ``first`` of their signal,
    and ``made`` after the limits; ``refused`` is the code that refused one, where it is known.
    """
    if outcomes.real is None or outcomes.code is None:
        return None
    real = outcomes.real
    lost, new = real & ~made, made & ~real
    reasons = np.select([~executed, executed & ~first], [NOT_EXECUTED, EARLIER], LIMITED)
    missing = Counter(
        REFUSED.format(code=code.decode()) if code else reason
        for reason, code in zip(reasons[lost].tolist(), refused[lost].tolist(), strict=True)
    )
    added = Counter(
        ALLOWED.format(code=code.decode()) if code else OTHER_RULES for code in outcomes.code[new].tolist()
    )
    parts = [f"{count:,} of them {reason}" for reason, count in missing.most_common()]
    parts += [f"{count:,} more {reason}" for reason, count in added.most_common()]
    because = f", because {'; '.join(parts)}" if parts else ""
    return Baseline(
        real=int(real.sum()),
        made=int(made.sum()),
        both=int((real & made).sum()),
        missing=dict(missing.most_common()),
        added=dict(added.most_common()),
        text=f"of {real.sum():,} real trades, the baseline makes {made.sum():,}{because}",
    )
