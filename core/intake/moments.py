"""Times as senders write them: epochs, ISO 8601, dates in words, wall clocks with and without a zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.intake.errors import shown
from core.intake.walk import Found, Reading
from core.intake.words import EARLIEST, LATEST, instant
from core.model import Reason, Tone

_NEW_YORK: Final = "America/New_York"
_ZONES: Final = {
    **dict.fromkeys(("UTC", "GMT", "Z", "UT"), "UTC"),
    **dict.fromkeys(
        (
            "ET",
            "EST",
            "EDT",
            "NEW YORK",
            "EXCHANGE",
            "US/EASTERN",
            "EST5EDT",
            "EASTERN",
            "EASTERN TIME",
            "EASTERN STANDARD TIME",
        ),
        _NEW_YORK,
    ),
    **dict.fromkeys(("CT", "CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("MT", "MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("PT", "PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST"), "Europe/Berlin"),
    **dict.fromkeys(("BST",), "Europe/London"),
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong",
    "MSK": "Europe/Moscow",
    "AEST": "Australia/Brisbane",
    "EET": "Europe/Athens",
    "EEST": "Europe/Athens",
}
_ZONE_NAMES: Final = {
    name.upper(): name
    for name in ("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin",
                 "Etc/UTC", "US/Eastern", "US/Central", "US/Pacific")
}  # fmt: skip
_OFFSETS: Final = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
                   "CET": 1, "CEST": 2, "BST": 1, "JST": 9, "KST": 9, "SGT": 8, "HKT": 8, "MSK": 3, "AEST": 10,
                   "AEDT": 11, "NZST": 12, "NZDT": 13, "EET": 2, "EEST": 3}  # fmt: skip
_OF_THE_US: Final = frozenset(("EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"))
_MONTHS: Final = {
    name: n + 1
    for n, names in enumerate(
        ("JAN JANUARY", "FEB FEBRUARY", "MAR MARCH", "APR APRIL", "MAY", "JUN JUNE", "JUL JULY", "AUG AUGUST",
         "SEP SEPT SEPTEMBER", "OCT OCTOBER", "NOV NOVEMBER", "DEC DECEMBER")
    )
    for name in names.split()
}  # fmt: skip
_CLOCK: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?P<half>[AP]\.?M\b\.?)?"
)
_TIME: Final = re.compile(_CLOCK)
_ZONE: Final = re.compile(r"\s*(?:(?P<name>[A-Z]{1,4}(?:/[A-Z_]+)?)|\(?(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<oh>\d{1,2}):?"
                          r"(?P<om>\d{2})?\)?(?: (?:UTC|GMT))?)$")  # fmt: skip
_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?:[A-Z]+,? )?(?P<name>[A-Z]{3,9})\.? (?P<day>\d{1,2})(?:ST|ND|RD|TH)?,? (?P<year>\d{4})",
        r"(?:[A-Z]+,? )?(?P<day>\d{1,2})(?:ST|ND|RD|TH)?[ -](?P<name>[A-Z]{3,9})\.?,?[ -](?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<first>\d{1,2})[-/](?P<last>\d{1,2})[-/](?P<year>\d{4})",
    )
)
_BASIC: Final = re.compile(r"(20\d{6})[T ]?(\d{2})(\d{2})(\d{2})?(Z?)$")
_CTIME: Final = re.compile(
    r"(?:[A-Z]{3} )?(?P<name>[A-Z]{3}) +(?P<day>\d{1,2}) " + _CLOCK + r"(?P<zone>.*?) ?(?P<year>\d{4})"
)
_DIGITS: Final = re.compile(r"[+-]?[\d.]+(?:[eE]\d+)?")
_LEAST_DIGITS = 6
_LOOKS: Final = re.compile(
    r"time|date|stamp|epoch|unix|created|sent|when|received|^ts|(?:signal|alert|bar|event)ts$|ts(?:ms|us|ns|utc)$"
)
_OTHER_DAYS: Final = re.compile(
    r"expir|earning|matur|next|start|begin|until|end|ipo|dividend|last|prev|session"
)
_WRITTEN = 64


_OFFSET: Final = re.compile(r"(?:UTC|GMT)? ?([+-])(\d{1,2}):?(\d{2})?")
_LARGEST_OFFSET = 14
_NET_DATE: Final = re.compile(r"/Date\((\d{10,13})(?:[+-]\d{4})?\)/")
_SIGNS: Final = {ord("年"): "-", ord("月"): "-", ord("日"): " "}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC; ``naive``: no offset was stated; ``swapped``: month and day could be the other way."""

    at: datetime
    naive: bool = False
    swapped: bool = False


