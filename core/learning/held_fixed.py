"""Hold fixed in a comparison: all other labels and numbers of a signal, its direction, and the market's drift.

A bucket of signals may do better only because another label, or a market that rises, comes with it. So the
bucket and the results are both freed from what the others explain (Frisch and Waugh 1933, "Partial Time
Regressions as Compared with Individual Trends"; Lovell 1963), and only what is left is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.learning.columns import Flags, Floats, Ints, Observations
from core.performance.cuts import UNKNOWN

LABELS = (
    "symbol", "direction", "setup", "timeframe", "quality", "session", "weekday", "phase", "volatility", "htf",
)  # fmt: skip
NUMBERS = (
    "ai_score", "regime_confidence", "alignment_pct", "spread_bps", "atr_pct", "depth_score", "confluence",
    "rr1", "volume_ratio", "trend_strength",
)  # fmt: skip
"""Without confidence and multiplier, which are calculated from the others."""

STRETCH_SESSIONS = 20
"""The market's drift, and what it does for each direction, may change from one such stretch to the next."""
_LEAST_SHARE, _LEAST_ROWS = 0.02, 10
_ROWS_A_COLUMN = 5
_WHOLE = 0.9
"""A column whose means by session have more than this share of its variance holds for whole sessions."""
_MOST_EXPLAINED = 0.9


