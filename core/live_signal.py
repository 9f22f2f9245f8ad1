"""Live signals: signals that may still become a trade, until when, and when to decide them again.

Invariants: a signal executes at most once; it is decided again only while its last verdict may still change,
at most once per interval; a new decision is recorded only if its key changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.model import Action, Gates, Reason, Update
from core.rules import Rules

_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_MINUTES = 366 * 1440  # keeps an absurd timeframe from overflowing a datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A person's wish to make a trade that the rules do not make; ``note`` is for the trade."""

    author: str
    at: datetime
    note: str | None = None


@dataclass(slots=True)
class LiveSignal:
    """One signal and its state so far; plain data, part of the engine's checkpoint.

    ``reference`` is its stated entry, else the price in its message, in dollars of the underlying: progress towards
    T1 is measured from it. ``dead``: the signal can never execute (level passed, refused for good). ``asked``: its
    market request has no reply yet. ``changed``: its context or price has changed since it was decided.
    ``approval_id`` names its open approval. ``taken``: a person wants its trade, whatever the verdict.
    """

    id: str
    receipt_id: str | None
    update: Update
    arrived: datetime
    live_until: datetime
    reference: float | None = None
    executed: bool = False
    dead: bool = False
    open_to_change: bool = False
    decided_at: datetime | None = None
    last_decision_id: str | None = None
    last_key: str | None = None
    late: Reason | None = None
    asked: bool = False
    changed: bool = False
    approval_id: str | None = None
    taken: Taken | None = None

    @classmethod
    def arriving(
        cls, signal_id: str, receipt_id: str | None, update: Update, at: datetime, rules: Rules
    ) -> LiveSignal:
        """Return a new signal, live for its timeframe or ``signal_live_minutes``, whichever is longer."""
        timeframe = min(update.timeframe or 0, _LONGEST_MINUTES) or rules.context.default_timeframe
        minutes = max(timeframe, rules.context.signal_live_minutes)
        expert = update.signal
        entry = expert.entry if expert else None
        return cls(
            id=signal_id,
            receipt_id=receipt_id,
            update=update,
            arrived=at,
            live_until=at + timedelta(minutes=minutes),
            reference=entry if entry is not None else update.price,
        )

    def is_live(self, at: datetime) -> bool:
        """Return whether the signal may still become a trade at this instant."""
        return not (self.executed or self.dead) and at - self.live_until < _MILLISECOND

    def can_be_taken(self, at: datetime) -> bool:
        """Return whether a person may still make a trade of the signal, whatever its last verdict."""
        fit = not self.executed and self.late is None and not self.update.blocks
        return fit and self.update.signal is not None and at - self.live_until < _MILLISECOND

    @property
    def label(self) -> str:
        """The direction, the symbol and the timeframe in minutes as text."""
        facts, minutes = self.update.signal, self.update.timeframe
        side = "" if facts is None else f"{facts.direction} "
        return f"{side}{self.update.symbol}" + ("" if minutes is None else f" {minutes} min")

    def is_due(self, at: datetime, rules: Rules) -> bool:
        """Return whether a change in the symbol's context or price may decide the signal again now."""
        if not (self.open_to_change and self.is_live(at)):
            return False
        pause = timedelta(seconds=rules.context.redecide_seconds)
        return self.decided_at is None or at - self.decided_at >= pause

    def decided(self, at: datetime, action: Action, gates: Gates, reasons: Iterable[Reason]) -> bool:
        """Store a verdict; return whether it differs from the last one and so must be recorded."""
        key = verdict_key(action, gates, reasons)
        changed = key != self.last_key
        self.decided_at, self.last_key = at, key
        self.open_to_change = stays_open(action, gates)
        return changed


def verdict_key(action: Action, gates: Gates, reasons: Iterable[Reason]) -> str:
    """Return the key of a verdict: its action, each gate's pass, and the set of reason codes."""
    passes = "".join("1" if gate.passed else "0" for _, gate in gates.items())
    return f"{action}|{passes}|{','.join(sorted({reason.code for reason in reasons}))}"


def stays_open(action: Action, gates: Gates) -> bool:
    """Return whether a verdict may still change: WAIT, or SKIP by the market gate alone."""
    return action is Action.WAIT or (action is Action.SKIP and gates.failed == ("market",))
