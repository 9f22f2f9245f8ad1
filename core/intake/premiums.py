"""The prices of an option in a body that names one: they are none of the underlying's."""

from __future__ import annotations

from typing import Any, Final

from core.intake.errors import shown
from core.intake.walk import Reading
from core.intake.words import number
from core.model import OptionWish

_PRICES: Final = ("price", "entry", "order_price", "close", "stop", "target_1", "target_2", "targets")
_LEAST_SHARE: Final = 0.5
"""A price below this share of the strike is a premium: options so far in the money are not signalled."""


def leave_out(reading: Reading, option: OptionWish, *, of_symbol: bool) -> None:
    """Leave out the prices that are premiums, each with a note.

    ``of_symbol``: the body's symbol is the contract itself, so that every price of it is a premium.
    """
    if not of_symbol and option.strike is None:
        return
    least = float("inf") if of_symbol or option.strike is None else _LEAST_SHARE * option.strike
    units = reading.has("stop_unit", "target_unit", "level_unit")
    for slot in _PRICES:
        if units and slot in ("stop", "target_1", "target_2", "targets"):
            continue
        premiums = []
        for n, (_, path, value) in enumerate(reading.all(slot)):
            amount = _amount(value)
            if amount is not None and 0 < amount < least:
                reading.notes.append(
                    f"{path}: {shown(value)} is taken for the option's premium and left out; send the underlying's"
                )
                premiums.append(n)
        if premiums:
            reading.leave_out(slot, premiums)


def _amount(value: Any) -> float | None:
    """Return the price in a number or text, or the first of a list or an object, ``None`` for none."""
    if isinstance(value, (list, dict)):
        held = list(value.values() if isinstance(value, dict) else value)
        return next((amount for each in held if (amount := _amount(each)) is not None), None)
    try:
        return None if isinstance(value, bool) else number(value)
    except ValueError:
        return None
