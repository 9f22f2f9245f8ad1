"""The engine: one step per event, without I/O.

Invariants, tested under these names: equal inputs give equal states and effects; a receipt is stored exactly
once; a signal executes at most once; every EXECUTE has exactly one position; a command acts at most once; a
signal waits for at most one approval.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.effects import Effect, StoreRules
from core.engine.clock import clock_checked
from core.engine.closes import closes_seen
from core.engine.commands import command
from core.engine.day import turn_day
from core.engine.decisions import answered
from core.engine.kernel import Kernel
from core.engine.one_mark import align_marks
from core.engine.passing_time import changed_by_time
from core.engine.positions import priced
from core.engine.receipts import receive
from core.engine.settlement import close_unavailable
from core.engine.ticks import tick
from core.engine.underlyings import corporate_action, trading_status
from core.engine.working_orders import work_orders
from core.events import (
    ClockChecked,
    ClosesSeen,
    CloseUnavailable,
    Commanded,
    CorporateActionSeen,
    Event,
    MarketAnswered,
    PriceSeen,
    Received,
    RulesChanged,
    Ticked,
    TradingStatusSeen,
)

Handler = Callable[[Kernel, Any], list[Effect]]


class Engine(Kernel):
    """Handle events, each by the function that the table _HANDLERS names."""

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Handle one event and return its effects in the order in which they are to be performed.

        Raises ValueError when the event's seq is not the next one or its instant is before the last one's.
        """
        state = self.state
        if event.seq != state.seq + 1:
            raise ValueError(f"event {event.seq} does not follow {state.seq}")
        if state.at is not None and event.at < state.at:
            raise ValueError(f"event {event.seq} at {event.at} lies before {state.at}")
        state.seq, state.at = event.seq, event.at
        effects = (*turn_day(self, event.at), *_HANDLERS[type(event)](self, event))
        if state.orders:
            effects = (*effects, *work_orders(self, event.at))
        return (*effects, *align_marks(self)) if self.marked else effects

    def pass_time(self, event: Ticked) -> tuple[Effect, ...] | None:
        """Handle a timer tick as ``step`` does; ``None``, and the state as before, if nothing came of it.

        Such a tick is no input: the next event takes its seq.
        """
        state = self.state
        seq, at, before = state.seq, state.at, changed_by_time(state)
        effects = self.step(event)
        if effects or changed_by_time(state) != before:
            return effects
        state.seq, state.at = seq, at
        return None


def _rules_changed(kernel: Kernel, event: RulesChanged) -> list[Effect]:
    kernel.take_rules(event.toml)
    rules = kernel.rules
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
    TradingStatusSeen: trading_status,
    CorporateActionSeen: corporate_action,
    ClockChecked: clock_checked,
    ClosesSeen: closes_seen,
    CloseUnavailable: close_unavailable,
    Ticked: tick,
    Commanded: command,
    RulesChanged: _rules_changed,
}
