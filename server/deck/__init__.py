from core.effects import Notice
from core.model import Counters
from core.positions.live_values import ExitCondition, GreekPair, LevelDistance
from core.positions.position import EntryFill, ExitFill
from server.deck.position_detail import PositionDetail
from server.deck.protocol import Deck
from server.deck.reports import WINDOWS, LearningView, PerformanceView
from server.deck.rows import (
    ApprovalRow,
    DecisionRow,
    DeckSnapshot,
    ExchangeStatus,
    Latency,
    PnlView,
    PositionRow,
    SourceStatus,
    SystemView,
)
from server.feeds.base import FeedStatus
from server.ledger.base import Judged
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult
from server.runtime.refusals import RefusedRequests

__all__ = [
    "WINDOWS",
    "ApprovalRow",
    "Command",
    "CommandResult",
    "Counters",
    "DecisionRow",
    "Deck",
    "DeckSnapshot",
    "EntryFill",
    "ExchangeStatus",
    "ExitCondition",
    "ExitFill",
    "FeedStatus",
    "GreekPair",
    "Judged",
    "Latency",
    "LearningView",
    "LevelDistance",
    "Notice",
    "Page",
    "PageQuery",
    "PerformanceView",
    "PnlView",
    "PositionDetail",
    "PositionRow",
    "RefusedRequests",
    "SourceStatus",
    "SystemView",
]
