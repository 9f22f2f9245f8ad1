"""The deck: everything a screen may ask of the engine.

Screens see the engine only through ``Deck``: one frozen snapshot at a time, pages of the ledger, and commands.
Every value is JSON-able, so that a deck may be attached from another process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from core.effects import Notice
from core.model import DecisionRecord
from server.deck.position_detail import PositionDetail
from server.deck.reports import LearningView, PerformanceView
from server.deck.rows import DeckSnapshot, SystemView
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult


class Deck(Protocol):
    """The seam between engine and screen."""

    def snapshot(self) -> DeckSnapshot:
        """The state now; cheap, and equal (``seq``) when nothing changed but the clock."""
        ...

    def changes(self) -> AsyncIterator[Notice]:
        """Urgent events as they happen, from now on."""
        ...

    async def page(self, query: PageQuery) -> Page:
        """One page of the ledger; raises ValueError naming the filter that is not accepted."""
        ...

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        """One decision with all of its evidence."""
        ...

    async def entry(self, decision_id: str) -> Mapping[str, Any] | None:
        """The decision's ledger entry: what followed is in execution, exit and hypothetical."""
        ...

    async def position(self, position_id: str) -> PositionDetail | None:
        """One position in full, open or closed, with its path and its decay."""
        ...

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        """One receipt with its raw body."""
        ...

    async def system(self) -> SystemView:
        """How the engine itself is doing; counts the ledger's tables, so ask seldom."""
        ...

    async def performance(self, window: str, cut: str) -> PerformanceView:
        """The trades of a window (server.deck.reports.WINDOWS) measured and cut; raises ValueError for another."""
        ...

    async def learning(self) -> LearningView:
        """What the ledger teaches; reads all of it, so ask seldom."""
        ...

    async def command(self, command: Command) -> CommandResult:
        """Do what a person asked for; idempotent by the command's id."""
        ...
