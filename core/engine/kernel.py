"""The kernel that every handler of the engine works on: state, rules in force, indices over the state."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.approvals import Approval
from core.correlation import CorrelationMemo
from core.effects import FetchMarket, Watch
from core.engine.state import EngineState, ask_for
from core.exchange.calendar import Calendar
from core.intake import IntakeError, canonical_hash, normalise
from core.live_signal import LiveSignal
from core.model import Action, Contract, DecisionRecord, Update
from core.options.volatility import INDEX, VIX
from core.positions.position import Mark, Position
from core.positions.trading_context import TradingContext
from core.rules import Rules, parse_rules
from core.rules.sections import IntakeRules
from core.working_order import WorkingOrder

KEPT_RECORDS = 50
READ_AHEAD = 256
"""Most bodies read before their turn; beyond it the oldest is read again in its turn."""
TALLIES = {Action.EXECUTE: "executed", Action.WAIT: "waited", Action.SKIP: "skipped"}


class Kernel:
    """The state, the rules in force and what is derived from both; only ``state`` goes into a checkpoint."""

    def __init__(
        self, state: EngineState | None = None, engine_id: str = "local", *, is_challenger: bool = False
    ) -> None:
        self.is_challenger = is_challenger
        """Another engine's challenger: nobody looks at its decisions one by one, so none are kept."""
        self.state = state if state is not None else EngineState()
        self._salt = hashlib.sha1(engine_id.encode())
        self.rules = Rules()
        self.day_is_settled: datetime | None = None
        """Until then no turn of the day is due; only saves looking."""
        self.trading = self._context()
        self.marked: dict[str, tuple[Contract, Mark]] = {}
        """The newest mark in this step of each contract that was marked, by OCC symbol."""
        self.correlations = CorrelationMemo()
        # Every body needs the signals of its symbol; without an index it would search thousands of others.
        self._by_symbol: dict[str, dict[str, LiveSignal]] = {}
        for signal in self.state.signals.values():
            self._by_symbol.setdefault(signal.update.symbol, {})[signal.id] = signal
        self._read: dict[tuple[str, str | None], tuple[IntakeRules, Update | IntakeError]] = {}
        self._digests: dict[str, str] = {}
        self._shadows_of: dict[str, dict[str, None]] = {}
        for shadow in self.state.shadows.values():
            self._shadows_of.setdefault(shadow.symbol, {})[shadow.id] = None
        if self.state.rules_toml:
            self.take_rules(self.state.rules_toml)
        self.take_dividends()

    def take_rules(self, toml: str) -> None:
        """Put rules in force. Raises RulesError when the text is not accepted."""
        self.rules = parse_rules(toml)
        self.trading = self._context()
        self.state.rules_toml = toml
        self.day_is_settled = None
        self.take_dividends()

    def _context(self) -> TradingContext:
        calendar = Calendar.from_rules(self.rules.clock)
        return TradingContext(self.rules, calendar, volatility=self.state.volatility)

    def prices_by_vix(self) -> bool:
        """Return whether an option is held or followed whose estimated volatility starts from the VIX."""
        state, classes, own = self.state, self.rules.volatility.classes, self.rules.volatility.by_symbol
        held = {p.symbol for p in state.positions.values()} | self._shadows_of.keys() | state.tails.keys()
        return any(classes.get(symbol) == INDEX and symbol not in own for symbol in held)

    def take_dividends(self) -> None:
        """Price by the announced dividends of the state, if there are any."""
        if self.state.dividends:
            self.trading = replace(self.trading, dividends=dict(self.state.dividends))

    def read_ahead(self, body: str, endpoint: str | None) -> Update | None:
        """Read a body before its turn and return it, ``None`` if it cannot be read.

        What it means depends on nothing but the rules, so that it is read once.
        """
        rules, found = self._read.get((body, endpoint), (None, None))
        if found is None or rules is not self.rules.intake:
            rules = self.rules.intake
            try:
                found = normalise(body, endpoint, rules)
            except IntakeError as error:
                found = error
            self._read[body, endpoint] = (rules, found)
            if len(self._read) > READ_AHEAD:
                del self._read[next(iter(self._read))]
        return None if isinstance(found, IntakeError) else found

    def read(self, body: str, endpoint: str | None) -> Update:
        """Return what a body means under the rules in force. Raises IntakeError."""
        rules, found = self._read.pop((body, endpoint), (None, None)) if self._read else (None, None)
        if found is None or rules is not self.rules.intake:
            return normalise(body, endpoint, self.rules.intake)
        if isinstance(found, IntakeError):
            raise found
        return found

    def give_reading(
        self, body: str, endpoint: str | None, update: Update, rules: IntakeRules, digest: str | None = None
    ) -> None:
        """Take what a body means, read elsewhere by ``rules``; it counts if these are still in force in its turn.

        ``digest`` is the canonical hash of the body, if it was worked out too.
        """
        self._read[body, endpoint] = (rules, update)
        if digest is not None:
            if len(self._digests) >= READ_AHEAD:
                self._digests.clear()
            self._digests[body] = digest

    def digest_of(self, body: str) -> str:
        """Return the canonical hash of a body."""
        given = self._digests.pop(body, None) if self._digests else None
        return canonical_hash(body) if given is None else given

    def take_reading(self, body: str, endpoint: str | None, other: Kernel) -> None:
        """Take from another kernel, of equal rules of intake, what it has read in a body ahead of its turn."""
        self._read[body, endpoint] = (self.rules.intake, other._read[body, endpoint][1])

    def add_signal(self, signal: LiveSignal) -> None:
        self.state.passed.pop(signal.id, None)
        self.state.signals[signal.id] = signal
        self._by_symbol.setdefault(signal.update.symbol, {})[signal.id] = signal

    def drop_signal(self, signal_id: str) -> None:
        """Remove a signal if the state still has it."""
        signal = self.state.signals.pop(signal_id, None)
        if signal is None:
            return
        same = self._by_symbol[signal.update.symbol]
        del same[signal_id]
        if not same:
            del self._by_symbol[signal.update.symbol]

    def signals_of(self, symbol: str) -> tuple[LiveSignal, ...]:
        """Return the live signals of one symbol, oldest first."""
        return tuple(self._by_symbol.get(symbol, {}).values())

    def add_shadow(self, shadow: Position) -> None:
        self.state.shadows[shadow.id] = shadow
        self._shadows_of.setdefault(shadow.symbol, {})[shadow.id] = None

    def drop_shadow(self, shadow: Position) -> None:
        del self.state.shadows[shadow.id]
        same = self._shadows_of[shadow.symbol]
        del same[shadow.id]
        if not same:
            del self._shadows_of[shadow.symbol]

    def shadows_of(self, symbol: str) -> tuple[Position, ...]:
        """Return the shadows of one symbol, oldest first."""
        shadows = self.state.shadows
        return tuple([shadows[id] for id in self._shadows_of.get(symbol, ())])

    def remember_decision(self, record: DecisionRecord) -> None:
        """Count a decision by its action and keep it among the latest KEPT_RECORDS."""
        tally, name = self.state.tally, TALLIES[record.action]
        setattr(tally, name, getattr(tally, name) + 1)
        if self.is_challenger:
            return
        self.state.recent.append(record)
        if len(self.state.recent) > KEPT_RECORDS:
            del self.state.recent[0]

    def new_id(self, what: str) -> str:
        """Return a name-based UUID that is unique to this engine, ``what`` and the current seq."""
        digest = self._salt.copy()
        digest.update(f"{what}:{self.state.seq}".encode())
        h = digest.hexdigest()
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    def watched(self) -> tuple[Watch, ...]:
        """Return the underlyings and contracts to fetch prices for.

        They are those of live signals, positions, shadows, followed options of closed trades, open approvals and
        working orders; of a challenger without the shadows and the closed trades. An open position needs both rights
        of its strike: together they give the forward.
        """
        held: dict[str, dict[Any, Contract]] = {s.update.symbol: {} for s in self.state.signals.values()}
        state = self.state
        every: list[Position | Approval | WorkingOrder] = [*state.positions.values()]
        every += [] if self.is_challenger else state.shadows.values()
        every += [approval for approval in state.approvals.values() if approval.is_open]
        every += state.orders.values()
        for wanted in every:
            contract = wanted.contract
            held.setdefault(wanted.symbol, {})[contract.expiry, contract.strike, contract.right] = contract
        for position in state.positions.values():
            contract = position.contract
            other = "P" if contract.is_call else "C"
            held[position.symbol][contract.expiry, contract.strike, other] = replace(contract, right=other)
        for symbol, contracts in ({} if self.is_challenger else state.tails).items():
            of_symbol = held.setdefault(symbol, {})
            of_symbol |= {(c.expiry, c.strike, c.right): c for c in contracts.values()}
        if self.rules.volatility.follow_vix and self.prices_by_vix():
            held.setdefault(VIX, {})
        return tuple(Watch(symbol=s, contracts=tuple(held[s].values())) for s in sorted(held))

    def unanswered(self) -> tuple[FetchMarket, ...]:
        """Return the market requests that were not answered before a crash."""
        return tuple(ask_for(signal) for signal in self.state.signals.values() if signal.asked)
