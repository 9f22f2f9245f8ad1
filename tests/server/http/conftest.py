"""A listener with an intake and a deck that only remember what they were asked."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import RawTestServer, TestClient
from aiohttp.web import ServerRunner

from core.engine.kernel import Kernel
from core.engine.risk_view import risk_view
from core.intake import IntakeError, normalise
from core.learning import learn
from core.model import (
    Action,
    Component,
    Context,
    Decision,
    DecisionRecord,
    Direction,
    Gate,
    Gates,
    MarketSnapshot,
    Mode,
    Quality,
    Reason,
    Session,
    Source,
    Tone,
    Update,
)
from core.performance import Trades, report
from server.config import Settings, load_settings
from server.deck import (
    ChallengeView,
    Command,
    CommandResult,
    DeckSnapshot,
    EntryFill,
    ExchangeStatus,
    GreekPair,
    Latency,
    LevelDistance,
    Notice,
    Page,
    PageQuery,
    PnlView,
    PositionDetail,
    PositionRow,
    SystemView,
    WhyNoTrade,
)
from server.deck.day_view import DayView
from server.deck.funnel import Funnel
from server.deck.offers import TakeOffer
from server.deck.performance import window_days
from server.deck.reports import LearningView, PerformanceView
from server.feeds.base import FeedStatus
from server.http.app import HttpServer
from server.http.routes import Route
from server.runtime.credentials import CredentialLog
from server.runtime.ports import Health, WebhookAnswer
from server.runtime.refusals import RefusalLog

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
COMMAND_TOKEN = "the-command-token"


class FakeIntake:
    """Reads bodies as the engine does; ``raises`` stands for a ledger that fails, by body."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, str | None]] = []
        self.raises: Callable[[str], Exception | None] = lambda body: None
        self.decision: DecisionRecord | None = None
        self.notes: tuple[str, ...] = ()

    def read(self, body: str, endpoint: str | None) -> Update | None:
        try:
            return normalise(body, endpoint)
        except IntakeError:
            return None

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        if (error := self.raises(body)) is not None:
            raise error
        known = (body, endpoint) in self.bodies
        self.bodies.append((body, endpoint))
        receipt_id = f"receipt-{self.bodies.index((body, endpoint)) + 1}"
        try:
            update = normalise(body, endpoint)
        except IntakeError as e:
            return WebhookAnswer(
                http_status=e.http_status,
                status="quarantined",
                receipt_id=receipt_id,
                reason=str(e),
                code=e.code,
            )
        return WebhookAnswer(
            http_status=200,
            status="duplicate" if known else "accepted",
            receipt_id=receipt_id,
            source=update.source,
            symbol=update.symbol,
            notes=self.notes,
            decision=self.decision,
        )


class FakeDeck:
    """Pages of what it was given; commands answer what was arranged and are remembered."""

    def __init__(self, snapshot: DeckSnapshot) -> None:
        self.now = snapshot
        self.items: tuple[dict[str, Any], ...] = ()
        self.queries: list[PageQuery] = []
        self.trades = Trades.from_trades(())
        self.records: dict[str, DecisionRecord] = {}
        self.why: dict[str, WhyNoTrade] = {}
        self.details: dict[str, PositionDetail] = {}
        self.commands: list[Command] = []
        self.results: dict[str, CommandResult | Exception] = {}
        self.state = Health(ready=True, uptime=12.3456, queue=4, last_commit_ms=1.5)

    def snapshot(self) -> DeckSnapshot:
        return self.now

    async def changes(self) -> AsyncIterator[Notice]:
        return
        yield

    async def page(self, query: PageQuery) -> Page:
        self.queries.append(query)
        if unknown := sorted(set(query.filters.values()) & {"BUY", "bogus"}):
            raise ValueError(f"decision: {unknown[0]!r} is not one of EXECUTE, WAIT, SKIP")
        if query.cursor == "foreign":
            raise ValueError("cursor: not one that this list gave out")
        return Page(items=self.items[: query.limit], next_cursor="next")

    async def offers(self, decision_id: str = "") -> tuple[TakeOffer, ...]:
        return ()

    async def learning(self) -> LearningView:
        return LearningView(as_of=AT, learning=learn(()))

    async def challenge(self) -> ChallengeView:
        return ChallengeView(at=AT, running=None)

    async def system(self) -> SystemView:
        nothing = Latency(n=0, p50=None, p99=None)
        return SystemView(
            uptime=1.0, queue=0, webhooks=nothing, commits=nothing, ledger_name="x.db", ledger_bytes=0,
            ledger_rows={}, journal_seq=1, feeds=(), rules_versions=({"fingerprint": "abc", "changes": ""},),
        )  # fmt: skip

    def feeds(self) -> tuple[FeedStatus, ...]:
        return (FeedStatus(name="tradier", state="OK", budget_left=118, budget_limit=120, last_answer_at=AT),)

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        return self.records.get(decision_id)

    async def why_no_trade(self, decision_id: str) -> WhyNoTrade | None:
        return self.why.get(decision_id)

    async def position(self, position_id: str) -> PositionDetail | None:
        return self.details.get(position_id)

    async def day(self) -> DayView:
        return DayView(at=AT, pnl=self.now.pnl, funnel=Funnel(day=AT.date()))

    async def performance(self, window: str, cut: str) -> PerformanceView:
        made = report(self.trades, as_of=AT, window_days=window_days(window), cuts=(cut,))
        return PerformanceView(window=window, cut=cut, cuts=(), report=made)

    async def command(self, command: Command) -> CommandResult:
        self.commands.append(command)
        result = self.results.get(
            command.position_id or "mode", CommandResult(ok=True, code="MODE", text="done")
        )
        if isinstance(result, Exception):
            raise result
        return result

    def health(self) -> Health:
        return self.state


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.fixture
def record() -> DecisionRecord:
    gate = Gate(passed=True, score=80.0, reason="fine", evidence={"spread_bps": 4.2})
    verdict = Decision(
        action=Action.EXECUTE,
        direction=Direction.LONG,
        proposed_direction=Direction.LONG,
        confidence=81.4,
        gates=Gates(regime=gate, structural=gate, market=gate),
        components=(Component(name="expert", weight=0.25, value=90.0),),
        reasons=(Reason("AI_SCORE", "High AI score (9.2)", Tone.POSITIVE),),
        completeness=0.6,
        rules_fingerprint="abc",
    )
    return DecisionRecord(
        id="d-1",
        seq=7,
        at=AT,
        signal_id="s-1",
        receipt_id="receipt-1",
        symbol="SPY",
        source=Source.TRADINGVIEW_SIGNAL,
        timeframe=15,
        quality=Quality.HIGH,
        action=Action.SKIP,
        direction=None,
        proposed_direction=Direction.LONG,
        confidence=81.4,
        code="MAX_POSITIONS",
        verdict=verdict,
        blocks=(Reason("MAX_POSITIONS", "5 positions open, limit 5", Tone.NEGATIVE),),
        size=None,
        count=None,
        contract=None,
        levels=None,
        context=Context(symbol="SPY", as_of=AT, session=Session.OPEN),
        market=MarketSnapshot(symbol="SPY", spread_bps=4.2),
    )


