"""The shadows: what the signals that were not executed would have made, by what kept them from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.learning.columns import Observations, codes
from core.learning.effectiveness import Group, group_of
from core.learning.observations import SHADOW, Observation

REFUSED = "refused after the verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowGroup:
    """The closed shadows that were kept from executing by one set of reason codes."""

    by: str
    group: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """How many shadows stand where, and what the closed ones made, the commonest reason first.

    ``without`` are signals that were not executed and have no shadow: late, closed session, no contract.
    """

    open: int
    closed: int
    superseded: int
    without: int
    all: Group
    by_reason: tuple[ShadowGroup, ...]


def shadows(entries: Iterable[Mapping[str, Any]], observations: Iterable[Observation]) -> Shadows:
    """The shadows of ledger entries; ``observations`` are those read from the same entries."""
    status_of_signal: dict[str, str] = {}
    for entry in entries:
        signal = str(entry.get("signal_id") or entry["id"])
        shadow = entry.get("hypothetical")
        if shadow:
            status_of_signal[signal] = str(shadow.get("status"))
        elif entry.get("execution"):
            status_of_signal.setdefault(signal, "EXECUTED")
        else:
            status_of_signal.setdefault(signal, "")
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
