"""Fields of the rules sections: a default with its unit, bounds and meaning in the field's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

Steps = tuple[tuple[float, float], ...]
"""Rows of (threshold, value)."""


def number(
    default: float,
    unit: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    meaning: str,
    threshold: bool = False,
) -> Any:
    """Declare a number; ``low`` and ``high`` are allowed values themselves.

    A ``threshold`` is a number that computed ratios, percentages or distances are compared with. They are compared
    by ``core.thresholds`` alone, so that a threshold met exactly counts as met.
    """
    about = {"unit": unit, "low": low, "high": high, "meaning": meaning, "threshold": threshold}
    return field(default=default, metadata=about)


def switch(default: bool, *, meaning: str) -> Any:
    """Declare a rule that is on (true) or off (false)."""
    return field(default=default, metadata={"meaning": meaning})


def choice(default: str, *others: str, meaning: str) -> Any:
    """Declare a text that is one of a few."""
    return field(default=default, metadata={"choices": (default, *others), "meaning": meaning})


def table(default: Mapping[Any, Any], unit: str = "", *, meaning: str) -> Any:
    """Declare a table by name; a rules file replaces the entries it names and keeps the others."""
    return field(default_factory=lambda: dict(default), metadata={"unit": unit, "meaning": meaning})


def rows(default: str | tuple[Any, ...], unit: str = "", *, meaning: str, threshold: bool = False) -> Any:
    """Declare a list or a text that a rules file replaces as a whole; ``threshold`` as of ``number``."""
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "threshold": threshold})
