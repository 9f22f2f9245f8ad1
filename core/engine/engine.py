"""The engine: one step per event, without I/O.

Invariants, tested under these names: equal inputs give equal states and effects; a receipt is stored exactly
once; a signal executes at most once; every EXECUTE has exactly one position; a command acts at most once; a
signal waits for at most one approval; under equal rules champion and challenger are equal; the champion's account is
the same with and without a challenger; nothing is adopted by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.effects import Effect, FetchMarket, Notice, StoreRules, Watch
from core.engine.challenger import asked_for, count, end_by_failure, end_by_new_rules, for_challenger, forked
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
from core.engine.state import EngineState
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

KEPT_NOTICES = 100
"""Latest notices kept in the state."""
Handler = Callable[[Kernel, Any], list[Effect]]


class Engine(Kernel):
    """Handle events, each by the function that the table _HANDLERS names."""

    def __init__(
        self, state: EngineState | None = None, engine_id: str = "local", *, is_challenger: bool = False
    ) -> None:
        super().__init__(state, engine_id, is_challenger=is_challenger)
        self._engine_id = engine_id
        self.challenger: Engine | None = None
        """The second engine of the challenge that runs, if one does."""
        if self.state.challenger is not None:
            self.challenger = Engine(self.state.challenger, engine_id, is_challenger=True)

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Handle one event and return its effects in the order in which they are to be performed.

        Raises ValueError when the event's seq is not the next one or its instant is before the last one's.
        """
        if self.challenger is not None and isinstance(event, Received):
            self._read_once(self.challenger, event)
        effects = self._step(event)
        if self.state.challenge is None:
            self.challenger = None
        else:
            effects += self._challenge(event, effects)
        self._keep_notices(effects)
        return effects

    def _step(self, event: Event) -> tuple[Effect, ...]:
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
        state, challenger = self.state, self.challenger
        seq, at, before = state.seq, state.at, changed_by_time(state)
        effects = self._step(event)
        passed = bool(effects) or changed_by_time(state) != before
        if challenger is not None:
            before = changed_by_time(challenger.state)
            theirs = self._challenge(event, effects)
            ended = self.challenger is None
            passed = passed or bool(theirs) or ended or changed_by_time(challenger.state) != before
            effects += theirs
        if passed:
            self._keep_notices(effects)
            return effects
        state.seq, state.at = seq, at
        if challenger is not None:
            challenger.state.seq, challenger.state.at = seq, at
        return None

    def _keep_notices(self, effects: tuple[Effect, ...]) -> None:
        notices = self.state.notices
        for effect in effects:
            if isinstance(effect, Notice):
                notices.append(effect)
                if len(notices) > KEPT_NOTICES:
                    del notices[0]

    def _challenge(self, event: Event, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """Let the challenger take an input that the champion has taken; return what both ask of the caller."""
        challenge, challenger = self.state.challenge, self.challenger
        assert challenge is not None
        if challenger is None:
            self.state.challenger = forked(self.state, challenge.toml)
            self.challenger = Engine(self.state.challenger, self._engine_id, is_challenger=True)
            return ()
        try:
            theirs = challenger._step(for_challenger(event, challenger.state, effects))
            count(self, event, effects, theirs)
        except Exception as error:  # whatever is wrong with the challenger, the champion goes on
            self.challenger = None
            return tuple(end_by_failure(self, event.at, error))
        return tuple(asked_for(theirs, effects))

    def _read_once(self, challenger: Engine, event: Received) -> None:
        """Read a body for both, where both read it by the same rules."""
        rules = challenger.rules.intake
        if rules == self.rules.intake:
            self.read_ahead(event.body, event.endpoint)
            challenger.take_reading(event.body, event.endpoint, self)

    def watched(self) -> tuple[Watch, ...]:
        """Return the underlyings and contracts to fetch prices for, the challenger's among them."""
        own = super().watched()
        if self.challenger is None:
            return own
        together = {watch.symbol: dict.fromkeys(watch.contracts) for watch in own}
        for watch in self.challenger.watched():
            together.setdefault(watch.symbol, {}).update(dict.fromkeys(watch.contracts))
        return tuple(Watch(symbol=symbol, contracts=tuple(together[symbol])) for symbol in sorted(together))

    def unanswered(self) -> tuple[FetchMarket, ...]:
        """Return the market requests that were not answered before a crash, the challenger's among them."""
        own = super().unanswered()
        if self.challenger is None:
            return own
        return own + tuple(asked_for(self.challenger.unanswered(), own))


def _rules_changed(kernel: Kernel, event: RulesChanged) -> list[Effect]:
    ended = end_by_new_rules(kernel, event.at, event.author)
    kernel.take_rules(event.toml)
    rules = kernel.rules
    return [
        *ended,
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
