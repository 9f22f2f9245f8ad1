"""Break trades down by a cut: the metrics of each bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.notes import TAG_CUTS
from core.performance.accounts import Accounts
from core.performance.columns import Bools, Codes, Trades
from core.performance.cuts import CUT_TITLES, CUTS
from core.performance.days import UNKNOWN_AT, to_date
from core.performance.metric import Metrics
from core.performance.metrics import ACCOUNT, metrics
from core.performance.tag_breakdown import tag_groups


@dataclass(frozen=True, slots=True)
class Bucket:
    """The trades of one label and their metrics."""

    label: str
    metrics: Metrics


def breakdown(
    trades: Trades,
    cut: str,
    *,
    account: float | Accounts = ACCOUNT,
    sessions: Iterable[date] | None = None,
    first: date | None = None,
    last: date | None = None,
    include_stale: bool = False,
) -> tuple[Bucket, ...]:
    """Return one bucket per label of a cut that has trades, in the cut's own order or the largest first.

    All buckets use the sessions of the whole set. Raises ValueError naming a cut that is unknown or not among
    the columns.
    """
    if cut not in CUT_TITLES or cut not in trades.cuts:
        raise ValueError(f"cut: {cut!r} is not one of {', '.join(CUT_TITLES)}")
    counted = trades if include_stale else trades.fresh()
    if len(counted) == 0:
        return ()
    dates = None if sessions is None else tuple(sessions)
    known = counted.day[counted.day != UNKNOWN_AT]
    if len(known):
        first, last = first or to_date(int(known[0])), last or to_date(int(known[-1]))
    codes = counted.cuts[cut]
    buckets = []
    for label, mask in tag_groups(codes) if cut in TAG_CUTS else _groups(cut, codes):
        result = metrics(
            counted.where(mask),
            account=account,
            sessions=dates,
            first=first,
            last=last,
            include_stale=True,
        )
        buckets.append(Bucket(label, result))
    return tuple(buckets)


def _groups(cut: str, codes: Codes) -> Iterator[tuple[str, Bools]]:
    for code in ordered(cut, codes.labels, np.bincount(codes.codes, minlength=len(codes.labels))):
        yield codes.labels[code], codes.codes == code


def ordered(cut: str, labels: tuple[str, ...], sizes: np.ndarray[tuple[int], np.dtype[np.intp]]) -> list[int]:
    """Return the indices of the labels that have trades, in the order in which a cut shows them."""
    rank = {label: place for place, label in enumerate(CUTS[cut].order)}
    filled = [code for code in range(len(labels)) if sizes[code]]
    return sorted(filled, key=lambda c: (rank.get(labels[c], len(rank)), -int(sizes[c]), labels[c]))
