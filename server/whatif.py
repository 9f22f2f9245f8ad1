"""What-if on a ledger file: which decisions and dollars candidate rules would have changed.

All verdicts come from the packed records. Whole entries are read only for the trades of either set of rules, and
only when the candidate changes sizing or exits; prices are read only when it changes exits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.events import Commanded
from core.exchange.calendar import Calendar
from core.learning import WhatIf, whatif, whatif_entries
from core.learning.exit_replay import (
    LEVELS,
    NO_OUTCOME,
    NO_PATH,
    WHY,
    ClockTick,
    ManualAction,
    ReplayedExit,
    ReplayInput,
    StoredTrade,
    candidate_levels,
    replay_exit,
    shadow_opening,
    trade_opening,
)
from core.learning.ledger_columns import other_size, scale_of
from core.learning.limits_replay import REAPPLIED
from core.learning.outcomes import Outcomes, share_at_one
from core.learning.whatif import ReplayedExits
from core.model import ExitReason, Mode
from core.performance.days import exchange_days, micros
from core.positions import Position, pnl_breakdown
from core.positions.trading_context import TradingContext
from core.rules import Rules
from server.ledger import history
from server.ledger.lists import items
from server.ledger.packed import Packed, read_packed
from server.ledger.snapshot import LedgerSnapshot

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TOGETHER = 500


def whatif_of_ledger(ledger: LedgerSnapshot, in_force: Rules, candidate: Rules) -> WhatIf:
    """Return what the candidate would have changed in this ledger. Raises LedgerError.

    A ledger from before packed records is read entry by entry; changed exits are not applied to it.
    """
    packed = read_packed(ledger)
    if packed is None:
        return whatif_entries(items(ledger, "ledger"), in_force, candidate)
    past = _LedgerDecisions(ledger, packed, in_force, candidate)
    return whatif(
        packed.columns,
        past.outcomes(),
        in_force,
        candidate,
        resize=past.resize if other_size(in_force, candidate) else None,
        replay_exits=past.replay_exits,
    )


class _LedgerDecisions:
    """The decisions of a ledger in order of time; whole entries and prices are read only when they are needed."""

    def __init__(self, ledger: LedgerSnapshot, packed: Packed, in_force: Rules, candidate: Rules) -> None:
        self._ledger, self._packed = ledger, packed
        self._in_force, self._candidate = in_force, candidate
        self._divisor, self._factor = share_at_one(packed.closed, in_force)

    def outcomes(self) -> Outcomes:
        """Return the outcome of every decision, in dollars at multiplier 1; NaN where it is unknown."""
        packed, closed = self._packed, self._packed.closed
        net = np.where(closed.stale, np.nan, closed.net) / self._divisor * self._factor
        blocked = packed.code != b""
        blocked[blocked] = ~np.isin(packed.code[blocked], [code.encode() for code in REAPPLIED])
        return Outcomes(
            at=packed.at,
            day=exchange_days(packed.at),
            signal=packed.signal,
            symbol=packed.symbol,
            direction=packed.direction,
            net=net,
            exit_at=np.where(np.isnan(net), 0, closed.exit_at),
            blocked=blocked,
            real=~np.isnan(net) & ~closed.shadow,
            code=packed.code,
        )

    def resize(self, rows: Ints) -> Floats:
        """Return the candidate's contracts divided by those of the rules in force, for some rows."""
        scale = np.ones(len(rows))
        known = ~np.isnan(self._packed.closed.net[rows])
        for place, entry in self._entries(rows, known):
            scale[place] = scale_of(entry, self._in_force, self._candidate)
        return scale

    def replay_exits(self, rows: Ints) -> ReplayedExits:
        """Return how the trades of some rows would have ended under the candidate's exits, along their prices."""
        net, exit_at = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.int64)
        why = np.full(len(rows), WHY.index(NO_OUTCOME), dtype=np.int8)
        prices = _Prices(self._ledger)
        calendar = Calendar.from_rules(self._in_force.clock)
        before = TradingContext(self._in_force, calendar)
        after = TradingContext(replace(self._in_force, exits=self._candidate.exits), calendar)
        for place, entry in self._entries(rows, np.ones(len(rows), dtype=np.bool_)):
            replayed = self._replay_one(entry, prices, before, after)
            if replayed is None:
                continue
            why[place] = WHY.index(replayed.why)
            if replayed.net is not None and replayed.at is not None:
                row = rows[place]
                net[place] = replayed.net / self._divisor[row] * self._factor[row]
                exit_at[place] = micros(replayed.at)
        return ReplayedExits(net=net, exit_at=exit_at, why=why)

    def _replay_one(
        self, entry: Mapping[str, Any], prices: _Prices, before: TradingContext, after: TradingContext
    ) -> ReplayedExit | None:
        if not entry["execution"] and not entry["hypothetical"]:
            return None
        trade = prices.trade(entry)
        if trade is None:
            return ReplayedExit(why=NO_PATH)
        levels = candidate_levels(entry, trade.opening, self._in_force, self._candidate)
        if levels is None:
            return ReplayedExit(why=LEVELS)
        return replay_exit(trade, prices.steps(trade.opening, int(entry["seq"])), before, after, levels)

    def _entries(self, rows: Ints, wanted: NDArray[np.bool_]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the whole entries of the wanted rows, each with its index in ``rows``."""
        places = np.flatnonzero(wanted)
        found = dict(zip(rows[places].tolist(), places.tolist(), strict=True))
        seqs = np.unique(self._packed.seq[rows[places]])
        first = np.searchsorted(self._packed.seq, seqs)
        for at in range(0, len(seqs), _TOGETHER):
            some = seqs[at : at + _TOGETHER].tolist()
            # Entries of one step follow each other by id, here as in the packed records.
            following = dict(zip(some, first[at : at + _TOGETHER].tolist(), strict=True))
            for entry in history.entries_of(self._ledger, some):
                place = found.get(following[entry["seq"]])
                following[entry["seq"]] += 1
                if place is not None:
                    yield place, entry


class _Prices:
    """The inputs that a trade is replayed with: prices of its symbol, ticks, and commands of a person."""

    def __init__(self, ledger: LedgerSnapshot) -> None:
        self._ledger = ledger
        self._paths: dict[str, list[ReplayInput]] = {}
        self._ticks = [ClockTick(seq, at) for seq, at in history.ticks(ledger)]
        self._manual_commands: dict[str, list[Commanded]] = defaultdict(list)
        self._halted: list[tuple[datetime, datetime]] = []
        self._read_commands()

    def trade(self, entry: Mapping[str, Any]) -> StoredTrade | None:
        """Return the trade or shadow trade of an entry as it was opened; ``None`` if its opening is not stored."""
        if not entry["execution"]:
            opening, shadow = shadow_opening(entry), entry["hypothetical"]
            closing = shadow["exit"] if shadow["status"] == "CLOSED" else None
            if opening is None or shadow["status"] == "SUPERSEDED":
                return None
            return StoredTrade(
                opening=opening,
                exit_at=None if closing is None else datetime.fromisoformat(closing["exit_time"]),
                net=None if closing is None else closing["pnl_net"],
            )
        stored = history.position(self._ledger, entry["position_id"])
        opening = None if stored is None else trade_opening(stored)
        if stored is None or opening is None:
            return None
        closed = not stored.remaining and stored.legs
        return StoredTrade(
            opening=opening,
            exit_at=stored.legs[-1].at if closed else None,
            net=pnl_breakdown(stored).net if closed else None,
            stop=stored.stop,
            manual_actions=self._manual_actions(stored),
            halted=tuple(self._halted),
        )

    def steps(self, opening: Position, since: int) -> list[ReplayInput]:
        """Return the prices and ticks after the input ``since`` that opened a trade."""
        path = self._paths.get(opening.symbol)
        if path is None:
            prices = history.prices(self._ledger, opening.symbol)
            path = self._paths[opening.symbol] = sorted((*prices, *self._ticks), key=lambda step: step.seq)
        first = next((n for n, step in enumerate(path) if step.seq > since), len(path))
        return path[first:]

    def _manual_actions(self, stored: Position) -> tuple[ManualAction, ...]:
        done, sold = [], 0
        manual = {}
        for leg in stored.legs:
            sold += leg.contracts
            contracts = None if sold == stored.entry.filled_contracts else leg.contracts
            if leg.reason is ExitReason.MANUAL:
                manual[leg.at] = contracts
            elif leg.reason is ExitReason.SIGNAL:
                # Of several bodies at one instant none can be told: the trade is then not repeated, and says so.
                seqs = self._received_at.get((leg.at, stored.symbol), ())
                if len(seqs) == 1:
                    done.append(ManualAction(seqs[0], leg.at, contracts, ExitReason.SIGNAL))
        for event in (*self._manual_commands[stored.id], *self._manual_commands[""]):
            if event.name == "breakeven":
                done.append(ManualAction(event.seq, event.at, 0))
            elif event.at in manual:
                done.append(ManualAction(event.seq, event.at, manual[event.at]))
        return tuple(sorted(done))

    @cached_property
    def _received_at(self) -> dict[tuple[datetime, str], list[int]]:
        """The seqs of the bodies of a symbol at an instant; read only where a sender's exit asks for them."""
        found: dict[tuple[datetime, str], list[int]] = defaultdict(list)
        for seq, at, symbol in history.received(self._ledger):
            found[at, symbol].append(seq)
        return found

    def _read_commands(self) -> None:
        since: datetime | None = None
        last = None
        for event in history.commands(self._ledger):
            last = event.at
            if event.name in ("exit", "exit_half", "breakeven"):
                self._manual_commands[event.position_id or ""].append(event)
            elif event.name == "exit_all":
                self._manual_commands[""].append(event)
            elif event.name == "mode":
                halts = (event.argument or "").upper() == Mode.HALTED
                if halts and since is None:
                    since = event.at
                elif not halts and since is not None:
                    self._halted.append((since, event.at))
                    since = None
        if since is not None and last is not None:
            self._halted.append((since, datetime.max.replace(tzinfo=last.tzinfo)))
