"""Questions that one process may ask another's deck: the methods of ``Deck`` with their types, and the messages.

A message is JSON with a ``kind``. From the engine: ``hello``, then ``whole`` (a snapshot) and ``change``s of it with
a running number ``n``, ``problem`` (there is no snapshot, and why), ``notice``, ``answer`` and ``bye``. From the
screen: ``ack`` with the ``n`` that arrived, and ``ask`` with an ``id`` of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.decision.why_no_trade import WhyNoTrade
from core.effects import Notice
from core.model import DecisionRecord
from server.deck.challenge_view import ChallengeView
from server.deck.day_view import DayView
from server.deck.offers import TakeOffer
from server.deck.position_detail import PositionDetail
from server.deck.reports import LearningView, PerformanceView
from server.deck.rows import DeckSnapshot, SystemView
from server.deck.symbols import SymbolView, WatchedSymbol
from server.deck.wire.codec import shape
from server.feeds.base import FeedStatus
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult

PATH = "/api/deck"
SUBPROTOCOL = "gatedeck.deck.1"
LOCAL_HZ = 2.0
REMOTE_HZ = 1.0
"""Snapshots a second to a deck on this machine, and to any other."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A method of ``Deck``: the types of its arguments and of its answer."""

    takes: tuple[Any, ...]
    gives: Any


ASKS: Mapping[str, Ask] = {
    "page": Ask((PageQuery,), Page),
    "decision": Ask((str,), DecisionRecord | None),
    "why_no_trade": Ask((str,), WhyNoTrade | None),
    "entry": Ask((str,), Mapping[str, Any] | None),
    "position": Ask((str,), PositionDetail | None),
    "receipt": Ask((str,), Mapping[str, Any] | None),
    "system": Ask((), SystemView),
    "performance": Ask((str, str), PerformanceView),
    "learning": Ask((), LearningView),
    "challenge": Ask((), ChallengeView),
    "day": Ask((), DayView),
    "symbols": Ask((), tuple[WatchedSymbol, ...]),
    "symbol": Ask((str,), SymbolView | None),
    "offers": Ask((str,), tuple[TakeOffer, ...]),
    "command": Ask((Command,), CommandResult),
}
COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first message of an engine: who it is, in which form it writes, and whether commands are taken."""

    version: str
    shape: str
    pid: int
    engine_id: str
    url: str
    may_command: bool


@cache
def deck_shape() -> str:
    """Return the form in which this version writes and reads: two that differ must not show each other's rows."""
    return shape(
        DeckSnapshot,
        FeedStatus,
        Notice,
        Page,
        DecisionRecord,
        PositionDetail,
        SystemView,
        ChallengeView,
        DayView,
        Command,
        CommandResult,
        SymbolView,
        WatchedSymbol,
        TakeOffer,
    )
