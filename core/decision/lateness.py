"""Lateness: a signal that arrives long after its bar, as after an outage of its sender, is not traded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.model import Reason, Tone, Update
from core.rules import Rules

_EXCHANGE = ZoneInfo("America/New_York")
_LONGEST_MINUTES = 366 * 1440  # a sender's absurd number must not overflow an interval


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
    stamp, fired = stamp_of(update)
    if stamp is None:
        return None
    age = at - stamp
    allowed = allowed_age(update.timeframe, fired, rules)
    if age <= allowed:
        return None
    minutes, limit = age.total_seconds() / 60, allowed.total_seconds() / 60
    since = "firing" if fired else "its bar opened"
    text = f"{minutes:.1f} min since {since}, at most {limit:g}"
    if in_time_on_exchange_clock(update, at, rules):
        text += "; read as exchange time it would be fresh: send an offset, or set intake.naive_zone"
    return Reason("LATE", text, Tone.NEGATIVE)


def in_time_on_exchange_clock(update: Update, at: datetime, rules: Rules) -> bool:
    """Return whether an update is in time if its time was written in New York without saying so.

    A chart's clock shows exchange time; a body that states it without an offset looks hours old.
    """
    stamp, fired = stamp_of(update)
    if stamp is None:
        return False
    wall = stamp.astimezone(UTC).replace(tzinfo=_EXCHANGE)
    age = at - wall
    ahead = timedelta(minutes=rules.intake.future_minutes)
    return -ahead <= age <= allowed_age(update.timeframe, fired, rules)


def stamp_of(update: Update) -> tuple[datetime | None, bool]:
    """Return the time that an update's age is counted from, and whether it is that of firing.

    Of two stated times that of firing counts: an alert that fires inside its bar is older than the bar's end.
    """
    if update.fired_at is not None:
        return update.fired_at, True
    return update.timestamp, update.fired
