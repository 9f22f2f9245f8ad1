from server.deck.position_detail import AttributionView, Cause, ExitView, LegView, PositionDetail
from server.deck.protocol import Deck
from server.deck.reports import WINDOWS, LearningView, PerformanceView
from server.deck.rows import (
    ApprovalRow,
    Counters,
    DecisionRow,
    DeckSnapshot,
    EventLine,
    ExchangeStatus,
    ExecutionView,
    GreekPair,
    Latency,
    LevelDistance,
    PnlView,
    PositionRow,
    SourceStatus,
    SystemView,
)
from server.feeds.base import FeedStatus
from server.ledger.base import Judged
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult

__all__ = [
    "WINDOWS",
    "ApprovalRow",
    "AttributionView",
    "Cause",
    "Command",
    "CommandResult",
    "Counters",
    "DecisionRow",
    "Deck",
    "DeckSnapshot",
    "EventLine",
    "ExchangeStatus",
    "ExecutionView",
    "ExitView",
    "FeedStatus",
    "GreekPair",
    "Judged",
    "Latency",
    "LearningView",
    "LegView",
    "LevelDistance",
    "Page",
    "PageQuery",
    "PerformanceView",
    "PnlView",
    "PositionDetail",
    "PositionRow",
    "SourceStatus",
    "SystemView",
]
