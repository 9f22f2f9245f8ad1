"""Units and names of levels as senders write them, and how a key that names both is taken apart."""

from __future__ import annotations

import re
from typing import Any, Final

from core.intake.vocabulary import spelled
from core.intake.words import listed

PRICE, PERCENT, POINTS, TICKS, PIPS, R = "price", "percent", "points", "ticks", "pips", "R"
CENTS, BPS, ATR = "cents", "basis points", "ATR"

UNITS: Final = {
    **dict.fromkeys(listed("price dollar dollars usd level absolute abs stop stopprice limitprice"), PRICE),
    **dict.fromkeys(listed("percent percentage pct pc perc percents relative pctchange"), PERCENT),
    **dict.fromkeys(listed("points point pts pt distance offset dist move delta"), POINTS),
    **dict.fromkeys(listed("ticks tick"), TICKS),
    **dict.fromkeys(listed("pips pip"), PIPS),
    **dict.fromkeys(listed("cents cent"), CENTS),
    **dict.fromkeys(listed("bps bp bpts basispoints basispoint"), BPS),
    **dict.fromkeys(listed("atr atrs xatr atrmult atrmultiple atrmultiples atrmultiplier atrfactor"), ATR),
    **dict.fromkeys(listed("r rr rmultiple rmultiples risk"), R),
}
"""Units by the word a sender uses: in a key's ending, in a field beside it or after the number."""
WORTH: Final = {POINTS: 1.0, TICKS: 0.01, PIPS: 0.01, CENTS: 0.01}
"""Dollars of the underlying."""
HELD_UNITS: Final = {
    **dict.fromkeys(listed("trailpercent trailpct trailingpercent trailingpct"), PERCENT),
    **dict.fromkeys(listed("trailprice trailamount traildistance trailpoints"), POINTS),
}
"""Units by a key inside a level's object; TradersPost's trailPrice is a distance in dollars."""
VALUE: Final = re.compile(
    r"([+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*(?:[x*\u00d7]\s*(?=[A-Za-z]))?(%|[A-Za-z]+(?: [A-Za-z]+)?)", re.ASCII
)
"""A number and its unit, such as "1.5%", "12 pts", "1.5 x ATR", "75 basis points"."""

_ENDING: Final = re.compile(
    r"(?:in)?(percentage|percent|pct|perc|points|point|pts|distance|dist|offset|ticks|tick|pips|pip|cents|bps|basispoints"
    r"|rmultiple|rr|atrmultiplier|atrmultiple|atrmult|atrfactor|atr|inr|r)$"
)
_FIRST_WORDS: Final = ("percent", "pct", "points", "pips", "ticks", "bps", "atr")
_STOPS: Final = frozenset(
    listed(
        "stop stoploss sl initialstop stopprice trailingstop riskstop hardstop stops slprice sl1 stop1 stoploss1"
    )
)
_FIRST: Final = frozenset(
    listed(
        "target target1 t1 tp tp1 takeprofit takeprofit1 profittarget profit pricetarget limitprofit pt pt1"
    )
)
_SECOND: Final = frozenset(["target2", "t2", "tp2", "takeprofit2", "pt2"])
_TRAILS: Final = frozenset(listed("trailingstop trailstop tsl trailingstoploss trailingsl trailsl "
                                  "trailingstoplossprice trailingstopprice"))  # fmt: skip
_TRAIL_WORDS: Final = frozenset(("trail", "trailing"))
"""Names of a trailing stop; Pine's trail_points is where it begins, so that a bare one is read in percent alone."""


def unit_of(value: Any) -> str | None:
    """Return the unit that a field beside a level names, ``None`` when it names none."""
    if not isinstance(value, str):
        return None
    word = spelled(value)
    return PERCENT if value.strip() == "%" else UNITS.get(word) if word not in ("stop", "risk") else None


def taken_apart(plain: str) -> tuple[str, str | None]:
    """Return the level and the unit that a normalised key such as "slpoints" names; ("", ...) for no level."""
    ending = _ENDING.search(plain)
    if ending is None:
        first = next((word for word in _FIRST_WORDS if plain.startswith(word)), None)
        return (name_of(plain.removeprefix(first)), UNITS[first]) if first else ("", None)
    return name_of(plain[: ending.start()]), R if ending[1] == "inr" else UNITS.get(ending[1])


def trail_of(plain: str) -> str | None:
    """Return the unit of a trailing stop's key ("" when it states none), ``None`` for another key."""
    if plain in _TRAILS:
        return ""
    ending = _ENDING.search(plain)
    if ending is None:
        return None
    unit, name = UNITS.get(ending[1]), plain[: ending.start()]
    if name in _TRAILS or (name in _TRAIL_WORDS and unit in (PERCENT, BPS, ATR)):
        return unit
    return None


def name_of(plain: str) -> str:
    """Return the level that a normalised word names: stop, target_1, target_2 or ""."""
    if plain in _STOPS:
        return "stop"
    return "target_1" if plain in _FIRST else "target_2" if plain in _SECOND else ""


def target_of(plain: str) -> str:
    """Return the target that a key of a map of targets names, "" for none."""
    if plain in ("1", "2"):
        return f"target_{plain}"
    name = name_of(plain)
    return name if name.startswith("target") else ""
