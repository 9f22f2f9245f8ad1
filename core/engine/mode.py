"""The engine's mode: ACTIVE, REDUCING or HALTED, always with its reason and, where it has one, its end.

A mode that the daily loss set ends by itself at the next session's start; one that a person set does not.
"""

from __future__ import annotations

from datetime import datetime

from core.effects import Effect, Notice, StoreRiskEvent
from core.engine.kernel import Kernel
from core.exchange.calendar import Calendar
from core.exchange.clock_text import exchange_clock
from core.model import Mode, Reason, Tone


def set_mode(
    kernel: Kernel,
    now: datetime,
    mode: Mode,
    reason: str,
    until: datetime | None = None,
    *,
    kind: str = "mode",
    told: str = "",
) -> list[Effect]:
    """Put a mode in force; return the risk event that stores it and the notice of it, of ``kind``.

    ``told`` is added to the text of both. Nothing can be undone then; ``mode_by_hand`` makes that possible.
    """
    state = kernel.state
    state.mode, state.mode_reason, state.mode_since, state.mode_until = mode, reason, now, until
    state.mode_before = None
    kernel.day_is_settled = None
    text = mode_text(kernel) + told
    tone = Tone.POSITIVE if mode is Mode.ACTIVE else Tone.NEGATIVE
    return [
        StoreRiskEvent(
            id=kernel.new_id(f"risk:mode:{mode}"),
            seq=state.seq,
            at=now,
            code=f"MODE_{mode}",
            text=text,
            cleared=False,
        ),
        Notice(kind=kind, at=now, text=text, tone=tone),
    ]


def end_mode(kernel: Kernel, now: datetime) -> list[Effect]:
    """Go back to ACTIVE when the mode in force has an end and it has come."""
    until = kernel.state.mode_until
    if until is None or now < until:
        return []
    return set_mode(
        kernel, now, Mode.ACTIVE, f"a new day began, after {kernel.state.mode_reason}", kind="risk"
    )


def mode_text(kernel: Kernel) -> str:
    """Return the mode in force as a text with its reason and its end."""
    state = kernel.state
    until = until_text(state.mode_until, kernel.trading.calendar)
    because = f": {state.mode_reason}" if state.mode_reason else ""
    return f"Mode is {state.mode}{until and f' {until}'}{because}"


def mode_refusal(kernel: Kernel) -> Reason | None:
    """Return the reason when the mode in force allows no entries."""
    mode = kernel.state.mode
    if mode is Mode.ACTIVE:
        return None
    return Reason(f"MODE_{mode}", f"{mode_text(kernel)}; no entries", Tone.NEGATIVE)


def until_text(until: datetime | None, calendar: Calendar) -> str:
    """Return the end of a mode in exchange time, as "until Wed 09:30 ET"; empty without an end."""
    if until is None:
        return ""
    return f"until {calendar.market_date(until):%a} {exchange_clock(until, calendar)}"
