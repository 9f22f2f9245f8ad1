"""Two compared numbers as text, with as many digits as show which of them is larger."""

from __future__ import annotations

MOST_DIGITS = 9
"""Digits after the point from which on two numbers count as equal (see ``core.thresholds``)."""


def digits_apart(one: float, other: float, least: int = 0) -> int:
    """Return the fewest digits after the point, at least ``least``, at which two different numbers differ."""
    for digits in range(least, MOST_DIGITS + 1):
        if f"{one:.{digits}f}" != f"{other:.{digits}f}":
            return digits
    return least


def over(value: float, limit: float, unit: str = "") -> str:
    """Return dollars above a limit, as "$512 > $500" or "$500.40 > $500.00".

    Whole dollars where these differ, else cents, else as many digits as it takes.
    """
    digits = digits_apart(value, limit)
    digits = digits if digits == 0 else max(2, digits)
    return f"${value:,.{digits}f}{unit} > ${limit:,.{digits}f}"


def compared(
    value: float, sign: str, limit: float, spec: str = "g", *, unit: str = "", limit_unit: str = ""
) -> str:
    """Return a value and the limit that it was compared with, as "58.2 < 60" or "59.96 < 60.00".

    The value is written by ``spec``; where it would look the same as the limit, both get the digits that differ.
    """
    one, other = f"{value:{spec}}", f"{limit:g}"
    if float(one) == float(other) and value != limit:
        digits = digits_apart(value, limit, 1)
        one, other = f"{value:.{digits}f}", f"{limit:.{digits}f}"
    return f"{one}{unit} {sign} {other}{limit_unit}"