@dataclass(slots=True)
class Times:
    """The times of a body: when its bar opened, when it was sent, and what could not be read."""

    timestamp: datetime | None = None
    fired: bool = False
    fired_at: datetime | None = None
    block: Reason | None = None


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """Return the zone of a name such as UTC, ET or America/New_York, ``None`` when there is none."""
    upper = name.strip().upper()
    known = _ZONES.get(upper, name.strip())
    if known == "UTC":
        return UTC
    if offset := _OFFSET.fullmatch(upper):
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        if hours > _LARGEST_OFFSET or minutes >= 60:
            return None
        away = timedelta(hours=hours, minutes=minutes)
        return timezone(-away if offset[1] == "-" else away)
    try:
        return ZoneInfo(known)
    except (ValueError, OSError, KeyError):
        return None


def times(reading: Reading, naive_zone: str) -> Times:
    """Return the times of a body; a stated one that cannot be read is told, and blocks if it was the only one."""
    out = Times()
    zone, lost = _stated_zone(reading, naive_zone) if reading.has("zone") else (naive_zone, None)
    unread: str | None = None
    fire = bar = close = None
    if reading.has("fired"):
        fire, unread = _first(reading, "fired", zone, unread)
    if reading.has("bar_time"):
        bar, unread = _first(reading, "bar_time", zone, unread, dates=reading.all("date"))
    if reading.has("bar_close"):
        close, unread = _first(reading, "bar_close", zone, unread)
    if fire is None and bar is None and close is None:
        bar, unread = _first(reading, "date", zone, unread)
    if fire is None and bar is None and close is None:
        bar = _unknown_key(reading, zone)
    if fire is not None and bar is not None and bar.at != fire.at:
        out.timestamp, out.fired_at = bar.at, fire.at
    elif (counts := fire or bar or close) is not None:
        out.timestamp, out.fired = counts.at, fire is not None or bar is None
    elif unread is not None:
        out.block = Reason(
            "TIME_UNREADABLE", f"{unread} and no other time is stated: it may be late", Tone.NEGATIVE
        )
    if lost is not None and any(m is not None and m.naive for m in (fire, bar, close)):
        reading.notes.append(lost)
        out.block = Reason("TIME_UNREADABLE", f"{lost}, and the time has no offset", Tone.NEGATIVE)
    return out


def _stated_zone(reading: Reading, naive_zone: str) -> tuple[str, str | None]:
    """Return the zone of times without an offset, and what was stated of it that cannot be read."""
    lost: str | None = None
    for _, path, value in reading.all("zone"):
        hours = (
            isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST_OFFSET
        )
        said = f"{value:+g}" if hours else value
        if isinstance(said, str) and zone_of(said) is not None:
            return said, None
        if path.rpartition(".")[2].lower() != "zone":  # a chart's zone is one of prices
            lost = lost or f"{path}: {shown(value)} is not a zone such as UTC, ET, -05:00 or America/New_York"
    return naive_zone, lost


def _unknown_key(reading: Reading, zone: str) -> Moment | None:
    """Return the moment under a key outside the vocabulary, where no other is stated."""
    for n, (path, plain, value) in enumerate(reading.unread):
        if _OTHER_DAYS.search(plain):
            continue
        if not isinstance(value, str) and not (
            _LOOKS.search(path.lower()) and isinstance(value, (int, float))
        ):
            continue
        if isinstance(value, str) and not (sum(c.isdigit() for c in value) >= _LEAST_DIGITS):
            continue
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()) and not _LOOKS.search(plain):
            continue
        moment = moment_of(value, zone)
        if moment is not None:
            in_zone = f" in {zone} (intake.naive_zone)" if moment.naive else ""
            reading.notes.append(f"{path}: {shown(value)} is taken for the time{in_zone}")
            del reading.unread[n]
            return moment
    return None


def _first(
    reading: Reading,
    slot: str,
    zone: str,
    unread: str | None,
    dates: Sequence[Found] | None = None,
) -> tuple[Moment | None, str | None]:
    value = reading.value(slot)
    if type(value) is str and len(value) <= _WRITTEN:
        moment = _written(value, zone)
        if moment is not None and not (moment.naive or moment.swapped):
            return moment, unread
    for _, path, value in reading.all(slot):
        if isinstance(value, bool):
            continue
        moment = moment_of(value, zone)
        if moment is None and dates and isinstance(value, (str, int)):
            moment = moment_of(f"{dates[0][2]} {value}", zone)
        if moment is not None:
            if moment.naive:
                reading.notes.append(
                    f"{path}: {shown(value)} has no offset and is read as {zone} (intake.naive_zone)"
                )
            if moment.swapped:
                reading.notes.append(f"{path}: {shown(value)} is read as month, day, year")
            return moment, unread
        told = f"{path}: {shown(value)} is not a time"
        reading.notes.append(told)
        unread = unread or told
    return None, unread


