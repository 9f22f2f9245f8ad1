"""What-if on a ledger file: which decisions and dollars candidate rules would have changed.

All verdicts come from the packed records. The trades of either set of rules are replayed side by side in one pass
over the stored prices; market answers, contexts and bodies are read only for the decisions that could open a trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from heapq import merge
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.approvals import ApprovalStatus
from core.events import Event, MarketAnswered, PriceSeen, Received
from core.learning import WhatIf, whatif, whatif_entries
from core.learning.limits_replay import REAPPLIED
from core.learning.outcomes import Outcomes, account_contracts, account_dollars
from core.learning.trade_replay import StoredDecision, Traded, TradeReplay, same_trade
from core.learning.trades_made import CODE, NOT_REPEATED, OTHER_ENGINE, WHY, BothTrades, TradesMade
from core.learning.whatif import Comparison, comparison
from core.model import BY_HAND, ENGINE_VERSION, Context
from core.performance.days import exchange_days
from core.rules import Rules
from server.ledger import history
from server.ledger.lists import items
from server.ledger.packed import Packed
from server.ledger.packed_reading import read_packed
from server.ledger.snapshot import LedgerSnapshot

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

FOR_GOOD = (b"LATE", b"CANCELLED", BY_HAND.encode())
"""Codes of decisions that no rules of a what-if can execute; any other refusal is decided again."""
_SAME_CENTS = 0.005
_TOLD_EVERY = 256
"""Inputs after which ``progress`` is called again."""
ProgressCallback = Callable[[int, int], None]
_NOWHERE = -1


def whatif_of_ledger(
    ledger: LedgerSnapshot, in_force: Rules, candidate: Rules, progress: ProgressCallback | None = None
) -> WhatIf:
    """Return what the candidate would have changed in this ledger. Raises LedgerError.

    ``progress`` is told the inputs replayed and all inputs; what it raises ends the replay. A ledger without packed
    records or market answers is answered from its stored outcomes; changed exits are not applied to it.
    """
    return replace(_whatif(ledger, in_force, candidate, progress), made_by=ledger.other_engines())


def _whatif(
    ledger: LedgerSnapshot, in_force: Rules, candidate: Rules, progress: ProgressCallback | None
) -> WhatIf:
    packed = read_packed(ledger)
    if packed is None:
        return whatif_entries(items(ledger, "ledger"), in_force, candidate)
    past = LedgerPast(ledger, packed, in_force, candidate, progress)
    if not past.replayable:
        return whatif(packed.columns, past.outcomes(), in_force, candidate)
    return whatif(packed.columns, past.outcomes(), in_force, candidate, replay=past.trades)


def compared_by_signal(
    ledger: LedgerSnapshot, in_force: Rules, candidate: Rules
) -> tuple[Comparison, list[str]]:
    """Return the comparison behind a what-if, and the id of the signal of each of its rows. Raises LedgerError."""
    packed = read_packed(ledger)
    assert packed is not None
    past = LedgerPast(ledger, packed, in_force, candidate)
    found = comparison(packed.columns, past.outcomes(), in_force, candidate, replay=past.trades)
    return found, history.signal_ids(ledger)


class _Step(NamedTuple):
    """One input of a replay: what it is, or the place of a decision among the rows replayed."""

    seq: int
    event: Event | None = None
    place: int = -1


class LedgerPast:
    """The decisions of a ledger in order of time, and the trades that two sets of rules make of them."""

    def __init__(
        self,
        ledger: LedgerSnapshot,
        packed: Packed,
        in_force: Rules,
        candidate: Rules,
        progress: ProgressCallback | None = None,
    ) -> None:
        self._progress = progress
        self._ledger, self._packed = ledger, packed
        self._in_force, self._candidate = in_force, candidate
        self.replayable = history.has_market_answers(ledger)

    def outcomes(self) -> Outcomes:
        """Return the outcome of every decision, in account dollars; NaN where it is unknown."""
        packed, closed = self._packed, self._packed.closed
        contracts = account_contracts(closed, self._in_force)
        net = account_dollars(closed, contracts)
        net[closed.stale] = np.nan
        blocked = packed.code != b""
        again = [code.encode() for code in REAPPLIED]
        if self.replayable:
            blocked = np.isin(packed.code, FOR_GOOD)
        else:
            blocked[blocked] = ~np.isin(packed.code[blocked], again)
            blocked |= closed.shadow & (contracts == 0)
        real = np.zeros(len(packed.seq), dtype=np.bool_)
        real[np.searchsorted(packed.seq, history.traded_seqs(self._ledger))] = True
        return Outcomes(
            at=packed.at,
            day=exchange_days(packed.at),
            signal=packed.signal,
            symbol=packed.symbol,
            direction=packed.direction,
            net=net,
            exit_at=np.where(np.isnan(net), 0, closed.exit_at),
            blocked=blocked,
            real=real,
            code=packed.code,
            contracts=contracts,
        )

    def trades(self, rows: Ints, now: Flags, then: Flags, looser: bool) -> BothTrades:
        """Replay the trades of some rows, given which of them the rules in force and the candidate execute.

        With ``looser`` the candidate decides on every market answer, also where the decision was not stored.
        """
        first = TradeReplay(self._ledger.engine_id, self._in_force)
        replays = first, TradeReplay(self._ledger.engine_id, self._candidate, beside=first)
        self._read_signals()
        repeatable = np.zeros(len(rows), dtype=np.int8)
        latest: dict[str, int] = {}
        # Without a feed an entry is made at the price of a body, stored nowhere else.
        feedless = bool(self._packed.columns.spread_assumed[rows].any())
        next_told = 0
        for seq, group in groupby(self._steps(rows, looser, feedless), key=lambda step: step.seq):
            if self._progress is not None and seq >= next_told:
                self._progress(seq, self._ledger.inputs)
                next_told = seq + _TOLD_EVERY
            steps = list(group)
            _take(replays, [step.event for step in steps if step.event is not None], looser, feedless)
            places = [step.place for step in steps if step.event is None]
            for place in places:
                executes = (now[place], then[place] and not looser)
                wanting = [r for r, wanted in zip(replays, executes, strict=True) if wanted]
                repeatable[place] = self._decide(wanting, place, int(rows[place]))
            if looser:
                self._decide_again(replays[1], steps, places, latest)
        before, after = (replay.results() for replay in replays)
        equal = np.zeros(len(rows), dtype=np.bool_)
        for place in (before.keys() & after.keys()) - {_NOWHERE}:
            one, other = before[place].position, after[place].position
            equal[place] = one is not None and other is not None and same_trade(one, other)
        in_force = _made(before, len(rows))
        stored = self._packed.closed.net[rows]
        real = ~np.isnan(stored) & ~self._packed.closed.shadow[rows]
        ended = (in_force.why == 0) & (np.abs(in_force.net - stored) <= _SAME_CENTS)
        other_way = in_force.made & real & (repeatable > 0) & ~ended
        in_force.why[other_way] = repeatable[other_way]
        in_force.net[in_force.why != 0] = np.nan
        return BothTrades(in_force=in_force, candidate=_made(after, len(rows)), equal=equal)

    def _steps(self, rows: Ints, looser: bool, feedless: bool) -> Iterator[_Step]:
        ledger, seqs = self._ledger, self._packed.seq[rows].tolist()
        bodies = history.accepted(ledger) if looser or feedless else history.noted(ledger)
        answers = history.market_answers(ledger) if looser else iter(())
        events = (bodies, history.happened(ledger), history.prices(ledger), answers)
        return merge(
            *(map(_step, each) for each in events),
            (_Step(seq, place=place) for place, seq in sorted(enumerate(seqs), key=lambda each: each[1])),
            key=lambda step: step.seq,
        )

    def _decide_again(
        self, replay: TradeReplay, steps: list[_Step], places: list[int], latest: dict[str, int]
    ) -> None:
        """Decide a market answer in the context of its instant; ``latest`` are the last places by signal.

        An answer before the first of these is decided because it may end its signal.
        """
        answer = next((step.event for step in steps if isinstance(step.event, MarketAnswered)), None)
        if answer is None:
            return
        if places:
            latest[answer.signal_id] = places[0]
        if not replay.wants(answer.signal_id):
            return
        place = latest.get(answer.signal_id, _NOWHERE)
        body = self._body_of(answer.signal_id)
        if body is not None:
            replay.decide(self._stored(place, answer, body, None))

    def _decide(self, wanting: list[TradeReplay], place: int, row: int) -> int:
        """Enter a decision in the replays that execute it; return why the rules in force may end its trade otherwise.

        The reason is a place in WHY, 0 where it was made under other rules, so that it need not end alike.
        """
        inputs = history.decision_inputs(self._ledger, int(self._packed.seq[row])) if wanting else None
        if inputs is None:
            return 0
        wanting = [replay for replay in wanting if replay.wants(inputs.signal_id)]
        if wanting:
            answer = history.market_answer(self._ledger, int(self._packed.seq[row]))
            body = history.received(self._ledger, inputs.receipt_id)
            if answer is None or body is None:
                for replay in wanting:
                    replay.unanswered(place)
                return 0
            stored = self._stored(place, answer, body, inputs.context)
            for replay in wanting:
                replay.decide(stored)
        if inputs.engine_version != ENGINE_VERSION:
            return WHY.index(OTHER_ENGINE)
        return WHY.index(NOT_REPEATED) if inputs.rules_fingerprint == self._in_force.fingerprint else 0

    def _stored(
        self, place: int, answer: MarketAnswered, body: Received, context: Context | None
    ) -> StoredDecision:
        asked = self._approvals.get(answer.signal_id)
        given = (
            asked is not None
            and asked.status in (ApprovalStatus.APPROVED, ApprovalStatus.EXECUTED)
            and asked.said_at is not None
            and asked.said_at <= answer.at
        )
        return StoredDecision(
            row=place,
            answer=answer,
            context=context,
            body=body,
            approval=replace(asked, status=ApprovalStatus.APPROVED) if asked is not None and given else None,
            asked=asked is not None,
            followed_until=self._followed.get(answer.signal_id),
        )

    def _read_signals(self) -> None:
        """Read the approvals, and when the ledger's own trade or shadow of each signal ended."""
        self._approvals = history.approvals(self._ledger)
        self._followed = {
            signal: datetime.fromisoformat(ended) for signal, ended in history.ended_signals(self._ledger)
        }

    @cached_property
    def _receipt_of(self) -> dict[str, str]:
        """The receipt of every signal that was decided."""
        return dict(history.signal_receipts(self._ledger))

    def _body_of(self, signal_id: str) -> Received | None:
        receipt = self._receipt_of.get(signal_id)
        return None if receipt is None else history.received(self._ledger, receipt)


