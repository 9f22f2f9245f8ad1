"""The command by which a person sets stop and targets of an open position; what it may ask is in ``asked_levels``."""

from __future__ import annotations

from core.engine.kernel import Kernel
from core.events import Commanded
from core.positions import Position, levels_moved
from core.positions.asked_levels import LevelTerms, asked_levels
from core.positions.splits import as_bought


def levels_by_hand(kernel: Kernel, position: Position, event: Commanded) -> Position | str:
    """Return the position with the levels of the command's argument, or why they are refused."""
    known = kernel.state.prices.get(position.symbol)
    terms = LevelTerms(
        symbol=position.symbol,
        direction=position.direction,
        price=position.last.spot if known is None else as_bought(position, known, kernel.trading).price,
        cost=position.level_at_entry,
        atr=position.entry.atr,
        stop=position.stop,
        target_1=None if position.scaled_out else position.levels.target_1,
        target_2=position.levels.target_2,
        held=position.remaining,
    )
    asked = asked_levels(terms, event.argument or "")
    return asked if isinstance(asked, str) else levels_moved(position, asked, event.at, event.author)


def levels_text(position: Position) -> str:
    """Return the levels in force, as "stop 448.50, T1 454.00, T2 457.00"."""
    first = "" if position.scaled_out else f", T1 {position.levels.target_1:.2f}"
    return f"stop {position.stop:.2f}{first}, T2 {position.levels.target_2:.2f}"
