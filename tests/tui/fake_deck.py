"""A deck without an engine: realistic snapshots made of plain values, and a record of what was asked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import fake_challenge
import fake_details
import fake_risk
import fake_symbols
import fake_trades
import fake_views
import fake_why

from core.execution_band import ExecutionBand
from core.intake.hostile import HOSTILE as ALL_HOSTILE
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
    Gate,
    Gates,
    Levels,
    MarketSnapshot,
    Mode,
    PositionSize,
    Provenance,
    Quality,
    Reason,
    RegimeFacts,
    Session,
    SignalFacts,
    Source,
    StructureFacts,
    Tone,
)
from server.deck import (
    ApprovalRow,
    ChallengeView,
    Command,
    CommandResult,
    Counters,
    DecisionRow,
    DeckSnapshot,
    EntryFill,
    ExchangeStatus,
    GreekPair,
    LearningView,
    LevelDistance,
    Notice,
    Page,
    PageQuery,
    PerformanceView,
    PnlView,
    PositionDetail,
    PositionRow,
    SourceStatus,
    SymbolView,
    SystemView,
    TakeOffer,
    WatchedSymbol,
    WhyNoTrade,
)
from server.deck.day_view import DayView
from server.deck.funnel import Funnel

NOW = datetime(2026, 11, 24, 17, 41, 7, tzinfo=UTC)

_FACTORS = {
    "confluence": 2.0, "quality": 1.1, "htf_alignment": 1.15, "rr": 1.1, "volume": 1.0, "trend": 1.0,
    "session": 1.0, "day": 1.1, "phase_confidence_boost": 1.0, "phase_position_boost": 1.2,
    "trend_boost": 1.0, "phase": 1.0, "volatility": 0.7,
}  # fmt: skip


def gates(market_passed: bool = True) -> Gates:
    market = (
        Gate(passed=True, score=88.6, reason="Spread, volatility and depth are tradable",
             evidence={"spread_bps": 3.1, "atr_pct": 1.14, "depth_score": 91.0, "session": "MIDDAY"})
        if market_passed
        else Gate(passed=False, score=72.0, reason="Spread too wide (14.8 bps > 12)",
                  evidence={"spread_bps": 14.8, "atr_pct": 1.14, "depth_score": 91.0, "session": "MIDDAY"})
    )  # fmt: skip
    return Gates(
        regime=Gate(passed=True, score=82.0, reason="Markup allows LONG (82)",
                    evidence={"phase": 2, "direction": "LONG", "confidence": 82.0, "bias": "LONG"}),
        structural=Gate(passed=True, score=93.8, reason="Valid setup, liquid, grade A",
                        evidence={"valid_setup": True, "liquidity_ok": True, "grade": "A", "ai_score": 9.2}),
        market=market,
    )  # fmt: skip


COMPONENTS = (
    Component(name="regime", weight=0.30, value=82.0),
    Component(name="expert", weight=0.25, value=87.619),
    Component(name="alignment", weight=0.20, value=None, reason="no fresh timeframes"),
    Component(name="market", weight=0.15, value=88.6),
    Component(name="structural", weight=0.10, value=93.8),
)
REASONS = (
    Reason("REGIME_ALLOWS", "Markup allows LONG (82)", Tone.POSITIVE),
    Reason("SCORE_HIGH", "High AI score (9.2)", Tone.POSITIVE),
    Reason("GRADE_A", "Execution grade A", Tone.POSITIVE),
    Reason("SPREAD_OK", "Tight spread (3.1 bps)", Tone.POSITIVE),
    Reason("DEPTH_OK", "Good depth (91)", Tone.POSITIVE),
    Reason("GAMMA_HEADWIND", "Gamma headwind: NEGATIVE against LONG", Tone.NEUTRAL),
)
BLOCKED = (Reason("SPREAD_WIDE", "Spread too wide (14.8 bps > 12)", Tone.NEGATIVE),)


def record(
    action: Action = Action.EXECUTE, *, assumed: bool = False, code: str | None = None
) -> DecisionRecord:
    executed = action is Action.EXECUTE
    confidence = {Action.EXECUTE: 86.4, Action.WAIT: 61.7, Action.SKIP: 58.2}[action]
    passed = action is not Action.SKIP or code is not None
    expert = SignalFacts(direction=Direction.LONG, ai_score=9.2, quality=Quality.HIGH, entry=451.2, stop=448.9,
                         target_1=454.6, target_2=456.9, rr1=3.1, components=("breakout", "volume"))  # fmt: skip
    at = NOW - timedelta(seconds=12)
    origin = Provenance(source=Source.TRADINGVIEW_SIGNAL, at=at, valid_until=at + timedelta(minutes=30))
    return DecisionRecord(
        id=f"dec-{action.lower()}",
        seq=411,
        at=at,
        signal_id="sig-1",
        receipt_id="rec-1",
        symbol="SPY",
        source=Source.TRADINGVIEW_SIGNAL,
        timeframe=15,
        quality=Quality.HIGH,
        action=action,
        direction=Direction.LONG if executed else None,
        proposed_direction=Direction.LONG,
        confidence=confidence,
        code=code,
        verdict=Decision(
            action=action,
            direction=Direction.LONG if executed else None,
            proposed_direction=Direction.LONG,
            confidence=confidence,
            gates=gates(passed),
            components=COMPONENTS,
            reasons=REASONS if passed else BLOCKED + REASONS[:3],
            completeness=0.8,
            rules_fingerprint="4f1d0c9a77be",
        ),
        blocks=(),
        size=PositionSize(factors=_FACTORS, raw=2.571, final=2.571, skip=False, confluence=82.0)
        if executed
        else None,
        count=ContractCount(contracts=6, planned_loss=96.4, bound_by="budget") if executed else None,
        contract=Contract(underlying="SPY", root="SPY", expiry=date(2026, 11, 27), strike=452.0, right="C")
        if executed
        else None,
        levels=Levels(stop=448.9, target_1=454.6, target_2=456.9, origin="signal"),
        context=Context(
            symbol="SPY",
            as_of=at,
            session=Session.MIDDAY,
            price=451.2,
            regime=RegimeFacts(phase=2, confidence=82.0, bias=Bias.LONG, volatility="NORMAL"),
            expert=expert,
            structure=StructureFacts(valid_setup=True, liquidity_ok=True, execution_quality="A"),
            timeframe=15,
            completeness=0.8,
            provenance={"expert": origin},
        ),
        market=MarketSnapshot(
            symbol="SPY", as_of=at, price=451.2, spread_bps=5.0 if assumed else 3.1,
            depth_score=70.0 if assumed else 91.0, atr14=5.14,
            assumed=("spread_bps", "depth_score") if assumed else (),
        ),
        position_id="p1" if executed else None,
    )  # fmt: skip


def level(price: float, spot: float, atr: float | None = 5.14) -> LevelDistance:
    away = price - spot
    return LevelDistance(
        level=price, dollars=away, percent=100 * away / spot, atrs=away / atr if atr else None
    )


def position(
    key: str = "p1",
    symbol: str = "SPY",
    *,
    direction: Direction = Direction.LONG,
    strike: float = 452.0,
    spot: float = 452.36,
    mark: float = 2.41,
    entry: float = 2.05,
    contracts: int = 6,
    remaining: int | None = None,
    expiry: date = date(2026, 11, 27),
    age: float = 3.0,
    **changes: Any,
) -> PositionRow:
    right = "C" if direction is Direction.LONG else "P"
    sign = direction.sign
    left = contracts if remaining is None else remaining
    pnl = round((mark - entry) * 100 * left - 0.65 * contracts, 2)
    row = PositionRow(
        id=key,
        symbol=symbol,
        direction=direction,
        contract=f"{symbol} {strike:g}{right} {expiry:%m/%d}",
        occ=f"{symbol}{expiry:%y%m%d}{right}{round(strike * 1000):08d}",
        timeframe=15,
        contracts=contracts,
        remaining=left,
        state="OPEN",
        opened_at=NOW - timedelta(minutes=47),
        time_in_trade=47 * 60,
        entry_price=entry,
        mark=mark,
        mark_age=age,
        stale=False,
        estimated=False,
        underlying=spot,
        underlying_at_entry=spot - 0.9 * sign,
        pnl=pnl,
        pnl_pct=100 * pnl / (entry * 100 * contracts),
        r=pnl / (96.4 * contracts),
        delta=GreekPair(now=0.541 * sign, entry=0.482 * sign),
        gamma=GreekPair(now=0.0521, entry=0.0498),
        theta=GreekPair(now=-0.162, entry=-0.148),
        vega=GreekPair(now=0.184, entry=0.191),
        iv=GreekPair(now=0.1512, entry=0.1548),
        theta_paid=18.4,
        to_stop=level(spot - 2.3 * sign, spot),
        to_target_1=level(spot + 2.1 * sign, spot),
        to_target_2=level(spot + 4.4 * sign, spot),
        days_left=(expiry - NOW.date()).days,
        hours_left=(expiry - NOW.date()).days * 24 + 3.3,
        nearest_exit="TARGET_1 $2.10 away",
        execution=EntryFill(
            option_type="CALL" if sign > 0 else "PUT", strike=strike, expiry=str(expiry), dte=3,
            contracts=contracts, filled_contracts=contracts, fill_quality="FULL", spread_cost=13.2, slippage=6.6,
            commission=0.65 * contracts, risk_amount=96.4 * contracts, entry_price=entry, entry_mid=entry,
            entry_iv=0.1548, entry_delta=0.482 * sign, entry_theta=-0.148, entry_gamma=0.0498, entry_vega=0.191,
            underlying_at_entry=spot - 0.9 * sign, multiplier=100, atr=5.14,
        ),
        time_exit_in=2 * 86400.0,
        break_even_sells=False,
        half=(left + 1) // 2,
        break_even=spot - 0.9 * sign,
        cost=spot - 0.9 * sign,
        decision_id=f"dec-{key}",
        band=ExecutionBand(best=pnl + 19.8, expected=pnl + 12.1, worst=pnl),
    )  # fmt: skip
    return replace(row, **changes)


def positions() -> tuple[PositionRow, ...]:
    return (
        position(),
        position("p2", "QQQ", direction=Direction.SHORT, strike=512, spot=513.9, mark=1.86, entry=2.31, contracts=4,
                 expiry=date(2026, 11, 24), nearest_exit="STOP_LOSS $0.41 away"),
        position("p3", "NVDA", strike=182.5, spot=184.2, mark=4.90, entry=3.72, contracts=5, remaining=2, age=140,
                 stale=True, estimated=True),
        position("p4", "TSLA", direction=Direction.SHORT, strike=405, spot=401.1, mark=9.15, entry=8.4, contracts=1,
                 expiry=date(2026, 12, 18), to_target_1=None),
        position("p5", "SPX", strike=4525, spot=4521.4, mark=14.2, entry=15.1, contracts=1,
                 expiry=date(2026, 11, 24), state="EXITING"),
    )  # fmt: skip


def approval(key: str = "a1", symbol: str = "SPY", **changes: Any) -> ApprovalRow:
    """A trade that waits: twelve contracts, 842 s left."""
    row = ApprovalRow(
        id=key, decision_id=f"dec-{key}", symbol=symbol, direction=Direction.LONG, contract=f"{symbol} 452C 11/27",
        occ=f"{symbol}261127C00452000", timeframe=15, confidence=86.4, contracts=12, price=2.05, premium=2460.0,
        planned_loss=1845.0, why="Waits for approval: 12 contracts > 10 and premium $2,460 > $1,500",
        asked_at=NOW - timedelta(seconds=58), left=842.0, mark=2.07, mark_age=3.0, underlying=451.8,
    )  # fmt: skip
    return replace(row, **changes)


def offer(key: str = "d1", **changes: Any) -> TakeOffer:
    """A QQQ signal that the spread refused, which a person can take for another 13 minutes."""
    row = TakeOffer(
        id=key, signal_id="sig-2", receipt_id="rec-2", symbol="QQQ", direction=Direction.LONG, timeframe=5,
        action=Action.SKIP, code="SPREAD_WIDE", why="Spread too wide (14.8 bps > 12)", confidence=58.2,
        at=NOW - timedelta(seconds=85), until=NOW + timedelta(minutes=13, seconds=35), multiplier=1.43,
        levels=Levels(stop=511.2, target_1=516.9, target_2=519.4, origin="signal"), underlying=513.9,
        underlying_age=3.0, contract="QQQ 514C 11/24", contracts=3, mark=1.86,
    )  # fmt: skip
    return replace(row, **changes)


def waiting_record() -> DecisionRecord:
    """The decision on a trade that waits for a person."""
    return replace(record(), action=Action.WAIT, direction=None, code="APPROVAL_NEEDED", position_id=None)


def recent(count: int = 20) -> tuple[DecisionRow, ...]:
    kinds = (Action.EXECUTE, Action.SKIP, Action.WAIT, Action.SKIP, Action.SKIP)
    symbols = ("SPY", "QQQ", "NVDA", "TSLA", "SPX", "AAPL")
    codes = (None, None, None, "LATE", "OPPOSITE_OPEN")
    whys = ("", "SPREAD_WIDE", "UNSURE", "", "")
    rows = []
    for n in range(count):
        action = kinds[n % 5]
        side = Direction.LONG if n % 3 else Direction.SHORT
        rows.append(DecisionRow(
            id=f"d{n}", at=NOW - timedelta(seconds=12 + 73 * n), age=12.0 + 73 * n, symbol=symbols[n % 6],
            timeframe=(15, 5, 60, 240)[n % 4], action=action,
            direction=side if action is Action.EXECUTE else None, proposed_direction=side,
            confidence=(86.4, 58.2, 61.7, 44.0, 73.5)[n % 5], quality=tuple(Quality)[n % 3], code=codes[n % 5],
            multiplier=2.57 if action is Action.EXECUTE else None, why=whys[n % 5],
            outcome="TARGET_1" if action is Action.EXECUTE and n else "",
            pnl_net=184.2 if action is Action.EXECUTE and n else None,
        ))  # fmt: skip
    return tuple(rows)


def series(count: int = 180) -> tuple[float, ...]:
    return tuple(
        round(190 * math.sin(n / 21) + 2.4 * n - 160 + 25 * math.sin(n / 3.1), 2) for n in range(count)
    )


def snapshot(**changes: Any) -> DeckSnapshot:
    """A busy day on the deck, the same each time; ``changes`` replace its fields."""
    path = series()
    sources = (
        (Source.SATY_PHASE, "SPY", 34.0, False), (Source.MTF_DOTS, "SPY", 95.0, False),
        (Source.STRAT_EXEC, "QQQ", 2520.0, True), (Source.TRADINGVIEW_SIGNAL, "SPY", 12.0, False),
    )  # fmt: skip
    base = DeckSnapshot(
        at=NOW,
        seq=1,
        mode=Mode.ACTIVE,
        exchange=ExchangeStatus(session=Session.MIDDAY, is_open=True, closes_in=3 * 3600 + 18 * 60 + 53,
                                local_time="12:41 ET"),
        listener="127.0.0.1:8787",
        rules_name="default",
        rules_fingerprint="4f1d0c9a77be",
        clock_note="SIMULATED TIME",
        market_note="market assumed",
        market_assumed=True,
        sources=tuple(
            SourceStatus(source=source, symbol=symbol, last_at=NOW - timedelta(seconds=age), age=age,
                         usual_gap=300.0, quiet=quiet)
            for source, symbol, age, quiet in sources
        ),
        decision=record(assumed=True),
        recent=recent(),
        positions=positions(),
        pnl=PnlView(realized=184.2, open=path[-1] - 184.2, total=path[-1], costs=41.35, closed=7, wins=4,
                    held=path[-1] - 184.2,
                    series=path),
        risk=fake_risk.risk(),
        events=(
            Notice(at=NOW - timedelta(seconds=12), kind="execute", text="Bought 6 SPY 452C 11/27 at 2.05",
                      tone=Tone.POSITIVE),
            Notice(at=NOW - timedelta(seconds=85), kind="refused", text="QQQ SHORT skipped: spread too wide",
                      tone=Tone.NEGATIVE),
            Notice(at=NOW - timedelta(seconds=171), kind="exit", text="NVDA 182.5C: 3 left at TARGET_1, +$354.00",
                      tone=Tone.POSITIVE),
            Notice(at=NOW - timedelta(seconds=300), kind="silence", text="STRAT_EXEC for QQQ has gone quiet",
                      tone=Tone.NEUTRAL),
        ),
        counters=Counters(receipts=412, duplicates=3, quarantined=1, executed=12, waited=31, skipped=64),
    )  # fmt: skip
    made = replace(base, **changes)
    refused = made.decision is not None and made.decision.action is not Action.EXECUTE
    return replace(made, why_no_trade=fake_why.why()) if refused and "why_no_trade" not in changes else made


def empty_snapshot(**changes: Any) -> DeckSnapshot:
    """A deck that has just started."""
    base = snapshot(
        decision=None, recent=(), positions=(), events=(), sources=(), counters=Counters(),
        pnl=PnlView(realized=0.0, open=0.0, total=0.0, costs=0.0, closed=0, wins=0, held=0.0),
        risk=fake_risk.no_risk(),
    )  # fmt: skip
    return replace(base, **changes)


def ledger_item(n: int) -> Mapping[str, Any]:
    row = recent(n + 1)[n]
    return {
        "id": row.id, "created_at": row.at.isoformat(), "symbol": row.symbol, "source": "TRADINGVIEW_SIGNAL",
        "timeframe": row.timeframe, "quality": str(row.quality), "decision": str(row.action),
        "direction": row.direction and str(row.direction), "proposed_direction": str(row.proposed_direction),
        "confidence": row.confidence, "code": row.code,
        "decision_breakdown": {
            "size": {"final": row.multiplier} if row.multiplier else None,
            "reasons": [{"code": row.why, "text": "why", "tone": "negative"}] if row.why else [],
        },
        "outcome": {"exit_reason": "TARGET_1", "pnl_net": row.pnl_net} if row.pnl_net else None,
    }  # fmt: skip


class FakeDeck:
    """Gives the snapshot it holds; ``ledger`` rows page by twenty; commands are kept in ``commands``.

    With ``challenges`` sessions a challenger runs.
    """

    def __init__(
        self,
        now: DeckSnapshot | None = None,
        *,
        ledger: int = 50,
        trades: int = 240,
        signals: int = 900,
        quarantined: int = 3,
        challenges: int = 0,
    ) -> None:
        self.now = now or snapshot()
        self.trades, self.signals, self.quarantined = trades, signals, quarantined
        self.challenges = challenges
        self.asked: list[str] = []
        self.commands: list[Command] = []
        self.queries: list[PageQuery] = []
        self.answer = CommandResult(ok=True, code="ACCEPTED", text="Exit sent")
        self.urgent: asyncio.Queue[Notice] = asyncio.Queue()
        self._ledger = ledger
        self.can_be_taken: tuple[TakeOffer, ...] = (offer(),)

    def snapshot(self) -> DeckSnapshot:
        return self.now

    def change(self, **changes: Any) -> None:
        self.now = replace(self.now, seq=self.now.seq + 1, **changes)

    async def changes(self) -> AsyncIterator[Notice]:
        while True:
            yield await self.urgent.get()

    async def page(self, query: PageQuery) -> Page:
        self.queries.append(query)
        if query.what == "receipts":
            return fake_views.quarantined(self.quarantined)
        if query.what != "decisions":
            return fake_trades.page(query, self.trades)
        items = [ledger_item(n) for n in range(self._ledger)]
        for name, text in query.filters.items():
            items = [item for item in items if str(item[name]) == text]
        if query.order == "confidence":
            items.sort(key=lambda item: -item["confidence"])
        start = int(query.cursor or 0)
        end = start + query.limit
        return Page(items=tuple(items[start:end]), next_cursor=str(end) if end < len(items) else None)

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        return replace(record(Action.SKIP), id=decision_id)

    async def why_no_trade(self, decision_id: str) -> WhyNoTrade | None:
        return None if decision_id == record().id else fake_why.why()

    async def entry(self, decision_id: str) -> Mapping[str, Any] | None:
        made = await self.decision(decision_id)
        return fake_details.entry(decision_id, str(made.action)) if made else None

    async def position(self, position_id: str) -> PositionDetail | None:
        found = next((row for row in self.now.positions if row.id == position_id), None)
        return fake_details.detail(found) if found else None

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        if receipt_id.startswith("rec-"):
            return fake_details.receipt(receipt_id)
        return fake_views.receipt(receipt_id)

    async def system(self) -> SystemView:
        self.asked.append("system")
        return fake_views.system() if self.trades else fake_views.empty_system()

    async def performance(self, window: str, cut: str) -> PerformanceView:
        self.asked.append(f"performance {window} {cut}")
        return fake_views.performance(window, cut, self.trades)

    async def learning(self) -> LearningView:
        self.asked.append("learning")
        return fake_views.learning(self.signals)

    async def challenge(self) -> ChallengeView:
        self.asked.append("challenge")
        return fake_challenge.view(self.now.at, self.challenges)

    async def day(self) -> DayView:
        self.asked.append("day")
        return DayView(at=self.now.at, pnl=self.now.pnl, funnel=Funnel(day=self.now.at.date()))

    async def symbols(self) -> tuple[WatchedSymbol, ...]:
        return fake_symbols.watched(self.now.at)

    async def symbol(self, symbol: str) -> SymbolView | None:
        self.asked.append(f"symbol {symbol}")
        return fake_symbols.view(self.now, symbol, tuple(ledger_item(n) for n in range(12)))

    async def offers(self, decision_id: str = "") -> tuple[TakeOffer, ...]:
        self.asked.append(f"offers {decision_id}")
        return tuple(each for each in self.can_be_taken if decision_id in ("", each.id))

    async def command(self, command: Command) -> CommandResult:
        self.commands.append(command)
        return self.answer


HOSTILE = ALL_HOSTILE[:12]
"""Those that a terminal must not see; the last one is the longest."""


def hostile_snapshot(text: str = " ".join(HOSTILE[:-1]) + HOSTILE[-1]) -> DeckSnapshot:
    """Every text that could have come from outside, set to ``text`` as if intake had let it through."""
    bad = Reason("BAD", text, Tone.NEGATIVE)
    made = record()
    verdict = replace(
        made.verdict,
        reasons=(bad, *(Reason("BAD", each, Tone.NEUTRAL) for each in HOSTILE)),
        gates=replace(
            made.verdict.gates, regime=Gate(passed=False, score=1, reason=text, evidence={text: text})
        ),
        components=(Component(name="regime", weight=0.3, value=None, reason=text), *COMPONENTS[1:]),
    )
    size = PositionSize(factors={text: 2.0}, raw=2.0, final=2.0, skip=False)
    worst = replace(made, verdict=verdict, symbol=text, code=text, size=size)
    rows = tuple(
        position(f"h{n}", each, contract=each, occ=each, nearest_exit=each) for n, each in enumerate(HOSTILE)
    )
    return snapshot(
        decision=worst,
        positions=rows,
        recent=tuple(replace(row, symbol=text, code=text) for row in recent(5)),
        events=(Notice(at=NOW, kind="refused", text=text, tone=Tone.NEGATIVE),),
        listener=HOSTILE[0],
        rules_name=text,
        clock_note=HOSTILE[2],
        market_note=text,
        alarms=(text,),
    )


def screen_text(app: Any) -> str:
    """What the top screen shows, as lines of plain text."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )
