"""Lateness: a signal that arrives long after its bar, as after an outage of its sender, is not traded."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.model import Reason, Tone, Update
from core.rules import Rules

_LONGEST_MINUTES = 366 * 1440  # keeps an absurd timeframe from overflowing a timedelta


def allowed_age(timeframe: int | None, fired: bool, rules: Rules) -> timedelta:
    """Return the largest age of a signal, counted from its own timestamp.

    From the bar's open (``fired`` false): the timeframe in minutes (``None``: the default one) plus an allowance,
    which is a floor or a fraction of the timeframe, up to a cap. From a stated fire time: the allowance alone.
    """
    limits = rules.intake
    minutes = rules.context.default_timeframe if timeframe is None else min(timeframe, _LONGEST_MINUTES)
    over = max(limits.late_floor_minutes, minutes * limits.late_timeframe_fraction)
    over = min(over, limits.late_cap_minutes)
    return timedelta(minutes=over if fired else minutes + over)


def late(update: Update, at: datetime, rules: Rules) -> Reason | None:
    """Return the reason to skip an update that arrived too long after its own timestamp, else ``None``.

    An update without a timestamp is never late.
    """
    if update.timestamp is None:
        return None
    age = at - update.timestamp
    allowed = allowed_age(update.timeframe, update.fired, rules)
    if age <= allowed:
        return None
    minutes, limit = age.total_seconds() / 60, allowed.total_seconds() / 60
    since = "firing" if update.fired else "its bar opened"
    return Reason("LATE", f"{minutes:.1f} min since {since}, at most {limit:g}", Tone.NEGATIVE)
