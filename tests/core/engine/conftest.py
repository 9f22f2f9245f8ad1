"""A wire to the engine: events go in at instants of the exchange's clock, and what came of them is kept."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import (
    AnswerCommand,
    AnswerDecision,
    AnswerReceipt,
    Effect,
    FetchMarket,
    Notice,
    StoreDecision,
    StoreMarks,
    StoreReceipt,
    StoreShadow,
    StoreTrade,
)
from core.engine import Engine, EngineState
from core.events import (
    Commanded,
    Event,
    MarketAnswered,
    OptionChain,
    PriceSeen,
    Received,
    RulesChanged,
    Ticked,
)
from core.intake import sample
from core.model import DecisionRecord, Direction, MarketSnapshot, Source
from core.positions import Position

EXCHANGE = ZoneInfo("America/New_York")
LONG, SHORT = Direction.LONG, Direction.SHORT
NO_FEED = ("spread_bps", "depth_score", "atr14")


NOBODY_ASKED = (
    "approval_above_contracts = 100000\napproval_above_premium = 1e9\n"
    "delta_accounts = 1e9\ngamma_accounts = 1e9\nvega_pct = 1e9\ntheta_pct = 1e9\n"
)
"""In the table of risk: no trade waits for a person, and no Greek is limited."""


def unasked(toml: str) -> str:
    """Rules under which no trade waits for a person and no Greek is limited, whatever else they say."""
    head, table, rest = toml.partition("[risk]\n")
    return f"{head}[risk]\n{NOBODY_ASKED}{rest}" if table else f"{toml}[risk]\n{NOBODY_ASKED}"


def day_of(text: str) -> datetime:
    """An instant from exchange time, as 2026-11-24T10:00 or 10:00 on that Tuesday."""
    text = text if "T" in text else f"2026-11-24T{text}"
    return datetime.fromisoformat(text).replace(tzinfo=EXCHANGE).astimezone(UTC)


@dataclass
class Wire:
    """An engine without a feed (or with ``snapshot``) whose market answers at once unless ``answering`` is off.

    No trade waits for a person unless ``asking``.
    """

    rules: str = ""
    now: datetime = field(default_factory=lambda: day_of("10:00"))
    engine: Engine = field(default_factory=lambda: Engine(engine_id="wire"))
    answering: bool = True
    asking: bool = False
    snapshot: dict[str, Any] | None = None
    chain: OptionChain | None = None
    journal: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    latest: list[Effect] = field(default_factory=list)
    asked: list[FetchMarket] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        self.post(RulesChanged, toml=self.rules if self.asking else unasked(self.rules))

    # --- in --------------------------------------------------------------------------------------------

    def post(self, kind: type[Any], **fields: Any) -> list[Effect]:
        """One event and, while the market answers, what it asks of it; returns all effects."""
        self.latest = []
        self._step(kind(seq=self.state.seq + 1, at=self.now, **fields))
        return self.latest

    def _step(self, event: Event) -> None:
        effects = self.engine.step(event)
        self.journal.append(event)
        self.effects += effects
        self.latest += effects
        for effect in effects:
            if isinstance(effect, FetchMarket):
                self.asked.append(effect)
                if self.answering:
                    self._answer(effect)

    def _answer(self, ask: FetchMarket) -> None:
        seq = self.state.seq + 1
        self._step(
            MarketAnswered(
                seq=seq,
                at=self.now,
                signal_id=ask.signal_id,
                snapshot=self.market(ask.symbol),
                chain=self.chain,
            )
        )

    def answer(self) -> list[Effect]:
        """The market answers what was asked and not answered yet."""
        self.latest = []
        for ask in list(self.engine.unanswered()):
            self._answer(ask)
        return self.latest

    def market(self, symbol: str) -> MarketSnapshot:
        if self.snapshot is None:
            return MarketSnapshot(symbol=symbol, as_of=self.now, assumed=NO_FEED)
        return MarketSnapshot(symbol=symbol, as_of=self.now, **self.snapshot)

    def raw(self, body: object, endpoint: str | None = None) -> StoreReceipt:
        """One body as posted; returns its receipt."""
        self._count += 1
        text = body if isinstance(body, str) else json.dumps(body)
        self.post(Received, receipt_id=f"r{self._count}", body=text, endpoint=endpoint)
        return self.of(StoreReceipt)[0]

    def send(
        self,
        source: Source,
        symbol: str = "SPY",
        price: float = 450.0,
        direction: Direction = LONG,
        **wanted: Any,
    ) -> StoreReceipt:
        """A sample body of one source, fired now; its own ``changes`` last."""
        changes = wanted.pop("changes", {})
        return self.raw(sample(source, self.now, symbol, price, direction, **wanted) | changes)

    def agree(self, symbol: str = "SPY", price: float = 450.0, direction: Direction = LONG) -> None:
        """Phase, alignment and structure that are all for one side."""
        for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC):
            self.send(source, symbol, price, direction)

    def signal(
        self, symbol: str = "SPY", price: float = 450.0, direction: Direction = LONG, **wanted: Any
    ) -> Any:
        """A TradingView signal; returns its decision, ``None`` when none was made at once."""
        self.send(Source.TRADINGVIEW_SIGNAL, symbol, price, direction, **wanted)
        return self.decision

    def enter(
        self, symbol: str = "SPY", price: float = 450.0, direction: Direction = LONG, **wanted: Any
    ) -> Position:
        """Everything that it takes for an EXECUTE; returns the position."""
        self.agree(symbol, price, direction)
        record = self.signal(symbol, price, direction, **wanted)
        assert record is not None and record.position_id is not None, record and record.reasons
        return self.state.positions[record.position_id]

    def price(
        self, price: float, symbol: str = "SPY", *, age: float = 0.0, source: str = "feed", **bar: Any
    ) -> list[Effect]:
        made = self.now - timedelta(seconds=age)
        return self.post(PriceSeen, symbol=symbol, price=price, priced_at=made, source=source, **bar)

    def tick(self) -> list[Effect]:
        return self.post(Ticked)

    def command(self, name: str, position: Position | None = None, **fields: Any) -> AnswerCommand:
        self._count += 1
        fields.setdefault("command_id", f"c{self._count}")
        if position is not None:
            fields["position_id"] = position.id
        self.post(Commanded, name=name, **fields)
        return self.of(AnswerCommand)[-1]

    # --- time ------------------------------------------------------------------------------------------

    def at(self, text: str) -> Wire:
        """Go to an instant of the exchange's clock."""
        self.now = day_of(text)
        return self

    def later(self, seconds: float = 0.0, minutes: float = 0.0) -> Wire:
        self.now += timedelta(seconds=seconds, minutes=minutes)
        return self

    # --- out -------------------------------------------------------------------------------------------

    @property
    def state(self) -> EngineState:
        return self.engine.state

    def of(self, kind: type[Any], everything: bool = False) -> list[Any]:
        """The effects of one kind: of the last input, or of all."""
        return [e for e in (self.effects if everything else self.latest) if isinstance(e, kind)]

    @property
    def decision(self) -> DecisionRecord | None:
        """The decision that the last input led to."""
        found = self.of(StoreDecision)
        return found[-1].record if found else None

    @property
    def decisions(self) -> list[DecisionRecord]:
        return [e.record for e in self.of(StoreDecision, everything=True)]

    @property
    def notices(self) -> list[str]:
        return [e.kind for e in self.of(Notice)]

    def position(self, position: Position) -> Position:
        """A position as it was stored last, open or closed."""
        stored = [e.position for e in self.of(StoreTrade, everything=True) if e.position.id == position.id]
        return self.state.positions.get(position.id, stored[-1])

    def tally(self) -> Counter[str]:
        return Counter(type(e).__name__ for e in self.effects)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture(scope="session")
def wired() -> type[Wire]:
    """The wire's class, for rules of one's own."""
    return Wire


__all__ = ["AnswerDecision", "AnswerReceipt", "StoreMarks", "StoreShadow", "Wire"]