@dataclass(frozen=True, slots=True)
class Compared:
    """A bucket against the rest among the rows compared, with everything else held fixed.

    ``bucket`` (rows,) is 1 inside and 0 outside less what the rest explains, ``information`` its sum of
    squares; ``apart`` is the share of the bucket that the rest does not explain, 0 to 1. ``left`` has the
    values of each measure less what the rest, without the bucket, explains. ``explained`` is the share of the
    variance between sessions that the columns which hold for whole sessions take from the scores.
    """

    bucket: Floats
    information: float
    apart: float
    left: tuple[Floats, ...]
    explained: float

    def effect(self, measure: int) -> float:
        """Return the mean of the bucket less that of the rest, all else equal, in the measure's unit."""
        return float(self.bucket @ self.left[measure]) / self.information

    def scores(self, measure: int, session: Ints, sessions: int) -> Floats:
        """Return the sum of bucket times value per session: 0 on average when the bucket decides nothing."""
        weights = self.bucket * self.left[measure]
        return np.bincount(session, weights=weights, minlength=sessions).astype(np.float64)

    def pooled(self, measure: int) -> float:
        """Return the variance of the scores' sum if the values vary alike in all rows, in the measure's unit²."""
        values = self.left[measure]
        return self.information * float(values @ values) / max(1, len(values))

    def influence(self, measure: int, session: Ints, sessions: int) -> Floats:
        """Return the influence of each session on the effect, in the measure's unit."""
        error = self.left[measure] - self.effect(measure) * self.bucket
        sums = np.bincount(session, weights=self.bucket * error, minlength=sessions)
        return (sums * (sessions / self.information)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The description of some rows: columns (rows, columns), their products, and the order of their use.

    ``session`` is the session of each row, ``sessions`` their number.
    """

    columns: Floats
    products: Floats
    order: Ints
    session: Ints
    sessions: int


class HeldFixed:
    """Columns that describe every signal, each with the name of the label or number that it belongs to."""

    def __init__(self, seen: Observations, session: Ints) -> None:
        described = [("", np.ones(len(seen)))]
        least = max(_LEAST_ROWS, _LEAST_SHARE * len(seen))
        for name in LABELS:
            described += [(name, column) for column in _of_label(seen, name, least)]
        for name in NUMBERS:
            described += [(name, column) for column in _of_number(seen, name)]
        described += [("time", column) for column in _of_time(seen, session)]
        self._owners = np.array([name for name, _ in described])
        self._columns = np.column_stack([column for _, column in described])
        self._session = session
        centred = self._columns - self._columns.mean(axis=0) if len(seen) else self._columns
        self._whole = np.array([_between(column, session) > _WHOLE for column in centred.T])
        self._known: dict[bytes, _Rows] = {}

    def compare(
        self, column: str, buckets: Sequence[Flags], rows: Flags, values: Sequence[Floats]
    ) -> tuple[Compared, ...]:
        """Return the comparison of some buckets of one column among the same rows.

        The column itself is not held fixed. ``values`` are known in these rows.
        """
        chosen, count = self._rows(rows), int(rows.sum())
        # With too many columns for so few rows, the description would explain chance.
        use = chosen.order[self._owners[chosen.order] != column][: max(1, count // _ROWS_A_COLUMN)]
        wanted = np.column_stack([*(bucket[rows].astype(np.float64) for bucket in buckets),
                                  *(value[rows] for value in values)])  # fmt: skip
        products = chosen.products[np.ix_(use, use)]
        products[np.diag_indices_from(products)] += 1e-9 * count
        weights = np.zeros((len(self._owners), wanted.shape[1]))
        weights[use] = np.linalg.solve(products, (chosen.columns.T @ wanted)[use])
        left = wanted - chosen.columns @ weights
        of_values = tuple(left[:, len(buckets) + n] for n in range(len(values)))
        found = []
        for n in range(len(buckets)):
            bucket = left[:, n]
            information, share = float(bucket @ bucket), float(wanted[:, n].mean())
            whole = share * (1 - share) * count
            apart = information / whole if whole > 0 else 0.0
            explained = _between(bucket, chosen.session) * int(self._whole[use].sum()) / chosen.sessions
            found.append(Compared(bucket, information, apart, of_values, min(explained, _MOST_EXPLAINED)))
        return tuple(found)

    def _rows(self, rows: Flags) -> _Rows:
        """Return the description of some rows: first the constant, then what varies most."""
        key = rows.tobytes()
        if key not in self._known:
            columns = self._columns[rows]
            products = columns.T @ columns
            spread = np.diag(products) / max(1, len(columns)) - columns.mean(axis=0) ** 2
            spread[0] = np.inf
            session = self._session[rows]
            order = np.argsort(-spread, kind="stable")
            self._known[key] = _Rows(columns, products, order, session, len(np.unique(session)))
        return self._known[key]


def _between(values: Floats, session: Ints) -> float:
    """Return the share of the squares of centred values that their means by session have, 0 to 1."""
    whole = float(values @ values)
    if whole <= 0:
        return 0.0
    sums, counts = np.bincount(session, weights=values), np.bincount(session)
    return float((sums**2 / np.maximum(counts, 1)).sum()) / whole


def _of_label(seen: Observations, name: str, least: float) -> Iterator[Floats]:
    """Yield a column per label but the most frequent one; rare and unknown labels count as that one."""
    column = seen.label(name)
    sizes = np.bincount(column.codes, minlength=len(column.labels))
    by_size = sorted(range(len(sizes)), key=lambda code: (-int(sizes[code]), column.labels[code]))
    known = [code for code in by_size if column.labels[code] not in ("", UNKNOWN) and sizes[code] >= least]
    for code in known[1:]:
        yield (column.codes == code).astype(np.float64)


def _of_number(seen: Observations, name: str) -> Iterator[Floats]:
    """Yield a number in standard deviations from its mean, unknown as the mean, and whether it is known."""
    values = seen.number(name)
    known = ~np.isnan(values)
    spread = float(values[known].std()) if known.any() else 0.0
    if spread > 0:
        yield np.where(known, (values - values[known].mean()) / spread, 0.0)
        if not known.all():
            yield known.astype(np.float64)


def _of_time(seen: Observations, session: Ints) -> Iterator[Floats]:
    """Yield a column per stretch of sessions but the first, each also by direction."""
    direction = seen.label("direction")
    side = np.array([{"LONG": 1.0, "SHORT": -1.0}.get(each, 0.0) for each in direction.labels])
    of_row = side[direction.codes] if len(seen) else np.zeros(0)
    stretch = session // STRETCH_SESSIONS
    for n in range(1, int(stretch.max(initial=0)) + 1):
        inside = (stretch == n).astype(np.float64)
        yield inside
        if of_row.any():
            yield inside * of_row
