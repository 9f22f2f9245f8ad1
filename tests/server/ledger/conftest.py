"""Made-up facts for the ledger's tests, plain enough to be told apart by their numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from core.approvals import Approval, ApprovalStatus
from core.effects import (
    ShadowStatus,
    StoreApproval,
    StoreDecision,
    StoreJudgement,
    StoreMarks,
    StoreNote,
    StorePrice,
    StoreReceipt,
    StoreRiskEvent,
    StoreRules,
    StoreShadow,
    StoreTrade,
)
from core.events import (
    ClosesSeen,
    CloseUnavailable,
    Commanded,
    CorporateAction,
    CorporateActionSeen,
    MarketAnswered,
    OptionChain,
    PriceSeen,
    Received,
    RulesChanged,
    Ticked,
    TradingStatusSeen,
)
from core.model import (
    Action,
    Bias,
    Component,
    Context,
    Contract,
    ContractCount,
    Decision,
    DecisionRecord,
    Direction,
    ExitReason,
    Gate,
    Gates,
    Levels,
    MarketSnapshot,
    PositionSize,
    Provenance,
    Quality,
    Reason,
    ReceiptStatus,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    Tone,
)
from core.notes import note_text
from core.options.fills import OptionQuote
from core.positions.attribution import Attribution
from core.positions.position import Basis, EntryFill, ExitFill, Mark, Position, PositionState
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.base import OwnLedger
from server.ledger.opened_by_address import open_to_write
from server.ledger.sqlite import SqliteLedger
from tests.server.ledger.databases import empty, new_database

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ENGINE = UUID("5b0a7d3c-0000-4000-8000-000000000001")


class Make:
    """Events, effects and records by seq."""

    start = START

    def at(self, seq: int) -> datetime:
        return START + timedelta(seconds=seq, microseconds=7 * seq)

    def id(self, seq: int, what: str = "receipt") -> str:
        return str(uuid5(ENGINE, f"{what}:{seq}"))

    def received(self, seq: int, body: str = '{"symbol":"SPY"}', receipt_id: str | None = None) -> Received:
        return Received(
            seq=seq, at=self.at(seq), receipt_id=receipt_id or self.id(seq), body=body, endpoint="signals"
        )

    def receipt(self, seq: int, **changes: Any) -> StoreReceipt:
        fields: dict[str, Any] = {
            "id": self.id(seq),
            "seq": seq,
            "at": self.at(seq),
            "endpoint": "signals",
            "body": '{"symbol":"SPY"}',
            "status": ReceiptStatus.ACCEPTED,
            "http_status": 200,
            "source": Source.SATY_PHASE,
            "symbol": "SPY",
        }
        return StoreReceipt(**(fields | changes))

    def webhook(self, seq: int, **changes: Any) -> tuple[Received, tuple[StoreReceipt]]:
        return self.received(seq), (self.receipt(seq, **changes),)

    def decided(self, seq: int, **changes: Any) -> tuple[Received, tuple[StoreReceipt, StoreDecision]]:
        return self.received(seq), (self.receipt(seq), StoreDecision(record=self.record(seq, **changes)))

    def gates(self) -> Gates:
        return Gates(
            regime=Gate(
                passed=True,
                score=82.5,
                reason="phase 2",
                evidence={"phase": 2, "allowed": ("LONG", Bias.SHORT)},
            ),
            structural=Gate(passed=True, score=93.0, reason="grade A"),
            market=Gate(passed=False, score=78.0, reason="spread", evidence={"spread_bps": 14.2}),
        )

    def record(self, seq: int, **changes: Any) -> DecisionRecord:
        action = changes.get("action", Action.EXECUTE)
        direction = Direction.LONG if action is Action.EXECUTE else None
        verdict = Decision(
            action=action,
            direction=direction,
            proposed_direction=Direction.LONG,
            confidence=changes.get("confidence", 78.4),
            gates=self.gates(),
            components=(
                Component(name="regime", weight=0.3, value=82.5),
                Component(name="alignment", weight=0.2, value=None, reason="no alignment"),
            ),
            reasons=(Reason("AI_SCORE", "High AI score (9.2)", Tone.POSITIVE),),
            completeness=0.6,
            rules_fingerprint="0123456789ab",
        )
        fields: dict[str, Any] = {
            "id": self.id(seq, "decision"),
            "seq": seq,
            "at": self.at(seq),
            "signal_id": self.id(seq, "signal"),
            "receipt_id": self.id(seq),
            "symbol": "SPY",
            "source": Source.TRADINGVIEW_SIGNAL,
            "timeframe": 15,
            "quality": Quality.HIGH,
            "action": action,
            "direction": direction,
            "proposed_direction": Direction.LONG,
            "confidence": 78.4,
            "code": None,
            "verdict": verdict,
            "blocks": (Reason("SESSION", "Power hour", Tone.NEUTRAL),),
            "size": PositionSize(
                factors={"confluence": 1.5, "quality": 1.1},
                raw=1.65,
                final=1.65,
                skip=False,
                confluence=81.257,
            ),
            "count": ContractCount(contracts=4, planned_loss=61.3, bound_by="budget"),
            "contract": self.contract(),
            "levels": Levels(stop=446.0, target_1=452.0, target_2=455.5, origin="signal"),
            "context": self.context(seq),
            "market": self.market(seq),
        }
        return DecisionRecord(**(fields | changes))

    def context(self, seq: int) -> Context:
        at = self.at(seq)
        return Context(
            symbol="SPY",
            as_of=at,
            session=Session.MIDDAY,
            price=449.37,
            regime=RegimeFacts(phase=2, confidence=82.5, bias=Bias.LONG),
            expert=SignalFacts(direction=Direction.LONG, ai_score=9.2, components=("breakout", "volume")),
            timeframe=15,
            completeness=0.6,
            provenance={
                "expert": Provenance(
                    source=Source.TRADINGVIEW_SIGNAL, at=at, valid_until=at + timedelta(minutes=35)
                )
            },
        )

    def market(self, seq: int) -> MarketSnapshot:
        return MarketSnapshot(
            symbol="SPY",
            as_of=self.at(seq),
            price=449.37,
            spread_bps=1.1 / 3,
            depth_score=70,
            assumed=("depth_score",),
            feeds={"price": "tradier"},
            ages={"price": 0.21},
        )

    def contract(self) -> Contract:
        return Contract(underlying="SPY", root="SPY", expiry=date(2026, 11, 27), strike=450.0, right="C")

    def mark(self, seq: int) -> Mark:
        return Mark(
            at=self.at(seq),
            spot=449.37 + seq / 3,
            spot_at=self.at(seq),
            iv=0.161,
            years=0.0071,
            carry_years=0.0083,
            mid=1.87,
            delta=0.49,
            gamma=0.06,
            theta=-0.31,
            vega=0.14,
            basis=Basis.MODEL,
            step=Attribution(delta=4.1, theta=-0.7),
        )

    def position(self, seq: int, closed_at: int | None = None) -> Position:
        entry = EntryFill(
            option_type="CALL",
            strike=450.0,
            expiry="2026-11-27",
            dte=3,
            contracts=2,
            entry_price=1.90,
            entry_iv=0.161,
            entry_delta=0.49,
            entry_theta=-0.31,
            entry_gamma=0.06,
            entry_vega=0.14,
            spread_cost=4.0,
            slippage=2.0,
            fill_quality="FULL",
            filled_contracts=2,
            commission=1.3,
            underlying_at_entry=449.37,
            risk_amount=122.6,
            entry_mid=1.87,
            multiplier=100,
            atr=4.4,
        )
        legs = () if closed_at is None else (self.leg(closed_at),)
        return Position(
            id=self.id(seq, "position"),
            signal_id=self.id(seq, "signal"),
            decision_id=self.id(seq, "decision"),
            symbol="SPY",
            direction=Direction.LONG,
            contract=self.contract(),
            timeframe=15,
            opened_at=self.at(seq),
            levels=Levels(stop=446.0, target_1=452.0, target_2=455.5, origin="signal"),
            stop=446.0,
            entry=entry,
            remaining=2 if closed_at is None else 0,
            last=self.mark(seq),
            legs=legs,
            state=PositionState.OPEN if closed_at is None else PositionState.CLOSED,
        )

    def leg(self, seq: int) -> ExitFill:
        return ExitFill(
            id=self.id(seq, "leg"),
            at=self.at(seq),
            reason=ExitReason.TARGET_2,
            contracts=2,
            underlying=455.5,
            mid=4.4,
            price=4.35,
            iv=0.158,
            delta=0.8,
            spread_cost=6.0,
            slippage=4.0,
            commission=1.3,
            attribution=Attribution(delta=480.0, gamma=60.0, iv=-4.0, theta=-30.0),
        )

    def trade(self, seq: int, closed_at: int | None = None) -> StoreTrade:
        position = self.position(seq, closed_at)
        return StoreTrade(position=position, bought=closed_at is None, legs=position.legs)

    def shadow(
        self, seq: int, closed_at: int | None = None, status: ShadowStatus | None = None
    ) -> StoreShadow:
        usual = ShadowStatus.OPEN if closed_at is None else ShadowStatus.CLOSED
        return StoreShadow(position=self.position(seq, closed_at), status=status or usual)

    def marks(self, seq: int, *at: int) -> StoreMarks:
        return StoreMarks(position_id=self.id(seq, "position"), marks=tuple(self.mark(n) for n in at))

    def put(self, seq: int) -> StorePrice:
        at = self.at(seq)
        return StorePrice(
            seen=PriceSeen(seq=seq, at=at, symbol="SPY", price=600.5, priced_at=at, source="feed")
        )

    def note(
        self, seq: int, trade: int | None = None, text: str = "late #fomo", day: str | None = None
    ) -> StoreNote:
        return StoreNote(
            id=self.id(seq, "note"),
            seq=seq,
            at=self.at(seq),
            position_id=None if trade is None else self.id(trade, "position"),
            day=None if day is None else date.fromisoformat(day),
            text=text,
            tags=note_text(text).tags,
            author="deck",
        )

    def rules(self, seq: int) -> StoreRules:
        return StoreRules(
            seq=seq, at=self.at(seq), fingerprint=f"{seq:012x}", name="default", toml="", author="start"
        )

    def judgement(self, seq: int) -> StoreJudgement:
        return StoreJudgement(
            seq=seq,
            at=self.at(seq),
            id="0a1b",
            status="APPROVED",
            author="deck",
            text="Raise a from 1 to 2: b",
        )

    def approval(self, seq: int, status: ApprovalStatus = ApprovalStatus.PENDING) -> StoreApproval:
        return StoreApproval(
            approval=Approval(
                id=self.id(seq, "approval"), seq=seq, at=self.at(seq), signal_id=self.id(seq, "signal"),
                decision_id=self.id(seq, "decision"), symbol="SPY", direction=Direction.LONG, timeframe=15,
                confidence=81.4, contract=self.contract(), contracts=12, price=1.9, premium=2280.0,
                planned_loss=912.5, why="12 contracts > 10", until=self.at(seq + 900), status=status,
            )
        )  # fmt: skip

    def risk(self, seq: int) -> StoreRiskEvent:
        return StoreRiskEvent(
            id=self.id(seq, "risk"), seq=seq, at=self.at(seq), code="OVERTRADING", text="21 entries", cleared=False
        )  # fmt: skip

    def tick(self, seq: int) -> Ticked:
        return Ticked(seq=seq, at=self.at(seq))

    def events(self) -> tuple[Any, ...]:
        """One event of every kind, with every sort of field in it."""
        quote = OptionQuote(bid=1.85, ask=1.9, at=self.at(2), source="tradier")
        return (
            self.received(1, body='ESC \\u001b, quotes " and é \u2028 \U0001f600'),
            MarketAnswered(
                seq=2,
                at=self.at(2),
                signal_id=self.id(1, "signal"),
                snapshot=self.market(2),
                chain=OptionChain(
                    expiries=(date(2026, 11, 27), date(2026, 12, 4)),
                    strikes=((date(2026, 11, 27), (449.0, 450.0)),),
                    quotes=(("SPY261127C00450000", quote),),
                ),
            ),
            PriceSeen(
                seq=3,
                at=self.at(3),
                symbol="SPY",
                price=449.4,
                priced_at=self.at(2),
                source="tradier",
                high=450.1,
                quotes=(("SPY261127C00450000", quote),),
            ),
            self.tick(4),
            Commanded(seq=5, at=self.at(5), command_id="c1", name="exit", contracts=1, expected=2),
            RulesChanged(seq=6, at=self.at(6), toml="[market]\nmax_spread_bps = 12\n", author="a person"),
            TradingStatusSeen(
                seq=7, at=self.at(7), symbol="SPY", halted=True, source="alpaca", reason="LULD pause"
            ),
            CorporateActionSeen(
                seq=8,
                at=self.at(8),
                symbol="SPY",
                action=CorporateAction.DIVIDEND,
                source="alpaca",
                ex_date=date(2026, 12, 18),
                amount=1.78,
            ),
            CloseUnavailable(
                seq=9, at=self.at(9), symbol="SPY", day=date(2026, 11, 23), why="there is no feed"
            ),
            ClosesSeen(
                seq=10,
                at=self.at(10),
                symbol="SPY",
                source="tradier",
                closes=((date(2026, 11, 20), 659.03), (date(2026, 11, 23), 668.73)),
            ),
        )


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@pytest.fixture
async def file_ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    opened = await SqliteLedger.open(tmp_path / "ledger.db", "engine-1", busy_seconds=0.05)
    yield opened
    await opened.close()


@pytest.fixture(params=["file", "database"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerAddress:
    """Return where a new ledger of engine-1 can be made: a test that needs it runs with a file and a database."""
    if request.param == "file":
        return tmp_path / "ledger.db"
    empty: DatabaseLedger = request.getfixturevalue("database")
    return empty


@pytest.fixture
async def ledger(address: LedgerAddress) -> AsyncIterator[OwnLedger]:
    opened = await open_to_write(address, "engine-1")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A database of this test process, dropped afterwards; skips without a server."""
    with new_database() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[DatabaseLedger]:
    """The empty ledger of engine-1; its tables are made once, and emptied after each test."""
    address = DatabaseLedger(database_url, "engine-1")
    yield address
    empty(address)
