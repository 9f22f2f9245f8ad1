"""Whether a signal came too late to trade: a batch replayed by a sender after an outage must not."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.model import Reason, Tone, Update
from core.rules import Rules

_LONGEST_MINUTES = 366 * 1440  # a sender's absurd number must not overflow an interval


def allowed_age(timeframe: int | None, fired: bool, rules: Rules) -> timedelta:
    """How old a signal may be by its own timestamp.

    Over the timeframe in minutes (none: the default one) a floor or a fraction of it is allowed, up to a cap;
    from a stated fire time only that allowance counts, as the bar is already over.
    """
    limits = rules.intake
    minutes = rules.context.default_timeframe if timeframe is None else min(timeframe, _LONGEST_MINUTES)
    over = max(limits.late_floor_minutes, minutes * limits.late_timeframe_fraction)
    over = min(over, limits.late_cap_minutes)
    return timedelta(minutes=over if fired else minutes + over)


def late(update: Update, at: datetime, rules: Rules) -> Reason | None:
    """The reason to skip an update that arrived too long after its own timestamp, else ``None``.

    An update without a timestamp is never late. Source: SPEC §2.
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
