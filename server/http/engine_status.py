"""The state of the running engine in one answer, for `gatedeck status`, `doctor` and monitoring."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from core.model import Mode
from server.deck.protocol import Deck
from server.deck.rows import DeckSnapshot
from server.package_version import package_version
from server.runtime.ports import Health


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModeStatus(_Model):
    mode: Mode
    reason: str
    since: datetime | None
    until: datetime | None


class SenderStatus(_Model):
    """``age_seconds`` since the sender's last message; ``quiet``: longer than it usually is."""

    source: str
    symbol: str
    age_seconds: float
    quiet: bool


class FeedState(_Model):
    name: str
    state: str


class PositionStatus(_Model):
    """``pnl`` is net in $; ``stale``: its price is too old for its stop to act."""

    id: str
    contract: str
    state: str
    remaining: int
    pnl: float
    stale: bool


class PhoneStatus(_Model):
    """Messages to one address since the start; ``failing``: the last of them was lost."""

    name: str
    sent: int
    retried: int
    lost: int
    waiting: int
    failing: bool


class EngineStatus(_Model):
    """Money in $, ages in seconds; ``alarms`` and ``stops`` are what a person must see now.

    ``upkeep`` says of backup, retention and archive when they ran last and what is next.
    """

    version: str
    listener: str
    uptime_seconds: float
    ready: bool
    clock: datetime
    clock_note: str
    exchange: str
    market: str
    market_assumed: bool
    mode: ModeStatus
    rules_name: str
    rules_fingerprint: str
    feeds: tuple[FeedState, ...]
    senders: tuple[SenderStatus, ...]
    positions: tuple[PositionStatus, ...]
    approvals_waiting: int
    pnl_today: float
    pnl_realized: float
    pnl_open: float
    journal_seq: int
    alarms: tuple[str, ...]
    stops: tuple[str, ...]
    refused_requests: int
    phone: tuple[PhoneStatus, ...] = ()
    upkeep: dict[str, str] = {}


def mode_status(now: DeckSnapshot) -> ModeStatus:
    """Return the mode of a snapshot."""
    return ModeStatus(mode=now.mode, reason=now.mode_reason, since=now.mode_since, until=now.mode_until)


def engine_status(deck: Deck, health: Health) -> EngineStatus:
    """Return the state now. Cheap: it reads neither ledger nor vendor."""
    now = deck.snapshot()
    return EngineStatus(
        version=package_version(),
        listener=now.listener,
        uptime_seconds=round(health.uptime, 3),
        ready=health.ready,
        clock=now.at,
        clock_note=now.clock_note,
        exchange=f"{now.exchange.session} {now.exchange.local_time}".strip(),
        market=now.market_note,
        market_assumed=now.market_assumed,
        mode=mode_status(now),
        rules_name=now.rules_name,
        rules_fingerprint=now.rules_fingerprint,
        feeds=tuple(FeedState(name=each.name, state=str(each.state)) for each in deck.feeds()),
        senders=tuple(
            SenderStatus(source=str(each.source), symbol=each.symbol, age_seconds=each.age, quiet=each.quiet)
            for each in now.sources
        ),
        positions=tuple(
            PositionStatus(
                id=row.id,
                contract=row.contract,
                state=str(row.state),
                remaining=row.remaining,
                pnl=round(row.pnl, 2),
                stale=row.stale,
            )
            for row in now.positions
        ),
        approvals_waiting=len(now.approvals),
        pnl_today=round(now.pnl.total, 2),
        pnl_realized=round(now.pnl.realized, 2),
        pnl_open=round(now.pnl.open, 2),
        journal_seq=now.seq,
        alarms=tuple(dict.fromkeys((*now.alarms, *health.alarms))),
        stops=tuple(warning.text for warning in now.stops),
        refused_requests=sum(each.count for each in now.refused),
        phone=tuple(PhoneStatus(**asdict(each)) for each in now.phone),
        upkeep=dict(health.upkeep),
    )
