"""The deck: everything a screen may ask of the engine.

Screens see the engine only through ``Deck``: one frozen snapshot at a time, pages of the ledger, and commands.
Every value is JSON-able, so that a deck may be attached from another process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

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
from server.feeds.base import FeedStatus
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult


class Deck(Protocol):
    """Everything a screen may ask of the engine and tell it."""

    def snapshot(self) -> DeckSnapshot:
        """Return the state now. Cheap; ``seq`` is the same while nothing changes but the clock."""
        ...

    def changes(self) -> AsyncIterator[Notice]:
        """Yield urgent events as they happen, from now on."""
        ...

    async def page(self, query: PageQuery) -> Page:
        """Return one page of the ledger. Raises ValueError naming the filter that is not accepted."""
        ...

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        """Return one decision with all of its evidence; ``None`` if the id is unknown."""
        ...

    async def why_no_trade(self, decision_id: str) -> WhyNoTrade | None:
        """Return how far a WAIT or SKIP was from an EXECUTE; ``None`` for an EXECUTE or an unknown id."""
        ...

    async def entry(self, decision_id: str) -> Mapping[str, Any] | None:
        """Return the decision's ledger entry, with its execution, exit and hypothetical outcome."""
        ...

    async def position(self, position_id: str) -> PositionDetail | None:
        """Return one position in full, open or closed, with its price path and time decay."""
        ...

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        """Return one receipt with its raw body."""
        ...

    async def system(self) -> SystemView:
        """Return the state of the engine itself. Slow on a large ledger: it counts every table."""
        ...

    def feeds(self) -> tuple[FeedStatus, ...]:
        """Return the state of each feed: budget, latency, ages and last error. Cheap: asks nobody."""
        ...

    async def performance(self, window: str, cut: str) -> PerformanceView:
        """Return the metrics of a window (one of WINDOWS), broken down by ``cut``. Raises ValueError."""
        ...

    async def learning(self) -> LearningView:
        """Return the learning results. Slow: it reads the whole ledger."""
        ...

    async def challenge(self) -> ChallengeView:
        """Return the challenger beside the rules in force, and those that are over."""
        ...

    async def day(self) -> DayView:
        """Return the exchange's day so far: profit and loss, and the funnel from webhooks to trades."""
        ...

    async def symbols(self) -> tuple[WatchedSymbol, ...]:
        """Return every symbol that was heard, has a price, or is held."""
        ...

    async def symbol(self, symbol: str) -> SymbolView | None:
        """Return all that is known of a symbol; ``None`` for one that was never heard of."""
        ...

    async def offers(self, decision_id: str = "") -> tuple[TakeOffer, ...]:
        """Return the latest signals that a person can take against their WAIT or SKIP, or that of one decision."""
        ...

    async def command(self, command: Command) -> CommandResult:
        """Carry out a command of a person; a repeated id is carried out once."""
        ...
