"""The engine: one step per event, its private state changed without I/O.

Invariants, tested under these names: equal inputs give equal states and effects; a receipt is stored exactly
once; a signal executes at most once; every EXECUTE has exactly one position; a command acts at most once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from core.effects import Effect, FetchMarket, StoreRules, Watch
from core.engine.clockwork import tick
from core.engine.commands import command
from core.engine.deciding import answered
from core.engine.holding import priced
from core.engine.receiving import receive
from core.engine.state import EngineState, ask_for
from core.events import Commanded, Event, MarketAnswered, PriceSeen, Received, RulesChanged, Ticked
from core.model import Contract
from core.options.calendar import Calendar
from core.positions.env import Env
from core.rules import Rules

Handler = Callable[["Engine", Any], list[Effect]]


class Engine:
    """Steps through events; ``state`` is all that the next step depends on."""

    def __init__(self, state: EngineState | None = None, engine_id: str = "local") -> None:
        self.state = state if state is not None else EngineState()
        self._salt = hashlib.sha1(engine_id.encode())
        self.rules = Rules()
        self.env = Env(self.rules, Calendar.from_rules(self.rules.clock))
        if self.state.rules_toml:
            self.take_rules(self.state.rules_toml)

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Take one event; returns what is to be stored and done, in order.

        Raises ValueError when the event's seq does not follow or its instant goes back.
        """
        state = self.state
        if event.seq != state.seq + 1:
            raise ValueError(f"event {event.seq} does not follow {state.seq}")
        if state.at is not None and event.at < state.at:
            raise ValueError(f"event {event.seq} at {event.at} lies before {state.at}")
        state.seq, state.at = event.seq, event.at
        return tuple(_HANDLERS[type(event)](self, event))

    def take_rules(self, toml: str) -> None:
        """Put rules in force; raises RulesError when the text cannot be taken."""
        self.rules = Rules.parse(toml)
        self.env = Env(self.rules, Calendar.from_rules(self.rules.clock))
        self.state.rules_toml = toml

    def new_id(self, what: str) -> str:
        """A name-based UUID that this engine gives ``what`` at this seq and nothing else."""
        digest = self._salt.copy()
        digest.update(f"{what}:{self.state.seq}".encode())
        h = digest.hexdigest()
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    def watched(self) -> tuple[Watch, ...]:
        """The underlyings whose prices matter now: those of live signals, open positions and shadows."""
        held: dict[str, dict[Any, Contract]] = {s.update.symbol: {} for s in self.state.signals.values()}
        for position in (*self.state.positions.values(), *self.state.shadows.values()):
            contract = position.contract
            held.setdefault(position.symbol, {})[contract.expiry, contract.strike, contract.right] = contract
        return tuple(Watch(symbol=s, contracts=tuple(held[s].values())) for s in sorted(held))

    def unanswered(self) -> tuple[FetchMarket, ...]:
        """The questions to the market that a crash left open."""
        return tuple(ask_for(signal) for signal in self.state.signals.values() if signal.asked)


def _rules_changed(engine: Engine, event: RulesChanged) -> list[Effect]:
    engine.take_rules(event.toml)
    rules = engine.rules
    return [
        StoreRules(
            seq=event.seq, at=event.at, fingerprint=rules.fingerprint, name=rules.name, toml=event.toml,
            author=event.author,
        )
    ]  # fmt: skip


_HANDLERS: dict[type, Handler] = {
    Received: receive,
    MarketAnswered: answered,
    PriceSeen: priced,
    Ticked: tick,
    Commanded: command,
    RulesChanged: _rules_changed,
}
