"""Words and figures of the book's risk, for the panes and for ``gatedeck risk``."""

from __future__ import annotations

from core.compared import digits_apart
from server.deck import LimitUse, RiskView, SymbolRisk
from tui import fmt

NEAR = 0.8
"""Share of a limit from which a value is shown as near it; display only, no rule."""


def use_role(use: LimitUse) -> str:
    """Return the role of a value's colour by how much of its limit it uses."""
    if use.used is None:
        return "text"
    return "bad" if use.used >= 1 else "warn" if use.used >= NEAR else "good"


def percent_used(use: LimitUse) -> str:
    """Return the share of the limit as "74 %", with "!" from the limit on; empty without a limit."""
    if use.used is None:
        return ""
    # Rounded down: 99.6 % of a limit is not yet all of it.
    return f"{'! ' if use.used >= 1 else ''}{int(use.used * 100 + 1e-9)} %"


def amount(use: LimitUse) -> str:
    """Return the value alone, in dollars or as a count."""
    return _figures(use)[0]


def of_limit(use: LimitUse) -> str:
    """Return "$512 of $500 a day", or the value with "no limit"; never two equal figures for different values."""
    value, limit = _figures(use)
    unit = use.unit.removeprefix("$")
    return (
        f"{value}{unit}, no limit"
        if limit is None
        else f"{value} of {limit}{unit if unit[:1] == ' ' else ''}"
    )


def _figures(use: LimitUse) -> tuple[str, str | None]:
    if not use.unit.startswith("$"):
        return f"{use.value:g}", None if use.limit is None else f"{use.limit:g}"
    digits = 0 if use.limit is None else digits_apart(abs(use.value), use.limit)
    digits = max(2, digits) if digits else 0
    limit = None if use.limit is None else f"${fmt.number(use.limit, digits)}"
    return f"{'-' if round(use.value, digits) < 0 else ''}${fmt.number(abs(use.value), digits)}", limit


def symbols_text(risk: SymbolRisk) -> str:
    return "+".join(risk.symbols)


def losses_text(view: RiskView) -> str:
    """Return the losses in a row against those that start a cool-down, and the cool-down that is on."""
    text = f"{of_limit(view.losses_in_a_row)} losses"
    if view.cool_down_left is not None:
        text += f", cool-down {fmt.age(view.cool_down_left)} left"
    return text


def mode_text(view: RiskView) -> str:
    """Return the mode with its end and its reason."""
    end = f" {view.mode_end}" if view.mode_end else ""
    return f"{view.mode}{end}" + (f": {view.mode_reason}" if view.mode_reason else "")
