"""A new engine that replays inputs without waiting, with a tally of its decisions and trades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.effects import Effect, FetchMarket, StoreDecision, StoreReceipt, StoreTrade
from core.engine import Engine
from core.events import Event, MarketAnswered
from core.model import Action, ReceiptStatus
from core.positions import Position, PositionState, pnl_breakdown
from server.ledger.bulk import BulkLedger
from server.ledger.chain import GENESIS, JournalRow, link
from server.ledger.codec import encode
from server.ledger.timestamps import micros
from server.totals import PnlTotals

Progress = Callable[[int], None]
"""Called now and then with the number of inputs done."""

PROGRESS_EVERY = 256


class ReplayError(Exception):
    """Input that cannot be replayed; the message names the file and the place."""


@dataclass(slots=True)
class ReplayTally:
    """Counts of a replay, and the P&L of its trades as the report counts it."""

    events: int = 0
    receipts: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    exits: Counter[str] = field(default_factory=Counter)
    stale_exits: int = 0
    totals: PnlTotals = field(default_factory=PnlTotals)
    answers: int = 0
    unused_answers: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "receipts": sum(self.receipts.values()),
            "duplicates": self.receipts[ReceiptStatus.DUPLICATE],
            "quarantined": self.receipts[ReceiptStatus.QUARANTINED],
            "decisions": {action.value: self.decisions[action] for action in Action},
            "trades_opened": self.opened,
            "trades_closed": self.closed,
            "open": self.opened - self.closed,
            "exits": dict(sorted(self.exits.items())),
            "stale_exits": self.stale_exits,
            **self.totals.as_dict(),
        }


class Replayer:
    """Steps a new engine; ``output``, if given, stores everything as a ledger.

    ``unanswered`` are the signals whose market request has no reply yet. Closed positions are kept in ``closed`` when
    it is a list.
    """

    def __init__(
        self, engine_id: str, output: BulkLedger | None = None, progress: Progress | None = None
    ) -> None:
        self.engine = Engine(engine_id=engine_id)
        self.tally = ReplayTally()
        self.unanswered: set[str] = set()
        self._output = output
        self._progress = progress
        self._head = GENESIS
        self.closed: list[Position] | None = None
        self._open: dict[str, Position] = {}

    @property
    def head(self) -> bytes:
        """Hash of the replayed journal; with an output, after ``finish``."""
        return self._head if self._output is None else self._output.head

    def take(self, event: Event, row: JournalRow | None = None) -> tuple[Effect, ...]:
        """Step the engine once. Raises ReplayError naming the input when the engine fails on it.

        ``row`` is the input as a journal has it; its hash has been checked, so the row is stored as it is.
        """
        tally = self.tally
        if isinstance(event, MarketAnswered):
            if event.signal_id in self.unanswered:
                self.unanswered.discard(event.signal_id)
                tally.answers += 1
            else:
                tally.unused_answers += 1
        try:
            effects = self.engine.step(event)
        except Exception as error:
            message = str(error) or type(error).__name__
            raise ReplayError(
                f"input {event.seq} at {event.at.isoformat()} cannot be replayed: {message}"
            ) from error
        tally.events += 1
        for effect in effects:
            count = _COUNTS.get(type(effect))
            if count is not None:
                count(self, effect)
        try:
            if row is not None:
                self._head = row.hash
                if self._output is not None:
                    self._output.copy(row, event, effects)
            elif self._output is not None:
                self._output.add(event, effects)
            else:
                self._head = link(self._head, event.seq, micros(event.at), event.kind, encode(event))
        except ValueError as error:
            raise ReplayError(f"input {event.seq} at {event.at.isoformat()}: {error}") from error
        if self._progress is not None and tally.events % PROGRESS_EVERY == 0:
            self._progress(tally.events)
        return effects

    def finish(self) -> None:
        """Count what is still open, write the output to disk and report the final progress."""
        for position in self._open.values():
            if position.legs:
                _count_pnl(self.tally, position)
        if self._output is not None:
            self._output.finish(self.engine.state)
        if self._progress is not None:
            self._progress(self.tally.events)

    def _receipt(self, effect: StoreReceipt) -> None:
        self.tally.receipts[effect.status] += 1

    def _decision(self, effect: StoreDecision) -> None:
        self.tally.decisions[effect.record.action] += 1

    def _on_market_request(self, effect: FetchMarket) -> None:
        self.unanswered.add(effect.signal_id)

    def _trade(self, effect: StoreTrade) -> None:
        position: Position = effect.position
        tally = self.tally
        before = self._open.pop(position.id, None)
        if before is None:
            tally.opened += 1
        for leg in position.legs[0 if before is None else len(before.legs) :]:
            tally.exits[leg.reason.value] += 1
            tally.stale_exits += leg.stale_fill
        if position.state is PositionState.CLOSED:
            tally.closed += 1
            _count_pnl(tally, position)
            if self.closed is not None:
                self.closed.append(position)
        else:
            self._open[position.id] = position


def _count_pnl(tally: ReplayTally, position: Position) -> None:
    account = pnl_breakdown(position)
    stale = any(leg.is_left_out for leg in position.legs)
    closed = position.state is PositionState.CLOSED
    tally.totals.add(account.gross, account.net, closed=closed, stale=stale)


_COUNTS: dict[type, Callable[[Replayer, Any], None]] = {
    StoreReceipt: Replayer._receipt,
    StoreDecision: Replayer._decision,
    StoreTrade: Replayer._trade,
    FetchMarket: Replayer._on_market_request,
}
