"""Tables of results by property (setup, regime, timeframe, quality, confidence, size), and their drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.learning.columns import Flags, Observations
from core.learning.effectiveness import Group, group_of
from core.learning.observations import Observation
from core.learning.session_statistics import difference, metric_of, undefined
from core.performance.cuts import CONFIDENCE_BANDS, CUTS, MULTIPLIER_BANDS, UNKNOWN
from core.performance.intervals import Interval
from core.performance.metric import Metric, Status
from core.performance.trade import Trade
from core.rules import DEFAULT, Rules

TABLES: Mapping[str, str] = {
    "setup": "setup",
    "regime": "phase",
    "timeframe": "timeframe",
    "quality": "quality",
    "confidence": "confidence_band",
    "size": "multiplier_band",
}
"""Each table and the label column it is grouped by."""

_TRADE_CUTS: Mapping[str, str] = {"regime": "phase", "size": "multiplier"}
"""Cuts of the trades' metrics by the same property, where they have another name than the table."""


def trades_group(name: str, label: str) -> tuple[str, str]:
    """Return the cut of the trades' metrics and its label for one row of a table."""
    cut = _TRADE_CUTS.get(name, name)
    known = label if label not in ("", UNKNOWN) else None
    match name:
        case "setup":
            trade = Trade(pnl_net=0.0, setup=known)
        case "quality":
            trade = Trade(pnl_net=0.0, quality=known)
        case "regime":
            trade = Trade(pnl_net=0.0, phase=None if known is None else int(known))
        case "timeframe":
            trade = Trade(pnl_net=0.0, timeframe=None if known is None else int(known))
        case _:
            return cut, label or UNKNOWN
    return cut, CUTS[cut].label(trade)


_ORDERS: Mapping[str, tuple[str, ...]] = {
    "quality": ("EXTREME", "HIGH", "MEDIUM"),
    "confidence": tuple(label for _, label in CONFIDENCE_BANDS),
    "size": tuple(label for _, label in MULTIPLIER_BANDS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One label of a table; ``against_rest`` is its mean R less that of all other signals.

    ``drawdown_r`` is the deepest fall of the cumulative R of these signals, in the order of their decisions.
    """

    label: str
    group: Group
    against_rest: Metric
    drawdown_r: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One measure over the recent days and over the longer base that includes them.

    ``difference`` is recent less base. ``drifted``: its interval, by sessions, excludes 0 and both have
    enough signals.
    """

    measure: str
    recent: Metric
    base: Metric
    difference: Metric
    drifted: bool


def table(observations: Observations | Iterable[Observation], name: str) -> tuple[Row, ...]:
    """Return one table of TABLES, in its own order or the largest first.

    Raises ValueError for a name that is not one of TABLES.
    """
    if name not in TABLES:
        raise ValueError(f"table: {name!r} is not one of {', '.join(TABLES)}")
    seen = observations if isinstance(observations, Observations) else Observations.from_rows(observations)
    column = seen.label(TABLES[name])
    order = {label: place for place, label in enumerate(_ORDERS.get(name, ()))}
    sizes = np.bincount(column.codes, minlength=len(column.labels))
    filled = [code for code in range(len(column.labels)) if sizes[code]]
    filled.sort(key=lambda c: (order.get(column.labels[c], len(order)), -int(sizes[c]), column.labels[c]))
    return tuple(_row(seen, column.labels[code] or "unknown", column.codes == code) for code in filled)


def _row(seen: Observations, label: str, chosen: Flags) -> Row:
    return Row(
        label=label,
        group=group_of(seen, chosen),
        against_rest=difference(seen.r, seen.day, chosen, ~chosen, "R"),
        drawdown_r=drawdown_r(seen.where(chosen)),
    )


def drawdown_r(seen: Observations) -> Metric:
    """Return the deepest fall of cumulative R below its peak, positive, starting from 0."""
    known = ~np.isnan(seen.r)
    r = seen.r[known]
    if len(r) == 0:
        return undefined(0, "R", "no signals with a planned loss")
    path = np.concatenate(([0.0], np.cumsum(r)))
    fall = float((np.maximum.accumulate(path) - path).max())
    missing = Interval(None, None, "no interval: it depends on the order of signals")
    return metric_of(fall, len(r), "R", missing, len(np.unique(seen.day[known])))


def drift(
    observations: Observations | Iterable[Observation], rules: Rules = DEFAULT, last: date | None = None
) -> tuple[Drift, ...]:
    """Return win rate, mean R and mean $ of the last days against the base that ends on the same day.

    ``last`` is the exchange day to look back from, by default that of the newest signal.
    """
    seen = observations if isinstance(observations, Observations) else Observations.from_rows(observations)
    limits = rules.learning
    last = last or seen.last_day()
    if last is None:
        return ()
    base = seen.window(limits.drift_base_days, last)
    recent = np.isin(base.day, np.unique(base.window(limits.drift_recent_days, last).day))
    everything = np.ones(len(base), dtype=np.bool_)
    one, other = group_of(base, recent), group_of(base, everything)
    measures = (
        ("win rate", "fraction", base.win.astype(np.float64), one.win_rate, other.win_rate),
        ("average R", "R", base.r, one.average_r, other.average_r),
        ("average $", "$", base.net, one.average, other.average),
    )
    found = []
    for name, unit, values, now, then in measures:
        gap = (
            undefined(now.n, unit, f"no signals older than {limits.drift_recent_days} days to compare with")
            if recent.all()
            else difference(values, base.day, recent, everything, unit)
        )
        enough = now.status is Status.OK and then.n - now.n >= limits.min_bucket
        differs = gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high
        found.append(Drift(measure=name, recent=now, base=then, difference=gap, drifted=enough and differs))
    return tuple(found)
