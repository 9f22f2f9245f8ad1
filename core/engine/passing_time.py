"""The part of the state that a timer tick can change: a tick that changes none of it need not be stored.

There is a tick every second while a position is open. Nearly all of them do nothing, by night all of them: stored,
they would be millions of inputs a year. A state compared before and after says which they are.
"""

from __future__ import annotations

from core.engine.state import EngineState


def changed_by_time(state: EngineState) -> tuple[object, ...]:
    """Return what a tick without effects may have changed, to be compared by ==.

    What changes only together with an effect, or only with ``pruned_at``, is not among it.
    """
    day, alerts = state.day, state.alerts
    return (
        state.mode,
        state.mode_until,
        state.pruned_at,
        tuple(state.signals),
        # Frozen facts: one that changed is another object, and comparing equal objects costs nothing.
        tuple(state.positions.values()),
        tuple(state.shadows.values()),
        tuple(state.approvals.values()),
        tuple(state.orders.values()),
        tuple(state.dividends.items()),
        tuple(state.splits.items()),
        (len(alerts.entries), len(alerts.closed), len(alerts.told)),
        (day.day, day.closing, day.sampled_at, day.series[-1:]),
    )
