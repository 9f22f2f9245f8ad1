"""The deck: what a screen may see and ask of the engine, as frozen values.

May not touch: Textual, SQL. Screens import from here; a deck in another process would implement ``Deck``.

Read first:
- ``server/deck/protocol.py``: the protocol ``Deck``
- ``server/deck/rows.py``: the snapshot and its rows
- ``server/deck/local.py``: the deck of an engine in the same process
- ``server/deck/build_rows.py``: rows from the engine's state
- ``server/deck/learning.py``: suggestions, and what approving one does
"""

from core.challenge import ADOPT, RETIRE, EndedChallenge, PairedSessions
from core.decision.why_no_trade import GateDistance, Outcome, WhyNoTrade
from core.effects import Notice
from core.model import Counters
from core.positions.live_values import ExitCondition, GreekPair, LevelDistance
from core.positions.position import EntryFill, ExitFill
from core.risk_view import LimitUse, RiskView, SymbolRisk
from server.deck.challenge_view import (
    START_SUGGESTION,
    ChallengeSession,
    ChallengeSide,
    ChallengeView,
    RunningChallenge,
)
from server.deck.funnel import Funnel
from server.deck.offers import TakeOffer
from server.deck.position_detail import PositionDetail
from server.deck.protocol import Deck
from server.deck.reports import WINDOWS, LearningView, PerformanceView
from server.deck.rows import (
    ApprovalRow,
    DecisionRow,
    DeckSnapshot,
    ExchangeStatus,
    Latency,
    OrderRow,
    PhoneAddress,
    PnlView,
    PositionRow,
    SourceStatus,
    StopsWarning,
    SystemView,
)
from server.deck.symbols import ContextSection, LastPrice, SymbolView, WatchedSymbol
from server.feeds.base import FeedStatus
from server.ledger.base import Judged
from server.ledger.paging import Page, PageQuery
from server.runtime.credentials import CredentialUse
from server.runtime.ports import Command, CommandResult
from server.runtime.refusals import RefusedRequests

__all__ = [
    "ADOPT",
    "RETIRE",
    "START_SUGGESTION",
    "WINDOWS",
    "ApprovalRow",
    "ChallengeSession",
    "ChallengeSide",
    "ChallengeView",
    "Command",
    "CommandResult",
    "ContextSection",
    "Counters",
    "CredentialUse",
    "DecisionRow",
    "Deck",
    "DeckSnapshot",
    "EndedChallenge",
    "EntryFill",
    "ExchangeStatus",
    "ExitCondition",
    "ExitFill",
    "FeedStatus",
    "Funnel",
    "GateDistance",
    "GreekPair",
    "Judged",
    "LastPrice",
    "Latency",
    "LearningView",
    "LevelDistance",
    "LimitUse",
    "Notice",
    "OrderRow",
    "Outcome",
    "Page",
    "PageQuery",
    "PairedSessions",
    "PerformanceView",
    "PhoneAddress",
    "PnlView",
    "PositionDetail",
    "PositionRow",
    "RefusedRequests",
    "RiskView",
    "RunningChallenge",
    "SourceStatus",
    "StopsWarning",
    "SymbolRisk",
    "SymbolView",
    "SystemView",
    "TakeOffer",
    "WatchedSymbol",
    "WhyNoTrade",
]