@pytest.fixture
def position() -> PositionRow:
    pair = GreekPair(now=0.4, entry=0.5)
    return PositionRow(
        id="p-1",
        symbol="SPY",
        direction=Direction.LONG,
        contract="SPY 450C 11/27",
        occ="SPY261127C00450000",
        timeframe=15,
        contracts=4,
        remaining=4,
        state="OPEN",
        opened_at=AT,
        time_in_trade=60.0,
        entry_price=2.1,
        mark=2.4,
        mark_age=3.0,
        stale=False,
        estimated=False,
        underlying=450.5,
        underlying_at_entry=450.0,
        pnl=120.0,
        pnl_pct=14.3,
        r=0.5,
        delta=pair,
        gamma=pair,
        theta=pair,
        vega=pair,
        iv=pair,
        theta_paid=1.0,
        to_stop=LevelDistance(level=448.0, dollars=-2.5, percent=-0.55, atrs=None),
        to_target_1=None,
        to_target_2=LevelDistance(level=455.0, dollars=4.5, percent=1.0, atrs=None),
        days_left=3,
        hours_left=70.0,
        time_exit_in=3600.0,
        nearest_exit="",
        half=2,
        break_even=None,
        break_even_sells=False,
        execution=EntryFill(
            option_type="CALL", strike=450.0, expiry="2026-11-27", dte=3, contracts=4, entry_price=2.1,
            entry_iv=0.15, entry_delta=0.5, entry_theta=-0.1, entry_gamma=0.05, entry_vega=0.2, spread_cost=4.0,
            slippage=2.0, fill_quality="FULL", filled_contracts=4, commission=2.6, underlying_at_entry=450.0,
            risk_amount=240.0, entry_mid=2.08, multiplier=100, atr=None,
        ),
    )  # fmt: skip


@pytest.fixture
def five_positions(position: PositionRow) -> tuple[PositionRow, ...]:
    """p-0 is the oldest; p-2 and p-3 were opened at the same instant."""
    minutes = (0, 1, 2, 2, 4)
    return tuple(
        replace(position, id=f"p-{n}", opened_at=AT + timedelta(minutes=m)) for n, m in enumerate(minutes)
    )


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
def deck(position: PositionRow) -> FakeDeck:
    return FakeDeck(
        DeckSnapshot(
            at=AT,
            seq=1,
            mode=Mode.ACTIVE,
            exchange=ExchangeStatus(session=Session.OPEN, is_open=True),
            listener="127.0.0.1:8787",
            rules_name="default",
            rules_fingerprint="abc",
            positions=(position,),
            pnl=PnlView(realized=0.0, open=0.0, total=0.0, costs=0.0, closed=0, wins=0, held=0.0),
            risk=risk_view(Kernel(), AT),
        )
    )


@pytest.fixture
def server_of(intake: FakeIntake, deck: FakeDeck) -> Callable[..., HttpServer]:
    """A server made with these settings, not listening yet."""

    def make(
        *,
        refusals: RefusalLog | None = None,
        uses: CredentialLog | None = None,
        routes: tuple[Route, ...] = (),
        **flags: Any,
    ) -> HttpServer:
        settings: Settings = load_settings({"port": 0, **flags})
        return HttpServer(
            intake=intake, deck=deck, health=deck, settings=settings, command_token=COMMAND_TOKEN, refusals=refusals,
            uses=uses, routes=routes,
        )  # fmt: skip

    return make


class _Listener(RawTestServer):
    """The listener's own server on a free port of loopback."""

    def __init__(self, http: HttpServer) -> None:
        super().__init__(http.handle)
        self._http = http

    async def _make_runner(self, **options: Any) -> ServerRunner:
        return ServerRunner(self._http.server(), **options)


@pytest.fixture
def serve(
    server_of: Callable[..., HttpServer], aiohttp_client: Any
) -> Callable[..., Awaitable[TestClient[Any, Any]]]:
    """A client of a listener with these settings; it always comes by loopback, whatever ``host`` says."""

    async def start(**flags: Any) -> TestClient[Any, Any]:
        client: TestClient[Any, Any] = await aiohttp_client(_Listener(server_of(**flags)))
        return client

    return start


@pytest.fixture
def log_of_everything(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def command_headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {COMMAND_TOKEN}"}
