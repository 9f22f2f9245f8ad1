"""Shadows: results of the signals that were not executed, by what stopped them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.learning.columns import Observations, codes
from core.learning.effectiveness import Group, group_of
from core.learning.observations import Observation
from core.performance.followed import SHADOW, TRADED

REFUSED = "refused after the verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowGroup:
    """The closed shadows that one set of reason codes stopped."""

    by: str
    group: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """Counts of shadows by status, and results of the closed ones, the most frequent reason first.

    ``without`` counts signals that were not executed and have no shadow: late, session closed, no contract.
    """

    open: int
    closed: int
    superseded: int
    without: int
    all: Group
    by_reason: tuple[ShadowGroup, ...]


def shadows(statuses: Iterable[tuple[object, str]], observations: Iterable[Observation]) -> Shadows:
    """Return the shadows of decisions; ``observations`` are those of the same decisions.

    ``statuses`` are the signal of each decision and its status, see ``status_of``.
    """
    status_of_signal: dict[object, str] = {}
    for signal, status in statuses:
        if status and status != TRADED:
            status_of_signal[signal] = status
        else:
            status_of_signal.setdefault(signal, status)
    counts = Counter(status_of_signal.values())
    closed = [o for o in observations if o.kind == SHADOW]
    seen = Observations.from_rows(closed)
    why = codes(o.refused or "+".join(o.failed) or REFUSED for o in closed)
    rows = [
        ShadowGroup(by=label, group=group_of(seen, why.codes == code))
        for code, label in enumerate(why.labels)
    ]
    return Shadows(
        open=counts["OPEN"],
        closed=counts["CLOSED"],
        superseded=counts["SUPERSEDED"],
        without=counts[""],
        all=group_of(seen, np.ones(len(seen), dtype=np.bool_)),
        by_reason=tuple(sorted(rows, key=lambda row: (-row.group.n, row.by))),
    )