def moment_of(value: Any, naive_zone: str = "UTC") -> Moment | None:
    """Return the moment that a value states, ``None`` when it states none."""
    if not isinstance(value, str):
        at = instant(value)
        if at is None and type(value) is int:
            return _written(str(value), naive_zone)  # such as 20261124150500
        return None if at is None else Moment(at)
    return _written(value, naive_zone) if len(value) <= _WRITTEN else None


@lru_cache(maxsize=512)
def _written(text: str, naive_zone: str) -> Moment | None:
    if net := _NET_DATE.fullmatch(text.strip()):
        text = net[1]
    text = text.translate(_SIGNS)
    at = instant(text)
    if at is not None:
        naive = _without_offset(text.strip())
        return _placed(at.replace(tzinfo=None), naive_zone) if naive else Moment(at)
    try:
        return _in_words(text.strip().upper(), naive_zone)
    except (ValueError, OverflowError):
        return None


def _without_offset(text: str) -> bool:
    try:
        return not _DIGITS.fullmatch(text) and datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _placed(wall: datetime, naive_zone: str, *, swapped: bool = False) -> Moment:
    zone = zone_of(naive_zone) or UTC
    return Moment(wall.replace(tzinfo=zone).astimezone(UTC), naive=True, swapped=swapped)


def _in_words(text: str, naive_zone: str) -> Moment | None:
    if basic := _BASIC.fullmatch(text):
        wall = datetime.strptime("".join(basic.groups("00")[:4]), "%Y%m%d%H%M%S")
        return Moment(wall.replace(tzinfo=UTC)) if basic[5] else _placed(wall, naive_zone)
    if ctime := _CTIME.fullmatch(text):
        text = (
            f"{ctime['name']} {ctime['day']} {ctime['year']} {text[ctime.start('hour') : ctime.end('zone')]}"
        )
    for pattern in _DATES:
        found = pattern.search(text)
        if found is None:
            continue
        rest = (
            f"{text[: found.start()]} {text[found.end() :]}".strip(" ,").removeprefix("T").removeprefix("AT ")
        )
        day, swapped = _day(found.groupdict())
        clock = _TIME.search(rest)
        if clock is None:
            return _placed(day, naive_zone, swapped=swapped) if not rest else None
        hour = int(clock["hour"])
        if clock["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if clock["half"][0] == "P" else 0)
        if len(rest) > clock.end() and rest[clock.end()] == "-" and not _ZONE.fullmatch(rest[clock.end() :]):
            return None
        wall = day.replace(hour=hour, minute=int(clock["minute"]), second=int(clock["second"] or 0))
        return _zoned(wall, (rest[: clock.start()] + rest[clock.end() :]).strip(" ,"), naive_zone, swapped)
    return None


def _day(parts: dict[str, str | None]) -> tuple[datetime, bool]:
    year = int(parts["year"] or 0)
    if "first" in parts:
        first, last = int(parts["first"] or 0), int(parts["last"] or 0)
        if first > 12:
            return datetime(year, last, first), False
        return datetime(year, first, last), last <= 12 and first != last
    name = parts.get("name")
    month = _MONTHS[name] if name in _MONTHS else int(parts.get("month") or "0")
    return datetime(year, month, int(parts["day"] or 0)), False


def _zoned(wall: datetime, rest: str, naive_zone: str, swapped: bool) -> Moment | None:
    if not rest:
        return _placed(wall, naive_zone, swapped=swapped)
    rest = re.sub(r" ?\([A-Z ]+\)$|^[A-Z]{3}, ?(?=[A-Z]|$)", "", rest).strip()
    if rest in _ZONE_NAMES:
        at = wall.replace(tzinfo=ZoneInfo(_ZONE_NAMES[rest])).astimezone(UTC)
        return Moment(at, swapped=swapped)
    found = _ZONE.fullmatch(rest)
    if found is None:
        return None
    if found["sign"]:
        offset = timedelta(hours=int(found["oh"]), minutes=int(found["om"] or 0))
        zone: tzinfo | None = timezone(-offset if found["sign"] == "-" else offset)
    elif found["name"] in _OFFSETS:
        fixed = timezone(timedelta(hours=_OFFSETS[found["name"]]))
        # Many write EST all year. Where that is an hour off, the earlier instant counts, so that late is late.
        own = zone_of(found["name"]) if found["name"] in _OF_THE_US else None
        zone = min((fixed, own or fixed), key=lambda each: wall.replace(tzinfo=each).astimezone(UTC))
    else:
        zone = zone_of(found["name"]) if found["name"] in _ZONES else None
    if zone is None:
        return None
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    return Moment(at, swapped=swapped) if EARLIEST <= at < LATEST else None
