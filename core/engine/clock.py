"""The machine's clock: what the engine does when it is set, or when nothing ran for a while.

The engine goes on by the time that passes, so that exits by time act neither early nor twice. A clock that is set is
often a wrong clock put right: a sender's time is then read by the machine's clock, so that no fresh signal is late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.effects import Effect, Notice, StoreRiskEvent
from core.engine.kernel import Kernel
from core.events import ClockChecked
from core.model import Tone, Update


def clock_checked(kernel: Kernel, event: ClockChecked) -> list[Effect]:
    """Keep by how much the two clocks differ; tell and store for how long nothing ran."""
    kernel.state.clock_ahead = event.ahead
    if event.paused <= 0:
        return []
    text = f"The engine did not run for {_length(event.paused)}: until now nobody watched stops"
    return [
        StoreRiskEvent(
            id=kernel.new_id("risk:paused"), seq=event.seq, at=event.at, code="ENGINE_PAUSED", text=text,
            cleared=False,
        ),
        Notice(kind="risk", at=event.at, text=text, tone=Tone.NEGATIVE),
    ]  # fmt: skip


def clock_alarm(kernel: Kernel) -> str | None:
    """Return what a person must know of a machine's clock that was set, ``None`` while the clocks agree."""
    ahead = kernel.state.clock_ahead
    if not ahead:
        return None
    way = "back" if ahead > 0 else "forward"
    return (
        f"The machine's clock was set {way} by {_length(abs(ahead))}: the engine goes on by the time that passes; "
        "set the clock right, or restart gatedeck to take over its time"
    )


def on_engine_clock(kernel: Kernel, update: Update) -> Update:
    """Return an update with its times as of the engine's clock, where the machine's was set back."""
    if kernel.state.clock_ahead <= 0.0 or not (ahead := timedelta(seconds=kernel.state.clock_ahead)):
        return update
    bar = update.bar
    if bar is not None and bar.opened_at is not None:
        bar = replace(bar, opened_at=bar.opened_at + ahead)
    return replace(
        update, timestamp=_later(update.timestamp, ahead), fired_at=_later(update.fired_at, ahead), bar=bar
    )


def _later(instant: datetime | None, by: timedelta) -> datetime | None:
    return None if instant is None else instant + by


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
