"""Flags and numbers that speak of a trade by their key: ``is_exit: true``, ``pnl: 12.5``, ``heartbeat: 1``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from core.fast_init import fast_init
from core.intake.errors import shown
from core.intake.speech import (
    CANCEL,
    EXIT,
    FINISHED,
    MOVE,
    NOTHING,
    REDUCE,
    TEST,
    WAIT,
    Heard,
    hear,
    hear_label,
)
from core.intake.vocabulary import LEVEL_LOOK
from core.intake.walk import Reading
from core.intake.words import flag, number
from core.model import Direction

_SHORT = 32
"""Longest text of an unknown key that is listened to."""
_ORDER_TYPES: Final = frozenset(("STOP", "SL", "TP", "STOP LOSS", "TAKE PROFIT", "TRAILING STOP", "STOP_LOSS",
                                 "TAKE_PROFIT", "TRAILING_STOP"))  # fmt: skip
_HOW: Final = re.compile(
    r"strategy|type$|mode$|method|style|rule|frequency|plan|(?:exit|close)(?:on|at|when|if)$"
)
"""Unknown keys that tell how a trade is to be managed, not what happened."""
_ALIVE: Final = re.compile(r"heart ?_?beat|ping|pong|alive|hello", re.IGNORECASE)
_PLANNED: Final = re.compile(
    r"\s*(?:\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?(?: [A-Z]{2,4})?|eod|close)\s*", re.IGNORECASE
)
"""A time of day without a date, as the time of an exit: it is planned, not past."""
_PNL: Final = re.compile(
    r"^(?!.*(?:unreal|open|total|daily|day|net|cum|month|week|max|limit)).*(?:pnl|profitloss)"
)
_NOT_ONE = ["NO", "NONE", "FALSE", "0", "0.0", "NULL", "N/A", "NA", "-", "OFF", "N"]
_TEST_WORDS: Final = frozenset(
    [
        "TEST",
        "TESTING",
        "DEV",
        "DEVELOPMENT",
        "STAGING",
        "SANDBOX",
        "DEBUG",
        "DRY_RUN",
        "DRYRUN",
        "DRY",
        "DRY-RUN",
        "QA",
        "UAT",
        "PAPER",
        "DEMO",
        "BACKTEST",
        "BACKTESTING",
        "SIMULATION",
        "SIMULATED",
    ]
)


@fast_init
@dataclass(frozen=True, slots=True)
class Said:
    """One piece of evidence: where it stands, what stood there and what it means."""

    path: str
    value: Any
    heard: Heard

    def __str__(self) -> str:
        return f"{self.path}: {shown(self.value)}"


def unknown_keys(reading: Reading) -> list[Said]:
    """Return what keys outside the vocabulary say clearly: ``trade_closed: true``, ``hit: "TP1"``."""
    out: list[Said] = []
    for path, plain, value in reading.unread:
        if isinstance(value, (dict, list)) or not is_set(value) or _HOW.search(plain):
            continue
        if isinstance(value, str) and flag(value) is None:
            if len(value) > _SHORT or len(value.strip()) == 1:
                continue
            if stated_number(value) is not None and LEVEL_LOOK.search(plain):
                continue  # a level under a name nobody knows
            heard = hear(f"{path.rpartition('.')[2]} {value}")
            if not heard.whole:
                heard = hear(value)
                if heard.kind != EXIT or not heard.whole or value.strip().upper() in _ORDER_TYPES:
                    continue
        elif _PNL.search(plain):
            heard = Heard(FINISHED, whole=True)
        elif flag(value):
            heard = hear_label(path.rpartition(".")[2])
            if value is not True and not isinstance(value, str) and heard.kind not in (EXIT, REDUCE):
                continue  # a count or an id of 1
        else:
            continue
        if heard.whole and heard.kind in (EXIT, REDUCE, TEST, FINISHED, CANCEL):
            out.append(Said(path, value, heard))
    return out


def side_flags(reading: Reading) -> list[Said]:
    """Return what keys such as ``long: true`` say."""
    out: list[Said] = []
    for slot, side in (("long_flag", Direction.LONG), ("short_flag", Direction.SHORT)):
        for _, path, value in reading.all(slot):
            if flag(value) is True:
                out.append(Said(path, value, Heard(position=side, whole=True)))
    return out


def is_set(value: Any) -> bool:
    """Return whether a flag is set: true, a number but 0, or a text that does not say no."""
    if isinstance(value, str):
        said = value.strip().upper()
        return bool(said) and said not in _NOT_ONE and not said.startswith("NO ")
    return value is True or (isinstance(value, (int, float)) and value not in (0, False) and value == value)


def leaving_flags(reading: Reading) -> list[Said]:
    """Return the flags that say a position is left or made smaller."""
    out: list[Said] = []
    for slot, kind in (("close_flag", EXIT), ("left_at", EXIT), ("reduce_flag", REDUCE)):
        for _, path, value in reading.all(slot):
            if is_set(value) and not (
                slot == "left_at" and isinstance(value, str) and _PLANNED.fullmatch(value)
            ):
                key = hear(path.rpartition(".")[2])
                near = hear(value) if isinstance(value, str) else NOTHING
                side = near if near.direction is not None else key
                one = REDUCE if slot == "close_flag" and key.kind == REDUCE else kind
                whole = slot != "left_at"
                out.append(Said(path, value, Heard(one, side.order, side.position, side.right, whole=whole)))
    for _, path, value in reading.all("entry_flag"):
        if flag(value) is False:
            out.append(Said(path, value, Heard(EXIT, whole=True)))
    for _, path, value in reading.all("entry"):
        heard = hear(value) if isinstance(value, str) else NOTHING
        if heard.kind in (EXIT, REDUCE) or value is False:
            out.append(Said(path, value, heard if heard.kind is not None else Heard(EXIT, whole=True)))
    for slot in ("left_size", "left_pct"):
        for _, path, value in reading.all(slot):
            count = None if isinstance(value, bool) else stated_number(value)
            if count is not None:
                out.append(Said(path, value, Heard(EXIT if count == 0 else REDUCE, whole=True)))
    for _, path, value in reading.all("close"):
        if value is True or (isinstance(value, str) and _is_word(value)):
            near = hear(value) if isinstance(value, str) else NOTHING
            out.append(Said(path, value, Heard(EXIT, near.order, near.position, near.right, whole=True)))
    return out


def _is_word(text: str) -> bool:
    heard = hear(text)
    return (
        text.strip().upper() in ("TRUE", "YES", "ALL")
        or heard.direction is not None
        or heard.kind is not None
    )


def moved_stops(reading: Reading) -> list[Said]:
    return [
        Said(path, value, Heard(MOVE, whole=True))
        for _, path, value in reading.all("move_flag")
        if is_set(value)
    ]


def results(reading: Reading) -> list[Said]:
    return [
        Said(path, value, Heard(FINISHED, whole=True))
        for _, path, value in reading.all("result")
        if is_set(value)
    ]


def not_yet(reading: Reading) -> list[Said]:
    """Return the flags that say a message is not to be traded: ``confirmed: false``, ``trade_allowed: no``."""
    return [
        Said(path, value, Heard(WAIT, whole=True))
        for slot in ("go_flag", "trades")
        for _, path, value in reading.all(slot)
        if flag(value) is False
    ]


def no_size(reading: Reading) -> Said | None:
    """Return the size of an order of nothing, ``None`` if no such size is stated."""
    for _, path, value in reading.all("size"):
        if not isinstance(value, bool) and stated_number(value) == 0:
            return Said(path, value, NOTHING)
    return None


def test_of(reading: Reading) -> Said | None:
    """Return what marks a body as a test, a heartbeat or not to be traded, ``None`` if nothing does."""
    if not reading.has("live_flag", "test_flag", "environment"):
        return None
    for _, path, value in reading.all("live_flag"):
        if flag(value) is False:
            return Said(path, value, Heard(TEST, whole=True))
    for _, path, value in reading.all("test_flag"):
        if is_set(value):
            return Said(path, value, Heard(TEST, whole=True))
    for _, path, value in reading.all("environment"):
        if isinstance(value, str) and value.strip().upper() in _TEST_WORDS:
            return Said(path, value, Heard(TEST, whole=True))
    return None


def is_heartbeat(said: Said) -> bool:
    """Return whether a sender only says that it is alive; its price is a real one, that of a test may be invented."""
    return _ALIVE.search(f"{said.path} {said.value}") is not None


def stated_number(value: Any) -> float | None:
    """Return a number that a size or percent states, ``None`` when it is none; a sign stays."""
    try:
        read = number(value.strip().rstrip("%") if isinstance(value, str) else value)
    except ValueError:
        return None
    return read if read is not None and read == read and abs(read) != float("inf") else None