def _step(event: Event) -> _Step:
    return _Step(event.seq, event)


def _take(replays: tuple[TradeReplay, ...], events: list[Event], looser: bool, feedless: bool) -> None:
    """Give the inputs of one seq to the replays: what a body asks for comes before the price that it states."""
    seen = next((event for event in events if isinstance(event, PriceSeen)), None)
    for event in events:
        for replay in replays:
            if isinstance(event, Received):
                replay.receive(event, seen, absorbs=looser, states_price=feedless)
    for event in events:
        for replay in replays:
            replay.take(event)


def _made(results: Mapping[int, Traded], count: int) -> TradesMade:
    made = np.zeros(count, dtype=np.bool_)
    contracts, net = np.zeros(count), np.full(count, np.nan)
    bands = np.full((count, 3), np.nan)
    why, refused = np.zeros(count, dtype=np.int8), np.full(count, b"", dtype=CODE)
    for place, result in results.items():
        if place == _NOWHERE:
            continue
        refused[place] = result.refused.encode()
        why[place] = WHY.index(result.why)
        # A trade of which nothing is known counts as made: it is left out by its reason.
        made[place] = result.position is not None or bool(result.why)
        if result.position is not None:
            contracts[place] = result.position.entry.filled_contracts
            net[place] = np.nan if result.net is None else result.net
            if (band := result.band) is not None:
                bands[place] = band.best, band.expected, band.worst
    return TradesMade(made=made, contracts=contracts, net=net, why=why, refused=refused, bands=bands)
